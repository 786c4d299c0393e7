// SPDX-License-Identifier: Apache-2.0
#include "support/voxels/oracle.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>

#include "support/cells/oracle.hpp"
#include "support/replay.hpp"

namespace test::oracle {
namespace {

float origin_of(voxel_problem const& from, std::int64_t b, std::size_t axis) {
  return from.origins.empty() ? from.lattice.origin[axis] : from.origins[std::size_t(3 * b) + axis];
}

/// The cell of a point, or nothing where it is dropped.
std::optional<voxel_place> place_of(sparse_problem const& p, std::int64_t b, std::int64_t row) {
  voxel_problem const& from = p.from;
  voxel_place place{b};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    float const x = from.clouds.xyz[std::size_t(3 * row) + axis];
    bool const filters = p.call == voxel_call::filter;
    float const cell =
        cells_along(x, filters ? from.lattice.origin[axis] : origin_of(from, b, axis), from.lattice.size[axis]);
    bool const inside = filters ? cell >= -1'048'576 && cell < 1'048'576  // 2^20
                                : cell >= 0 && double(cell) < double(from.lattice.cells[axis]);
    if (!inside) { return {}; }
    place[3 - axis] = std::int64_t(cell);
  }
  return place;
}

/// Of one cloud: voxels with all their points, in the order of the first; then in the order of cells, if asked for.
std::vector<listed_voxel> sort_cloud(sparse_problem const& p, std::int64_t b, std::int64_t& dropped) {
  std::map<voxel_place, std::size_t> known;
  std::vector<listed_voxel> voxels;
  auto const [begin, end] = p.from.clouds.rows_of(b);
  for (std::int64_t row = begin; row < end; ++row) {
    auto const place = place_of(p, b, row);
    if (!place) {
      ++dropped;
      continue;
    }
    auto const [at, is_new] = known.insert({*place, voxels.size()});
    if (is_new) { voxels.push_back({*place, {}}); }
    voxels[at->second].rows.push_back(row);
  }
  if (p.call == voxel_call::sparse && p.order == voxel_order::cell) {
    std::sort(voxels.begin(), voxels.end(),
              [](listed_voxel const& one, listed_voxel const& other) { return one.place < other.place; });
  }
  return voxels;
}

void list_cloud(sparse_problem const& p, std::int64_t b, listed_voxels& out) {
  for (auto& voxel : sort_cloud(p, b, out.dropped.back())) {
    if (std::int64_t(out.kept.size()) == p.capacity) {
      ++out.overflow.back();
      continue;
    }
    for (std::int64_t row : voxel.rows) { out.voxel_of[std::size_t(row)] = std::int64_t(out.kept.size()); }
    out.kept.push_back(std::move(voxel));
  }
}

/// Hard voxelization as mmcv does it on the CPU, point by point: a point whose cell has no voxel begins one unless
/// there are `max_voxels`, and is skipped then; a voxel takes a point unless it has `max_points`.
void gather_cloud(sparse_problem const& p, std::int64_t b, listed_voxels& out) {
  std::int64_t const room = std::min(p.max_voxels, p.capacity - std::int64_t(out.kept.size()));
  std::map<voxel_place, std::int64_t> voxel_of_cell;
  std::set<voxel_place> left_out;
  std::int64_t voxel_num = 0;
  auto const [begin, end] = p.from.clouds.rows_of(b);
  for (std::int64_t row = begin; row < end; ++row) {
    auto const place = place_of(p, b, row);
    if (!place) {
      ++out.dropped.back();
      continue;
    }
    auto found = voxel_of_cell.find(*place);
    if (found == voxel_of_cell.end()) {
      if (voxel_num >= room) {
        left_out.insert(*place);
        continue;
      }
      ++voxel_num;
      found = voxel_of_cell.insert({*place, std::int64_t(out.kept.size())}).first;
      out.kept.push_back({*place, {}});
    }
    auto& rows = out.kept[std::size_t(found->second)].rows;
    if (std::int64_t(rows.size()) < p.max_points) {
      out.slot_of[std::size_t(row)] = found->second * p.max_points + std::int64_t(rows.size());
      rows.push_back(row);
    }
  }
  out.overflow.back() = std::int64_t(left_out.size());
}

float mean_of(std::vector<float> const& terms) { return replay::tree_sum(terms) / float(terms.size()); }

float reduced(sparse_result r, std::vector<float> const& terms) {
  switch (r) {
    case sparse_result::sum: return replay::tree_sum(terms);
    case sparse_result::max: return largest(terms);
    case sparse_result::min: return smallest(terms);
    case sparse_result::mean:
    case sparse_result::features: return mean_of(terms);  // of the filter
    default: throw std::logic_error("a reduction without a formula");
  }
}

/// Along one axis, the filter's point for these.
/// @param cell  the voxel's
float centroid_of(std::vector<float> const& coordinates, double cell, float origin, float size) {
  float const until = float(cell * double(size));
  float const corner = float(double(origin) + double(until));
  std::vector<float> distances;
  for (float x : coordinates) { distances.push_back(float(double(x) - double(corner))); }
  float const mean = float(double(corner) + double(mean_of(distances)));
  auto const [low, high] = std::minmax_element(coordinates.begin(), coordinates.end());
  float const found = mean > *high ? *high : mean >= *low ? mean : *low;  // NaN: the lowest
  return found == 0 ? 0.0f : found;
}

std::uint64_t float_bits(sparse_problem const& p, sparse_result r, float x) { return encode(p.type_of(r), double(x)); }

/// One row of a result that has a row for each voxel.
std::vector<std::uint64_t> row_of(sparse_problem const& p, listed_voxel const& voxel, sparse_result r) {
  voxel_problem const& from = p.from;
  std::vector<std::uint64_t> row;
  if (r == sparse_result::coordinates) { return {voxel.place.begin(), voxel.place.end()}; }
  if (r == sparse_result::count) { return {voxel.rows.size()}; }
  if (r == sparse_result::points) {
    for (std::int64_t axis = 0; axis < 3; ++axis) {
      std::vector<float> terms;
      for (std::int64_t i : voxel.rows) { terms.push_back(from.clouds.xyz[std::size_t(3 * i + axis)]); }
      row.push_back(float_bits(p, r,
                               centroid_of(terms, double(voxel.place[std::size_t(3 - axis)]), from.lattice.origin[axis],
                                           from.lattice.size[axis])));
    }
  } else if (r == sparse_result::values) {
    for (std::int64_t i : voxel.rows) {
      for (std::int64_t c = 0; c < from.channels; ++c) { row.push_back(float_bits(p, r, from.feature(i, c))); }
    }
    row.resize(std::size_t(p.width_of(r)));  // slots without a point
  } else {
    for (std::int64_t c = 0; c < from.channels; ++c) {
      row.push_back(float_bits(p, r, reduced(r, terms_of(from, voxel.rows, c))));
    }
  }
  return row;
}

}  // namespace

