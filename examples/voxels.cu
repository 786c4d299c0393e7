// SPDX-License-Identifier: Apache-2.0
// From lidar sweeps to what a detector takes, without the host reading anything in between: a voxel filter thins dense
// places, and the remaining points are gathered in pillars. Their number stays on the device.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

#include <robocache/filter_voxels.cuh>
#include <robocache/voxelize_gathered.cuh>

#include "device_memory.hpp"

namespace rc = robocache;

constexpr std::int64_t sweeps = 4, points = 50'000, rows = sweeps * points;
constexpr std::int64_t pillars = 12'000, pillar_points = 32;  // of all sweeps together, and of one

/// `x y z` on the ground and on a wall, denser where the sensor is near; one point in a hundred has no echo.
std::vector<float> sweep_around(std::mt19937& random) {
  std::uniform_real_distribution<float> turn(-3.1416f, 3.1416f), unit(0.0f, 1.0f);
  std::vector<float> xyz;
  for (std::int64_t i = 0; i < points; ++i) {
    float const angle = turn(random), away = i % 100 == 7 ? NAN : 2.0f + 30.0f * unit(random) * unit(random);
    float const y = away * std::sin(angle);
    xyz.insert(xyz.end(), {away * std::cos(angle), std::fmin(y, 12.0f), y > 12.0f ? 3.0f * unit(random) : 0.0f});
  }
  return xyz;
}

int main() {
  if (!example::has_device()) { return 0; }
  example::stream const cuda_stream = example::make_stream();
  std::mt19937 random(1);
  std::vector<float> all;
  for (std::int64_t b = 0; b < sweeps; ++b) {
    auto const xyz = sweep_around(random);
    all.insert(all.end(), xyz.begin(), xyz.end());
  }
  auto const xyz = example::to_device(all);
  auto const clouds = rc::point_clouds::dense(xyz.get(), sweeps, points);

  // One point per voxel of 20 cm: at most as many as there were.
  auto const thinned = example::device_allocate<float>(rows * 3);
  auto const merged = example::device_allocate<std::int32_t>(rows);
  auto const thinned_offsets = example::device_allocate<std::int64_t>(sweeps + 1);
  auto const dropped = example::device_allocate<std::int32_t>(sweeps);
  rc::filtered_output<float> fewer;
  fewer.capacity = rows;
  fewer.points = thinned.get();
  fewer.count = merged.get();
  fewer.voxel_offsets = thinned_offsets.get();
  fewer.dropped = dropped.get();
  rc::filter_options const leaf{{0.2f, 0.2f, 0.2f}};
  std::int64_t const filter_bytes = rc::filter_voxels_scratch(clouds, leaf, fewer);

  // The filter's result is a packed batch, whose coordinates are its features. Pillars of a metre.
  auto const left = rc::point_clouds::ragged(thinned.get(), thinned_offsets.get(), sweeps, rows);
  rc::point_features const coordinates{thinned.get(), 3};
  rc::grid const lattice{{-32.0f, -32.0f, -1.0f}, {1.0f, 1.0f, 5.0f}, {64, 64, 1}};
  auto const values = example::device_allocate<float>(pillars * pillar_points * 3);
  auto const where = example::device_allocate<std::int32_t>(pillars * 4);
  auto const count = example::device_allocate<std::int32_t>(pillars);
  auto const offsets = example::device_allocate<std::int64_t>(sweeps + 1);
  rc::gathered_output<float> out;
  out.capacity = pillars;
  out.max_points = pillar_points;
  out.values = values.get();
  out.coordinates = where.get();
  out.count = count.get();
  out.voxel_offsets = offsets.get();
  rc::gather_options most;
  most.max_voxels = pillars / sweeps;  // per sweep, so that each has its share
  std::int64_t const gather_bytes = rc::voxelize_gathered_scratch(left, coordinates, lattice, out, most);

  // One scratch for both: they run one after the other.
  std::int64_t const bytes = std::max(filter_bytes, gather_bytes);
  auto const memory = example::device_allocate<char>(bytes);
  rc::scratch const scratch{memory.get(), bytes};
  example::check(rc::filter_voxels(clouds, leaf, fewer, scratch, cuda_stream.get()));
  example::check(rc::voxelize_gathered(left, coordinates, lattice, out, most, scratch, cuda_stream.get()));

  auto const first = example::to_host(thinned_offsets, sweeps + 1), begin = example::to_host(offsets, sweeps + 1);
  auto const became_one = example::to_host(merged, first.back()), lost = example::to_host(dropped, sweeps);
  auto const kept = example::to_host(count, begin.back()), cells = example::to_host(where, begin.back() * 4);
  auto const gathered = example::to_host(values, begin.back() * pillar_points * 3);
  bool right = true;
  for (std::int64_t b = 0; b < sweeps; ++b) {
    std::int64_t before = lost[b], inside = 0;
    for (std::int64_t i = first[b]; i < first[b + 1]; ++i) { before += became_one[i]; }
    for (std::int64_t v = begin[b]; v < begin[b + 1]; ++v) {
      inside += kept[v];
      for (std::int64_t slot = v * pillar_points; slot < v * pillar_points + kept[v]; ++slot) {
        float const *const point = &gathered[slot * 3], x = point[0] + 32.0f, y = point[1] + 32.0f;
        right = right && cells[v * 4] == b && std::floor(x) == cells[v * 4 + 3] && std::floor(y) == cells[v * 4 + 2];
      }
    }
    right = right && before == points && inside <= first[b + 1] - first[b];
    std::printf("sweep %ld: %d points dropped, %ld left of the others; %ld of those in %ld pillars\n", b, lost[b],
                first[b + 1] - first[b], inside, begin[b + 1] - begin[b]);
  }
  return right && begin.back() > 0 ? 0 : 1;
}
