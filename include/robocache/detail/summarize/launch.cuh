// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/memory_cutter.hpp>
#include <robocache/detail/common/scratch_check.hpp>
#include <robocache/detail/summarize/check.hpp>
#include <robocache/detail/summarize/digits.cuh>
#include <robocache/detail/summarize/kernel.cuh>
#include <robocache/detail/summarize/nodes.cuh>
#include <robocache/detail/summarize/params.hpp>
#include <robocache/detail/summarize/policy.cuh>
#include <robocache/detail/summarize/source.cuh>
#include <robocache/summarize.cuh>

namespace robocache {
namespace detail {

/// The scratch of a pass.
struct summary_scratch {
  std::int64_t* begins;
  channel_summary* nodes;
  std::int64_t bytes;
};

/// @param memory  null: how much it would be
template <class Value>
summary_scratch cut_summary(value_rows<Value> const& rows, void* memory) {
  memory_cutter cutter(memory);
  summary_scratch cut{};
  if (rows.offsets != nullptr) { cut.begins = cutter.take<std::int64_t>(rows.groups + 1); }
  cut.nodes = cutter.take<channel_summary>(summary_nodes(rows) * rows.channels);
  cut.bytes = cutter.bytes();
  return cut;
}

template <class Value>
summary_end_params end_params_of(summary_state<Value> const& state, int pass) {
  using number = device::summed_number<Value>;
  summary_end_params p{};
  p.of.groups = state.groups;
  p.channels = state.channels;
  p.summaries = state.summaries;
  p.digit = device::digit_of_pass(sizeof(number), pass);
  p.first = pass == 0;
  p.last = pass + 1 == passes_of(state);
  p.quantiles = state.quantiles;
  std::copy_n(state.fractions, most_quantiles, p.fractions);
  p.ranks = state.ranks;
  p.counters = state.counters;
  p.values = state.values;
  return p;
}

/// The first launch of a call: writes where groups begin.
template <class Value>
ROBOCACHE_HIDDEN status launch_groups(value_rows<Value> const& rows, summary_scratch const& cut, launch_chain& chain) {
  if (cut.begins == nullptr) { return {}; }
  std::int64_t const blocks = std::min(rows.groups / summary_threads + 1, most_summary_blocks);
  return chain.launch(summary_begin_kernel<summary_threads>,
                      summary_groups{rows.rows, rows.groups, rows.offsets, cut.begins},
                      dim3(static_cast<unsigned>(blocks)), summary_threads);
}

/// Adds the rows of a source to a state.
/// @param rows  how many, in which groups; not empty
template <class Source, class Value>
ROBOCACHE_HIDDEN status launch_adding(Source const& source, value_rows<Value> const& rows,
                                      summary_state<Value> const& state, int pass, summary_scratch const& cut,
                                      launch_chain& chain) {
  constexpr std::int64_t most = summary_channels<decltype(device::order_of(typename Source::number{}))>;
  summary_end_params end = end_params_of(state, pass);
  end.of = {rows.rows, rows.groups, rows.offsets, cut.begins};
  end.nodes = cut.nodes;
  summarize_params<Source> p{};
  p.source = source;
  p.of = end.of;
  p.channels = rows.channels;
  p.slices = static_cast<unsigned>((rows.channels + most - 1) / most);
  p.width = static_cast<unsigned>((rows.channels + p.slices - 1) / p.slices);
  p.nodes = cut.nodes;
  p.digit = end.digit;
  p.ranks_each = state.ranks_each();
  p.ranks = state.ranks;
  p.counters = state.quantiles > 0 ? reinterpret_cast<unsigned long long*>(state.counters) : nullptr;
  std::int64_t const nodes = summary_nodes(rows);
  dim3 const blocks(static_cast<unsigned>(nodes * p.slices));
  if (pass > 0) { return chain.launch(summarize_digit_kernel<Source>, p, blocks, summary_threads); }
  status const s = chain.launch(summarize_kernel<Source>, p, blocks, summary_threads);
  if (!s.ok()) { return s; }
  std::int64_t const pairs = std::min(rows.groups * rows.channels, most_summary_blocks);
  return chain.launch(summary_tree_kernel<summary_threads>, end, dim3(static_cast<unsigned>(pairs)),
                      summary_tree_threads(nodes));
}

/// True where there is nothing to add.
template <class Value>
bool has_no_rows(value_rows<Value> const& rows) noexcept {
  return rows.rows == 0 || rows.groups == 0 || rows.channels == 0;
}

/// The same for rows in memory.
template <class Value>
ROBOCACHE_HIDDEN status launch_adding(value_rows<Value> const& rows, summary_state<Value> const& state, int pass,
                                      summary_scratch const& cut, launch_chain& chain) {
  rows_in_memory<Value> const source{rows.values, row_stride_of(rows), rows.mask};
  return launch_adding(source, rows, state, pass, cut, chain);
}

template <class Value>
ROBOCACHE_HIDDEN status launch_search(summary_state<Value> const& state, int pass, launch_chain& chain) {
  std::int64_t const pairs = std::min(state.groups * state.channels, most_summary_blocks);
  if (state.quantiles == 0 || pairs == 0) { return {}; }
  return chain.launch(summary_search_kernel<device::summed_number<Value>>, end_params_of(state, pass),
                      dim3(static_cast<unsigned>(pairs)), summary_threads);
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

/// A summary begins with all bits 0.
template <class Value>
ROBOCACHE_HIDDEN status clear_summary(summary_state<Value> const& state, cudaStream_t cuda_stream) {
  std::int64_t const pairs = state.groups * state.channels;
  if (pairs == 0) { return {}; }
  status s = clear(state.summaries, pairs * std::int64_t(sizeof *state.summaries), cuda_stream);
  if (!s.ok() || state.quantiles == 0) { return s; }
  std::int64_t const ranks = pairs * state.ranks_each();
  s = clear(state.ranks, ranks * std::int64_t(sizeof *state.ranks), cuda_stream);
  return s.ok() ? clear(state.counters, ranks * summary_digits * std::int64_t(sizeof *state.counters), cuda_stream) : s;
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
