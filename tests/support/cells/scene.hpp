// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/cells/cells.hpp"

namespace test {

using cell_counts = std::array<std::int64_t, 3>;
using numbers = std::vector<double>;

/// One cloud in a grid of cells of size 1 from the origin on, of which count and dropped are asked for: what most
/// sentences of the semantics are about.
inline voxel_problem voxels_of(std::vector<float> xyz, cell_counts const& cells) {
  voxel_problem p;
  p.clouds = dense_clouds(std::move(xyz));
  for (std::size_t axis = 0; axis < 3; ++axis) { p.lattice.cells[axis] = cells[axis]; }
  p.want({voxel_result::count, voxel_result::dropped});
  return p;
}

/// Points at the given x, and y = z = 0.5.
inline std::vector<float> along_x(std::vector<float> const& xs) {
  std::vector<float> xyz;
  for (float x : xs) { xyz.insert(xyz.end(), {x, 0.5f, 0.5f}); }
  return xyz;
}

/// Points inside of the grid, some of them outside where `beyond` is above 0.
inline std::vector<float> draw_points(generator& random, robocache::grid const& lattice, std::int64_t count,
                                      double beyond = 0) {
  std::vector<float> xyz;
  for (std::int64_t i = 0; i < 3 * count; ++i) {
    double const part = (1 + 2 * beyond) * random.unit() - beyond;
    xyz.push_back(
        float(double(lattice.origin[i % 3]) + part * double(lattice.size[i % 3]) * double(lattice.cells[i % 3])));
  }
  return xyz;
}

/// The sum over all cells, or clouds, of a result.
inline double total_of(voxel_problem const& p, voxel_result r) {
  double sum = 0;
  for (double x : result_of(p, r)) { sum += x; }
  return sum;
}

}  // namespace test
