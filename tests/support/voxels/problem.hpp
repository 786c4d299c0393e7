// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include <robocache/voxels.hpp>

#include "support/cells/problem.hpp"

namespace test {

using robocache::voxel_order;

/// The calls whose voxels come one after the other.
enum class voxel_call : std::uint8_t { sparse, gathered, filter };
constexpr std::initializer_list<voxel_call> voxel_calls = {voxel_call::sparse, voxel_call::gathered,
                                                           voxel_call::filter};

constexpr char const* name_of(voxel_call call) {
  constexpr char const* names[] = {"voxelize_sparse", "voxelize_gathered", "filter_voxels"};
  return names[std::size_t(call)];
}

/// The results of these calls, of which each has some.
enum class sparse_result : std::uint8_t {
  coordinates,
  count,
  sum,
  mean,
  max,
  min,
  values,
  points,
  features,
  voxel_offsets,
  point_voxels,
  point_slots,
  dropped,
  overflow,
};

constexpr std::size_t sparse_results = 14;

constexpr char const* name_of(sparse_result r) {
  constexpr char const* names[sparse_results] = {"coordinates",  "count",       "sum",     "mean",     "max",
                                                 "min",          "values",      "points",  "features", "voxel_offsets",
                                                 "point_voxels", "point_slots", "dropped", "overflow"};
  return names[std::size_t(r)];
}

/// The results that a call has.
inline std::vector<sparse_result> results_of(voxel_call call) {
  using r = sparse_result;
  switch (call) {
    case voxel_call::sparse:
      return {r::coordinates, r::count,         r::sum,          r::mean,    r::max,
              r::min,         r::voxel_offsets, r::point_voxels, r::dropped, r::overflow};
    case voxel_call::gathered:
      return {r::coordinates, r::count, r::values, r::voxel_offsets, r::point_slots, r::dropped, r::overflow};
    default: return {r::points, r::features, r::count, r::voxel_offsets, r::point_voxels, r::dropped, r::overflow};
  }
}

/// True for results that are made of features.
constexpr bool is_of_features(sparse_result r) {
  return (r >= sparse_result::sum && r <= sparse_result::values) || r == sparse_result::features;
}

/// True for results that have a row for each voxel.
constexpr bool is_of_voxels(sparse_result r) { return r <= sparse_result::features; }

/// One thing for each result.
template <class T>
struct each_sparse_result {
  std::array<T, sparse_results> of{};
  T& operator[](sparse_result r) { return of[std::size_t(r)]; }
  T const& operator[](sparse_result r) const { return of[std::size_t(r)]; }
};

/// The bytes of each result; empty where it was not asked for.
using sparse_bytes = each_sparse_result<std::vector<std::byte>>;

/// One call with everything it reads, on no side yet.
struct sparse_problem {
  voxel_call call = voxel_call::sparse;
  voxel_problem
      from{};  ///< clouds, grid, features, types, alignment, scratch; of the filter the grid's size and origin
  std::int64_t capacity = 0;
  voxel_order order = voxel_order::first_point;  ///< of sparse voxels
  std::int64_t max_points = 1;                   ///< of gathered voxels
  std::int64_t max_voxels = INT32_MAX;           ///< of gathered voxels
  each_sparse_result<bool> wants{};

  void want(std::vector<sparse_result> const& results) {
    wants = {};
    for (auto r : results) { wants[r] = true; }
  }
  /// All results of the call; those made of features only where there are any.
  void want_all() {
    wants = {};
    for (auto r : results_of(call)) { wants[r] = !is_of_features(r) || from.channels > 0; }
  }

  dtype type_of(sparse_result r) const {
    if (is_of_features(r)) { return from.result_type; }
    if (r == sparse_result::points) { return dtype::float32; }
    return r == sparse_result::voxel_offsets || r == sparse_result::point_slots ? dtype::int64 : dtype::int32;
  }
  /// Elements of a voxel, a point, a cloud.
  std::int64_t width_of(sparse_result r) const {
    if (r == sparse_result::values) { return max_points * from.channels; }
    if (is_of_features(r)) { return from.channels; }
    return r == sparse_result::coordinates ? 4 : r == sparse_result::points ? 3 : 1;
  }
  std::int64_t elements_of(sparse_result r) const {
    if (is_of_voxels(r)) { return capacity * width_of(r); }
    if (r == sparse_result::voxel_offsets) { return from.clouds.batch + 1; }
    return r == sparse_result::dropped || r == sparse_result::overflow ? from.clouds.batch : from.clouds.total();
  }
  std::size_t bytes_of(sparse_result r) const { return std::size_t(elements_of(r)) * robocache::size_of(type_of(r)); }
};

/// What one call left behind.
struct sparse_voxelized {
  status state{};
  sparse_bytes results{};
  std::int64_t scratch_bytes = 0;  ///< what the call asked for
  std::string trouble{};           ///< memory written that was not to be, or bits unlike the host's; else empty
};

}  // namespace test
