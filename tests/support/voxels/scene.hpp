// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "support/cells/scene.hpp"
#include "support/voxels/oracle.hpp"
#include "support/voxels/voxels.hpp"

namespace test {

/// One cloud in a grid of cells of size 1 from the origin on, with room for all of its voxels, and all results wanted
/// but those made of features: what most sentences of the semantics are about.
inline sparse_problem listed(voxel_call call, std::vector<float> xyz, cell_counts const& cells) {
  sparse_problem p;
  p.call = call;
  p.from = voxels_of(std::move(xyz), cells);
  p.capacity = p.from.clouds.total();
  p.want_all();
  return p;
}

/// Other clouds, and room for all of their voxels.
inline void set_clouds(sparse_problem& p, cloud_data clouds) {
  p.from.clouds = std::move(clouds);
  p.capacity = p.from.clouds.total();
}

/// Random features, and everything asked for.
inline void draw_features(sparse_problem& p, generator& random, std::int64_t channels, double odd_chance = 0) {
  p.from.draw_features(random, channels, odd_chance);
  p.want_all();
}

/// About as many cells as a grid can have: nothing has a place for each.
inline void make_huge(robocache::grid& lattice) {
  lattice.cells[0] = lattice.cells[1] = std::int64_t(1) << 20;
  lattice.cells[2] = (std::int64_t(1) << 18) - 1;
}

/// The same for up to 16 clouds.
inline void make_large(robocache::grid& lattice) {
  lattice.cells[0] = lattice.cells[1] = std::int64_t(1) << 18;
  lattice.cells[2] = std::int64_t(1) << 16;
}

/// Numbers of points at the borders of warps and of tiles.
constexpr std::initializer_list<std::int64_t> border_counts = {
    0, 1, 2, 31, 32, 33, 63, 64, 65, 255, 256, 257, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097, 5000};

inline cloud_data as_one(std::vector<float> xyz) { return dense_clouds(std::move(xyz)); }
inline cloud_data as_three(std::vector<float> xyz) { return dense_clouds(std::move(xyz), 3); }
inline cloud_data as_padded(std::vector<float> xyz) {
  auto const length = std::int64_t(xyz.size()) / 12;
  return padded_clouds(std::move(xyz), {length, 0, length / 2, 1});
}
inline cloud_data as_ragged(std::vector<float> xyz) {
  auto const rows = std::int64_t(xyz.size()) / 3;
  return ragged_clouds(std::move(xyz), {1, rows / 5, rows / 5, rows / 2, rows - 2});
}

}  // namespace test
