// SPDX-License-Identifier: Apache-2.0
// Three lidar scans of a corridor, packed: a box around them, a grid of each in one call, and one map to which they are
// added in turn. Before each scan, the example's own kernel asks the map how much of it is new.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <random>
#include <vector>

#include <robocache/bounds.cuh>
#include <robocache/device/cell.cuh>
#include <robocache/voxelize.cuh>

#include "device_memory.hpp"

namespace rc = robocache;

constexpr std::int64_t scans = 3;

/// Counts the points of cloud b in cells that are empty in the bit-packed `map`.
__global__ void count_new(rc::point_clouds clouds, std::int64_t b, rc::grid lattice, std::uint32_t const* map,
                          std::int32_t* found) {
  auto const cloud = rc::device::cloud_of(clouds, b);
  std::int64_t const i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= cloud.length) { return; }
  std::int64_t const at = cloud.element(i, 0, clouds.point_stride);
  rc::device::cell where;
  if (!rc::device::find_cell(lattice, b, clouds.x[at], clouds.y[at], clouds.z[at], where)) { return; }
  std::int64_t const words = (lattice.cells[0] + 31) / 32;  // of a row of x
  std::uint32_t const word = map[(where.z * lattice.cells[1] + where.y) * words + where.x / 32];
  if ((word >> (where.x % 32) & 1) == 0) { atomicAdd(found, 1); }
}

/// Adds `x y z intensity` of points on floor and walls, within 8 m of `x0`; one in a hundred has no echo.
void scan_corridor(float x0, std::int64_t count, std::mt19937& random, std::vector<float>& points) {
  std::uniform_real_distribution<float> along(x0 - 8.0f, x0 + 8.0f), side(-2.0f, 2.0f), height(0.0f, 2.5f);
  for (std::int64_t i = 0; i < count; ++i) {
    bool const floor = i % 2 == 0;
    float const x = i % 100 == 7 ? NAN : along(random), y = side(random), z = height(random);
    points.insert(points.end(), {x, floor ? y : std::copysign(2.0f, y), floor ? 0.0f : z, floor ? 0.2f : 0.7f});
  }
}

/// Cells of 25 cm around all points.
rc::grid grid_around(rc::cloud_bounds const& box) {
  rc::grid lattice;
  for (int axis = 0; axis < 3; ++axis) {
    lattice.origin[axis] = box.low[axis];
    lattice.size[axis] = 0.25f;
    lattice.cells[axis] = static_cast<std::int64_t>((box.high[axis] - box.low[axis]) / 0.25f) + 1;
  }
  return lattice;
}

int main() {
  if (!example::has_device()) { return 0; }
  example::stream const cuda_stream = example::make_stream();
  std::mt19937 random(1);
  std::vector<float> points;
  std::vector<std::int64_t> const offsets = {0, 20'000, 45'000, 75'000};
  for (std::int64_t b = 0; b < scans; ++b) {
    scan_corridor(4.0f * static_cast<float>(b), offsets[b + 1] - offsets[b], random, points);
  }
  auto const xyzi = example::to_device(points);
  auto const first = example::to_device(offsets);
  auto const clouds = rc::point_clouds::ragged(xyzi.get(), first.get(), scans, offsets.back(), 4);
  rc::point_features const intensity{xyzi.get() + 3, 1, rc::contiguous, 4};

  // One box around all scans, which find_bounds gets as one cloud.
  auto const box = example::device_allocate<rc::cloud_bounds>(1);
  auto const all = rc::point_clouds::dense(xyzi.get(), 1, offsets.back(), 4);
  example::check(rc::find_bounds(all, box.get(), cuda_stream.get()));
  rc::grid const lattice = grid_around(example::to_host(box, 1).front());
  std::int64_t const cells = lattice.total();

  // A grid of each scan: counts, mean intensity, dropped points.
  auto const count = example::device_allocate<std::int32_t>(scans * cells);
  auto const mean = example::device_allocate<float>(scans * cells);
  auto const dropped = example::device_allocate<std::int32_t>(scans);
  rc::voxel_output<float> each;
  each.count = count.get();
  each.mean = mean.get();
  each.dropped = dropped.get();
  std::int64_t const bytes = rc::voxelize_scratch(clouds, intensity, lattice, each, {});
  auto const memory = example::device_allocate<char>(bytes);
  example::check(rc::voxelize(clouds, intensity, lattice, each, {}, {memory.get(), bytes}, cuda_stream.get()));

  // One map of all scans, one bit per cell. A scan of a packed batch is a batch of one that begins at its offset.
  auto const map = example::to_device(std::vector<std::uint32_t>(lattice.words()));
  auto const fresh = example::to_device(std::vector<std::int32_t>(scans));
  rc::voxel_output<float> seen;
  seen.occupied_bits = map.get();
  rc::voxel_options add;
  add.accumulate = true;
  for (std::int64_t b = 0; b < scans; ++b) {
    auto const blocks = static_cast<unsigned>((offsets[b + 1] - offsets[b] + 255) / 256);
    count_new<<<blocks, 256, 0, cuda_stream.get()>>>(clouds, b, lattice, map.get(), fresh.get() + b);
    example::check(cudaGetLastError());
    auto const scan = rc::point_clouds::ragged(xyzi.get(), first.get() + b, 1, offsets.back(), 4);
    example::check(rc::voxelize(scan, lattice, seen, add, {}, cuda_stream.get()));
  }

  auto const counts = example::to_host(count, scans * cells);
  auto const means = example::to_host(mean, scans * cells);
  auto const without = example::to_host(dropped, scans), unseen = example::to_host(fresh, scans);
  bool right = true;
  for (std::int64_t b = 0; b < scans; ++b) {
    auto const* const in = &counts[b * cells];
    auto const fullest = std::max_element(in, in + cells) - in;
    auto const occupied = cells - std::count(in, in + cells, 0);
    auto const inside = std::accumulate(in, in + cells, std::int64_t{0});
    std::printf("scan %d: %d points dropped, %ld inside, %d where the map was empty, ", static_cast<int>(b), without[b],
                inside, unseen[b]);
    std::printf("%ld cells, the fullest of mean intensity %.2f\n", occupied, means[b * cells + fullest]);
    right = right && inside + without[b] == offsets[b + 1] - offsets[b] && (b == 0) == (unseen[b] == inside);
  }
  return right ? 0 : 1;
}
