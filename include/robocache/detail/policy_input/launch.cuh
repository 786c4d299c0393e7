// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/launch.cuh>
#include <robocache/detail/policy_input/check.hpp>
#include <robocache/detail/policy_input/kernel.cuh>
#include <robocache/detail/policy_input/params.hpp>
#include <robocache/detail/policy_input/plan.hpp>
#include <robocache/detail/policy_input/policy.cuh>
#include <robocache/detail/policy_input/windows_launch.cuh>
#include <robocache/policy_input.cuh>

namespace robocache {
namespace detail {

/// Collects streams of one fusion after the other until a launch is full.
template <class Stamp>
class ROBOCACHE_HIDDEN input_launches {
 public:
  /// @param dry  only looks whether all launches fit a grid
  input_launches(fusion_list<Stamp> const& list, int multiprocessors, cudaStream_t cuda_stream, bool dry)
      : list_(list), multiprocessors_(multiprocessors), cuda_stream_(cuda_stream), dry_(dry) {
    params_.fusions = 0;
  }

  /// All streams of fusion `own`, and what no stream writes.
  status add(std::int64_t own) {
    policy_fusion<Stamp> const& fusion = list_.fusions[own];
    if (fusion.target.total() == 0) { return {}; }
    own_ = own;
    sent_ = 0;
    std::int64_t const channels =
        fusion.out.channels != 0 ? fusion.out.channels : channels_of(fusion.streams, fusion.count);
    to_ = strides_of(fusion.out, fusion.target, channels);
    status s = open();
    place_walk places;
    for (std::int64_t i = 0; i < fusion.count && s.ok(); ++i) {
      std::int64_t const place = places.next(fusion.streams[i]);
      s = add(fusion.streams[i], place, static_cast<int>(i));
    }
    if (!s.ok()) { return s; }
    return for_each_gap(fusion.streams, fusion.count, channels, [&](std::int64_t place, std::int64_t width) {
      status sent;
      for (std::int64_t done = 0; done < width && sent.ok(); done += widest_input) {
        policy_stream<Stamp> gap;  // a stream without samples
        gap.channels = std::min(widest_input, width - done);
        gap.options.fill = fusion.out.fill;
        sent = add(gap, place + done, -1);
      }
      return sent;
    });
  }

  /// Launches what was added, if anything was.
  status launch_all() {
    if (params_.fusions == 0) { return {}; }
    std::int64_t blocks = 0;
    int shared_bytes = 0;
    for (int f = 0; f < params_.fusions; ++f) {
      input_fusion<Stamp>& fusion = params_.fusion[f];
      int const records = fusion.streams + fusion.references;
      std::int64_t const spread = fusion.rows / (std::int64_t(multiprocessors_) * input_blocks_each);
      std::int64_t const most = std::min(most_input_rows, most_input_records / records);
      fusion.tile_rows = static_cast<int>(std::max<std::int64_t>(1, std::min(most, spread)));
      blocks += (fusion.rows + fusion.tile_rows - 1) / fusion.tile_rows;
      fusion.end = blocks;
      std::int64_t const length = fusion.target.packed() ? 1 : fusion.target.length;
      fusion.together = fusion.tile_rows > 1 && (fusion.tile_rows - 1) / length + 2 <= most_windows_together;
      shared_bytes = std::max(shared_bytes,
                              static_cast<int>(tile_bytes<Stamp>(fusion.tile_rows, fusion.streams, fusion.references)));
    }
    if (blocks > INT32_MAX) {
      return refuse(invalid, "fusions", "", "found targets for %lld blocks, want fewer: a grid has at most 2^31 - 1",
                    static_cast<long long>(blocks));
    }
    status s;
    if (!dry_) {
      s = launch(policy_input_kernel<Stamp>, params_, dim3(static_cast<unsigned>(blocks)), input_threads, shared_bytes,
                 cuda_stream_);
    }
    params_.fusions = streams_ = references_ = 0;
    return s;
  }

 private:
  /// Begins the fusion in this launch, or in the next one.
  status open() {
    status const s = params_.fusions == input_fusions ? launch_all() : status{};
    policy_fusion<Stamp> const& fusion = list_.fusions[own_];
    input_fusion<Stamp>& plan = params_.fusion[params_.fusions++];
    plan.target = fusion.target;
    plan.rows = fusion.target.total();
    plan.length = length_of(fusion.target);
    plan.first_stream = streams_;
    plan.streams = 0;
    plan.first_reference = references_;
    plan.references = 0;
    plan.continues = sent_ > 0;
    plan.valid = fusion.out.valid;
    plan.valid_stride = fusion.count;
    plan.all_valid = fusion.out.all_valid;
    plan.ages = fusion.ages;
    return s;
  }

