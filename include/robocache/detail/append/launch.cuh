// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/append.cuh>
#include <robocache/detail/append/check.hpp>
#include <robocache/detail/append/kernel.cuh>
#include <robocache/detail/append/params.hpp>
#include <robocache/detail/append/policy.cuh>
#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/launch.cuh>

namespace robocache {
namespace detail {

/// What the kernel is told of one stream.
template <class Stamp>
append_plan<Stamp> plan_append(append_stream<Stamp> const& one) {
  append_plan<Stamp> plan{};
  plan.stamps = one.stamps;
  plan.values = static_cast<char*>(one.values);
  plan.written = one.written;
  plan.new_stamps = one.new_stamps;
  plan.new_values = static_cast<char const*>(one.new_values);
  plan.counts = one.counts;
  plan.present = one.present;
  plan.reports = one.reports;
  plan.capacity = static_cast<int>(one.capacity);
  plan.capacities = divisor(static_cast<std::uint32_t>(one.capacity));
  plan.rows = static_cast<int>(one.rows);
  std::int64_t const row_bytes = one.channels * static_cast<std::int64_t>(size_of(one.type));
  plan.word = static_cast<int>(common_alignment(address_of(one.values), address_of(one.new_values), row_bytes));
  std::int64_t const words = row_bytes / plan.word;
  plan.words = divisor(static_cast<std::uint32_t>(words));
  // As many lanes as there is to do at a time: rows to look at, words of a row to move.
  std::int64_t const wanted = std::max<std::int64_t>(one.rows, words);
  while (plan.lanes_log2 < 5 && (std::int64_t(1) << plan.lanes_log2) < wanted) { ++plan.lanes_log2; }
  return plan;
}

template <class Stamp>
ROBOCACHE_HIDDEN status append(append_stream<Stamp> const* streams, std::int64_t count, std::int64_t batch,
                               std::uint8_t const* resets, cudaStream_t cuda_stream) {
  status s = check_append(streams, count, batch);
  if (!s.ok() || batch == 0) { return s; }
  // All trajectories of a stream by whole warps: nothing is launched before that is known to fit a grid.
  if (batch > std::int64_t(INT32_MAX) * (append_threads / 32)) {
    return refuse(invalid, "batch", "", "found %lld, want below 2^33", static_cast<long long>(batch));
  }
  device_properties device;
  s = read_device(device);
  bool const early = has_early_launches(device.compute_capability);
  for (std::int64_t first = 0; first < count && s.ok(); first += appended_streams) {
    append_params<Stamp> params;
    params.batch = batch;
    params.resets = resets;
    std::int64_t const some = std::min<std::int64_t>(appended_streams, count - first);
    int most_lanes = 0;
    for (std::int64_t i = 0; i < some; ++i) {
      params.streams[i] = plan_append(streams[first + i]);
      most_lanes = std::max(most_lanes, params.streams[i].lanes_log2);
    }
    int const threads = batch << most_lanes <= 32 ? 32 : append_threads;
    std::int64_t const each = threads >> most_lanes;  // trajectories of a block
    dim3 const grid(static_cast<unsigned>((batch + each - 1) / each), static_cast<unsigned>(some));
    s = launch(append_kernel<Stamp>, params, grid, threads, 0, cuda_stream, early);
  }
  return s;
}

}  // namespace detail

template <class Stamp>
status append(append_stream<Stamp> const* streams, std::int64_t count, std::int64_t batch, std::uint8_t const* resets,
              cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp>) {
    return detail::append<detail::plain_type<Stamp>>(streams, count, batch, resets, cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}

}  // namespace robocache
