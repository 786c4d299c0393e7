// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "support/voxels/problem.hpp"

/// The semantics' chapter "Voxels" in its plainest form: maps from cells to points. Nothing of the library.
namespace test::oracle {

/// Cloud, z, y, x.
using voxel_place = std::array<std::int64_t, 4>;

/// A voxel that is kept, and its points in the order of the cloud; of gathered voxels those that have a slot.
struct listed_voxel {
  voxel_place place{};
  std::vector<std::int64_t> rows{};
};

/// The voxels of all clouds, and what became of each point.
struct listed_voxels {
  std::vector<listed_voxel> kept{};
  std::vector<std::int64_t> offsets{0};  ///< of each cloud among them, and how many
  std::vector<std::int64_t> dropped{};   ///< of each cloud
  std::vector<std::int64_t> overflow{};  ///< of each cloud
  std::vector<std::int64_t> voxel_of{};  ///< of each row; -1: none
  std::vector<std::int64_t> slot_of{};   ///< gathered, of each row: voxel * P + slot; -1: none
};

listed_voxels list_voxels(sparse_problem const& p);

/// How many voxels there are where there is room for all.
std::int64_t count_voxels(sparse_problem p);

/// The bits of each result that is asked for; poison where nothing is written.
sparse_bytes expected(sparse_problem const& p, listed_voxels const& voxels);

}  // namespace test::oracle
