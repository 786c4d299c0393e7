// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/float_stores.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/cell.cuh>
#include <robocache/device/extreme.cuh>
#include <robocache/dtype.hpp>

// Results of the features of one cell, and where they go.
namespace robocache::detail {

/// N neighbouring channels of a cell, accumulated so far.
/// @tparam Extremes  whether the largest and smallest are kept
template <int N, bool Extremes>
struct channel_sums {
  float sum[N];
  std::uint32_t largest[Extremes ? N : 1];
  std::uint32_t smallest[Extremes ? N : 1];

  __device__ void clear() {
#pragma unroll
    for (int i = 0; i < N; ++i) { sum[i] = 0.0f; }
#pragma unroll
    for (int i = 0; i < (Extremes ? N : 1); ++i) {
      largest[i] = device::no_extreme<true>;
      smallest[i] = device::no_extreme<false>;
    }
  }

  __device__ void add(float const (&x)[N]) {
#pragma unroll
    for (int i = 0; i < N; ++i) { sum[i] = device::add_rn(sum[i], x[i]); }
    if constexpr (Extremes) {
#pragma unroll
      for (int i = 0; i < N; ++i) {
        largest[i] = max(largest[i], device::extreme_of<true>(x[i]));
        smallest[i] = min(smallest[i], device::extreme_of<false>(x[i]));
      }
    }
  }
};

/// x, y or z of a voxel's points, accumulated so far.
struct coordinate_sums {
  float sum;  ///< of distances from the corner
  float corner;
  float lowest;
  float highest;

  __device__ void clear() { sum = corner = lowest = highest = 0.0f; }

  /// Finds the corner.
  /// @param x  of any point of the voxel
  __device__ void begin(filter_reduce_params const& p, std::int64_t axis, float const (&x)[1]) {
    corner = device::corner_along(x[0], p.origin[axis], p.size[axis]);
    lowest = highest = x[0];
  }

