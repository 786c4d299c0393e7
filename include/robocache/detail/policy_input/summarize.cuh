// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/scratch_check.hpp>
#include <robocache/detail/common/summary/launch.cuh>
#include <robocache/detail/policy_input/plan.hpp>
#include <robocache/detail/policy_input/source.cuh>
#include <robocache/detail/policy_input/summary_check.hpp>
#include <robocache/summarize_policy_input.cuh>

namespace robocache {
namespace detail {

/// One stream of the fusion as a source of rows.
template <class Stamp>
input_rows_of<Stamp> source_of(policy_rows<Stamp> const& rows, std::int64_t stream, std::int64_t place) {
  fusion_list<Stamp> const list{rows.fusions, rows.count};
  policy_fusion<Stamp> const& own = rows.fusions[rows.fusion];
  policy_stream<Stamp> const& one = own.streams[stream];
  input_rows_of<Stamp> source{};
  describe_stream(list, rows.fusion, one, source.of);
  source.reader = reader_of(one);
  relative_rules<Stamp> const& relative = one.relative;
  auto const windows_of = [&](stream_index const& named) {
    return input_reference<Stamp>{list.fusions[list.fusion_of(named, rows.fusion)].target, relative.at};
  };
  source.of.to = source.of.frame = -1;
  if (relative.wanted) {
    bool const itself = relative.to.stream == stream_index::none;
    source.to_reader = itself ? source.reader : reader_of(list.at(relative.to, rows.fusion));
    source.to = windows_of(itself ? stream_index{} : relative.to);
    source.of.to = 0;
    if (relative.frame.stream != stream_index::none) {
      source.frame_reader = reader_of(list.at(relative.frame, rows.fusion));
      source.frame = windows_of(relative.frame);
      source.of.frame = 0;
    }
  }
  source.target = own.target;
  source.small_length = length_of(own.target);
  source.place = place;
  source.channels = channels_of(own.streams, own.count);
  source.each_step = rows.each_step;
  source.steps = rows.each_step ? static_cast<unsigned>(own.target.length) : 1;
  constexpr std::int64_t most = summary_channels<std::uint32_t>;
  std::int64_t const slices = (source.of.result_channels + most - 1) / most;
  source.slices_each = static_cast<unsigned>(slices);
  source.width = static_cast<unsigned>((source.of.result_channels + slices - 1) / slices);
  return source;
}

/// Goes over the rows once, stream after stream.
template <class Stamp>
ROBOCACHE_HIDDEN status launch_policy_rows(policy_rows<Stamp> const& rows, summary_state<float> const& state, int pass,
                                           summary_scratch const& cut, launch_chain& chain) {
  value_rows<float> const shape = shape_of(rows);
  policy_fusion<Stamp> const& own = rows.fusions[rows.fusion];
  status s;
  std::int64_t place = 0;
  for (std::int64_t i = 0; i < own.count && s.ok(); ++i) {
    input_rows_of<Stamp> const source = source_of(rows, i, place);
    place += source.of.result_channels;
    if (source.of.result_channels > 0) {
      s = launch_pass(source, shape, state, pass, cut, chain, source.shared_bytes());
    }
  }
  return s.ok() && pass == 0 ? launch_tree(shape, state, cut, chain) : s;
}

template <class Stamp>
ROBOCACHE_HIDDEN status add_policy_input_to_summary(policy_rows<Stamp> const& rows, summary_state<float> const& state,
                                                    int pass, scratch const& memory, cudaStream_t cuda_stream) {
  status s = check_policy_summary(rows, state, pass);
  if (!s.ok()) { return s; }
  value_rows<float> const shape = shape_of(rows);
  s = check_scratch(memory, cut_summary(shape, nullptr).bytes, "summarize_policy_input_scratch");
  if (!s.ok()) { return s; }
  device_properties device;
  if (status const read = read_device(device); !read.ok()) { return read; }
  if (has_no_rows(shape)) { return {}; }
  summary_scratch const cut = cut_summary(shape, memory.memory);
  launch_chain chain(device, cuda_stream);
  s = launch_groups(shape, cut, chain);
  return s.ok() ? launch_policy_rows(rows, state, pass, cut, chain) : s;
}

template <class Stamp>
ROBOCACHE_HIDDEN status summarize_policy_input(policy_rows<Stamp> const& rows, summary_state<float> const& state,
                                               scratch const& memory, cudaStream_t cuda_stream) {
  status s = check_policy_summary(rows, state, 0);
  if (!s.ok()) { return s; }
  value_rows<float> const shape = shape_of(rows);
  s = check_scratch(memory, cut_summary(shape, nullptr).bytes, "summarize_policy_input_scratch");
  if (!s.ok()) { return s; }
  device_properties device;
  if (status const read = read_device(device); !read.ok()) { return read; }
  s = clear_summary(state, cuda_stream);
  summary_scratch const cut = cut_summary(shape, memory.memory);
  launch_chain chain(device, cuda_stream);
  bool const adds = !has_no_rows(shape);
  if (s.ok() && adds) { s = launch_groups(shape, cut, chain); }
  for (int pass = 0; s.ok() && pass < passes_of(state); ++pass) {
    if (adds) { s = launch_policy_rows(rows, state, pass, cut, chain); }
    if (s.ok()) { s = launch_search(state, pass, chain); }
  }
  return s;
}

}  // namespace detail

template <class Stamp>
std::int64_t summarize_policy_input_scratch(policy_rows<Stamp> const& rows) {
  if constexpr (detail::stamps_are_sound<Stamp>) {
    policy_rows<detail::plain_type<Stamp>> const& plain = rows;
    return detail::check_policy_rows(plain).ok() ? detail::cut_summary(detail::shape_of(plain), nullptr).bytes : 0;
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp>) > 0);
    return 0;
  }
}

template <class Stamp>
status summarize_policy_input(policy_rows<Stamp> const& rows, summary_state<float> const& state, scratch const& memory,
                              cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp>) {
    return detail::summarize_policy_input<detail::plain_type<Stamp>>(rows, state, memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}

template <class Stamp>
status add_policy_input_to_summary(policy_rows<Stamp> const& rows, summary_state<float> const& state, int pass,
                                   scratch const& memory, cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp>) {
    return detail::add_policy_input_to_summary<detail::plain_type<Stamp>>(rows, state, pass, memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}

}  // namespace robocache
