// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/check.hpp>
#include <robocache/detail/points/sampling_check.hpp>
#include <robocache/points.hpp>
#include <robocache/sampling.hpp>
#include <robocache/status.hpp>

// What `nearest_neighbours` and `within_radius` check, on the host and on the device alike.
namespace robocache::detail {

inline status check_neighbours(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                               neighbour_output const& out) {
  status s = check_sampled_clouds(clouds);
  if (!s.ok()) { return s; }
  s = check_sampled_clouds(queries, "queries");
  if (!s.ok()) { return s; }
  if (queries.batch != clouds.batch) {
    return refuse(invalid, "queries", "batch", "found %lld, want %lld, as many as clouds",
                  static_cast<long long>(queries.batch), static_cast<long long>(clouds.batch));
  }
  s = check_wanted("k", k, queries.total());
  if (s.ok()) { s = check_pointer("out", "indices", out.indices, queries.total() * k, alignof(std::int64_t)); }
  if (s.ok()) { s = check_pointer("out", "distances", out.distances, 0, alignof(float)); }
  return s.ok() ? check_pointer("out", "counts", out.counts, 0, alignof(std::int64_t)) : s;
}

inline status check_nearest(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                            neighbour_output const& out) {
  status const s = check_neighbours(queries, clouds, k, out);
  if (s.ok() && k > most_nearest) {
    return refuse(status_code::unsupported, "k", "", "found %lld, want at most %lld", static_cast<long long>(k),
                  static_cast<long long>(most_nearest));
  }
  return s;
}

inline status check_radius(point_clouds const& queries, point_clouds const& clouds, float radius, std::int64_t k,
                           neighbour_output const& out) {
  status const s = check_neighbours(queries, clouds, k, out);
  if (s.ok() && !(radius >= 0.0f)) {
    return refuse(invalid, "radius", "", "found %g, want 0 or more", static_cast<double>(radius));
  }
  return s;
}

}  // namespace robocache::detail
