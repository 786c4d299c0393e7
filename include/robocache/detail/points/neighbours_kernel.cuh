// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/neighbours_params.hpp>
#include <robocache/detail/points/neighbours_policy.cuh>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/distance.cuh>
#include <robocache/device/packed.cuh>

// Neighbours by comparing all points of a cloud with all queries. A block takes neighbouring queries, of whichever
// clouds, and goes through the points of each cloud in tiles of shared memory, in ascending order.
namespace robocache::detail {

/// A query, and the lanes that share it.
struct query_lane {
  std::int64_t row;  ///< of the results
  int lane;          ///< of those that share it
  int lanes;
  std::int64_t b = -1;  ///< its cloud; below 0: it is none
  float x = NAN, y = NAN, z = NAN;
};

inline __device__ device::cloud_rows query_rows_from(point_clouds const& queries, std::int64_t row) {
  if (!queries.packed()) { return device::padded_rows_from(queries, row, row / queries.length); }
  return device::packed_rows_from(queries, row,
                                  device::owner_of_row(queries.offsets, queries.batch, queries.rows, row));
}

/// The query of this thread. One that is not finite is none.
inline __device__ query_lane find_query(neighbours_params const& p) {
  std::int64_t const thread = std::int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  query_lane mine{thread / p.lanes, static_cast<int>(threadIdx.x) % p.lanes, p.lanes};
  if (mine.row >= p.queries.total()) { return mine; }
  device::cloud_rows const around = query_rows_from(p.queries, mine.row);
  if (around.b < 0) { return mine; }
  std::int64_t const at = p.queries.packed()
                              ? mine.row * p.queries.point_stride
                              : around.b * p.queries.batch_stride + (mine.row - around.begin) * p.queries.point_stride;
  mine.x = p.queries.x[at];
  mine.y = p.queries.y[at];
  mine.z = p.queries.z[at];
  if (device::is_finite_point(mine.x, mine.y, mine.z)) { mine.b = around.b; }
  return mine;
}

/// Calls `body(tile, first, count, mine)` with the tiles of each cloud that the block has queries of, as long as one of
/// these is not `done()`. Points that are not finite are NaN. Called by all threads, and so is `body`.
/// @param b  this thread's cloud, below 0: none
template <class Done, class Body>
__device__ void for_tiles(neighbours_params const& p, std::int64_t b, Done done, Body body) {
  __shared__ float4 tile[neighbour_tile];
  __shared__ unsigned long long next;
  constexpr unsigned long long none = ~0ull;
  for (unsigned long long begin = 0;;) {
    __syncthreads();
    if (threadIdx.x == 0) { next = none; }
    __syncthreads();
    if (b >= 0 && static_cast<unsigned long long>(b) >= begin) { atomicMin(&next, static_cast<unsigned long long>(b)); }
    __syncthreads();
    unsigned long long const now = next;
    if (now == none) { return; }
    begin = now + 1;
    device::cloud const one = device::cloud_of(p.clouds, static_cast<std::int64_t>(now));
    bool const mine = b == static_cast<std::int64_t>(now);
    for (std::int64_t first = 0; first < one.length; first += neighbour_tile) {
      if (__syncthreads_and(!mine || done())) { break; }
      auto const count = static_cast<int>(min(std::int64_t{neighbour_tile}, one.length - first));
      for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
        std::int64_t const e = one.element(first + i, p.clouds.batch_stride, p.clouds.point_stride);
        float const x = p.clouds.x[e];
        float const y = p.clouds.y[e];
        float const z = p.clouds.z[e];
        tile[i] = float4{device::is_finite_point(x, y, z) ? x : NAN, y, z, 0.0f};
      }
      __syncthreads();
      body(tile, static_cast<std::uint32_t>(first), count, mine);
    }
  }
}

inline __device__ float tile_distance(float4 const& point, query_lane const& query) {
  return device::squared_distance(point.x, point.y, point.z, query.x, query.y, query.z);
}

/// What is behind the neighbours that there are.
inline __device__ void write_no_neighbours(neighbours_params const& p, query_lane const& query, std::int64_t found) {
  if (query.lane == 0 && p.out.counts != nullptr) { p.out.counts[query.row] = found; }
  for (std::int64_t k = found + query.lane; k < p.k; k += query.lanes) {
    p.out.indices[query.row * p.k + k] = -1;
    if (p.out.distances != nullptr) { p.out.distances[query.row * p.k + k] = INFINITY; }
  }
}

