// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "host/common/clouds/cells.hpp"

/// Between cell and reduce: points are dealt out to ranges of cells, each of which is reduced by one thread and stays
/// in its cache. Nothing here is as large as the grid.
namespace robocache::host::detail {

/// A point in a cell: the cell's place, counted from the range's first, in the upper half, the point in the lower half.
/// Sorted as numbers, they are sorted by cell, then by point.
using cell_point = std::uint64_t;

/// A point's cell only, where that is enough: half as much to move. The grid then has less than 2^32 places.
using cell_mark = std::uint32_t;

inline std::int64_t place_in_range(cell_point p) { return static_cast<std::int64_t>(p >> 32); }
inline std::int64_t place_in_range(cell_mark m) { return m; }
inline std::int64_t point_of(cell_point p) { return static_cast<std::int64_t>(p & UINT32_MAX); }

/// Neighbouring cells, and the points in them.
/// @tparam Item  `cell_point` or `cell_mark`
template <class Item>
struct cell_range {
  std::int64_t begin;  ///< places
  std::int64_t end;
  int bits;     ///< of a place in the range
  Item* items;  ///< the points, in the order of the cloud
  Item* spare;  ///< memory for the same number
  std::int64_t count;
};

/// Bytes that are moved for a point until it is in its range, roughly.
inline constexpr std::int64_t point_bytes = 32;

/// How many points of cloud b are in no cell.
std::int64_t count_dropped(cloud_cells const& from, std::int64_t b);

/// The points of the range sorted by cell, those of a cell in the order of the cloud. They are in either `items` or
/// `spare`; the other is overwritten.
cell_point const* sort_by_cell(cell_range<cell_point> const& range);

/// The points of one cloud, dealt out to ranges of places.
template <class Item>
class point_ranges {
 public:
  /// @param cell_bytes  of results that belong to one cell: a range has about as many cells as fit a cache
  point_ranges(cloud_cells const& from, std::int64_t b, std::int64_t cell_bytes);

  std::int64_t dropped() const { return dropped_; }
  std::int64_t size() const { return static_cast<std::int64_t>(offsets_.size()) - 1; }
  cell_range<Item> operator[](std::int64_t r) const;

 private:
  std::int64_t places_;
  int bits_;                  ///< a range is `2^bits_` places
  std::int64_t dropped_ = 0;  ///< points that are in no cell
  std::unique_ptr<Item[]> items_;
  std::unique_ptr<Item[]> spare_;      ///< at first the points' places
  std::vector<std::int64_t> offsets_;  ///< of the first point of each range, and the end of the last
};

}  // namespace robocache::host::detail
