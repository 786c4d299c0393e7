// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <robocache/grid.hpp>
#include <robocache/points.hpp>

#include "voxels/cases.hpp"

/// What calls read and write, on both sides.
namespace robocache::bench {

constexpr std::size_t index_of(voxels_result kind) { return static_cast<std::size_t>(kind); }

/// What a call reads.
struct voxels_inputs {
  point_clouds clouds;
  point_features<float> features;
  grid lattice;  ///< none for a filter
};

/// Where a call writes; null where a result is not wanted.
struct voxels_places {
  std::int64_t capacity = 0;
  float* values = nullptr;
  float* points = nullptr;
  std::int32_t* coordinates = nullptr;
  std::int32_t* count = nullptr;
  std::int64_t* voxel_offsets = nullptr;
  std::int32_t* point_voxels = nullptr;
};

/// The part of all results that one call fills: all of them, or those of one cloud.
struct voxels_room {
  std::int64_t capacity = 0;  ///< in voxels
  std::int64_t voxel = 0;     ///< where it begins, in voxels
  std::int64_t point = 0;     ///< in points
  std::int64_t offset = 0;    ///< in entries of `voxel_offsets`
};

/// How large results are.
struct voxels_sizes {
  std::int64_t value_row = 0;  ///< floats of `values` per voxel
  std::array<std::int64_t, voxels_result_kinds> bytes{};

  /// @param voxels   room for all clouds
  /// @param offsets  entries of `voxel_offsets`
  voxels_sizes(voxels_case const& one, std::int64_t channels, std::int64_t voxels, std::int64_t points,
               std::int64_t offsets)
      : value_row(channels * (one.max_points > 0 ? one.max_points : 1)) {
    for (voxels_result kind : all_voxels_results) {
      if (!one.wants(kind)) { continue; }
      std::int64_t const count = kind == voxels_result::voxel_offsets  ? offsets
                                 : kind == voxels_result::point_voxels ? points
                                                                       : voxels;
      bytes[index_of(kind)] = count * bytes_a_row(kind);
    }
  }

  std::int64_t bytes_a_row(voxels_result kind) const {
    std::int64_t const word = sizeof(float);
    switch (kind) {
      case voxels_result::values: return value_row * word;
      case voxels_result::points: return 3 * word;
      case voxels_result::coordinates: return 4 * word;
      case voxels_result::voxel_offsets: return 2 * word;
      default: return word;
    }
  }
};

/// @param place  gives a result's memory, null where it is not wanted
template <class Place>
voxels_places places_at(Place const& place, voxels_sizes const& sizes, voxels_room const& room) {
  auto const at = [&](voxels_result kind, std::int64_t row) -> void* {
    std::byte* const all = place(kind);
    return all == nullptr ? nullptr : all + row * sizes.bytes_a_row(kind);
  };
  voxels_places to;
  to.capacity = room.capacity;
  to.values = static_cast<float*>(at(voxels_result::values, room.voxel));
  to.points = static_cast<float*>(at(voxels_result::points, room.voxel));
  to.coordinates = static_cast<std::int32_t*>(at(voxels_result::coordinates, room.voxel));
  to.count = static_cast<std::int32_t*>(at(voxels_result::count, room.voxel));
  to.voxel_offsets = static_cast<std::int64_t*>(at(voxels_result::voxel_offsets, room.offset));
  to.point_voxels = static_cast<std::int32_t*>(at(voxels_result::point_voxels, room.point));
  return to;
}

/// Results on the host, filled with bytes that show where nothing was written.
struct host_voxels {
  std::array<std::vector<std::byte>, voxels_result_kinds> memory;

  host_voxels(voxels_sizes const& sizes, std::byte untouched) {
    for (voxels_result kind : all_voxels_results) {
      memory[index_of(kind)].assign(sizes.bytes[index_of(kind)], untouched);
    }
  }
  std::byte* at(voxels_result kind) {
    std::vector<std::byte>& bytes = memory[index_of(kind)];
    return bytes.empty() ? nullptr : bytes.data();
  }
  std::int64_t offset(std::int64_t which) const {
    std::int64_t found = 0;
    std::memcpy(&found, memory[index_of(voxels_result::voxel_offsets)].data() + which * sizeof found, sizeof found);
    return found;
  }
};

}  // namespace robocache::bench
