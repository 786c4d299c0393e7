// SPDX-License-Identifier: Apache-2.0
#include "voxels/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include "support/angle.hpp"
#include "support/inputs.hpp"
#include "support/random.cuh"

namespace robocache::bench {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A flat floor between four walls, and the sensor that drives along x: metres, in the frame of its last place.
struct surroundings {
  std::int64_t sweeps;  ///< the last one first
  double step;          ///< driven from one to the next
  double side, ahead;   ///< walls at y = +-side and x = +-ahead
  bool whole_turn;      ///< or the quarter ahead: 45 degrees to either side
};

constexpr std::int64_t rings = 64;
constexpr double height = 1.73;       // of the sensor above the floor
constexpr double roughness = 0.03;    // points are at most this much farther away
constexpr double sees_floor = -0.01;  // below this elevation

/// Chosen so that there are about as many voxels as in recordings of such sensors: 3.4 k of 20 k points in pillars of
/// 0.16 m, 149 k of 250 k points in voxels of 0.075 x 0.075 x 0.2 m.
surroundings surroundings_of(scene from) {
  switch (from) {
    case scene::street: return {1, 0.0, 6.0, 24.0, false};
    case scene::square: return {10, 1.5, 28.0, 40.0, true};
    default: break;
  }
  throw std::logic_error("no sensor sees this scene");
}

/// Point i of `count`, as a sensor writes them: sweep by sweep, each sweep ring by ring from the top, each ring by
/// azimuth.
void write_seen_point(surroundings const& around, std::int64_t i, std::int64_t count, std::int64_t drawn, float* to) {
  std::int64_t const lines = around.sweeps * rings;
  std::int64_t const line = lines * i / count, sweep = line / rings, part = lines * i % count;
  double const elevation = 0.035 - 0.468 * static_cast<double>(line % rings) / 63.0;
  double const size = sine_of(std::fabs(elevation));
  double const slope = (elevation < 0.0 ? -size : size) / sine_of(half_pi - std::fabs(elevation));
  angle const azimuth(around.whole_turn ? part : 7 * count + 2 * part, around.whole_turn ? count : 8 * count);
  double const sine = azimuth.sine(), cosine = azimuth.cosine();

  double const from_x = -around.step * static_cast<double>(sweep);
  double const to_end = cosine > 0.0 ? around.ahead - from_x : around.ahead + from_x;
  double const wall = std::min(around.side / std::fabs(sine), to_end / std::fabs(cosine));
  double const floor = elevation < sees_floor ? height / -slope : infinity;
  double const jitter = static_cast<double>(random_unit(seed::points, static_cast<std::uint32_t>(drawn)));
  double const flat = std::min(wall, floor) + roughness * jitter;
  to[0] = static_cast<float>(from_x + flat * cosine);
  to[1] = static_cast<float>(flat * sine);
  to[2] = static_cast<float>(flat * slope);
}

}  // namespace

stored_clouds make_clouds(voxels_case const& one) {
  if (one.recorded()) { return read_recording(one.from); }
  stored_clouds made;
  made.offsets = one.batch == 1 ? even_offsets(1, one.points) : ragged_offsets(one.batch, one.points);
  made.stride = one.owns_features() ? 4 : 3;
  made.coordinates.resize(made.stride * made.points());
  float* const to = made.coordinates.data();
  bool const seen = one.from != scene::inside;
  surroundings const around = seen ? surroundings_of(one.from) : surroundings{};
  for (std::int64_t b = 0; b < made.batch(); ++b) {
    std::int64_t const first = made.offsets[b], last = made.offsets[b + 1];
#pragma omp parallel for
    for (std::int64_t i = first; i < last; ++i) {
      float* const point = to + made.stride * i;
      if (seen) {
        write_seen_point(around, i - first, last - first, i, point);
      } else {
        for (int axis = 0; axis < 3; ++axis) {
          point[axis] = random_unit(seed::points, static_cast<std::uint32_t>(3 * i + axis));
        }
      }
      if (made.stride == 4) { point[3] = random_unit(seed::values, static_cast<std::uint32_t>(i)); }
    }
  }
  return made;
}

grid make_grid(voxels_case const& one) {
  switch (one.from) {
    case scene::street: return {{0.0f, -39.68f, -3.0f}, {0.16f, 0.16f, 4.0f}, {432, 496, 1}};
    case scene::square: return {{-54.0f, -54.0f, -5.0f}, {0.075f, 0.075f, 0.2f}, {1440, 1440, 40}};
    case scene::inside: return {{0.0f, 0.0f, 0.0f}, {0.005f, 0.005f, 0.005f}, {200, 200, 200}};
    default: break;
  }
  throw std::logic_error("no grid belongs to this scene");
}

}  // namespace robocache::bench
