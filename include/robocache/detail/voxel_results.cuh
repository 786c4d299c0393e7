// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/method_rows.cuh>
#include <robocache/detail/plan.cuh>
#include <robocache/detail/typed_rows.cuh>
#include <robocache/detail/voxel_memory.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/extreme.cuh>
#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>

// What is made of the features of one cell, and where it goes.
namespace robocache::detail {

/// Where features are reduced to. Pointers may be null.
struct voxel_results {
  char* sum;
  char* mean;
  char* max;
  char* min;
  dtype type;
  std::int32_t type_bytes;
  bool channels_first;
  bool accumulate;
  std::int32_t aligned;  ///< bytes: all vectors of a cell's channels begin at multiples of it
  std::int64_t channels;
  std::int64_t cells;  ///< of a grid
};

/// Features in memory.
struct voxel_features {
  void const* values;
  std::int64_t point_stride;
  std::int64_t between_clouds;  ///< elements between the last point of a cloud and the first of the next
  std::int64_t each;            ///< cells of a grid; for voxels rows of a cloud, where anything is between clouds
  divisor vectors;              ///< of a point

  /// Elements that rows of a cloud are away from where they would be without anything between clouds.
  /// @param one  a cell of the cloud; for voxels a row
  __device__ std::int64_t skip(std::int64_t one) const { return between_clouds == 0 ? 0 : one / each * between_clouds; }
};

/// All that reducing takes.
struct voxel_reduce_params {
  voxel_lists lists;
  voxel_features features;
  voxel_results results;
  std::int64_t rows;    ///< of all clouds
  std::int32_t tile;    ///< cells that a block takes at a time
  std::int32_t huge;    ///< blocks that sort the lists of huge cells
  std::int32_t crowds;  ///< blocks that sort those of other crowded cells
  std::int32_t some;    ///< blocks for cells with more than a few points
};

/// The same for voxels. All of them have points, so those with few have no list; those with one point have none at all:
/// `lists.starts` is that point. Of the others the first point stands first. `lists.counts` are of later points.
struct sparse_reduce_params : voxel_reduce_params {
  std::int64_t const* voxels;  ///< how many there are
};

/// Whether the cells of a job are voxels.
template <class Params>
inline constexpr bool of_voxels = false;
template <>
inline constexpr bool of_voxels<sparse_reduce_params> = true;

/// The elements to skip for a cell.
/// @param row  one of its points
template <class Params>
__device__ std::int64_t skip_for(Params const& p, std::int64_t cell, std::int64_t row) {
  return p.features.skip(of_voxels<Params> ? row : cell);
}

/// N neighbouring channels of a cell, so far.
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

/// Adds up to 64 points, in the order of their list, by a warp: all of them are under way at once, two a lane, and then
/// pass through all lanes one after the other. All lanes have the sums.
/// @param from    the channels of row 0
/// @param row_at  `row_at(j)`: the row of point j
template <class Value, int N, bool Extremes, class RowAt>
__device__ void add_by_warp(channel_sums<N, Extremes>& sums, Value const* from, std::int64_t point_stride,
                            unsigned count, RowAt row_at) {
  unsigned const lane = threadIdx.x % 32;
  packed_floats<Value, N> packed[2] = {};
#pragma unroll
  for (unsigned half = 0; half < 2; ++half) {
    if (lane + 32 * half < count) { packed[half] = load_packed<N>(from + row_at(lane + 32 * half) * point_stride); }
  }
#pragma unroll
  for (unsigned half = 0; half < 2; ++half) {
    float mine[N];
    unpack(packed[half], mine);
    unsigned const here = count > 32 * half ? min(count - 32 * half, 32u) : 0;
    for (unsigned j = 0; j < here; ++j) {
      float x[N];
#pragma unroll
      for (int i = 0; i < N; ++i) { x[i] = __shfl_sync(0xffffffffu, mine[i], static_cast<int>(j)); }
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
__device__ void store_channels(voxel_results const& to, char* results, std::int64_t cell, std::int64_t channel,
                               float const (&x)[N]) {
  std::int64_t const element = element_of(to, cell, channel);
  if (!to.channels_first) { return store_floats(to.type, results + element * to.type_bytes, 0, x, to.aligned); }
#pragma unroll
  for (int i = 0; i < N; ++i) {
    float const one[1] = {x[i]};
    store_floats(to.type, results + (element + i * to.cells) * to.type_bytes, 0, one);
  }
}

/// What results hold of a channel.
inline __device__ float load_result(voxel_results const& to, char const* results, std::int64_t element) {
  float x = 0.0f;
  // A plain load: the kernel writes there.
  with_float_type(to.type,
                  [&](auto zero) { x = device::to_float(reinterpret_cast<decltype(zero) const*>(results)[element]); });
  return x;
}

/// Adds N neighbouring channels of a cell to what results hold.
template <int N, bool Extremes>
__device__ void accumulate_channels(voxel_results const& to, std::int64_t cell, std::int64_t channel,
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
__device__ void write_results(voxel_results const& to, std::int64_t cell, std::int64_t channel, unsigned count,
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

}  // namespace robocache::detail
