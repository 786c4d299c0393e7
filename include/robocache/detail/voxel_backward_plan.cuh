// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

#include <robocache/detail/config.hpp>
#include <robocache/detail/plan.cuh>
#include <robocache/detail/typed_rows.cuh>
#include <robocache/detail/voxel_memory.hpp>
#include <robocache/detail/voxel_points.cuh>
#include <robocache/detail/voxel_results.cuh>
#include <robocache/device/arithmetic.cuh>
#include <robocache/dtype.hpp>

// What the ways back through voxelizing share: from the gradients of a cell's results to those of its points.
namespace robocache::detail {

/// The gradients with respect to what was made of features. Pointers may be null.
struct cell_gradients {
  void const* sum;
  void const* mean;
  void const* max;
  void const* min;
  dtype type;
  std::int64_t channels;
  std::int64_t cells;           ///< of a grid
  std::int64_t channel_stride;  ///< elements from one channel of a cell to the next

  /// Where the channels of a cell begin; cells are counted over all clouds.
  __device__ std::int64_t element(std::int64_t cell) const {
    return channel_stride == 1 ? cell * channels : cell + cell / cells * (channels - 1) * cells;
  }
};

/// Where gradients with respect to features go. Rows are counted over all clouds.
struct feature_rows {
  void* values;
  std::int64_t point_stride;
  std::int64_t between_clouds;  ///< elements between the last point of a cloud and the first of the next
  std::int64_t length;          ///< rows of a cloud, where anything is between clouds

  __device__ std::int64_t element(std::int64_t row) const {
    return row * point_stride + (between_clouds == 0 ? 0 : row / length * between_clouds);
  }
};

struct voxel_backward_params {
  voxel_points points;
  voxel_lists lists;        ///< of sums and means the counts alone
  voxel_features features;  ///< read for maxima and minima only
  cell_gradients gradients;
  feature_rows out;
  std::int64_t vectors;  ///< of a row
  divisor chunk;         ///< vectors of a row that a block takes at a time
};

/// Begins to load N channels, from that of `element` on.
template <int N, class Result>
__device__ packed_floats<Result, N> load_channels(cell_gradients const& of, void const* gradients,
                                                  std::int64_t element) {
  Result const* const from = static_cast<Result const*>(gradients) + element;
  if (of.channel_stride == 1) { return load_packed<N>(from); }
  typename packed_floats<Result, 1>::word apart[N];
#pragma unroll
  for (int i = 0; i < N; ++i) { apart[i] = load_packed<1>(from + i * of.channel_stride).words[0]; }
  packed_floats<Result, N> packed;
  std::memcpy(packed.words, apart, sizeof apart);
  return packed;
}

/// What all points of a cell get alike, in N channels: the gradients of sum and mean.
template <class Result, int N>
struct common_terms {
  packed_floats<Result, N> sum = {};
  packed_floats<Result, N> mean = {};

  __device__ void load(cell_gradients const& of, std::int64_t element) {
    if (of.sum != nullptr) { sum = load_channels<N, Result>(of, of.sum, element); }
    if (of.mean != nullptr) { mean = load_channels<N, Result>(of, of.mean, element); }
  }

  /// 0 where neither is there.
  /// @param count  points of the cell
  __device__ void add_up(cell_gradients const& of, float count, float (&x)[N]) const {
    unpack(sum, x);
    if (of.mean == nullptr) { return; }
    float shares[N];
    unpack(mean, shares);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      float const share = device::div_rn(shares[i], count);
      x[i] = of.sum != nullptr ? device::add_rn(x[i], share) : share;
    }
  }
};

/// A vector of one of several rows or cells.
struct work_item {
  unsigned one;
  unsigned column;  ///< vector of the chunk
};

/// Deals out `ones` rows or cells times the vectors of a chunk: neighbouring threads read neighbouring gradients,
/// whichever way channels are laid out.
inline __device__ work_item item_of(voxel_backward_params const& p, unsigned item, unsigned ones) {
  if (p.gradients.channel_stride != 1) {
    unsigned const column = item / ones;
    return {item - column * ones, column};
  }
  unsigned const one = p.chunk.quotient(item);
  return {one, item - one * p.chunk.value};
}

/// Vectors of a row from `first` on that belong to one chunk.
inline __device__ unsigned vectors_from(voxel_backward_params const& p, std::int64_t first) {
  return static_cast<unsigned>(min(p.vectors - first, std::int64_t{p.chunk.value}));
}

/// The rows of a step of `point_walk`, side by side.
struct step_rows {
  std::int64_t first;
  unsigned count;

  /// Place of this thread's row in round `r`.
  static __device__ unsigned place(int r) { return threadIdx.x / 32 * points_a_warp + r * 32 + threadIdx.x % 32; }
};

inline __device__ step_rows rows_of_step(voxel_points const& p, unsigned step) {
  std::int64_t const begin = std::int64_t(blockIdx.x) * p.rows_each;
  std::int64_t const end = min(begin + p.rows_each, p.rows);
  std::int64_t const first = begin + std::int64_t(step) * points_a_step;
  return {first, static_cast<unsigned>(min(end - first, std::int64_t{points_a_step}))};
}

}  // namespace robocache::detail
