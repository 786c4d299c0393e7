// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/memory_cutter.hpp>
#include <robocache/detail/common/summary/check.hpp>
#include <robocache/detail/common/summary/digits.cuh>
#include <robocache/detail/common/summary/kernel.cuh>
#include <robocache/detail/common/summary/nodes.cuh>
#include <robocache/detail/common/summary/params.hpp>
#include <robocache/detail/common/summary/policy.cuh>

namespace robocache::detail {

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

/// Goes over the rows of a source once. In pass 0 their nodes remain, for `launch_tree`.
/// @param rows  how many, in which groups; not empty
/// @param shared_bytes  of dynamic shared memory, for the source
template <class Source, class Value>
ROBOCACHE_HIDDEN status launch_pass(Source const& source, value_rows<Value> const& rows,
                                    summary_state<Value> const& state, int pass, summary_scratch const& cut,
                                    launch_chain& chain, int shared_bytes = 0) {
  summarize_params<Source> p{};
  p.source = source;
  p.of = {rows.rows, rows.groups, rows.offsets, cut.begins};
  p.channels = rows.channels;
  p.slices = source.slices();
  p.nodes = cut.nodes;
  p.digit = device::digit_of_pass(sizeof(typename Source::number), pass);
  p.ranks_each = state.ranks_each();
  p.ranks = state.ranks;
  p.counters = state.quantiles > 0 ? reinterpret_cast<unsigned long long*>(state.counters) : nullptr;
  dim3 const blocks(static_cast<unsigned>(summary_nodes(rows) * p.slices));
  auto const launch = [&](auto kernel) {
    status const s = shared_bytes > 0 ? allow_shared<decltype(kernel)::value>(shared_bytes) : status{};
    return s.ok() ? chain.launch(kernel.value, p, blocks, summary_threads, shared_bytes) : s;
  };
  using kernel_of = void (*)(summarize_params<Source>);
  return pass > 0 ? launch(std::integral_constant<kernel_of, summarize_digit_kernel<Source>>{})
                  : launch(std::integral_constant<kernel_of, summarize_kernel<Source>>{});
}

/// Merges the nodes of pass 0, and what they come to with the state.
template <class Value>
ROBOCACHE_HIDDEN status launch_tree(value_rows<Value> const& rows, summary_state<Value> const& state,
                                    summary_scratch const& cut, launch_chain& chain) {
  summary_end_params end = end_params_of(state, 0);
  end.of = {rows.rows, rows.groups, rows.offsets, cut.begins};
  end.nodes = cut.nodes;
  std::int64_t const pairs = std::min(rows.groups * rows.channels, most_summary_blocks);
  return chain.launch(summary_tree_kernel<summary_threads>, end, dim3(static_cast<unsigned>(pairs)),
                      summary_tree_threads(summary_nodes(rows)));
}

/// True where there is nothing to add.
template <class Value>
bool has_no_rows(value_rows<Value> const& rows) noexcept {
  return rows.rows == 0 || rows.groups == 0 || rows.channels == 0;
}

template <class Value>
ROBOCACHE_HIDDEN status launch_search(summary_state<Value> const& state, int pass, launch_chain& chain) {
  std::int64_t const pairs = std::min(state.groups * state.channels, most_summary_blocks);
  if (state.quantiles == 0 || pairs == 0) { return {}; }
  return chain.launch(summary_search_kernel<device::summed_number<Value>>, end_params_of(state, pass),
                      dim3(static_cast<unsigned>(pairs)), summary_threads);
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

}  // namespace robocache::detail
