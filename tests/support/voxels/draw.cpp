// SPDX-License-Identifier: Apache-2.0
#include "support/voxels/draw.hpp"

#include <algorithm>
#include <cmath>

#include "support/bits.hpp"
#include "support/voxels/oracle.hpp"

namespace test {
namespace {

/// More cells along some axes, so that a place for each is too much; the points stay in the cells that there were.
void draw_more_cells(generator& random, voxel_problem& from) {
  std::int64_t batches = std::max<std::int64_t>(1, from.clouds.batch);
  double most = std::ldexp(1.0, 58) / double(batches);
  for (auto cells : from.lattice.cells) { most /= double(cells); }
  for (auto& cells : from.lattice.cells) {
    std::int64_t const times = random.one_of<std::int64_t>({1, 1000, 1 << 17, 1 << 20, 1'000'003});
    if (double(times) >= most || cells * times > INT32_MAX) { continue; }
    cells *= times;
    most /= double(times);
  }
}

/// A size with which some of the filter's voxels hold several points, and an origin with which some points are beyond
/// its reach.
void draw_leaf(generator& random, voxel_problem& from) {
  for (int axis = 0; axis < 3; ++axis) {
    float& size = from.lattice.size[axis];
    float& origin = from.lattice.origin[axis];
    float const near = origin;
    if (random.chance(0.5)) { origin = random.one_of({0.0f, 0.0f, -near, float(double(near) + 9 * random.unit())}); }
    if (random.chance(0.5)) { size = std::max(size, 0.05f) * random.one_of({1.0f, 3.0f, 0.1f}); }
    if (random.chance(0.05)) { size = std::fabs(near - origin) / 1'048'576; }  // at the reach itself
    if (!(size > 0)) { size = 1; }
  }
}

void draw_room(generator& random, sparse_problem& p) {
  std::int64_t const voxels = oracle::count_voxels(p);
  std::int64_t const points = p.from.clouds.total();
  p.capacity = random.one_of({points, points, voxels, voxels + 1, voxels - 1, voxels / 2, random.between(0, voxels),
                              std::int64_t(0), points + 17});
  p.capacity = std::max<std::int64_t>(0, p.capacity);
}

void draw_wants(generator& random, sparse_problem& p) {
  p.want_all();
  if (random.chance(0.4)) { return; }
  for (auto r : results_of(p.call)) { p.wants[r] = p.wants[r] && random.chance(0.6); }
}

}  // namespace

sparse_problem draw_sparse(generator& random, voxel_limits const& limits) {
  sparse_problem p;
  p.call = random.one_of(voxel_calls);
  p.from = draw_voxels(random, limits);
  p.from.options = {};
  p.from.before = {};
  if (random.chance(0.5)) { draw_more_cells(random, p.from); }
  if (p.call == voxel_call::filter) { draw_leaf(random, p.from); }
  p.order = random.one_of({voxel_order::first_point, voxel_order::cell});
  p.max_points = random.one_of<std::int64_t>({1, 2, 3, 5, 8, 32, 100, random.between(1, 40)});
  if (random.chance(0.4)) { p.max_voxels = random.between(0, 40); }
  draw_room(random, p);
  draw_wants(random, p);
  return p;
}

std::string describe(sparse_problem const& p) {
  std::string text = text_of(name_of(p.call), ", ", describe(p.from), "\ncapacity ", p.capacity,
                             p.order == voxel_order::cell ? ", by cell" : ", by first point", ", max_points ",
                             p.max_points, ", max_voxels ", p.max_voxels, ":");
  for (auto r : results_of(p.call)) {
    if (p.wants[r]) { text += text_of(" ", name_of(r)); }
  }
  return text;
}

}  // namespace test
