// SPDX-License-Identifier: Apache-2.0
#include "host/voxels/numbers.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <robocache/detail/common/clouds/check.hpp>

#include "host/common/clouds/cloud_loop.hpp"
#include "host/common/parallel.hpp"
#include "host/voxels/voxel_table.hpp"

namespace robocache::host::detail {
namespace {

/// Points that are looked up together.
constexpr std::int64_t piece_points = std::int64_t{1} << 14;

/// What a point costs until it has its number: its coordinates, and some places in a table.
constexpr std::int64_t number_bytes = 128;

/// Points whose cells are prefetched before the first of them is needed.
constexpr std::int64_t ask_ahead = 32;

/// A cell with points, and where it is in the table.
struct found_cell {
  std::int64_t cell;
  std::int32_t slot;
};

/// The cells that points of cloud b are in.
class cell_finder {
 public:
  cell_finder(point_clouds const& clouds, grid const& lattice, lattice_kind kind, std::int64_t b,
              device::cloud const& one)
      : clouds_(clouds),
        step_(robocache::detail::strides_of(clouds)),
        lattice_(lattice),
        kind_(kind),
        b_(b),
        one_(one) {}

  /// The place in `[z, y, x]` of the cell of point i; -1: none.
  std::int64_t operator()(std::int64_t i) const {
    std::int64_t const e = one_.element(i, step_.batch, step_.row);
    device::cell where{};
    bool const has_cell = kind_ == lattice_kind::given
                              ? device::find_cell(lattice_, b_, clouds_.x[e], clouds_.y[e], clouds_.z[e], where)
                              : device::find_filter_cell(lattice_, clouds_.x[e], clouds_.y[e], clouds_.z[e], where);
    return has_cell ? device::index_of(lattice_, where) : -1;
  }

 private:
  point_clouds clouds_;
  robocache::detail::strides step_;
  grid lattice_;
  lattice_kind kind_;
  std::int64_t b_;
  device::cloud one_;
};

/// Puts every point into the table.
/// @param slots  gets the slot of each point; -1: none
/// @return points that are in no cell
std::int64_t add_points(cell_finder const& cell_of, std::int64_t points, voxel_table& table, std::int32_t* slots) {
  std::atomic<std::int64_t> dropped{0};
  for_each_piece(points, number_bytes, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t cells[ask_ahead];
    std::int64_t none = 0;
    for (std::int64_t first = begin; first < end; first += ask_ahead) {
      std::int64_t const count = std::min(ask_ahead, end - first);
      for (std::int64_t k = 0; k < count; ++k) {
        cells[k] = cell_of(first + k);
        if (cells[k] >= 0) { table.ask_for(cells[k]); }
      }
      for (std::int64_t k = 0; k < count; ++k) {
        slots[first + k] = cells[k] >= 0 ? table.add(cells[k], static_cast<std::int32_t>(first + k)) : -1;
        none += cells[k] >= 0 ? 0 : 1;
      }
    }
    dropped += none;
  });
  return dropped;
}

/// The cells of the table in the order of their first points.
/// @param slots  of each point; -1: none
std::vector<found_cell> cells_by_point(voxel_table const& table, std::int32_t const* slots, std::int64_t points) {
  std::vector<std::vector<found_cell>> parts(static_cast<std::size_t>((points + piece_points - 1) / piece_points));
  for_each_piece(static_cast<std::int64_t>(parts.size()), piece_points * number_bytes, [&](auto begin, auto end) {
    for (std::int64_t part = begin; part < end; ++part) {
      std::vector<found_cell>& found = parts[static_cast<std::size_t>(part)];
      for (std::int64_t i = part * piece_points; i < std::min(points, (part + 1) * piece_points); ++i) {
        if (slots[i] >= 0 && table.number_of(slots[i]) == i) { found.push_back({table.cell_of(slots[i]), slots[i]}); }
      }
    }
  });
  std::size_t count = 0;
  for (auto const& part : parts) { count += part.size(); }
  std::vector<found_cell> all;
  all.reserve(count);
  for (auto const& part : parts) { all.insert(all.end(), part.begin(), part.end()); }
  return all;
}

/// Sorts parts, then merges neighbours until one part is left. No two cells are the same.
void sort_cells(std::vector<found_cell>& cells) {
  constexpr std::int64_t sort_bytes = 256;
  auto const before = [](found_cell const& a, found_cell const& b) { return a.cell < b.cell; };
  auto const count = static_cast<std::int64_t>(cells.size());
  auto const at = [&](std::int64_t i) { return cells.begin() + std::min(i, count); };
  auto const parts_of = [&](std::int64_t width) { return (count + width - 1) / width; };
  std::int64_t width = piece_points;
  for_each_piece(parts_of(width), width * sort_bytes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t p = begin; p < end; ++p) { std::sort(at(p * width), at((p + 1) * width), before); }
  });
  for (; width < count; width *= 2) {
    for_each_piece(parts_of(2 * width), width * sort_bytes, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t p = begin; p < end; ++p) {
        std::inplace_merge(at(2 * p * width), at((2 * p + 1) * width), at((2 * p + 2) * width), before);
      }
    });
  }
}

/// Finds the voxels of cloud b, and puts them in order.
void number_voxels(point_clouds const& clouds, grid const& lattice, lattice_kind kind, voxel_order order,
                   std::int64_t b, numbered_cloud& one) {
  std::int64_t const points = one.points.length;
  one.numbers.reset(new std::int32_t[static_cast<std::size_t>(points)]);
  voxel_table table(points);
  one.dropped = add_points({clouds, lattice, kind, b, one.points}, points, table, one.numbers.get());
  std::vector<found_cell> found = cells_by_point(table, one.numbers.get(), points);
  if (order == voxel_order::cell) { sort_cells(found); }
  one.cells.resize(found.size());
  for_each_piece(static_cast<std::int64_t>(found.size()), number_bytes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t v = begin; v < end; ++v) {
      auto const [cell, slot] = found[static_cast<std::size_t>(v)];
      one.cells[static_cast<std::size_t>(v)] = cell;
      table.set_number(slot, static_cast<std::int32_t>(v));
    }
  });
  for_each_piece(points, number_bytes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      if (one.numbers[i] >= 0) { one.numbers[i] = table.number_of(one.numbers[i]); }
    }
  });
}

}  // namespace

std::vector<numbered_cloud> clouds_of(point_clouds const& clouds) {
  std::vector<numbered_cloud> all(static_cast<std::size_t>(clouds.batch));
  for (std::int64_t b = 0; b < clouds.batch; ++b) {
    numbered_cloud& one = all[static_cast<std::size_t>(b)];
    one.points = device::cloud_of(clouds, b);
    one.row = one.points.element(0, clouds.length, 1);
  }
  return all;
}

std::vector<numbered_cloud> number_clouds(point_clouds const& clouds, grid const& lattice, lattice_kind kind,
                                          voxel_order order) {
  std::vector<numbered_cloud> all = clouds_of(clouds);
  for_each_cloud(clouds, {0, number_bytes}, [&](std::int64_t b) {
    number_voxels(clouds, lattice, kind, order, b, all[static_cast<std::size_t>(b)]);
  });
  return all;
}

}  // namespace robocache::host::detail
