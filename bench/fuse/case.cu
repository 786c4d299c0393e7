// SPDX-License-Identifier: Apache-2.0
#include "fuse/case.hpp"

#include <cuda_bf16.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include <robocache/fuse.cuh>
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "fuse/host_fusion.hpp"
#include "support/baselines.cuh"
#include "support/device_case.cuh"
#include "support/harness.cuh"

namespace robocache::bench {

namespace {

/// The values of a stream; those of a store exist once, whatever the number of sets.
class stream_values {
 public:
  stream_values(stream_case const& one, value_place place, std::int64_t rows, int sets, cudaStream_t cuda_stream)
      : bytes_(rows * one.channels * static_cast<std::int64_t>(size_of(one.value)), sets) {
    content const what = one.method == interpolation::slerp ? content::quaternions : content::numbers;
    for (int set = 0; set < sets; ++set) {
      if (one.value == dtype::bfloat16) {
        enqueue_fill(reinterpret_cast<__nv_bfloat16*>(bytes_.at(set)), rows * one.channels, what, cuda_stream);
      } else {
        enqueue_fill(reinterpret_cast<float*>(bytes_.at(set)), rows * one.channels, what, cuda_stream);
      }
    }
    if (place == value_place::pinned) {
      pinned_ = pinned_array<std::byte>(bytes_.bytes() + 16);  // vectors may be read beyond its end
      check(cudaMemcpyAsync(pinned_.data(), bytes_.at(0), bytes_.bytes(), cudaMemcpyDeviceToHost, cuda_stream),
            "cudaMemcpyAsync");
      check(cudaStreamSynchronize(cuda_stream), "copying to the host");
      bytes_ = {};
    }
  }
  /// Where the values of a set begin.
  std::byte* at(int set) const { return pinned_.data() != nullptr ? pinned_.data() : bytes_.at(set); }

 private:
  rotated_array<std::byte> bytes_;
  pinned_array<std::byte> pinned_;
};

/// The runs of bytes that a store's windows read, and room for them in device memory.
template <class Stamp>
class gathered_windows {
 public:
  gathered_windows() = default;
  gathered_windows(fuse_case const& one, host_fusion<Stamp> const& host, std::vector<stream_values> const& values,
                   cudaStream_t cuda_stream) {
    std::vector<gather_run> runs;
    std::int64_t room = 0;
    for (std::size_t i = 0; i < one.streams.size(); ++i) {
      std::vector<std::int64_t> rows(2 * host.rows);
      located found;
      found.rows = rows.data();
      require(host::locate(host.sources[i].view, host.target.view, found, resample_options<Stamp>{}));
      std::int64_t const row_bytes = one.streams[i].channels * static_cast<std::int64_t>(size_of(one.streams[i].value));
      for (std::int64_t b = 0; b < one.batch; ++b) {
        auto const* const first = rows.data() + 2 * b * one.target_length;
        auto const [low, high] = std::minmax_element(first, first + 2 * one.target_length);
        std::int64_t const begin = *low * row_bytes / 16 * 16, end = (*high + 1) * row_bytes;
        for (std::int64_t at = begin; at < end; at += most_bytes) {
          auto const bytes = static_cast<int>((std::min(most_bytes, end - at) + 15) / 16 * 16);
          runs.push_back({reinterpret_cast<char const*>(values[i].at(0)) + at, nullptr, bytes});
          room += bytes;
        }
      }
    }
    memory_ = device_array<char>(room);
    room = 0;
    for (gather_run& run : runs) {
      run.to = memory_.data() + room;
      room += run.bytes;
    }
    runs_ = rotated_array<gather_run>(runs, 1, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "runs");
  }
  void enqueue(cudaStream_t cuda_stream) const { enqueue_gather(runs_.at(0), runs_.size(), cuda_stream); }

 private:
  static constexpr std::int64_t most_bytes = 16384;  // a block's share

