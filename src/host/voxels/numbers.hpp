// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <robocache/device/cell.cuh>
#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>
#include <robocache/voxels.hpp>

#include "host/common/clouds/feature_rows.hpp"
#include "host/common/clouds/job.hpp"
#include "host/common/clouds/point_ranges.hpp"

/// Voxels without a grid around them: the cells of a cloud that have points get numbers. To the code that voxelizes
/// into a grid, these are the cells of a grid of one row.
namespace robocache::host::detail {

/// The grid in which cells are sought.
enum class lattice_kind : std::uint8_t { given, filter };

/// One cloud of a batch.
struct numbered_cloud {
  device::cloud points;
  std::int64_t row = 0;                     ///< of its first point, among those of the batch
  std::int64_t dropped = 0;                 ///< points that are in no cell
  std::vector<std::int64_t> cells;          ///< for each voxel, its cell's place in `[z, y, x]`
  std::unique_ptr<std::int32_t[]> numbers;  ///< for each point, its voxel among those of the cloud; -1: none
  std::int64_t kept = 0;                    ///< how many voxels fit the capacity: the first ones are kept
  std::int64_t first = 0;                   ///< the first of them, among those of the batch

  /// The points of the voxels that are kept.
  cloud_cells voxels() const { return {points.length, numbers.get(), 0, kept}; }
};

/// The clouds of a batch.
std::vector<numbered_cloud> clouds_of(point_clouds const& clouds);

/// Finds the voxels of each cloud, and puts them in order.
std::vector<numbered_cloud> number_clouds(point_clouds const& clouds, grid const& lattice, lattice_kind kind,
                                          voxel_order order);

/// Decides which voxels are kept, and writes what is known about each cloud.
/// @param most  the most voxels of a cloud
template <class Output>
void keep_voxels(std::vector<numbered_cloud>& clouds, std::int64_t most, Output const& out) {
  std::int64_t first = 0;
  for (std::size_t b = 0; b < clouds.size(); ++b) {
    numbered_cloud& one = clouds[b];
    auto const found = static_cast<std::int64_t>(one.cells.size());
    one.first = first;
    one.kept = std::min({found, most, out.capacity - first});
    first += one.kept;
    if (out.voxel_offsets != nullptr) { out.voxel_offsets[b] = one.first; }
    if (out.dropped != nullptr) { out.dropped[b] = static_cast<std::int32_t>(one.dropped); }
    if (out.overflow != nullptr) { out.overflow[b] = static_cast<std::int32_t>(found - one.kept); }
  }
  if (out.voxel_offsets != nullptr) { out.voxel_offsets[clouds.size()] = first; }
}

/// Writes -1 for every row of the batch. Does nothing if `out` is null.
template <class Number>
void clear_numbers(point_clouds const& clouds, Number* out);

/// Writes, for each point of the cloud that is in a voxel, that voxel's number in the batch. Does nothing if `out` is
/// null.
void write_point_voxels(numbered_cloud const& one, std::int32_t* out);

/// Writes cloud, z, y and x of each voxel that is kept. Does nothing if `out` is null.
void write_coordinates(numbered_cloud const& one, grid const& lattice, std::int64_t b, std::int32_t* out);

/// Reduces the features of the cloud's voxels, as `voxelize` does in a grid.
/// @param features  of this cloud only; without channels, only `count` is written
/// @param out       all voxels of the batch; `count`, `sum`, `mean`, `max` and `min` may be set
/// @param filter    as `cell_job` has it
void reduce_voxels(numbered_cloud const& one, feature_rows const& features, voxel_output<void> out, dtype result,
                   filter_options const* filter = nullptr);

}  // namespace robocache::host::detail