/// The nearest `Room` points of those that a lane has seen, in ascending order: keys are the bits of the distance,
/// which are in its order, above the index.
template <int Room>
struct nearest_list {
  /// Beyond +infinity, which is a distance, and below NaN, which is none.
  static constexpr std::uint32_t no_distance = 0x7f800001u;
  std::uint32_t distances[Room];
  std::uint32_t indices[Room];

  __device__ nearest_list() {
#pragma unroll
    for (int i = 0; i < Room; ++i) {
      distances[i] = no_distance;
      indices[i] = UINT32_MAX;
    }
  }

  /// Indices come in ascending order, so of points with the same distance the first stays in front.
  __device__ void add(std::uint32_t distance, std::uint32_t index) {
    if (distance >= distances[Room - 1]) { return; }
    distances[Room - 1] = distance;
    indices[Room - 1] = index;
#pragma unroll
    for (int i = Room - 1; i > 0; --i) {
      if (distances[i] >= distances[i - 1]) { continue; }
      swap_words(distances[i], distances[i - 1]);
      swap_words(indices[i], indices[i - 1]);
    }
  }

  __device__ unsigned long long front() const {
    return static_cast<unsigned long long>(distances[0]) << 32 | indices[0];
  }

  __device__ void drop_front() {
#pragma unroll
    for (int i = 1; i < Room; ++i) {
      distances[i - 1] = distances[i];
      indices[i - 1] = indices[i];
    }
    distances[Room - 1] = no_distance;
    indices[Room - 1] = UINT32_MAX;
  }

 private:
  static __device__ void swap_words(std::uint32_t& a, std::uint32_t& b) {
    std::uint32_t const was = a;
    a = b;
    b = was;
  }
};

/// @tparam Room  as many as k or more
template <int Room>
__global__ void __launch_bounds__(neighbour_threads)
    nearest_neighbours_kernel(__grid_constant__ neighbours_params const p) {
  query_lane const query = find_query(p);
  nearest_list<Room> list;
  for_tiles(
      p, query.b, [&] { return p.k == 0; },
      [&](float4 const* tile, std::uint32_t first, int count, bool mine) {
        for (int i = mine ? query.lane : count; i < count; i += query.lanes) {
          list.add(bits_of(tile_distance(tile[i], query)), first + i);
        }
      });
  bool const writes = query.row < p.queries.total();
  std::int64_t found = 0;
  for (std::int64_t k = 0; k < p.k; ++k) {
    unsigned long long least = list.front();
    for (int apart = 1; apart < query.lanes; apart *= 2) {
      unsigned long long const other = __shfl_xor_sync(0xffffffffu, least, apart);
      least = other < least ? other : least;
    }
    if (least >> 32 == nearest_list<Room>::no_distance) { continue; }
    if (list.front() == least) { list.drop_front(); }
    ++found;
    if (!writes || query.lane != 0) { continue; }
    p.out.indices[query.row * p.k + k] = static_cast<std::uint32_t>(least);
    if (p.out.distances != nullptr) {
      p.out.distances[query.row * p.k + k] = __uint_as_float(static_cast<std::uint32_t>(least >> 32));
    }
  }
  if (writes) { write_no_neighbours(p, query, found); }
}

template <int Threads>
__global__ void __launch_bounds__(Threads) within_radius_kernel(__grid_constant__ neighbours_params const p) {
  query_lane const query = find_query(p);
  unsigned const lane = threadIdx.x % 32;
  unsigned const shared = (query.lanes == 32 ? 0xffffffffu : (1u << query.lanes) - 1) << (lane - query.lane);
  std::int64_t found = 0;
  for_tiles(
      p, query.b, [&] { return found >= p.k; },
      [&](float4 const* tile, std::uint32_t first, int count, bool mine) {
        for (int base = 0; base < count; base += query.lanes) {
          int const i = base + query.lane;
          float const distance = mine && i < count ? tile_distance(tile[i], query) : NAN;
          unsigned const near = __ballot_sync(0xffffffffu, distance <= p.squared_radius) & shared;
          std::int64_t const k = found + __popc(near & ((1u << lane) - 1));
          found += __popc(near);
          if (!(distance <= p.squared_radius) || k >= p.k) { continue; }
          p.out.indices[query.row * p.k + k] = first + i;
          if (p.out.distances != nullptr) { p.out.distances[query.row * p.k + k] = distance; }
        }
      });
  if (query.row < p.queries.total()) { write_no_neighbours(p, query, min(found, p.k)); }
}

}  // namespace robocache::detail
