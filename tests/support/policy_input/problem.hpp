// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <robocache/policy_input.hpp>

#include "support/fuse/problem.hpp"

/// A policy input with everything it reads, as fuse/problem.hpp is for a fusion.
namespace test {

using robocache::stream_index;

template <class Stamp>
struct policy_stream_data : stream_data<Stamp> {
  robocache::rotation_rules rotation{};
  robocache::relative_rules<Stamp> relative{};
  bool sin_cos = false;
  robocache::derivative_order derivative = robocache::derivative_order::value;
  double ticks_per_second = 1;
  std::int64_t affine_stride = 0;
  std::vector<float> low{};  ///< empty: null
  std::vector<float> high{};

  bool is_derivative() const { return derivative != robocache::derivative_order::value; }

  /// Whether its results are rotations.
  bool is_rotation() const { return rotation.wanted && !is_derivative(); }

  std::int64_t result_channels() const {
    if (rotation.wanted) { return is_derivative() ? 3 : robocache::channels_of(rotation.result.format); }
    return this->series.channels * (sin_cos ? 2 : 1);
  }
};

template <class Stamp>
struct policy_fusion_data {
  std::vector<policy_stream_data<Stamp>> streams{};
  timeline_data<Stamp> target{};
  dtype result_type = dtype::float32;
  std::int64_t channels = 0;
  double fill = 0;
  std::int64_t result_batch_stride = contiguous;
  std::int64_t result_row_stride = contiguous;
  bool mask = true;
  bool all_mask = true;
  bool ages = true;
  std::int64_t misaligned = 0;
  bool own_anchors = false;  ///< else windows equal to those of a fusion before have its anchors, as stamps have

  std::int64_t count() const { return std::int64_t(streams.size()); }

  std::vector<std::int64_t> places() const {
    std::vector<std::int64_t> begins;
    std::int64_t end = 0;
    for (auto const& s : streams) {
      begins.push_back(s.first_channel == next_channel ? end : s.first_channel);
      end = begins.back() + s.result_channels();
    }
    return begins;
  }

  std::int64_t width() const {
    std::int64_t end = channels;
    auto const begins = places();
    for (std::size_t i = 0; i < streams.size(); ++i) { end = std::max(end, begins[i] + streams[i].result_channels()); }
    return end;
  }

  row_layout result_layout() const { return {target, width(), 0, result_batch_stride, result_row_stride}; }
};

template <class Stamp>
bool are_same(timeline_data<Stamp> const& a, timeline_data<Stamp> const& b) {
  auto const all = [](timeline_data<Stamp> const& t) {
    return std::tie(t.kind, t.batch, t.length, t.rows, t.stride, t.stamps, t.lengths, t.offsets, t.trajectory, t.as_of,
                    t.starts, t.deltas, t.start, t.num, t.den);
  };
  return all(a) == all(b);
}

template <class Stamp>
using policy_problem = std::vector<policy_fusion_data<Stamp>>;

/// What one call left behind.
struct policy_results {
  std::vector<std::byte> results{};
  std::vector<std::uint8_t> valid{};
  std::vector<std::uint8_t> all_valid{};
  std::vector<std::byte> ages{};
};
struct policy_outcome {
  status state{};
  std::vector<policy_results> fusions{};
  std::string trouble{};
};

/// One fusion's memory in `Space`.
template <class Space, class Stamp>
class policy_memory {
 public:
  explicit policy_memory(policy_fusion_data<Stamp> const& f)
      : of_(f),
        plain_(slices(f)),
        target_(f.target),
        target_view_(target_.view()),
        results_(nullptr, bytes_of(f), std::size_t(f.misaligned) * size_of(f)),
        valid_(nullptr, rows_of(f) * f.streams.size()),
        all_valid_(nullptr, rows_of(f)),
        ages_(nullptr, rows_of(f) * f.streams.size() * sizeof(Stamp)) {
    for (std::size_t i = 0; i < f.streams.size(); ++i) {
      auto const& s = f.streams[i];
      robocache::policy_stream<Stamp> view(plain_.views()[i]);
      view.rotation = s.rotation;
      view.relative = s.relative;
      view.sin_cos = s.sin_cos;
      view.derivative = s.derivative;
      view.ticks_per_second = s.ticks_per_second;
      view.affine_stride = s.affine_stride;
      view.latencies = put_stamps(s.latencies);
      view.low = put(s.low);
      view.high = put(s.high);
      views_.push_back(view);
    }
  }

  robocache::policy_fusion<Stamp> view() const {
    robocache::policy_output out;
    out.values = results_.data();
    out.type = of_.result_type;
    out.valid = of_.mask ? static_cast<std::uint8_t*>(valid_.data()) : nullptr;
    out.all_valid = of_.all_mask ? static_cast<std::uint8_t*>(all_valid_.data()) : nullptr;
    out.channels = of_.channels;
    out.fill = of_.fill;
    out.batch_stride = of_.result_batch_stride;
    out.row_stride = of_.result_row_stride;
    return {views_.data(), std::int64_t(views_.size()), target_view_, out,
            of_.ages ? static_cast<Stamp*>(ages_.data()) : nullptr};
  }

