// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/scratch_check.hpp>
#include <robocache/detail/common/summary/check.hpp>
#include <robocache/detail/common/summary/launch.cuh>
#include <robocache/detail/summarize/source.cuh>
#include <robocache/summarize.cuh>

namespace robocache {
namespace detail {

/// Adds rows in memory to a state.
template <class Value>
ROBOCACHE_HIDDEN status launch_adding(value_rows<Value> const& rows, summary_state<Value> const& state, int pass,
                                      summary_scratch const& cut, launch_chain& chain) {
  constexpr std::int64_t most = summary_channels<decltype(device::order_of(device::summed_number<Value>{}))>;
  std::int64_t const slices = (rows.channels + most - 1) / most;
  auto const width = static_cast<unsigned>((rows.channels + slices - 1) / slices);
  rows_in_memory<Value> const source{rows.values, row_stride_of(rows), rows.mask, rows.channels, width};
  status const s = launch_pass(source, rows, state, pass, cut, chain);
  return s.ok() && pass == 0 ? launch_tree(rows, state, cut, chain) : s;
}

template <class Value>
ROBOCACHE_HIDDEN status add_to_summary(value_rows<Value> const& rows, summary_state<Value> const& state, int pass,
                                       scratch const& memory, cudaStream_t cuda_stream) {
  status s = check_summarize(rows, state, pass);
  if (s.ok()) { s = check_scratch(memory, cut_summary(rows, nullptr).bytes, "summarize_scratch"); }
  if (!s.ok()) { return s; }
  device_properties device;
  if (status const read = read_device(device); !read.ok()) { return read; }
  if (has_no_rows(rows)) { return {}; }
  summary_scratch const cut = cut_summary(rows, memory.memory);
  launch_chain chain(device, cuda_stream);
  s = launch_groups(rows, cut, chain);
  return s.ok() ? launch_adding(rows, state, pass, cut, chain) : s;
}

template <class Value>
ROBOCACHE_HIDDEN status end_summary_pass(summary_state<Value> const& state, int pass, cudaStream_t cuda_stream) {
  status const s = check_summary_state(state, pass);
  if (!s.ok()) { return s; }
  device_properties device;
  if (status const read = read_device(device); !read.ok()) { return read; }
  launch_chain chain(device, cuda_stream);
  return launch_search(state, pass, chain);
}

template <class Value>
ROBOCACHE_HIDDEN status summarize(value_rows<Value> const& rows, summary_state<Value> const& state,
                                  scratch const& memory, cudaStream_t cuda_stream) {
  status s = check_summarize(rows, state, 0);
  if (s.ok()) { s = check_scratch(memory, cut_summary(rows, nullptr).bytes, "summarize_scratch"); }
  if (!s.ok()) { return s; }
  device_properties device;
  if (status const read = read_device(device); !read.ok()) { return read; }
  s = clear_summary(state, cuda_stream);
  summary_scratch const cut = cut_summary(rows, memory.memory);
  launch_chain chain(device, cuda_stream);
  bool const adds = !has_no_rows(rows);
  if (s.ok() && adds) { s = launch_groups(rows, cut, chain); }
  for (int pass = 0; s.ok() && pass < passes_of(state); ++pass) {
    if (adds) { s = launch_adding(rows, state, pass, cut, chain); }
    if (s.ok()) { s = launch_search(state, pass, chain); }
  }
  return s;
}

}  // namespace detail

template <class Value>
std::int64_t summarize_scratch(value_rows<Value> const& rows) {
  if constexpr (detail::is_value<Value>) {
    return detail::check_summary_rows(rows).ok() ? detail::cut_summary(rows, nullptr).bytes : 0;
  } else {
    static_assert(sizeof(detail::value_type<Value>) > 0);
    return 0;
  }
}

template <class Value>
status summarize(value_rows<Value> const& rows, summary_state<Value> const& state, scratch const& memory,
                 cudaStream_t cuda_stream) {
  if constexpr (detail::is_value<Value>) {
    return detail::summarize(detail::plain(rows), detail::plain(state), memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::value_type<Value>) > 0);
    return {};
  }
}

template <class Value>
status add_to_summary(value_rows<Value> const& rows, summary_state<Value> const& state, int pass, scratch const& memory,
                      cudaStream_t cuda_stream) {
  if constexpr (detail::is_value<Value>) {
    return detail::add_to_summary(detail::plain(rows), detail::plain(state), pass, memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::value_type<Value>) > 0);
    return {};
  }
}

template <class Value>
status end_summary_pass(summary_state<Value> const& state, int pass, cudaStream_t cuda_stream) {
  if constexpr (detail::is_value<Value>) {
    return detail::end_summary_pass(detail::plain(state), pass, cuda_stream);
  } else {
    static_assert(sizeof(detail::value_type<Value>) > 0);
    return {};
  }
}

}  // namespace robocache
