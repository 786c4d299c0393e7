// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/summary/params.hpp>
#include <robocache/detail/common/summary/policy.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/policy_input/locate.cuh>
#include <robocache/detail/policy_input/params.hpp>
#include <robocache/detail/policy_input/policy.cuh>
#include <robocache/detail/policy_input/values.cuh>
#include <robocache/device/summary.cuh>

namespace robocache::detail {

/// What a block has read of `input_rows_of`.
struct input_leaves {
  float const* values;
  std::uint8_t const* present;
  std::int64_t first;    ///< row
  std::int64_t channel;  ///< the slice's first
  int width;

  /// A leaf begins a row later than the one before ends: leaves side by side lie in different banks.
  static __device__ int place(int row, int width) { return (row + row / device::summary_leaf) * width; }

  __device__ bool has(std::int64_t row) const { return present[row - first] != 0; }
  __device__ float at(std::int64_t row, std::int64_t c) const {
    return values[place(static_cast<int>(row - first), width) + static_cast<int>(c - channel)];
  }
};

/// What one stream of a fusion would give: a source of rows, as common/summary/kernel.cuh says. A block makes some
/// leaves of a slice at a time, a row per thread, and leaves them in shared memory. A slice lies in one step.
template <class Stamp>
struct input_rows_of {
  using number = float;
  static constexpr int leaves = input_leaves_at_a_time;
  static constexpr int rows = leaves * device::summary_leaf;

  input_stream<Stamp> of;
  input_reader<Stamp> reader, to_reader, frame_reader;
  input_reference<Stamp> to, frame;
  timeline<Stamp> target;
  divisor small_length;   ///< of the target, as in `input_fusion`
  std::int64_t place;     ///< of its first channel in a row of the fusion
  std::int64_t channels;  ///< of the fusion
  bool each_step;
  unsigned steps;        ///< 1 unless each has channels of its own
  unsigned slices_each;  ///< of a step
  unsigned width;        ///< channels of a slice, at most

  /// Dynamic shared memory of a block.
  int shared_bytes() const {
    return rows + static_cast<int>(sizeof(float)) * (rows + leaves) * static_cast<int>(width);
  }

  unsigned slices() const { return steps * slices_each; }

  __device__ summary_slice slice(unsigned i) const {
    std::int64_t const first = std::int64_t(i % slices_each) * width;
    std::int64_t const step = i / slices_each;
    return {step * channels + place + first,
            static_cast<unsigned>(min(std::int64_t{width}, of.result_channels - first))};
  }

  __device__ input_leaves read(std::int64_t first, std::int64_t end, summary_slice const& slice, unsigned i) const {
    extern __shared__ sector dynamic_shared[];
    auto* const present = reinterpret_cast<std::uint8_t*>(dynamic_shared);
    auto* const values = reinterpret_cast<float*>(present + rows);
    auto const here = static_cast<int>(slice.width);
    auto const channel = static_cast<int>(i % slices_each * width);
    for (int row = static_cast<int>(threadIdx.x); row < static_cast<int>(end - first); row += summary_threads) {
      present[row] = make(first + row, i / slices_each, channel, here, values + input_leaves::place(row, here)) ? 1 : 0;
    }
    return {values, present, first, slice.first, here};
  }

 private:
  /// Channels `[channel, channel + count)` of the stream in one row. False where it is not valid.
  __device__ bool make(std::int64_t row, std::int64_t step, int channel, int count, float* out) const {
    std::int64_t b = row;
    std::int64_t k = step;
    bool wanted = true;
    if (!each_step) {
      find_input_row(target, small_length, row, b, k, wanted);
    } else if (target.lengths != nullptr) {
      wanted = k < device::detail::length_of(target, b);
    }
    if (!wanted) { return false; }
    Stamp const t = device::target_stamp(target, b, k);
    method_row own, origin, turned;
    if (of.order == derivative_order::value) {
      note_alone(reader, target, b, t, false, own);
    } else {
      note_derivative(of, reader, target, b, t, false, own);
    }
    if (own.valid == 0) { return false; }
    if (of.to >= 0 && !refer(to_reader, to, b, origin)) { return false; }
    if (of.frame >= 0 && !refer(frame_reader, frame, b, turned)) { return false; }
    input_origin<Stamp> const here{reader, own}, from{to_reader, origin};
    if (of.path == input_path::whole_rows) {
      device::rotation_channels const all = whole_row(of, here, from, {frame_reader, turned});
#pragma unroll
      for (int c = 0; c < 9; ++c) {
        if (c >= channel && c < channel + count) { out[c - channel] = input_factors(of, k, c).finish(all.c[c]); }
      }
      return true;
    }
    auto const angles = static_cast<int>(reader.channels);
    for (int c = channel; c < channel + count; ++c) {
      float v = one_channel(of, here, from, of.sin_cos ? c % angles : c);
      if (of.sin_cos) {
        device::sine_and_cosine const both = device::sincos_rn(v);
        v = c < angles ? both.sine : both.cosine;
      }
      out[c - channel] = input_factors(of, k, c).finish(v);
    }
    return true;
  }

  /// Locates a reference for window `b`. False where it is not valid.
  __device__ static bool refer(input_reader<Stamp> const& reader, input_reference<Stamp> const& reference,
                               std::int64_t b, method_row& row) {
    note_alone(reader, reference.windows, b, device::stamp_sum(reference.windows.starts[b], reference.at), false, row);
    return row.valid != 0;
  }
};

}  // namespace robocache::detail