  __device__ void add(float const (&x)[1]) {
    sum = device::add_rn(sum, device::sub_rn(x[0], corner));
    lowest = fminf(lowest, x[0]);
    highest = fmaxf(highest, x[0]);
  }
};

/// The type in which the points of a cell are added up.
template <class Params, int N, bool Extremes>
using sums_for = std::conditional_t<of_coordinates<Params>, coordinate_sums, channel_sums<N, Extremes>>;

/// Adds up to 64 points of a cell, in the order of their list, by a warp: all of them are loaded at once, two per lane,
/// and then broadcast to all lanes one after the other. All lanes have the sums.
/// @param from    channels `[channel, channel + N)` of row 0
/// @param row_at  `row_at(j)`: the row of point j
template <int N, class Params, class Sums, class Value, class RowAt>
__device__ void add_by_warp(Params const& p, Sums& sums, Value const* from, [[maybe_unused]] std::int64_t channel,
                            unsigned count, RowAt row_at) {
  unsigned const lane = threadIdx.x % 32;
  std::int64_t const point_stride = p.features.point_stride;
  packed_floats<Value, N> packed[2] = {};
#pragma unroll
  for (unsigned half = 0; half < 2; ++half) {
    if (lane + 32 * half < count) { packed[half] = load_packed<N>(from + row_at(lane + 32 * half) * point_stride); }
  }
#pragma unroll
  for (unsigned half = 0; half < 2; ++half) {
    float mine[N];
    unpack(packed[half], mine);
    auto const from_lane = [&mine](unsigned j, float(&x)[N]) {
#pragma unroll
      for (int i = 0; i < N; ++i) { x[i] = __shfl_sync(0xffffffffu, mine[i], static_cast<int>(j)); }
    };
    float x[N];
    if constexpr (of_coordinates<Params>) {
      if (half == 0) {
        from_lane(0, x);
        sums.begin(p, channel, x);
      }
    }
    unsigned const here = count > 32 * half ? min(count - 32 * half, 32u) : 0;
    for (unsigned j = 0; j < here; ++j) {
      from_lane(j, x);
      sums.add(x);
    }
  }
}

/// The element of a cell's channel.
/// @param of  results, or their gradients
template <class Results>
__device__ std::int64_t element_of(Results const& of, std::int64_t cell, std::int64_t channel) {
  if (!of.channels_first) { return cell * of.channels + channel; }
  std::int64_t const b = cell / of.cells;
  return (b * of.channels + channel) * of.cells + (cell - b * of.cells);
}

/// Stores N neighbouring channels.
template <int N>
__device__ void store_channels(cell_results const& to, char* results, std::int64_t cell, std::int64_t channel,
                               float const (&x)[N]) {
  std::int64_t const element = element_of(to, cell, channel);
  if (!to.channels_first) { return store_floats(to.type, results + element * to.type_bytes, 0, x, to.aligned); }
#pragma unroll
  for (int i = 0; i < N; ++i) {
    float const one[1] = {x[i]};
    store_floats(to.type, results + (element + i * to.cells) * to.type_bytes, 0, one);
  }
}

/// What results hold of a channel already.
inline __device__ float load_result(cell_results const& to, char const* results, std::int64_t element) {
  float x = 0.0f;
  // A plain load: the kernel writes to the same memory.
  with_float_type(to.type,
                  [&](auto zero) { x = device::to_float(reinterpret_cast<decltype(zero) const*>(results)[element]); });
  return x;
}

/// Adds N neighbouring channels of a cell to what results hold already.
template <int N, bool Extremes>
__device__ void accumulate_channels(cell_results const& to, std::int64_t cell, std::int64_t channel,
                                    channel_sums<N, Extremes> const& sums) {
#pragma unroll
  for (int i = 0; i < N; ++i) {
    std::int64_t const element = element_of(to, cell, channel + i);
    auto const store = [&](char* results, float x) {
      float const one[1] = {x};
      store_floats(to.type, results + element * to.type_bytes, 0, one);
    };
    if (to.sum != nullptr) { store(to.sum, device::add_rn(load_result(to, to.sum, element), sums.sum[i])); }
    if constexpr (Extremes) {
      if (to.max != nullptr) {
        std::uint32_t const old = device::extreme_of<true>(load_result(to, to.max, element));
        store(to.max, device::from_order(max(old, sums.largest[i])));
      }
      if (to.min != nullptr) {
        std::uint32_t const old = device::extreme_of<false>(load_result(to, to.min, element));
        store(to.min, device::from_order(min(old, sums.smallest[i])));
      }
    }
  }
}

/// Writes all results of N neighbouring channels of a cell with points.
/// @param count  how many
template <int N, bool Extremes>
__device__ void write_results(cell_results const& to, std::int64_t cell, std::int64_t channel, unsigned count,
                              channel_sums<N, Extremes> const& sums) {
  if (to.accumulate) { return accumulate_channels(to, cell, channel, sums); }
  float x[N];
  if (to.sum != nullptr) { store_channels(to, to.sum, cell, channel, sums.sum); }
  if (to.mean != nullptr) {
    auto const divisor = static_cast<float>(count);
#pragma unroll
    for (int i = 0; i < N; ++i) { x[i] = count > 1 ? device::div_rn(sums.sum[i], divisor) : sums.sum[i]; }
    store_channels(to, to.mean, cell, channel, x);
  }
  if constexpr (Extremes) {
    if (to.max != nullptr) {
#pragma unroll
      for (int i = 0; i < N; ++i) { x[i] = device::from_order(sums.largest[i]); }
      store_channels(to, to.max, cell, channel, x);
    }
    if (to.min != nullptr) {
#pragma unroll
      for (int i = 0; i < N; ++i) { x[i] = device::from_order(sums.smallest[i]); }
      store_channels(to, to.min, cell, channel, x);
    }
  }
}

template <int N, bool Extremes>
__device__ void write_results(cell_reduce_params const& p, std::int64_t cell, std::int64_t channel, unsigned count,
                              channel_sums<N, Extremes> const& sums) {
  write_results(p.results, cell, channel, count, sums);
}

/// Results of voxels are neither accumulated nor laid out by channel: no code for that is compiled.
template <int N, bool Extremes>
__device__ void write_results(voxel_reduce_params const& p, std::int64_t voxel, std::int64_t channel, unsigned count,
                              channel_sums<N, Extremes> const& sums) {
  cell_results to = p.results;
  to.accumulate = false;
  to.channels_first = false;
  write_results(to, voxel, channel, count, sums);
}

/// Writes x, y or z of one of the filter's points.
inline __device__ void write_results(filter_reduce_params const& p, std::int64_t voxel, std::int64_t axis,
                                     unsigned count, coordinate_sums const& sums) {
  reinterpret_cast<float*>(p.results.mean)[3 * voxel + axis] =
      device::centroid_along(sums.corner, sums.sum, static_cast<float>(count), sums.lowest, sums.highest);
}

}  // namespace robocache::detail
