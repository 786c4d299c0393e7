// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/standard.hpp>
#include <robocache/detail/types.hpp>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>

// Voxels without a grid around them: cells with points, one after the other.
namespace robocache {

/// The order of the voxels of a cloud.
enum class voxel_order : std::uint8_t {
  first_point,  ///< in the order of their first points in the cloud
  cell,         ///< by z, then y, then x
};

/// What `voxelize_sparse` writes: the voxels of cloud 0, then those of cloud 1, and so on. Each pointer may be null.
/// Contiguous, and apart from each other. What is behind the last voxel is not touched. `sum`, `mean`, `max` and `min`
/// are `[capacity, C]`, of the features of a voxel's points.
///
/// @tparam Result  of the features: `float`, `__half`, `__nv_bfloat16`
template <class Result>
struct sparse_output : feature_reductions<Result> {
  static_assert(sizeof(detail::float_result_type<Result>) > 0);

  std::int64_t capacity = 0;              ///< voxels that there is room for, of all clouds together; less than 2^31
  std::int32_t* coordinates = nullptr;    ///< `[capacity, 4]`: cloud, z, y, x
  std::int32_t* count = nullptr;          ///< `[capacity]`: points in the voxel
  std::int64_t* voxel_offsets = nullptr;  ///< `[B + 1]`: where the voxels of each cloud begin; the last: how many
  std::int32_t* point_voxels = nullptr;   ///< `[B, N]` or packed `[rows]`: the voxel of each point; -1: none
  std::int32_t* dropped = nullptr;        ///< `[B]`: points that are in no cell
  std::int32_t* overflow = nullptr;       ///< `[B]`: voxels that there was no room for
};

/// The rules of `voxelize_sparse`.
struct sparse_options {
  voxel_order order = voxel_order::first_point;
};

/// What `voxelize_gathered` writes: voxels in the order of their first points, those of cloud 0, then those of cloud 1,
/// and so on. Each pointer may be null. Contiguous, and apart from each other. What follows the last voxel is not
/// touched.
///
/// @tparam Result  of the values: `float`, `__half`, `__nv_bfloat16`
template <class Result>
struct gathered_output {
  static_assert(sizeof(detail::float_result_type<Result>) > 0);

  std::int64_t capacity = 0;              ///< voxels that there is room for, of all clouds together; less than 2^31
  std::int64_t max_points = 0;            ///< P: points of a voxel that are kept; 1 or more
  Result* values = nullptr;               ///< `[capacity, P, C]`: the features of the first P points; 0 where are less
  std::int32_t* coordinates = nullptr;    ///< `[capacity, 4]`: cloud, z, y, x
  std::int32_t* count = nullptr;          ///< `[capacity]`: points of the voxel that are kept, at most P
  std::int64_t* voxel_offsets = nullptr;  ///< `[B + 1]`: where the voxels of each cloud begin; the last: how many
  std::int64_t* point_slots = nullptr;    ///< `[B, N]` or packed `[rows]`: voxel * P + slot of each point; -1: none
  std::int32_t* dropped = nullptr;        ///< `[B]`: points that are in no cell
  std::int32_t* overflow = nullptr;       ///< `[B]`: voxels that were not kept
};

/// The rules of `voxelize_gathered`.
struct gather_options {
  std::int64_t max_voxels = INT32_MAX;  ///< of each cloud: those that begin later are not kept
};

/// What `filter_voxels` writes: one point for each voxel, in the order of the voxels' first points; those of cloud 0,
/// then those of cloud 1, and so on. Each pointer may be null. Contiguous, and apart from each other. What
/// follows the last point is not touched. `points` and `voxel_offsets` make a view of packed clouds.
///
/// @tparam Result  of the features: `float`, `__half`, `__nv_bfloat16`
template <class Result>
struct filtered_output {
  static_assert(sizeof(detail::float_result_type<Result>) > 0);

  std::int64_t capacity = 0;              ///< points that there is room for, of all clouds together; less than 2^31
  float* points = nullptr;                ///< `[capacity, 3]`: the mean of the voxel's x, y and z, inside of it
  Result* features = nullptr;             ///< `[capacity, C]`: the mean of their features
  std::int32_t* count = nullptr;          ///< `[capacity]`: how many points became one
  std::int64_t* voxel_offsets = nullptr;  ///< `[B + 1]`: where the points of each cloud begin; the last: how many
  std::int32_t* point_voxels = nullptr;   ///< `[B, N]` or packed `[rows]`: which one each point went to; -1: none
  std::int32_t* dropped = nullptr;        ///< `[B]`: points that are in no cell
  std::int32_t* overflow = nullptr;       ///< `[B]`: voxels that there was no room for
};

/// The rules of `filter_voxels`. In the order x, y, z.
struct filter_options {
  float size[3] = {1.0f, 1.0f, 1.0f};  ///< of a voxel: PCL's leaf
  float origin[3] = {};                ///< where a voxel begins; points beyond 2^20 voxels from it are dropped
};

/// What `voxelize_sparse` said of points and voxels, for the backward pass.
struct sparse_voxels {
  std::int64_t capacity = 0;                   ///< as it was given
  std::int32_t const* point_voxels = nullptr;  ///< as they were written: a voxel's points are of one cloud
  std::int32_t const* count = nullptr;         ///< as it was written; may be null without gradients of means
};

}  // namespace robocache
