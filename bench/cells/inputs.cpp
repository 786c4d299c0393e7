// SPDX-License-Identifier: Apache-2.0
#include "cells/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>

#include "support/angle.hpp"
#include "support/inputs.hpp"
#include "support/random.cuh"

namespace robocache::bench {

namespace {

/// One ring of a scan: where its beams point, and how far away the floor is along them.
struct ring {
  double sine, cosine, floor;
  bool sees_floor;

  explicit ring(std::int64_t which) {
    double const elevation = 0.47 * static_cast<double>(which) / 64.0 - 0.43;
    double const size = sine_of(std::fabs(elevation));
    sine = elevation < 0.0 ? -size : size;
    cosine = sine_of(half_pi - std::fabs(elevation));
    sees_floor = elevation < -0.02;
    floor = sees_floor ? std::min(0.5, 0.1 / -sine) : 0.0;
  }
};

/// Point i of `count`: the sensor turns once per ring, in the middle of a room whose wall bulges five times.
void write_scan_point(std::int64_t i, std::int64_t count, std::int64_t drawn, float* to) {
  ring const beam(64 * i / count);
  std::int64_t const azimuth = 64 * i % count;
  angle const a(azimuth, count), a5(5 * azimuth, count);
  double const range = beam.sees_floor ? beam.floor : 0.3 + 0.2 * a5.sine();
  double const flat = range * beam.cosine;
  double const jitter = 0.002 * static_cast<double>(random_unit(seed::points, static_cast<std::uint32_t>(drawn)));
  to[0] = static_cast<float>(0.5 + flat * a.cosine());
  to[1] = static_cast<float>(0.5 + flat * a.sine());
  to[2] = static_cast<float>(0.1 + range * beam.sine + jitter);
}

struct recording_file {
  char const* name;
  std::int64_t stride;
};

recording_file file_of(scene from) {
  switch (from) {
    case scene::table: return {"pcl_table_scene_xyz_640x480.bin", 3};
    case scene::lidar: return {"small_gicp_source_xyzi.bin", 4};
    case scene::lidar_wide: return {"cupcl_sample_xyz.bin", 3};
    default: break;
  }
  throw std::logic_error("no recording");
}

}  // namespace

bool has_recordings() { return std::getenv("ROBOCACHE_DATA") != nullptr; }

stored_clouds read_recording(scene from) {
  recording_file const which = file_of(from);
  char const* const folder = std::getenv("ROBOCACHE_DATA");
  std::string const path = std::string(folder == nullptr ? "." : folder) + "/points/" + which.name;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  auto const bytes = static_cast<std::int64_t>(file.tellg());
  std::int64_t const point_bytes = which.stride * static_cast<std::int64_t>(sizeof(float));
  if (!file || bytes == 0 || bytes % point_bytes != 0) { throw std::runtime_error("cannot read points from " + path); }
  stored_clouds made;
  made.stride = which.stride;
  made.offsets = {0, bytes / point_bytes};
  made.coordinates.resize(made.points() * made.stride);
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(made.coordinates.data()), bytes)) {
    throw std::runtime_error("cannot read points from " + path);
  }
  return made;
}

stored_clouds make_clouds(voxelize_case const& one) {
  if (one.recorded()) { return read_recording(one.from); }
  stored_clouds made;
  made.offsets = one.batch == 1 ? even_offsets(1, one.points) : ragged_offsets(one.batch, one.points);
  made.coordinates.resize(3 * made.points());
  float* const to = made.coordinates.data();
  for (std::int64_t b = 0; b < made.batch(); ++b) {
    std::int64_t const first = made.offsets[b], last = made.offsets[b + 1];
#pragma omp parallel for
    for (std::int64_t i = first; i < last; ++i) {
      if (one.from == scene::scan) {
        write_scan_point(i - first, last - first, i, to + 3 * i);
        continue;
      }
      for (std::int64_t k = 3 * i; k < 3 * i + 3; ++k) {
        float const drawn = random_unit(seed::points, static_cast<std::uint32_t>(k));
        to[k] = one.from == scene::inside ? drawn : drawn * 1.04f - 0.02f;
      }
    }
  }
  return made;
}

grid make_grid(voxelize_case const& one, stored_clouds const& clouds) {
  grid made;
  if (!one.recorded()) {
    for (int axis = 0; axis < 3; ++axis) {
      made.size[axis] = 1.0f / static_cast<float>(one.cells);
      made.cells[axis] = one.cells;
    }
    return made;
  }
  float low[3], high[3];
  std::fill_n(low, 3, std::numeric_limits<float>::infinity());
  std::fill_n(high, 3, -std::numeric_limits<float>::infinity());
  for (std::int64_t i = 0; i < clouds.points(); ++i) {
    float const* const point = clouds.coordinates.data() + i * clouds.stride;
    if (!std::isfinite(point[0]) || !std::isfinite(point[1]) || !std::isfinite(point[2])) { continue; }
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], point[axis]);
      high[axis] = std::max(high[axis], point[axis]);
    }
  }
  for (int axis = 0; axis < 3; ++axis) {
    double const size = one.cell_size;
    double const first = std::floor(low[axis] / size), last = std::floor(high[axis] / size);
    made.origin[axis] = static_cast<float>(first * size);
    made.size[axis] = one.cell_size;
    made.cells[axis] = static_cast<std::int64_t>(last - first) + 1;
  }
  return made;
}

}  // namespace robocache::bench
