// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/policy_input/check.hpp>
#include <robocache/detail/policy_input/params.hpp>
#include <robocache/detail/policy_input/policy.cuh>
#include <robocache/device/policy_value.cuh>

// What kernels need to know of a stream, from what the caller said of it.
namespace robocache::detail {

template <class Stamp>
input_reader<Stamp> reader_of(policy_stream<Stamp> const& one) {
  strides const from = strides_of(one, one.when, one.channels);
  return {one.options.causal,
          one.rotation.wanted,
          one.type,
          one.rotation.source,
          device::rules_of(one.options),
          one.latency,
          one.latencies,
          one.values,
          from.batch,
          from.row,
          one.channels,
          one.when};
}

/// Divides rows by the targets' length, if that is below 2^31.
template <class Stamp>
divisor length_of(timeline<Stamp> const& target) {
  std::int64_t const length = std::max<std::int64_t>(1, std::min<std::int64_t>(target.length, INT32_MAX));
  return divisor(static_cast<std::uint32_t>(length));
}

/// @param own  the fusion of the stream
template <class Stamp>
input_path path_of(fusion_list<Stamp> const& list, std::int64_t own, policy_stream<Stamp> const& one) {
  relative_rules<Stamp> const& relative = one.relative;
  if (one.rotation.wanted || device::is_rotation(one.options.method) ||
      (relative.wanted && relative.frame.stream != stream_index::none)) {
    return input_path::whole_rows;
  }
  bool const itself = !relative.wanted || relative.to.stream == stream_index::none;
  interpolation const reference = itself ? one.options.method : list.at(relative.to, own).options.method;
  if (!device::is_straight(one.options.method) || !device::is_straight(reference) || one.sin_cos ||
      one.derivative != derivative_order::value) {
    return input_path::channels;
  }
  auto const bytes = static_cast<std::int64_t>(size_of(one.type));
  strides const from = strides_of(one, one.when, one.channels);
  bool const whole = one.channels * bytes % 16 == 0 &&
                     common_alignment(address_of(one.values), from.batch * bytes, from.row * bytes) == 16;
  return whole && !relative.wanted ? input_path::vectors : input_path::lines;
}

/// All that becomes of a stream's values, but for its references and where results go.
template <class Stamp>
void describe_stream(fusion_list<Stamp> const& list, std::int64_t own, policy_stream<Stamp> const& one,
                     input_stream<Stamp>& plan) {
  plan.path = path_of(list, own, one);
  plan.order = one.derivative;
  plan.passes = device::passes(one.rotation.source, one.rotation.result, one.rotation.sign, one.relative.wanted);
  plan.sin_cos = one.sin_cos;
  plan.world_frame = one.rotation.world_frame;
  plan.ticks_per_second = static_cast<float>(one.ticks_per_second);
  plan.sign = one.rotation.sign;
  plan.layout = one.rotation.result;
  plan.fill = static_cast<float>(one.options.fill);
  plan.result_channels = result_channels(one);
  plan.scale = one.scale;
  plan.shift = one.shift;
  plan.affine_stride = one.affine_stride;
  plan.low = one.low;
  plan.high = one.high;
  std::int64_t const line = plan.path == input_path::vectors ? one.channels * std::int64_t(size_of(one.type)) / 16
                            : plan.path == input_path::lines ? std::min<std::int64_t>(one.channels, input_threads)
                                                             : one.channels;
  plan.line = divisor(static_cast<std::uint32_t>(std::max<std::int64_t>(1, line)));
}

}  // namespace robocache::detail