listed_voxels list_voxels(sparse_problem const& p) {
  listed_voxels out;
  auto const rows = std::size_t(p.from.clouds.total());
  out.voxel_of.assign(rows, -1);
  out.slot_of.assign(rows, -1);
  for (std::int64_t b = 0; b < p.from.clouds.batch; ++b) {
    out.dropped.push_back(0);
    out.overflow.push_back(0);
    (p.call == voxel_call::gathered ? gather_cloud : list_cloud)(p, b, out);
    out.offsets.push_back(std::int64_t(out.kept.size()));
  }
  return out;
}

std::int64_t count_voxels(sparse_problem p) {
  p.capacity = INT32_MAX;
  return std::int64_t(list_voxels(p).kept.size());
}

sparse_bytes expected(sparse_problem const& p, listed_voxels const& voxels) {
  sparse_bytes out;
  for (auto r : results_of(p.call)) {
    if (!p.wants[r]) { continue; }
    out[r].assign(p.bytes_of(r), std::byte(poison));
    dtype const type = p.type_of(r);
    auto const store = [&](std::int64_t at, std::uint64_t bits) { store_bits(type, out[r].data(), at, bits); };
    if (is_of_voxels(r)) {
      std::int64_t at = 0;
      for (auto const& voxel : voxels.kept) {
        for (auto bits : row_of(p, voxel, r)) { store(at++, bits); }
      }
      continue;
    }
    auto const& numbers = r == sparse_result::voxel_offsets  ? voxels.offsets
                          : r == sparse_result::point_voxels ? voxels.voxel_of
                          : r == sparse_result::point_slots  ? voxels.slot_of
                          : r == sparse_result::dropped      ? voxels.dropped
                                                             : voxels.overflow;
    for (std::size_t i = 0; i < numbers.size(); ++i) { store(std::int64_t(i), std::uint64_t(numbers[i])); }
  }
  return out;
}

}  // namespace test::oracle
