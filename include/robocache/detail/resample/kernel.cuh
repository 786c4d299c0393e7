// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/timed/locate_tile.cuh>
#include <robocache/detail/common/timed/params.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/resample/any_stamps.cuh>
#include <robocache/detail/resample/bulk_trajectory.cuh>
#include <robocache/detail/resample/params.hpp>
#include <robocache/detail/resample/policy.cuh>
#include <robocache/detail/resample/small_tiles.cuh>

namespace robocache::detail {

/// One block, one tile of target rows, one chunk of their channels.
///
/// @tparam N      elements of a vector: all pointers and strides are multiples of it
/// @tparam Loads  vectors a thread has in flight before it uses the first
template <class Value, class Result, class Stamp, int N, int Loads>
__global__ void __launch_bounds__(max_threads, resample_blocks)
    resample_kernel(__grid_constant__ resample_params<Value, Result, Stamp> const p) {
  alignas(16) __shared__ stage_slot<Stamp> stage[stage_capacity + 1];
  extern __shared__ sector dynamic_shared[];  // the tile's rows, or a trajectory: no block needs both

  if (__builtin_expect(p.mode == resample_mode::one_row, true)) {  // first in line: latency is all it has
    resample_one_row<N>(p.plan, p.blend, p.extra);
    return;
  }
  if (p.mode == resample_mode::trajectory) {
    auto* const bytes = reinterpret_cast<unsigned char*>(dynamic_shared);
    resample_trajectory<N>(p.plan, p.blend, stage, bytes, bytes + p.extra);
    return;
  }
  if (p.mode == resample_mode::bulk_trajectory) {
    __shared__ arrival come;
    resample_bulk_trajectory<N>(p.plan, p.blend, p.bulk, stage, come, reinterpret_cast<unsigned char*>(dynamic_shared));
    return;
  }
  constexpr bool may_turn = !std::is_integral_v<Value>;
  auto* const rows = reinterpret_cast<blend_row*>(dynamic_shared);
  int const count =
      locate_tile(p.plan, blockIdx.x, stage, [&p, rows](int slot, auto const& part, device::location const& where) {
        std::int64_t const left =
            part.source.element(where.row, p.blend.values_batch_stride, p.blend.values_row_stride);
        std::int64_t const step = part.source.step_from(where.row) * p.blend.values_row_stride;
        blend_row row = blend_row_of(where, left, step, p.turns);
        row.result = p.blend.target_packed
                         ? (part.first_row + slot) * p.blend.results_row_stride
                         : part.b * p.blend.results_batch_stride + (part.k0 + slot) * p.blend.results_row_stride;
        rows[slot] = row;
        if (p.blend.valid != nullptr && blockIdx.y == 0) { p.blend.valid[part.first_row + slot] = where.valid; }
      });
  __syncthreads();
  if constexpr (may_turn) {
    if (p.turns) { return blend_tile<N, Loads, turning_method>(p.blend, rows, count); }
  }
  blend_tile<N, Loads, straight_method>(p.blend, rows, count);
}

/// One block, one tile of target rows: writes their records to global memory.
template <class Stamp>
__global__ void __launch_bounds__(max_threads) locate_kernel(__grid_constant__ locate_params<Stamp> const p) {
  __shared__ Stamp stage[stage_capacity + 1];
  locate_tile(p.plan, blockIdx.x, stage, [&p](int slot, auto const& part, device::location const& where) {
    std::int64_t const target = part.first_row + slot;
    if (p.out.rows != nullptr) {
      std::int64_t const first =
          where.row < 0 ? -1 : part.source.batch_index * p.plan.source.length + part.source.row(where.row);
      p.out.rows[2 * target] = first;
      p.out.rows[2 * target + 1] = first + (where.blends ? part.source.step_from(where.row) : 0);
    }
    if (p.out.weights != nullptr) { p.out.weights[target] = where.weight; }
    if (p.out.valid != nullptr) { p.out.valid[target] = where.valid; }
  });
}

}  // namespace robocache::detail
