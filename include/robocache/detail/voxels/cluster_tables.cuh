// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/cluster.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>

// What the blocks of a cluster keep in shared memory while they find voxels. Each has the same number of neighbouring
// rows and places, and each can reach those of all others.
namespace robocache::detail {

/// An array in parts, one part in each block.
template <class T>
struct cluster_array {
  T* mine;
  divisor each;  ///< elements of a part

  __device__ unsigned block_of(std::uint32_t i) const { return each.quotient(i); }
  __device__ T* at(std::uint32_t i) const {
    unsigned const block = block_of(i);
    return shared_of(mine + (i - block * each.value), block);
  }
};

/// Where the list of a place begins in its block's part of all lists, and how many points come after the first: both
/// are below 2^16, as rows are at most that many.
struct cluster_list {
  std::uint32_t word;

  __device__ explicit cluster_list(std::uint32_t packed) : word(packed) {}
  __device__ cluster_list(std::uint32_t start, std::uint32_t later) : word(start << 16 | later) {}
  __device__ std::uint32_t start() const { return word >> 16; }
  __device__ std::uint32_t later() const { return word & 0xffffu; }
};
static_assert(most_cluster_rows <= 1 << 16, "a word holds both");

/// What the other blocks need to know about a block.
struct cluster_share {
  std::uint32_t firsts;  ///< number of rows that are the first of their cell
  std::uint32_t listed;  ///< number of points in the lists of its places
};

struct cluster_sums {
  cluster_share of_block[most_cluster_blocks];
  std::uint32_t listed;
  std::uint32_t unused[3];
};

struct cluster_tables {
  unsigned self;    ///< this block
  unsigned blocks;  ///< of the cluster
  unsigned rows_each;
  std::int64_t first_row;
  cluster_array<unsigned long long> cells;  ///< `[rows]`
  /// `[places]`: a key of the cell that has the place, in the upper half, and its first row; later the voxel's number.
  cluster_array<unsigned long long> first;
  cluster_array<std::uint32_t> counts;  ///< `[places]`: later points; then `cluster_list`
  std::uint32_t* place;                 ///< `[rows]`: of the row's cell
  cluster_array<std::uint32_t> rank;    ///< `[rows]`: among the later points of the cell; the first has `no_place`
  std::uint32_t* firsts;                ///< `[rows / 32]`: a bit for each first row
  std::uint32_t* firsts_before;         ///< `[rows / 32]`: first rows of the block before a word
  cluster_sums* sums;

  __device__ explicit cluster_tables(voxel_cluster_params const& p)
      : self(cluster_rank()), blocks(gridDim.x), rows_each(p.row_divisor.value) {
    first_row = std::int64_t{self} * rows_each;
    unsigned const n = rows_each;
    auto* const longs = reinterpret_cast<unsigned long long*>(launched_memory());
    first = {longs, p.place_divisor};
    cells = {longs + 2 * n, p.row_divisor};
    auto* const words = reinterpret_cast<std::uint32_t*>(longs + 3 * n);
    counts = {words, p.place_divisor};
    place = words + 2 * n;
    rank = {words + 3 * n, p.row_divisor};
    firsts = words + 4 * n;
    firsts_before = firsts + n / 32;
    sums = reinterpret_cast<cluster_sums*>(firsts_before + n / 32);
  }

  __device__ unsigned places_each() const { return 2 * rows_each; }
  __device__ bool is_first(unsigned r) const { return place[r] != no_place && rank.mine[r] == no_place; }

  /// First rows of the block before its row r, which may be one past its last.
  __device__ std::uint32_t firsts_up_to(unsigned r) const {
    unsigned const word = r / 32;
    unsigned const last = rows_each / 32 - 1;
    if (word > last) { return firsts_before[last] + __popc(firsts[last]); }
    return firsts_before[word] + __popc(firsts[word] & ((1u << r % 32) - 1));
  }
};

/// Bytes of a block's memory.
constexpr int cluster_bytes(int rows_each) noexcept {
  return rows_each * 40 + 2 * (rows_each / 32) * 4 + static_cast<int>(sizeof(cluster_sums));
}

/// The sum over the lanes up to this one.
inline __device__ std::uint32_t sum_of_lanes(std::uint32_t sum) {
#pragma unroll
  for (int step = 1; step < 32; step *= 2) {
    std::uint32_t const other = __shfl_up_sync(0xffffffffu, sum, step);
    if (threadIdx.x % 32 >= static_cast<unsigned>(step)) { sum += other; }
  }
  return sum;
}

/// What all blocks told each other: each lane has the sums before one block.
struct cluster_sums_of_lane {
  std::uint32_t firsts_before;
  std::uint32_t listed_before;
  std::uint32_t found;  ///< first rows of all blocks

  __device__ explicit cluster_sums_of_lane(cluster_tables const& t) {
    unsigned const lane = threadIdx.x % 32;
    cluster_share const one = lane < t.blocks ? t.sums->of_block[lane] : cluster_share{0, 0};
    firsts_before = sum_of_lanes(one.firsts);
    listed_before = sum_of_lanes(one.listed);
    found = __shfl_sync(0xffffffffu, firsts_before, 31);
    firsts_before -= one.firsts;
    listed_before -= one.listed;
  }
};

}  // namespace robocache::detail
