// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/device/cell.cuh>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>

/// The cell half of voxelizing on the host: which cell each point is in.
namespace robocache::host::detail {

/// Names the cells of a grid by *places*: numbers that split into a row of x and a position in it without a division,
/// because rows are padded to a power of two. Places ascend with the cells' indices in `[z, y, x]`.
class cell_places {
 public:
  explicit cell_places(grid const& lattice)
      : row_cells_(lattice.cells[0]), rows_(lattice.cells[1] * lattice.cells[2]), depth_(lattice.cells[1]) {
    while (std::int64_t{1} << row_bits_ < row_cells_) { ++row_bits_; }
  }

  std::int64_t total() const { return rows_ << row_bits_; }
  std::int64_t place_of(device::cell const& where) const { return (where.z * depth_ + where.y) << row_bits_ | where.x; }

  std::int64_t row_of(std::int64_t place) const { return place >> row_bits_; }
  std::int64_t x_of(std::int64_t place) const { return place & ((std::int64_t{1} << row_bits_) - 1); }

  /// The index in `[z, y, x]`; for a place in the padding that of the cell after it.
  std::int64_t cell_of(std::int64_t place) const {
    return row_of(place) * row_cells_ + std::min(x_of(place), row_cells_);
  }

  /// The word of the bit-packed occupancy; for a multiple of 32 in the padding the word after it.
  std::int64_t word_of(std::int64_t place) const {
    std::int64_t const row_words = (row_cells_ + 31) / 32;
    return row_of(place) * row_words + std::min(x_of(place) / 32, row_words);
  }

 private:
  std::int64_t row_cells_;
  std::int64_t rows_;
  std::int64_t depth_;
  int row_bits_ = 0;
};

/// A grid of one row.
inline grid row_of_cells(std::int64_t cells) {
  grid row;
  row.cells[0] = cells;
  row.cells[1] = row.cells[2] = 1;
  return row;
}

/// A batch of clouds and the grid that they fall into.
struct cloud_cells {
  point_clouds clouds;
  robocache::detail::strides step;  ///< of the coordinates
  grid lattice;
  cell_places places;
  std::int32_t const* numbers = nullptr;  ///< null: cells are found by coordinates. Else a cell per point, counted ...
  std::int64_t first_number = 0;          ///< ... from this one; beyond the grid: none

  cloud_cells(point_clouds const& points, grid const& cells)
      : clouds(points), step(robocache::detail::strides_of(points)), lattice(cells), places(cells) {}

  /// One cloud whose points have given cells, numbers `[first, first + count)`: those of a grid of one row.
  cloud_cells(std::int64_t points, std::int32_t const* cell_numbers, std::int64_t first, std::int64_t count)
      : cloud_cells(point_clouds::dense(nullptr, 1, points), row_of_cells(count)) {
    numbers = cell_numbers;
    first_number = first;
  }
};

/// Calls `take(i, place)` for points `[begin, end)` of cloud b; the place is -1 for those in no cell.
template <class Take>
void for_each_point(cloud_cells const& from, std::int64_t b, std::int64_t begin, std::int64_t end, Take const& take) {
  if (from.numbers != nullptr) {
    for (std::int64_t i = begin; i < end; ++i) {
      std::int64_t const place = from.numbers[i] - from.first_number;
      take(i, place >= 0 && place < from.lattice.cells[0] ? place : -1);
    }
    return;
  }
  auto const one = device::cloud_of(from.clouds, b);
  for (std::int64_t i = begin; i < end; ++i) {
    std::int64_t const e = one.element(i, from.step.batch, from.step.row);
    device::cell where{};
    bool const has_cell =
        device::find_cell(from.lattice, b, from.clouds.x[e], from.clouds.y[e], from.clouds.z[e], where);
    take(i, has_cell ? from.places.place_of(where) : -1);
  }
}

}  // namespace robocache::host::detail
