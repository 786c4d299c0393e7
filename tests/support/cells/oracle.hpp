// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "support/cells/problem.hpp"
#include "support/oracle.hpp"

/// The semantics' chapter "Cells" in its plainest form: a map from cells to points. Nothing of the library.
namespace test::oracle {

/// The points of all clouds, sorted into cells.
struct voxels {
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<std::int64_t>> points{};  ///< cloud and cell: rows
  std::vector<std::int32_t> dropped{};                                                  ///< of each cloud
};

/// The whole number of cells, along one axis, from the origin to the cell of a coordinate.
float cells_along(float coordinate, float origin, float size);

voxels sort_points(voxel_problem const& p);

/// The features of a cell's points in a channel, in order.
std::vector<float> terms_of(voxel_problem const& p, std::vector<std::int64_t> const& rows, std::int64_t c);

/// The largest, smallest of floats: NaN if one is, -0 below +0.
float largest(std::vector<float> const& terms);
float smallest(std::vector<float> const& terms);

/// What a result holds after the call: bits that bound each element, equal except for unordered sums.
struct bounds {
  std::vector<std::byte> low{};
  std::vector<std::byte> high{};
};
bounds expected(voxel_problem const& p, voxels const& sorted, voxel_result r);

}  // namespace test::oracle
