// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/dtype.hpp>

// Shared by the backward passes of voxelizing: from the gradients of a cell's results to those of its points.
namespace robocache::detail {

/// Begins to load N channels, the first of which is at `element`.
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

/// What all points of a cell get in N channels: the gradients of sum and mean.
template <class Result, int N>
struct common_terms {
  packed_floats<Result, N> sum = {};
  packed_floats<Result, N> mean = {};

  __device__ void load(cell_gradients const& of, std::int64_t element) {
    if (of.sum != nullptr) { sum = load_channels<N, Result>(of, of.sum, element); }
    if (of.mean != nullptr) { mean = load_channels<N, Result>(of, of.mean, element); }
  }

  /// 0 where there is neither.
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

/// Vectors of a row that a warp takes at a time: the first, and how many.
struct vector_chunk {
  std::int64_t first;
  unsigned count;
};

/// Calls `use(vector_chunk)` for those that this row of the grid's blocks takes.
template <class Use>
__device__ void for_each_chunk(cell_backward_params const& p, Use const& use) {
  std::int64_t const each = p.chunk.value;
  for (std::int64_t first = blockIdx.y * each; first < p.vectors; first += gridDim.y * each) {
    use(vector_chunk{first, static_cast<unsigned>(min(p.vectors - first, each))});
  }
}

/// One vector of one of several rows or cells.
struct work_item {
  unsigned one;
  unsigned column;  ///< of the chunk
};

/// Deals out the vectors of a chunk of `ones` rows or cells: neighbouring lanes read neighbouring gradients, whichever
/// way channels are laid out.
inline __device__ work_item item_of(cell_backward_params const& p, unsigned item, unsigned ones) {
  if (p.gradients.channel_stride != 1) {
    unsigned const column = item / ones;
    return {item - column * ones, column};
  }
  unsigned const one = p.chunk.quotient(item);
  return {one, item - one * p.chunk.value};
}

/// Writes zeros to some rows. Called by a warp.
/// @param row_at  `row_at(i)`: the row, for `0 <= i < ones`
template <class Value, int N, class RowAt>
__device__ void write_zeros(cell_backward_params const& p, unsigned ones, vector_chunk chunk, RowAt const& row_at) {
  for (unsigned item = threadIdx.x % 32; item < ones * p.chunk.value; item += 32) {
    unsigned const one = p.chunk.quotient(item);
    unsigned const column = item - one * p.chunk.value;
    if (column >= chunk.count) { continue; }
    float const zeros[N] = {};
    std::int64_t const to = p.out.element(row_at(one)) + (chunk.first + column) * N;
    store_packed(static_cast<Value*>(p.out.values) + to, zeros);
  }
}

/// Writes zeros to those of the warp's rows that are not points: padding, and rows that no cloud owns.
template <class Value, int N>
__device__ void write_gaps(cell_backward_params const& p) {
  warp_rows const mine(p.points);
  for (std::int64_t row = mine.begin; row < mine.end;) {
    device::cloud_rows const segment = segment_at(p.points, row);
    std::int64_t const behind = min(segment.end, mine.end);
    for (; segment.b < 0 && row < behind; row += 32) {
      for_each_chunk(p, [&](vector_chunk chunk) {
        auto const ones = static_cast<unsigned>(min(behind - row, std::int64_t{32}));
        write_zeros<Value, N>(p, ones, chunk, [&](unsigned i) { return row + i; });
      });
    }
    row = behind;
  }
}

}  // namespace robocache::detail
