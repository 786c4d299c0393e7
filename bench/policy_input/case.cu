// SPDX-License-Identifier: Apache-2.0
#include "policy_input/case.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "fuse/host_fusion.hpp"
#include "support/baselines.cuh"
#include "support/device_case.cuh"
#include "support/harness.cuh"

namespace robocache::bench {

namespace {

using Stamp = std::int64_t;

/// The same windows with two rows each.
fuse_case history_of(policy_input_case const& one) {
  fuse_case history = one.windows;
  history.target_length = 2;
  return history;
}

class policy_case final : public prepared_case {
 public:
  policy_case(policy_input_case const& one, cudaStream_t cuda_stream)
      : case_(one), host_(one.windows), host_history_(history_of(one)) {
    // Both have the same anchors and trajectories, which are stored once.
    std::int64_t const shared = one.windows.batch * static_cast<std::int64_t>(sizeof(Stamp) + sizeof(std::int64_t));
    bytes_ = host_.bytes + (one.history ? host_history_.bytes - shared : 0);
    turns_ = rotation_of(bytes_, false);
    for (std::size_t i = 0; i < one.windows.streams.size(); ++i) {
      stream_case const& stream = one.windows.streams[i];
      sources_.emplace_back(host_.sources[i], 1, cuda_stream);
      std::int64_t const elements = host_.sources[i].view.total() * stream.channels;
      values_.emplace_back(elements, 1);
      enqueue_fill(values_.back().at(0), elements,
                   stream.method == interpolation::slerp ? content::quaternions : content::numbers, cuda_stream);
    }
    for (std::int64_t c = 0; c < widest; ++c) {
      host_scale_.push_back(1.0f + static_cast<float>(c) * 0x1p-8f);
      host_low_.push_back(-0.5f);
      host_high_.push_back(0.75f);
    }
    scale_ = rotated_array<float>(host_scale_, turns_.sets, cuda_stream);
    low_ = rotated_array<float>(host_low_, turns_.sets, cuda_stream);
    high_ = rotated_array<float>(host_high_, turns_.sets, cuda_stream);
    target_ = rotated_timeline<Stamp>(host_.target, turns_.sets, cuda_stream);
    history_ = rotated_timeline<Stamp>(host_history_.target, turns_.sets, cuda_stream);
    for (int set = 1; set < turns_.sets; ++set) {
      stored_timeline<Stamp> const windows = make_windows<Stamp>(one.windows, set);
      stored_timeline<Stamp> const before = make_windows<Stamp>(history_of(one), set);
      target_.write(set, windows, cuda_stream);
      history_.write(set, before, cuda_stream);
      check(cudaStreamSynchronize(cuda_stream), "windows");
    }
    result_ = rotated_array<float>(host_.rows * channels(), turns_.sets);
    history_result_ = rotated_array<float>(host_history_.rows * channels(), turns_.sets);
    for (int set = 0; set < turns_.sets; ++set) {
      std::vector<policy_stream<Stamp>>& streams = streams_.emplace_back();
      for (int i = 0; i < count(); ++i) {
        streams.push_back(
            stream_at(i, values_[i].at(0), sources_[i].at(0), scale_.at(set), low_.at(set), high_.at(set)));
      }
    }
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override {
    auto const all =
        fusions(streams_[set], target_.at(set), history_.at(set), result_.at(set), history_result_.at(set));
    compiled::policy_input(compiled::place::device,
                           compiled::any_fusions(all.data(), static_cast<std::int64_t>(all.size())), cuda_stream);
  }

  /// The same windows by `fuse`, without anything done to them.
  std::vector<rival> rivals() const override {
    return {{rival_kind::in_turn, [this](int set, cudaStream_t to) {
               std::vector<stream<Stamp>> plain(streams_[set].begin(), streams_[set].end());
               for (stream<Stamp>& each : plain) { each.scale = each.shift = nullptr; }
               compiled::any_streams const all(plain.data(), count());
               auto const fuse_to = [&](timeline<Stamp> const& target, float* results) {
                 compiled::fuse(compiled::place::device, all, target, {results, dtype::float32}, to);
               };
               fuse_to(target_.at(set), result_.at(set));
               if (case_.history) { fuse_to(history_.at(set), history_result_.at(set)); }
             }}};
  }

  std::string find_difference(cudaStream_t cuda_stream) const override {
    std::vector<std::vector<float>> values;
    std::vector<policy_stream<Stamp>> streams;
    for (int i = 0; i < count(); ++i) {
      values.push_back(to_host(values_[i].at(0), values_[i].size(), cuda_stream));
      streams.push_back(stream_at(i, values.back().data(), host_.sources[i].view, host_scale_.data(), host_low_.data(),
                                  host_high_.data()));
    }
    std::vector<float> expected(result_.size()), expected_history(history_result_.size());
    auto const all =
        fusions(streams, host_.target.view, host_history_.target.view, expected.data(), expected_history.data());
    require(host::policy_input(all.data(), static_cast<std::int64_t>(all.size())));
    enqueue_poison(result_, cuda_stream);
    enqueue_poison(history_result_, cuda_stream);
    enqueue(0, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "policy inputs");
    std::string const unlike = find_unlike(expected, result_, "result", cuda_stream);
    if (!unlike.empty() || !case_.history) { return unlike; }
    return find_unlike(expected_history, history_result_, "history", cuda_stream);
  }

 private:
  static constexpr std::int64_t widest = 16;

  int count() const { return static_cast<int>(case_.windows.streams.size()); }
  std::int64_t channels() const { return host_.channels + (case_.done == treatment::poses ? 2 : 0); }

  policy_stream<Stamp> stream_at(int i, float const* values, timeline<Stamp> const& when, float const* scale,
                                 float const* low, float const* high) const {
    stream_case const& from = case_.windows.streams[i];
    policy_stream<Stamp> made;
    made.values = values;
    made.when = when;
    made.channels = from.channels;
    made.options.method = from.method;
    if (case_.done == treatment::none) { return made; }
    made.scale = made.shift = scale;
    made.low = low;
    made.high = high;
    if (case_.done == treatment::finished) { return made; }
    if (from.method == interpolation::slerp) {
      made.rotation = {{rotation_format::xyzw}, {rotation_format::columns}};
      made.relative.wanted = true;
    } else if (from.channels == 3) {
      made.relative.wanted = true;
      made.relative.frame = {i + 1};
    }
    return made;
  }

  std::vector<policy_fusion<Stamp>> fusions(std::vector<policy_stream<Stamp>> const& streams, timeline<Stamp> target,
                                            timeline<Stamp> history, float* results, float* before) const {
    if (case_.as_of) { target.as_of = target.starts; }
    history.starts = target.starts;
    history.trajectory = target.trajectory;
    std::vector<policy_fusion<Stamp>> all;
    all.push_back({streams.data(), count(), target, fused_output<float>{results}});
    if (case_.history) { all.push_back({streams.data(), count(), history, fused_output<float>{before}}); }
    return all;
  }

  policy_input_case case_;
  host_fusion<Stamp> host_, host_history_;
  std::vector<float> host_scale_, host_low_, host_high_;
  std::vector<rotated_timeline<Stamp>> sources_;
  std::vector<rotated_array<float>> values_;
  rotated_timeline<Stamp> target_, history_;
  rotated_array<float> scale_, low_, high_, result_, history_result_;
  std::vector<std::vector<policy_stream<Stamp>>> streams_;  // of each set
};

}  // namespace

std::unique_ptr<prepared_case> prepare(policy_input_case const& one, cudaStream_t cuda_stream) {
  return std::make_unique<policy_case>(one, cuda_stream);
}

}  // namespace robocache::bench
