// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "support/bits.hpp"
#include "support/voxels/oracle.hpp"
#include "support/voxels/voxels.hpp"

namespace test {

/// Voxels begin at the smallest x, y and z.
inline void begin_at_corner(sparse_problem& p) {
  auto const& xyz = p.from.clouds.xyz;
  std::copy_n(xyz.begin(), 3, p.from.lattice.origin);
  for (std::size_t i = 0; i < xyz.size(); ++i) {
    p.from.lattice.origin[i % 3] = std::min(p.from.lattice.origin[i % 3], xyz[i]);
  }
}

/// What no rounding may break: each of the filter's points is in its voxel, between its voxel's points, and near their
/// mean. Empty where that is so.
inline std::string misplaced_points(sparse_problem const& p) {
  auto const points = result_of(p, sparse_result::points);
  auto const voxels = oracle::list_voxels(p).kept;
  for (std::size_t v = 0; v < voxels.size(); ++v) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      double const found = points[3 * v + axis];
      double const cell = double(voxels[v].place[3 - axis]);
      float const origin = p.from.lattice.origin[axis];
      float const size = p.from.lattice.size[axis];
      double const corner = double(origin) + cell * double(size);
      double low = INFINITY, high = -INFINITY, sum = 0, farthest = 0;
      for (std::int64_t row : voxels[v].rows) {
        auto const x = double(p.from.clouds.xyz[std::size_t(3 * row) + axis]);
        low = std::min(low, x);
        high = std::max(high, x);
        sum += x - corner;
        farthest = std::max(farthest, std::fabs(x - corner));
      }
      auto const text = [&](char const* what) {
        return text_of(what, " of voxel ", v, ", axis ", axis, ": ", found, ", points from ", low, " to ", high,
                       ", corner ", corner);
      };
      volatile float const distance = float(found) - origin;
      volatile float const quotient = distance / size;
      if (double(std::floor(quotient)) != cell) { return text("outside"); }
      if (!(found >= low && found <= high)) { return text("beyond the points"); }
      double const half_step = double(std::nextafter(std::fabs(float(found)), INFINITY) - std::fabs(float(found))) / 2;
      double const bound = half_step + std::ldexp(farthest + std::fabs(corner) * 0x1p-23, -16);
      double const mean = corner + sum / double(voxels[v].rows.size());
      if (!(std::fabs(found - mean) <= bound)) { return text("far from the mean"); }
    }
  }
  return {};
}

}  // namespace test