  /// @param mask  the stream's place in the valid mask; -1: it has none
  status add(policy_stream<Stamp> const& one, std::int64_t place, int mask) {
    relative_rules<Stamp> const& relative = one.relative;
    int const wanted = !relative.wanted ? 0 : relative.frame.stream == stream_index::none ? 1 : 2;
    if (streams_ == input_streams || references_ + wanted > input_references) {
      int const streams = params_.fusion[params_.fusions - 1].streams;
      if (streams == 0) { --params_.fusions; }
      sent_ += streams;
      status s = launch_all();
      if (s.ok()) { s = open(); }
      if (!s.ok()) { return s; }
    }
    input_fusion<Stamp>& fusion = params_.fusion[params_.fusions - 1];
    ++fusion.streams;
    params_.reader[streams_] = reader_of(one);
    input_stream<Stamp>& plan = params_.stream[streams_++];
    describe_stream(list_, own_, one, plan);
    direct(place, plan);
    plan.mask = mask;
    plan.to = plan.frame = -1;
    if (relative.wanted) {
      bool const itself = relative.to.stream == stream_index::none;
      plan.to = refer(itself ? one : list_.at(relative.to, own_), itself ? stream_index{} : relative.to, relative.at);
    }
    if (wanted == 2) { plan.frame = refer(list_.at(relative.frame, own_), relative.frame, relative.at); }
    return {};
  }

  /// Where the results of a stream go.
  void direct(std::int64_t place, input_stream<Stamp>& plan) const {
    policy_output const& out = list_.fusions[own_].out;
    auto const bytes = static_cast<std::int64_t>(size_of(out.type));
    plan.result_type = out.type;
    plan.results = static_cast<char*>(out.values) + place * bytes;
    plan.batch_stride = to_.batch;
    plan.row_stride = to_.row;
    plan.aligned =
        static_cast<std::uint8_t>(common_alignment(address_of(plan.results), to_.batch * bytes, to_.row * bytes));
  }

  /// The place of a reference among those of the fusion, where it is added unless it is there.
  std::int8_t refer(policy_stream<Stamp> const& to, stream_index const& named, Stamp at) {
    std::int64_t const in = list_.fusion_of(named, own_);
    input_fusion<Stamp>& fusion = params_.fusion[params_.fusions - 1];
    for (int i = 0; i < fusion.references; ++i) {
      int const known = fusion.first_reference + i;
      if (of_[known] == &to && in_[known] == in && params_.reference[known].at == at) {
        return static_cast<std::int8_t>(i);
      }
    }
    of_[references_] = &to;
    in_[references_] = in;
    params_.reader[input_streams + references_] = reader_of(to);
    params_.reference[references_++] = {list_.fusions[in].target, at};
    return static_cast<std::int8_t>(fusion.references++);
  }

  fusion_list<Stamp> const& list_;
  int multiprocessors_;
  cudaStream_t cuda_stream_;
  bool dry_;
  std::int64_t own_ = 0;  ///< the fusion whose streams are added
  int sent_ = 0;          ///< how many of them earlier launches have
  strides to_{};          ///< of its results
  int streams_ = 0;
  int references_ = 0;
  policy_stream<Stamp> const* of_[input_references];  ///< whose value each reference is
  std::int64_t in_[input_references];                 ///< and in which fusion
  input_params<Stamp> params_;  // what is beyond the counts stays as it is: a launch costs what it fills in
};

template <class Stamp>
ROBOCACHE_HIDDEN status policy_input(policy_fusion<Stamp> const* fusions, std::int64_t count,
                                     cudaStream_t cuda_stream) {
  status s = check_policy_input(fusions, count);
  if (!s.ok()) { return s; }
  std::int64_t most = 0;
  for (std::int64_t i = 0; i < count; ++i) { most = std::max(most, fusions[i].target.total()); }
  if (most == 0) { return s; }
  device_properties device;
  if (status const read = read_device(device); !read.ok()) { return read; }
  fusion_list<Stamp> const list{fusions, count};
  auto const launch = [&](bool dry) {
    // Windows with the same anchors go together, if `policy_input_windows_kernel` makes them; all else goes together,
    // too.
    window_launch<Stamp> windows(list, device.multiprocessors, cuda_stream);
    input_launches<Stamp> launches(list, device.multiprocessors, cuda_stream, dry);
    status sent;
    for (std::int64_t i = 0; i < count && sent.ok(); ++i) {
      if (fusions[i].target.total() == 0 || windows.add(i)) { continue; }
      window_launch<Stamp> others(list, device.multiprocessors, cuda_stream);
      if (!others.add(i)) {
        sent = launches.add(i);
        continue;
      }
      sent = windows.launch_all(dry, launches);
      windows = others;
    }
    if (sent.ok()) { sent = windows.launch_all(dry, launches); }
    return sent.ok() ? launches.launch_all() : sent;
  };
  // Nothing is launched before all launches are known to fit a grid. Fusions of up to 2^28 rows do, however many.
  if (most > INT32_MAX / input_fusions) { s = launch(true); }
  return s.ok() ? launch(false) : s;
}

}  // namespace detail

template <class Stamp>
status policy_input(policy_fusion<Stamp> const* fusions, std::int64_t count, cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp>) {
    return detail::policy_input<detail::plain_type<Stamp>>(fusions, count, cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}

}  // namespace robocache
