// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "host/common/parallel.hpp"
#include "host/voxels/numbers.hpp"

// Results of voxels whose numbers are known.
namespace robocache::host::detail {

template <class Number>
void clear_numbers(point_clouds const& clouds, Number* out) {
  if (out == nullptr) { return; }
  for_each_piece(clouds.total(), sizeof(Number),
                 [&](std::int64_t begin, std::int64_t end) { std::fill(out + begin, out + end, Number(-1)); });
}

template void clear_numbers(point_clouds const&, std::int32_t*);
template void clear_numbers(point_clouds const&, std::int64_t*);

void write_point_voxels(numbered_cloud const& one, std::int32_t* out) {
  if (out == nullptr) { return; }
  for_each_piece(one.points.length, 2 * sizeof *out, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      std::int64_t const number = one.numbers[i];
      if (number >= 0 && number < one.kept) { out[one.row + i] = static_cast<std::int32_t>(one.first + number); }
    }
  });
}

void write_coordinates(numbered_cloud const& one, grid const& lattice, std::int64_t b, std::int32_t* out) {
  if (out == nullptr) { return; }
  for_each_piece(one.kept, 4 * sizeof *out, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t v = begin; v < end; ++v) {
      std::int64_t const cell = one.cells[static_cast<std::size_t>(v)];
      std::int64_t const row = cell / lattice.cells[0];
      std::int64_t const each[] = {b, row / lattice.cells[1], row % lattice.cells[1], cell % lattice.cells[0]};
      for (int k = 0; k < 4; ++k) { out[4 * (one.first + v) + k] = static_cast<std::int32_t>(each[k]); }
    }
  });
}

void reduce_voxels(numbered_cloud const& one, feature_rows const& features, voxel_output<void> out, dtype result,
                   filter_options const* filter) {
  if (one.kept == 0) { return; }
  std::int64_t const bytes = one.first * features.channels * static_cast<std::int64_t>(size_of(result));
  if (out.count != nullptr) { out.count += one.first; }
  static_cast<feature_reductions<void>&>(out) = robocache::detail::moved<void>(out, bytes);
  cell_job const job{
      one.voxels(), out, {}, features, {row_of_cells(one.kept), features.channels, channel_order::last, result},
      filter};
  if (job.cell_bytes() == 0) { return; }
  voxelize_cloud(job, {one.kept * job.cell_bytes(), point_bytes + features.row_bytes()}, 0);
}

}  // namespace robocache::host::detail
