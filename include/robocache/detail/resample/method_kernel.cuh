// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/timed/locate_tile.cuh>
#include <robocache/detail/common/timed/method_rows.cuh>
#include <robocache/detail/common/timed/params.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/resample/params.hpp>
#include <robocache/detail/resample/small_tiles.cuh>

// Resampling by the methods beyond linear, which share nine kernels.
namespace robocache::detail {

/// Computes a trajectory's results once more, where one of them went beyond the range of float. Called by the whole
/// block at the very end; out of line and from the beginning, so that nothing is kept in registers for it.
template <class Value, class Result, class Stamp>
__device__ __noinline__ void blend_trajectory_again(method_params<Stamp> const& p) {
  if (threadIdx.x >= p.plan.tiles.length) { return; }
  device::plain_trajectory<Stamp> source;
  source.length = p.plan.plain_length;
  source.stamps = p.plan.plain_stamps + blockIdx.x * p.plan.plain_stamps_stride;
  Stamp const t = p.plan.plain_targets[blockIdx.x * p.plan.plain_targets_stride + threadIdx.x];
  device::location const where = device::locate(source, t, p.plan.rules);
  if (where.row < 0) { return; }
  std::int64_t const channels = p.blend.values_row_stride;
  device::curve const c = device::curve_at(source, where, p.blend.method);
  auto const* const left =
      static_cast<Value const*>(p.blend.values) + (blockIdx.x * p.blend.values_batch_stride + where.row * channels);
  auto* const out =
      static_cast<Result*>(p.blend.results) + (blockIdx.x * p.blend.results_batch_stride + threadIdx.x * channels);
  for (std::int64_t i = 0; i < channels; ++i) {
    out[i] = device::from_float<Result>(device::value_by_method(p.blend.method, c, where.blends, left + i, channels));
  }
}

/// A block with a whole trajectory of short rows, as `resample_trajectory`.
template <class Stamp, class Value>
__device__ void method_trajectory(method_params<Stamp> const& p, Stamp* stage, unsigned char* values,
                                  unsigned char* results) {
  int const b = static_cast<int>(blockIdx.x);
  int const k = static_cast<int>(threadIdx.x);
  int const length = p.plan.plain_length;
  int const targets = static_cast<int>(p.plan.tiles.length);
  int const channels = static_cast<int>(p.blend.values_row_stride);
  Stamp t = Stamp(0);
  if (k < targets) { t = load_early(p.plan.plain_targets + (b * p.plan.plain_targets_stride + k)); }
  device::plain_trajectory<Stamp> source;
  source.length = length;
  source.stamps = p.plan.plain_stamps + b * p.plan.plain_stamps_stride;
  staged_search<Stamp> const search(source.stamps, length);
  search.stage(stage);
  Value const* const from = static_cast<Value const*>(p.blend.values) + b * p.blend.values_batch_stride;
  copy_in(from, length * channels, values);
  wait_for_copies();
  __syncthreads();

  auto const finish = [&](auto type) {
    using Result = decltype(type);
    Result* const to = static_cast<Result*>(p.blend.results) + b * p.blend.results_batch_stride;
    bool const rotates = device::is_rotation(p.blend.method);
    bool const together = skew_of(from) % (4 * sizeof(Value)) == 0 && skew_of(to) % (4 * sizeof(Result)) == 0;
    float doubt = 0.0f;
    if (k < targets) {
      device::location const where = search.locate(stage, t, p.plan.rules);
      if (length <= stage_capacity) { source.stamps = stage; }
      method_row row;
      describe_row(source, where, p.blend.method, row);
      auto const* const left =
          reinterpret_cast<Value const*>(values + skew_of(from)) + max(static_cast<int>(where.row), 0) * channels;
      auto* const out = reinterpret_cast<Result*>(results + skew_of(to)) + k * channels;
      if (rotates) {
        device::quaternion const between =
            slerp_row(p.blend.fill, row, [&](int right) { return read_quaternion(left + right * channels, together); });
        vector<Result, 4> four;
#pragma unroll
        for (int c = 0; c < 4; ++c) { four.element[c] = device::from_float<Result>(between.q[c]); }
        if (together) {  // rows that are contiguous in the order of their threads need no run of bytes
          store_streaming(to + k * channels, four);
        } else {
#pragma unroll
          for (int c = 0; c < 4; ++c) { out[c] = four.element[c]; }
        }
      } else {
        for (int c = 0; c < channels; ++c) {
          out[c] = device::from_float<Result>(
              row.kind == method_row::fill ? p.blend.fill : value_of(p.blend.method, row, left + c, channels, doubt));
        }
      }
      if (p.blend.valid != nullptr) { p.blend.valid[std::int64_t(b) * targets + k] = where.valid; }
    }
    if (rotates && together) { return; }
    __syncthreads();
    copy_out(to, targets * channels, results);
    if (__syncthreads_count(doubt != 0.0f) > 0) { blend_trajectory_again<Value, Result>(p); }
  };
  with_float_type(p.blend.result_type, finish);
}

/// One block: one tile of target rows and one chunk of their channels, or a whole trajectory.
///
/// 56 registers: one more block of a short trajectory fits than with 64, and the cubic methods hardly need them.
template <class Stamp, class Value>
__global__ void __maxnreg__(56) method_kernel(__grid_constant__ method_params<Stamp> const p) {
  __shared__ method_row rows[max_threads];
  __shared__ Stamp stage[stage_capacity + 1];
  extern __shared__ sector dynamic_shared[];  // a trajectory
  if (p.mode == method_mode::trajectory) {
    auto* const bytes = reinterpret_cast<unsigned char*>(dynamic_shared);
    method_trajectory<Stamp, Value>(p, stage, bytes, bytes + p.results_offset);
    return;
  }
  int const count =
      locate_tile(p.plan, blockIdx.x, stage, [&p](int slot, auto const& part, device::location const& where) {
        method_row& row = rows[slot];
        std::int64_t const from =
            part.source.element(where.row, p.blend.values_batch_stride, p.blend.values_row_stride);
        std::int64_t const to = p.blend.target_packed ? (part.first_row + slot) * p.blend.results_row_stride
                                                      : part.b * p.blend.results_batch_stride +
                                                            (part.k0 + slot) * p.blend.results_row_stride;
        row.from = static_cast<char const*>(p.blend.values) + from * std::int64_t(sizeof(Value));
        row.to = static_cast<char*>(p.blend.results) + to * (p.blend.result_type == dtype::float32 ? 4 : 2);
        describe_row(part.source, where, p.blend.method, row);
        if (p.blend.valid != nullptr && blockIdx.y == 0) { p.blend.valid[part.first_row + slot] = where.valid; }
      });
  __syncthreads();
  thread_share const share{static_cast<int>(threadIdx.x), max_threads};
  if (p.mode == method_mode::vectors) {
    blend_vectors<Value, 16 / sizeof(Value)>(p.blend, rows, count, share);
  } else {
    blend_scalars(p.blend, dtype_of<Value>::value, rows, count, share);
  }
}

}  // namespace robocache::detail
