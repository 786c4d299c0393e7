// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/detail/types.hpp>
#include <robocache/dtype.hpp>

namespace robocache {

/// The lattice that points fall into: a box of equal cells. Everything is in the order x, y, z.
///
/// Axis by axis, a coordinate is in cell `floor((x - origin) / size)`, computed in FP32 with one rounding for the
/// difference and one for the quotient; cells are half-open. Less than 2^31 cells per axis.
struct grid {
  float origin[3] = {0.0f, 0.0f, 0.0f};  ///< where cell 0 begins
  float size[3] = {1.0f, 1.0f, 1.0f};    ///< of a cell, in the unit of the coordinates
  std::int64_t cells[3] = {0, 0, 0};     ///< nx, ny, nz
  float const* origins = nullptr;        ///< optional `[B, 3]`, on the side that computes: an origin for each cloud

  /// Cells of one grid.
  ROBOCACHE_HOST_DEVICE constexpr std::int64_t total() const noexcept { return cells[0] * cells[1] * cells[2]; }

  /// Words of 32 bits that the bit-packed occupancy of one grid takes.
  ROBOCACHE_HOST_DEVICE constexpr std::int64_t words() const noexcept {
    return (cells[0] + 31) / 32 * cells[1] * cells[2];
  }
};

/// Where the channels of a cell are stored.
enum class channel_order : std::uint8_t {
  last,   ///< `[B, z, y, x, C]`
  first,  ///< `[B, C, z, y, x]`, as 3-D convolutions have it
};

/// In which order features are added up.
enum class summation : std::uint8_t {
  ordered,    ///< in the order of the points, as docs/semantics.md says: always the same bits, everywhere
  unordered,  ///< in any order: last bits of `sum` and `mean` may differ between runs. Faster for small grids
};

/// The reductions of the features of a cell's points: results, or the gradients with respect to them. Each pointer
/// may be null; the others point to arrays of the same shape.
template <class Result>
struct feature_reductions {
  Result* sum = nullptr;
  Result* mean = nullptr;
  Result* max = nullptr;
  Result* min = nullptr;
};

/// What `voxelize` writes, for a batch of B grids; each pointer may be null. Contiguous, and apart from each other.
/// `sum`, `mean`, `max` and `min` are `[B, z, y, x, C]` or `[B, C, z, y, x]`.
///
/// @tparam Result  of the features: `float`, `__half`, `__nv_bfloat16`
template <class Result>
struct voxel_output : feature_reductions<Result> {
  static_assert(sizeof(detail::float_result_type<Result>) > 0);

  std::int32_t* count = nullptr;           ///< `[B, z, y, x]`: points in the cell
  void* occupied = nullptr;                ///< `[B, z, y, x]` of `occupied_type`: 1 where the cell has a point, else 0
  dtype occupied_type = dtype::uint8;      ///< any
  std::uint32_t* occupied_bits = nullptr;  ///< `[B, z, y, ceil(nx / 32)]`: the same, bit `x % 32` of word `x / 32`
  std::int32_t* dropped = nullptr;         ///< `[B]`: points that are in no cell
};

/// The rules of `voxelize`.
struct voxel_options {
  channel_order channels = channel_order::last;
  summation sums = summation::ordered;

  /// Adds to what the output holds, instead of starting from zero: for a map made of several scans. `mean` cannot be
  /// added to: accumulate `sum` and `count`, and divide at the end.
  bool accumulate = false;

  double max_fill = 0.0;  ///< `max` of a cell without points. With `accumulate`, such cells stay as they are
  double min_fill = 0.0;  ///< the same for `min`
};

/// The gradients of a loss with respect to what `voxelize` made of features, in the shape of its results; each pointer
/// may be null.
template <class Result>
struct voxel_gradients : feature_reductions<Result const> {
  static_assert(sizeof(detail::float_type<Result>) > 0);
};

}  // namespace robocache