  /// Takes the anchors, the trajectories, the stamps and the values of another fusion, or of its own streams before,
  /// where they are equal, as a caller would.
  void share(policy_memory const& other) {
    timeline_data<Stamp> const& its = other.of_.target;
    if (!of_.own_anchors && of_.target.starts == its.starts && of_.target.trajectory == its.trajectory) {
      target_view_.starts = other.target_view_.starts;
      target_view_.trajectory = other.target_view_.trajectory;
      if (of_.target.as_of == its.as_of) { target_view_.as_of = other.target_view_.as_of; }
    }
    for (std::size_t i = 0; i < views_.size(); ++i) {
      bool shared = false;
      for (std::size_t j = 0; j < (&other == this ? i : other.views_.size()) && !shared; ++j) {
        shared = are_same(of_.streams[i].series.source, other.of_.streams[j].series.source);
        if (shared) { share(views_[i], of_.streams[i], other.views_[j], other.of_.streams[j]); }
      }
    }
  }

  policy_results read(std::string& trouble) const {
    policy_results r;
    r.results = results_.read("results", trouble);
    for (auto byte : valid_.read("valid", trouble)) { r.valid.push_back(std::uint8_t(byte)); }
    for (auto byte : all_valid_.read("all_valid", trouble)) { r.all_valid.push_back(std::uint8_t(byte)); }
    r.ages = ages_.read("ages", trouble);
    plain_.check(trouble);
    target_.check("target", trouble);
    for (auto const& b : bounds_) { b->read("low, high or latencies", trouble); }
    return r;
  }

 private:
  static std::vector<stream_data<Stamp>> slices(policy_fusion_data<Stamp> const& f) {
    return {f.streams.begin(), f.streams.end()};
  }
  static std::size_t size_of(policy_fusion_data<Stamp> const& f) { return robocache::size_of(f.result_type); }
  static std::size_t bytes_of(policy_fusion_data<Stamp> const& f) {
    return std::size_t(f.result_layout().extent()) * size_of(f);
  }
  static std::size_t rows_of(policy_fusion_data<Stamp> const& f) {
    return std::size_t(std::max<std::int64_t>(0, f.target.total()));
  }
  using stream_view = robocache::policy_stream<Stamp>;
  static void share(stream_view& mine, policy_stream_data<Stamp> const& of, stream_view const& its,
                    policy_stream_data<Stamp> const& other) {
    mine.when = its.when;
    auto const& a = of.series;
    auto const& b = other.series;
    if (a.values == b.values && a.value_type == b.value_type && a.first_channel == b.first_channel) {
      mine.values = its.values;
    }
    if (of.latencies == other.latencies) { mine.latencies = its.latencies; }
    if (of.scale == other.scale) { mine.scale = its.scale; }
    if (of.shift == other.shift) { mine.shift = its.shift; }
    if (of.low == other.low) { mine.low = its.low; }
    if (of.high == other.high) { mine.high = its.high; }
  }
  float const* put(std::vector<float> const& data) {
    if (data.empty()) { return nullptr; }
    bounds_.push_back(std::make_unique<guarded<Space>>(data.data(), data.size() * sizeof(float)));
    return static_cast<float const*>(bounds_.back()->data());
  }

  Stamp const* put_stamps(std::vector<Stamp> const& data) {
    if (data.empty()) { return nullptr; }
    bounds_.push_back(std::make_unique<guarded<Space>>(data.data(), data.size() * sizeof(Stamp)));
    return static_cast<Stamp const*>(bounds_.back()->data());
  }

  policy_fusion_data<Stamp> const& of_;
  streams_memory<Space, Stamp> plain_;
  timeline_memory<Space, Stamp> target_;
  timeline<Stamp> target_view_;
  guarded<Space> results_;
  guarded<Space> valid_;
  guarded<Space> all_valid_;
  guarded<Space> ages_;
  std::vector<std::unique_ptr<guarded<Space>>> bounds_;
  std::vector<robocache::policy_stream<Stamp>> views_;
};

/// Puts the problem into guarded memory of `Space`, makes the call, and reads back what it left.
/// @param call  `status(policy_fusion<Stamp> const*, std::int64_t)`, which returns when the results are written
template <class Space, class Stamp, class Call>
policy_outcome run_policy_input(policy_problem<Stamp> const& p, Call call) {
  std::vector<std::unique_ptr<policy_memory<Space, Stamp>>> memory;
  std::vector<robocache::policy_fusion<Stamp>> views;
  for (auto const& fusion : p) {
    memory.push_back(std::make_unique<policy_memory<Space, Stamp>>(fusion));
    for (auto const& one : memory) { memory.back()->share(*one); }
    views.push_back(memory.back()->view());
  }
  policy_outcome o;
  o.state = call(views.data(), std::int64_t(views.size()));
  for (auto const& one : memory) { o.fusions.push_back(one->read(o.trouble)); }
  return o;
}

}  // namespace test
