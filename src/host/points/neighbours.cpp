// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <robocache/detail/points/neighbours_check.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/distance.cuh>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"

namespace robocache::host {
namespace detail {
namespace {

struct neighbour {
  float distance;
  std::int64_t index;

  bool operator<(neighbour const& other) const {
    return distance < other.distance || (distance == other.distance && index < other.index);
  }
};

void write_neighbours(neighbour_output const& out, std::int64_t row, std::int64_t k,
                      std::vector<neighbour> const& found) {
  auto const count = static_cast<std::int64_t>(found.size());
  if (out.counts != nullptr) { out.counts[row] = count; }
  for (std::int64_t i = 0; i < k; ++i) {
    bool const there = i < count;
    out.indices[row * k + i] = there ? found[static_cast<std::size_t>(i)].index : -1;
    if (out.distances == nullptr) { continue; }
    out.distances[row * k + i] =
        there ? found[static_cast<std::size_t>(i)].distance : std::numeric_limits<float>::infinity();
  }
}

/// Nearest points of one query, of which the farthest is on top.
struct nearest_points {
  std::int64_t k;
  std::vector<neighbour> found{};

  /// @return whether points that follow may matter
  bool add(float distance, std::int64_t index) {
    neighbour const one{distance, index};
    if (static_cast<std::int64_t>(found.size()) == k) {
      if (k == 0 || !(one < found.front())) { return k > 0; }
      std::pop_heap(found.begin(), found.end());
      found.pop_back();
    }
    found.push_back(one);
    std::push_heap(found.begin(), found.end());
    return true;
  }
  void finish() { std::sort_heap(found.begin(), found.end()); }
};

/// The first points within a radius.
struct near_points {
  std::int64_t k;
  float squared_radius;
  std::vector<neighbour> found{};

  bool add(float distance, std::int64_t index) {
    if (static_cast<std::int64_t>(found.size()) == k) { return false; }
    if (distance <= squared_radius) { found.push_back({distance, index}); }
    return true;
  }
  void finish() {}
};

/// Goes through the finite points of a cloud for each finite query of it. All rows that are no query are written
/// before.
template <class List>
void find_neighbours(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                     neighbour_output const& out, List const& empty) {
  for (std::int64_t row = 0; row < queries.total(); ++row) { write_neighbours(out, row, k, {}); }
  auto const query_step = robocache::detail::strides_of(queries);
  auto const step = robocache::detail::strides_of(clouds);
  for (std::int64_t b = 0; b < queries.batch; ++b) {
    device::cloud const from = device::cloud_of(queries, b);
    device::cloud const one = device::cloud_of(clouds, b);
    constexpr std::int64_t point_bytes = 12;
    for_each_piece(from.length, one.length * point_bytes, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        std::int64_t const q = from.element(i, query_step.batch, query_step.row);
        if (!device::is_finite_point(queries.x[q], queries.y[q], queries.z[q])) { continue; }
        List list = empty;
        bool more = true;
        for (std::int64_t j = 0; more && j < one.length; ++j) {
          std::int64_t const e = one.element(j, step.batch, step.row);
          if (!device::is_finite_point(clouds.x[e], clouds.y[e], clouds.z[e])) { continue; }
          more = list.add(
              device::squared_distance(clouds.x[e], clouds.y[e], clouds.z[e], queries.x[q], queries.y[q], queries.z[q]),
              j);
        }
        list.finish();
        write_neighbours(out, queries.packed() ? from.first_row + i : b * queries.length + i, k, list.found);
      }
    });
  }
}

}  // namespace
}  // namespace detail

status nearest_neighbours(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                          neighbour_output const& out) {
  status const checked = robocache::detail::check_nearest(queries, clouds, k, out);
  if (checked.ok()) { detail::find_neighbours(queries, clouds, k, out, detail::nearest_points{k}); }
  return checked;
}

status within_radius(point_clouds const& queries, point_clouds const& clouds, float radius, std::int64_t k,
                     neighbour_output const& out) {
  status const checked = robocache::detail::check_radius(queries, clouds, radius, k, out);
  if (checked.ok()) {
    detail::find_neighbours(queries, clouds, k, out, detail::near_points{k, device::mul_rn(radius, radius)});
  }
  return checked;
}

}  // namespace robocache::host
