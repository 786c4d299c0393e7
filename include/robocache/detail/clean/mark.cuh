// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include <robocache/detail/clean/params.hpp>
#include <robocache/detail/clean/policy.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/clean.cuh>

// The steps that judge a row by itself.
namespace robocache::detail {

inline __device__ void add_dropped(std::int64_t& to) { atomicAdd(reinterpret_cast<unsigned long long*>(&to), 1ull); }

/// Where a row's channels begin.
inline __device__ std::int64_t element_of_row(clean_params const& p, std::int64_t row) {
  if (p.length == 0) { return row * p.row_stride; }
  std::int64_t const b = row / p.length;
  return b * p.batch_stride + (row - b * p.length) * p.row_stride;
}

/// Whether this lane's row is dropped because of its values. Called by a warp whose lanes have neighbouring rows: for
/// each of them, some lanes read its channels together.
/// @param here  whether the row is still there
inline __device__ bool are_values_dropped(clean_params const& p, std::int64_t row, bool here) {
  unsigned const lane = threadIdx.x % 32;
  auto const lanes = static_cast<unsigned>(p.lanes);
  unsigned const at_once = 32 / lanes;
  unsigned const of_group = lanes == 32 ? 0xffffffffu : (1u << lanes) - 1;
  std::int64_t const element = here ? element_of_row(p, row) : 0;
  bool dropped = false;
  with_float_type(p.type, [&](auto zero) {
    auto const* const values = static_cast<decltype(zero) const*>(p.values);
    for (unsigned step = 0; step < lanes; ++step) {
      unsigned const of = step * at_once + lane / lanes;
      bool const looks = __shfl_sync(0xffffffffu, here ? 1 : 0, static_cast<int>(of)) != 0;
      auto const* const channels = values + __shfl_sync(0xffffffffu, element, static_cast<int>(of));
      bool some = false;
      bool others = false;
      for (std::int64_t c = lane % lanes; looks && c < p.channels; c += lanes) {
        if (p.options.nan_channels != nullptr && p.options.nan_channels[c] == 0) { continue; }
        bool const is_nan = device::is_nan_value(channels[c]);
        some = some || is_nan;
        others = others || !is_nan;
      }
      unsigned const all_some = __ballot_sync(0xffffffffu, some);
      unsigned const all_others = __ballot_sync(0xffffffffu, others);
      if (lane / at_once == step) {
        unsigned const first = lane % at_once * lanes;
        dropped = device::drops_values(p.options.nan, (all_some >> first & of_group) != 0,
                                       (all_others >> first & of_group) != 0);
      }
    }
  });
  return dropped;
}

template <class Stamp>
__global__ void __launch_bounds__(clean_threads)
    clean_mark_kernel(__grid_constant__ stamped_clean_params<Stamp> const p) {
  wait_for_launch_before();  // it cleared the reports
  clean_params const& rest = p.rest;
  std::int64_t const row = std::int64_t(blockIdx.x) * clean_threads + threadIdx.x;
  device::series_row const at = row < rest.rows ? device::series_row_at(p.when, row) : device::series_row{-1, 0};
  bool here = at.b >= 0;
  std::uint64_t order = 0;
  if (here) {
    Stamp const stamp = device::stamp_of_row(p.when, at, row);
    here = device::is_finite(stamp);
    if (here) { order = device::stamp_order(stamp); }
    if (!here && rest.reports != nullptr) { add_dropped(rest.reports[at.b].non_finite); }
  }
  bool invalid_row = here && rest.options.mask != nullptr && rest.options.mask[row] == 0;
  if (rest.options.nan != nan_rule::keep && are_values_dropped(rest, row, here)) { invalid_row = true; }
  if (invalid_row && rest.reports != nullptr) { add_dropped(rest.reports[at.b].invalid); }
  if (row < rest.rows) {
    rest.own.owners[row] = here && !invalid_row ? static_cast<std::int32_t>(at.b) : -1;
    rest.own.orders[row] = order;
  }
}

}  // namespace robocache::detail
