// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/check.hpp>
#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/points.hpp>
#include <robocache/sampling.hpp>
#include <robocache/status.hpp>

// What `sample_farthest` and `sample_uniform` check, on the host and on the device alike.
namespace robocache::detail {

/// @param name  of the argument
inline status check_sampled_clouds(point_clouds const& clouds, char const* name = "clouds") {
  status const s = check_clouds(clouds, name);
  if (!s.ok()) { return s; }
  if (clouds.total() > INT32_MAX) {
    return refuse(status_code::unsupported, name, clouds.packed() ? "rows" : "length",
                  "found %lld points in all, want less than 2^31", static_cast<long long>(clouds.total()));
  }
  return s;
}

/// @param name   of the argument
/// @param count  how many points are wanted of each cloud, or of each query
/// @param rows   that have as many results each
inline status check_wanted(char const* name, std::int64_t count, std::int64_t rows) {
  if (count < 0 || count > INT32_MAX) {
    return refuse(invalid, name, "", "found %lld, want 0 or more and less than 2^31", static_cast<long long>(count));
  }
  std::int64_t elements = rows;
  if (!multiply(elements, 3 * count)) {
    return refuse(status_code::unsupported, name, "", "found %lld for %lld rows, want below 2^58 in all",
                  static_cast<long long>(count), static_cast<long long>(rows));
  }
  return {};
}

inline status check_samples(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                            shortage_rule shortage) {
  status s = check_sampled_clouds(clouds);
  if (s.ok()) { s = check_wanted("samples", samples, clouds.batch); }
  if (!s.ok()) { return s; }
  switch (shortage) {
    case shortage_rule::missing:
    case shortage_rule::repeat: break;
    default:
      return refuse(invalid, "options", "shortage", "found %d, want a shortage_rule", static_cast<int>(shortage));
  }
  s = check_pointer("out", "indices", out.indices, clouds.batch * samples, alignof(std::int64_t));
  if (s.ok()) { s = check_pointer("out", "counts", out.counts, 0, alignof(std::int64_t)); }
  return s.ok() ? check_pointer("out", "points", out.points, 0, alignof(float)) : s;
}

inline status check_farthest(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                             farthest_options const& options) {
  status const s = check_samples(clouds, samples, out, options.shortage);
  return s.ok() ? check_pointer("options", "starts", options.starts, 0, alignof(std::int64_t)) : s;
}

inline status check_uniform(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                            uniform_options const& options) {
  status s = check_samples(clouds, samples, out, options.shortage);
  if (s.ok()) { s = check_pointer("options", "seed", options.seed, clouds.batch > 0 ? 1 : 0, alignof(std::uint64_t)); }
  return s.ok() ? check_pointer("options", "cloud_ids", options.cloud_ids, 0, alignof(std::int64_t)) : s;
}

}  // namespace robocache::detail
