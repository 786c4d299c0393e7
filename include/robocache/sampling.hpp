// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>

namespace robocache {

/// What stands in the places of a sample for which a cloud has too few points.
enum class shortage_rule : std::uint8_t {
  missing,  ///< -1
  repeat,   ///< the cloud's samples once more, in their order, as often as needed; of no sample -1
};

/// The rules of `sample_farthest`. Pointers are to memory of the side that computes.
struct farthest_options {
  std::int64_t start = 0;                ///< the point of each cloud that is taken first
  std::int64_t const* starts = nullptr;  ///< optional `[B]`: that of each cloud, instead of `start`
  shortage_rule shortage = shortage_rule::missing;
};

/// The rules of `sample_uniform`. Pointers are to memory of the side that computes, so that what a graph draws can
/// change from replay to replay.
struct uniform_options {
  std::uint64_t const* seed = nullptr;      ///< one number
  std::int64_t const* cloud_ids = nullptr;  ///< optional `[B]`: the number of each cloud; default its place b
  shortage_rule shortage = shortage_rule::missing;
};

/// Where samples go: apart from the clouds and from each other.
struct sample_output {
  std::int64_t* indices = nullptr;  ///< `[B, K]`: which points of the cloud, counted from its first one
  std::int64_t* counts = nullptr;   ///< optional `[B]`: how many different points each cloud gave
  float* points = nullptr;          ///< optional `[B, K, 3]`: their x, y and z; 0 where the index is -1
};

/// The most neighbours that `nearest_neighbours` finds of a point.
inline constexpr std::int64_t most_nearest = 64;

/// Where neighbours go: apart from the clouds and from each other. Rows are those of the queries: `[B, M]` with
/// padding, or packed. Rows that are no query, and queries that are not finite, have no neighbour.
struct neighbour_output {
  std::int64_t* indices = nullptr;  ///< `[rows, k]`: which points of the cloud, counted from its first one; else -1
  float* distances = nullptr;  ///< optional `[rows, k]`: the squares of their distances; where there is none +infinity
  std::int64_t* counts = nullptr;  ///< optional `[rows]`: how many of the k there are
};

}  // namespace robocache