  rotated_array<gather_run> runs_;
  device_array<char> memory_;
};

template <class Stamp, class Result>
class fusion final : public prepared_case {
 public:
  fusion(fuse_case const& one, cudaStream_t cuda_stream) : case_(one), host_(one) {
    bytes_ = host_.bytes;
    checksum_ = host_.checksum;
    // Long enough for the smallest stream to be cold when its resample is timed alone.
    turns_ = rotation_of(*std::min_element(host_.stream_bytes.begin(), host_.stream_bytes.end()), one.hot);
    for (std::int64_t c = 0; one.affine && c < host_.channels; ++c) {
      host_scale_.push_back(1.0f + static_cast<float>(c) * 0x1p-8f);
      host_shift_.push_back(static_cast<float>(c) * 0x1p-4f);
    }
    int const sets = turns_.sets, source_sets = one.from == recording::store ? 1 : sets;
    for (std::size_t i = 0; i < one.streams.size(); ++i) {
      sources_.emplace_back(host_.sources[i], source_sets, cuda_stream);
      values_.emplace_back(one.streams[i], one.place, host_.sources[i].view.total(), source_sets, cuda_stream);
    }
    target_ = rotated_timeline<Stamp>(host_.target, sets, cuda_stream);
    for (int set = 1; one.from == recording::store && set < sets; ++set) {
      stored_timeline<Stamp> const windows = make_windows<Stamp>(one, set);
      require_sound(windows.view, one.episodes, "windows of " + name_of(one));
      target_.write(set, windows, cuda_stream);
      check(cudaStreamSynchronize(cuda_stream), "windows");
    }
    result_ = rotated_array<Result>(host_.rows * host_.channels, sets);
    valid_ = rotated_array<std::uint8_t>(one.mask ? host_.rows * count() : 0, sets);
    all_valid_ = rotated_array<std::uint8_t>(one.all_valid ? host_.rows : 0, sets);
    scale_ = rotated_array<float>(host_scale_, sets, cuda_stream);
    shift_ = rotated_array<float>(host_shift_, sets, cuda_stream);
    for (int set = 0; set < sets; ++set) {
      std::vector<stream<Stamp>>& streams = streams_.emplace_back();
      for (int i = 0; i < count(); ++i) {
        int const source_set = set % source_sets;
        streams.push_back(
            stream_at(i, values_[i].at(source_set), sources_[i].at(source_set), scale_.at(set), shift_.at(set)));
      }
    }
    check(cudaStreamSynchronize(cuda_stream), "filling");
    if (one.place == value_place::pinned) { gathered_ = gathered_windows<Stamp>(one, host_, values_, cuda_stream); }
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override {
    fused_output<Result> const out{result_.at(set), valid_.at(set), all_valid_.at(set)};
    require(fuse(streams_[set].data(), count(), target_.at(set), out, cuda_stream));
  }

  std::vector<rival> rivals() const override {
    std::vector<rival> found;
    if (case_.place == value_place::pinned) {
      found.push_back({rival_kind::gather, [this](int, cudaStream_t to) { gathered_.enqueue(to); }});
      return found;
    }
    if (knows_naive()) {
      found.push_back({rival_kind::naive, [this](int set, cudaStream_t to) { enqueue_naive(set, to); }});
    }
    if (case_.affine || case_.all_valid) { return found; }  // more than resampling gives
    for (int i = 0; i < count(); ++i) {
      found.push_back({rival_kind::apart, [this, i](int set, cudaStream_t to) { enqueue_resample(i, set, to); }});
    }
    found.push_back({rival_kind::in_turn, [this](int set, cudaStream_t to) {
                       for (int i = 0; i < count(); ++i) { enqueue_resample(i, set, to); }
                     }});
    return found;
  }

  std::string find_difference(cudaStream_t cuda_stream) const override {
    std::vector<std::vector<std::byte>> values;
    std::vector<stream<Stamp>> streams;
    for (int i = 0; i < count(); ++i) {
      std::int64_t const elements = host_.sources[i].view.total() * case_.streams[i].channels;
      std::int64_t const bytes = elements * static_cast<std::int64_t>(size_of(case_.streams[i].value));
      values.push_back(to_host(values_[i].at(0), bytes, cuda_stream));
      streams.push_back(
          stream_at(i, values.back().data(), host_.sources[i].view, host_scale_.data(), host_shift_.data()));
    }
    std::vector<Result> expected(result_.size());
    std::vector<std::uint8_t> valid(valid_.size()), all_valid(all_valid_.size());
    fused_output<Result> const out{expected.data(), case_.mask ? valid.data() : nullptr,
                                   case_.all_valid ? all_valid.data() : nullptr};
    require(host::fuse(streams.data(), count(), host_.target.view, out));

    enqueue_poison(result_, cuda_stream);
    enqueue_poison(valid_, cuda_stream);
    enqueue_poison(all_valid_, cuda_stream);
    enqueue(0, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "fusing");
    std::string difference = find_unlike(expected, result_, "result", cuda_stream);
    if (difference.empty()) { difference = find_unlike(valid, valid_, "valid mask", cuda_stream); }
    if (difference.empty()) { difference = find_unlike(all_valid, all_valid_, "all_valid", cuda_stream); }
    for (rival_kind kind : rival_kinds) {
      std::vector<rival> const all = rivals();
      bool const there = kind != rival_kind::gather &&
                         std::any_of(all.begin(), all.end(), [&](rival const& one) { return one.kind == kind; });
      if (!difference.empty() || !there) { continue; }
      enqueue_poison(result_, cuda_stream);
      for (rival const& one : all) {
        if (one.kind == kind) { one.enqueue(0, cuda_stream); }
      }
      check(cudaStreamSynchronize(cuda_stream), "rivals");
      difference = find_unlike(expected, result_, robocache::bench::name_of(kind), cuda_stream);
    }
    return difference;
  }

 private:
  int count() const { return static_cast<int>(case_.streams.size()); }

  stream<Stamp> stream_at(int i, void const* values, timeline<Stamp> const& when, float const* scale,
                          float const* shift) const {
    stream<Stamp> made;
    made.values = values;
    made.type = case_.streams[i].value;
    made.place = case_.place;
    made.when = when;
    made.channels = case_.streams[i].channels;
    made.options.method = case_.streams[i].method;
    if (case_.affine) {
      made.scale = scale + host_.first_channel[i];
      made.shift = shift + host_.first_channel[i];
    }
    return made;
  }

  /// One stream by itself, into its channels of the result. Its mask, which a fusion puts between those of the others,
  /// goes to separate memory.
  void enqueue_resample(int i, int set, cudaStream_t cuda_stream) const {
    stream<Stamp> const& from = streams_[set][i];
    compiled::any_series const source{from.values, from.type, from.when, from.channels};
    compiled::any_output const out{result_.at(set) + host_.first_channel[i], case_.result,
                                   case_.mask ? valid_.at(set) + i * host_.rows : nullptr,
                                   case_.target_length * host_.channels, host_.channels};
    compiled::resample(compiled::place::device, source, target_.at(set), out, from.options, cuda_stream);
  }

  bool knows_naive() const {
    bool plain = std::is_same_v<Stamp, float> && case_.from == recording::batch && !case_.mask && !case_.all_valid &&
                 !case_.affine && count() <= naive_streams<Result>::most;
    for (stream_case const& one : case_.streams) {
      plain = plain && one.method == interpolation::linear && one.value == case_.result;
    }
    return plain;
  }

  void enqueue_naive(int set, cudaStream_t cuda_stream) const {
    if constexpr (std::is_same_v<Stamp, float>) {
      naive_streams<Result> all{{}, count()};
      for (int i = 0; i < count(); ++i) {
        stream<Stamp> const& from = streams_[set][i];
        all.each[i] = {static_cast<Result const*>(from.values), from.when.stamps,
                       static_cast<unsigned>(from.when.length), static_cast<unsigned>(from.channels)};
      }
      enqueue_naive_fusion(all, target_.at(set).stamps, result_.at(set), case_.batch, case_.target_length, cuda_stream);
    }
  }

  fuse_case case_;
  host_fusion<Stamp> host_;
  std::vector<float> host_scale_, host_shift_;  // of all channels, stream after stream

  std::vector<rotated_timeline<Stamp>> sources_;
  std::vector<stream_values> values_;
  gathered_windows<Stamp> gathered_;
  rotated_timeline<Stamp> target_;
  rotated_array<Result> result_;
  rotated_array<std::uint8_t> valid_, all_valid_;
  rotated_array<float> scale_, shift_;
  std::vector<std::vector<stream<Stamp>>> streams_;  // of each set
};

}  // namespace

std::unique_ptr<prepared_case> prepare(fuse_case const& one, cudaStream_t cuda_stream) {
  if (one.result == dtype::bfloat16) {
    switch (one.stamp) {
      case stamp_dtype::float32: return std::make_unique<fusion<float, __nv_bfloat16>>(one, cuda_stream);
      case stamp_dtype::int64: return std::make_unique<fusion<std::int64_t, __nv_bfloat16>>(one, cuda_stream);
      default: break;
    }
  }
  if (one.result == dtype::float32 && one.stamp == stamp_dtype::float32) {
    return std::make_unique<fusion<float, float>>(one, cuda_stream);
  }
  throw std::logic_error("no instantiation for " + name_of(one));
}

}  // namespace robocache::bench
