// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/backward.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/extreme.cuh>

// Which point of a cell holds the maximum (minimum) of a channel, and what gradients the points of a cell then get.
// Lists of points may be in any order.
namespace robocache::detail {

/// A point that may hold a maximum (minimum): the value in the upper half, the row in the lower half, such that the
/// greatest candidate holds it. 0 is less than all.
using candidate = unsigned long long;

template <bool Largest>
__device__ candidate candidate_of(float x, std::uint32_t row) {
  std::uint32_t const extreme = device::extreme_of<Largest>(x);
  return candidate{Largest ? extreme : ~extreme} << 32 | static_cast<std::uint32_t>(~row);
}

inline __device__ std::uint32_t row_of(candidate one) { return ~static_cast<std::uint32_t>(one); }

/// Which points hold the maxima and minima of N channels. Without a candidate, `row_of` gives a row that does not
/// exist.
template <int N>
struct holders {
  candidate max[N];
  candidate min[N];
};

/// Every `step`-th point of a cell's list, from `begin` on.
struct list_part {
  std::uint32_t const* list;
  unsigned begin;
  unsigned end;
  unsigned step;
};

/// Searches some points for the holders.
/// @param from  the channels of row 0
template <class Value, int N>
__device__ void find_holders(cell_backward_params const& p, list_part const& points, Value const* from,
                             holders<N>& held) {
  constexpr int at_once = holders_at_once;
  bool const max_wanted = p.gradients.max != nullptr;
  bool const min_wanted = p.gradients.min != nullptr;
  for (unsigned j = points.begin; j < points.end; j += at_once * points.step) {
    std::uint32_t row[at_once] = {};
    packed_floats<Value, N> packed[at_once] = {};
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (j + k * points.step < points.end) { row[k] = points.list[j + k * points.step]; }
    }
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (j + k * points.step < points.end) { packed[k] = load_packed<N>(from + row[k] * p.features.point_stride); }
    }
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (j + k * points.step >= points.end) { break; }
      float x[N];
      unpack(packed[k], x);
#pragma unroll
      for (int i = 0; i < N; ++i) {
        if (max_wanted) { held.max[i] = max(held.max[i], candidate_of<true>(x[i], row[k])); }
        if (min_wanted) { held.min[i] = max(held.min[i], candidate_of<false>(x[i], row[k])); }
      }
    }
  }
}

/// The gradients that the points of a cell get in N channels.
template <class Result, int N>
struct cell_terms {
  common_terms<Result, N> common;
  packed_floats<Result, N> max = {};
  packed_floats<Result, N> min = {};

  __device__ void load(cell_gradients const& of, std::int64_t element) {
    common.load(of, element);
    if (of.max != nullptr) { max = load_channels<N, Result>(of, of.max, element); }
    if (of.min != nullptr) { min = load_channels<N, Result>(of, of.min, element); }
  }
};

/// Writes N channels of some points of a cell.
/// @param count  points of the cell
template <class Value, class Result, int N>
__device__ void spread_list(cell_backward_params const& p, list_part const& points, std::int64_t channel,
                            unsigned count, cell_terms<Result, N> const& terms, holders<N> const& held) {
  bool const has_common = p.gradients.sum != nullptr || p.gradients.mean != nullptr;
  float common[N];
  float of_max[N];
  float of_min[N];
  std::uint32_t max_row[N];
  std::uint32_t min_row[N];
#pragma unroll
  for (int i = 0; i < N; ++i) {
    max_row[i] = row_of(held.max[i]);
    min_row[i] = row_of(held.min[i]);
  }
  terms.common.add_up(p.gradients, static_cast<float>(count), common);
  unpack(terms.max, of_max);
  unpack(terms.min, of_min);
  // The next row is read before this one is written: a store would delay the loads after it.
  std::uint32_t next = points.begin < points.end ? points.list[points.begin] : 0;
  for (unsigned j = points.begin; j < points.end; j += points.step) {
    std::uint32_t const row = next;
    if (j + points.step < points.end) { next = points.list[j + points.step]; }
    float x[N];
#pragma unroll
    for (int i = 0; i < N; ++i) {
      bool const holds_max = max_row[i] == row;
      bool const holds_min = min_row[i] == row;
      // A sum begins with its first term, even if that is -0: adding to -0 gives the other term unchanged.
      x[i] = has_common ? common[i] : holds_max || holds_min ? -0.0f : 0.0f;
      if (holds_max) { x[i] = device::add_rn(x[i], of_max[i]); }
      if (holds_min) { x[i] = device::add_rn(x[i], of_min[i]); }
    }
    store_packed(static_cast<Value*>(p.out.values) + (p.out.element(row) + channel), x);
  }
}

}  // namespace robocache::detail
