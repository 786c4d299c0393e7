// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "support/bits.hpp"
#include "support/points/sampling.hpp"
#include "support/points/sampling_oracle.hpp"
#include "support/random.hpp"

/// Clouds for tests of samples and neighbours, and comparisons with the oracle.
namespace test {

template <class T>
std::string unlike(char const* name, std::vector<T> const& found, std::vector<T> const& wanted) {
  if (found.size() != wanted.size()) { return text_of(name, ": ", found.size(), ", wanted ", wanted.size()); }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (std::memcmp(&found[i], &wanted[i], sizeof(T)) != 0) {
      return text_of(name, " ", i, ": ", found[i], ", wanted ", wanted[i]);
    }
  }
  return {};
}

/// What is unlike the oracle's, bit by bit.
inline std::string unlike(sampled const& found, sampled const& wanted) {
  if (!found.state.ok()) { return text_of("status: ", found.state.message()); }
  return found.trouble + unlike("index", found.indices, wanted.indices) + unlike("count", found.counts, wanted.counts) +
         unlike("coordinate", found.points, wanted.points);
}

inline std::string verify_farthest(sampling const& p) { return unlike(sample_farthest(p), oracle::sample_farthest(p)); }
inline std::string verify_uniform(sampling const& p) { return unlike(sample_uniform(p), oracle::sample_uniform(p)); }

inline std::string verify(neighbourhood const& p) {
  found_neighbours const found = find_neighbours(p);
  found_neighbours const wanted = oracle::find_neighbours(p);
  if (!found.state.ok()) { return text_of("status: ", found.state.message()); }
  return found.trouble + unlike("index", found.indices, wanted.indices) + unlike("count", found.counts, wanted.counts) +
         unlike("distance", found.distances, wanted.distances);
}

/// How points lie.
enum class scene : std::uint8_t { anywhere, lattice, line, crowded, equal, odd };
inline constexpr scene scenes[] = {scene::anywhere, scene::lattice, scene::line,
                                   scene::crowded,  scene::equal,   scene::odd};

inline std::vector<float> draw_scene(generator& random, scene kind, std::int64_t count) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> xyz;
  for (std::int64_t i = 0; i < count; ++i) {
    auto const unit = [&] { return float(2 * random.unit() - 1); };
    switch (kind) {
      case scene::anywhere: xyz.insert(xyz.end(), {unit(), unit(), unit()}); break;
      case scene::lattice:
        for (int axis = 0; axis < 3; ++axis) { xyz.push_back(float(random.between(-3, 3))); }
        break;
      case scene::line: {
        auto const step = float(random.between(0, 40));
        xyz.insert(xyz.end(), {step, 2 * step, -step});
        break;
      }
      case scene::crowded: {
        float const size = random.chance(0.02) ? 100.0f : 1e-3f;
        xyz.insert(xyz.end(), {size * unit(), size * unit(), 5 + size * unit()});
        break;
      }
      case scene::equal: xyz.insert(xyz.end(), {0.25f, -3.0f, 1e-3f}); break;
      case scene::odd:
        for (int axis = 0; axis < 3; ++axis) {
          xyz.push_back(random.chance(0.1) ? random.one_of({std::numeric_limits<float>::quiet_NaN(), infinity,
                                                            -infinity, 3e38f, -3e38f, 1e-45f, -0.0f, 0.0f, 1e19f})
                                           : unit());
        }
        break;
    }
  }
  return xyz;
}

/// Some clouds of some points in all, in any layout.
inline cloud_data draw_layout(generator& random, scene kind, std::int64_t batch, std::int64_t points) {
  cloud_data clouds;
  if (random.chance(0.5)) {
    std::vector<std::int64_t> offsets{random.between(0, 2)};
    for (std::int64_t b = 0; b < batch; ++b) {
      offsets.push_back(std::min(points, offsets.back() + random.between(0, 2 * points / batch)));
    }
    if (random.chance(0.2)) { std::swap(offsets.front(), offsets.back()); }
    clouds = ragged_clouds(draw_scene(random, kind, points), offsets);
  } else {
    clouds = dense_clouds(draw_scene(random, kind, points / batch * batch), batch);
    for (std::int64_t b = 0; b < batch && points % 2 == 0; ++b) {
      clouds.lengths.push_back(random.between(-1, points / batch + 1));
    }
  }
  clouds.separate = random.chance(0.3);
  if (random.chance(0.3)) { clouds.point_stride = 3 + random.between(0, 3); }
  clouds.misaligned = random.between(0, 3);
  return clouds;
}

}  // namespace test
