// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/cluster.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>

// What the blocks of a cluster keep in shared memory while they find voxels. Each has as many neighbouring rows and
// places as the others; all of them can reach all.
namespace robocache::detail {

/// An array in parts, one of each block.
struct cluster_array {
  std::uint32_t* mine;
  divisor each;  ///< elements of a part

  __device__ unsigned block_of(std::uint32_t i) const { return each.quotient(i); }
  __device__ std::uint32_t* at(std::uint32_t i) const {
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

/// What the others need to know of a block.
struct cluster_share {
  std::uint32_t firsts;     ///< rows that are the first of their cell
  std::uint32_t listed;     ///< points in the lists of its places
  std::uint32_t has_crowd;  ///< whether one of them is of a crowded cell
};

struct cluster_sums {
  cluster_share of_block[most_cluster_blocks];
  std::uint32_t listed;
  std::uint32_t has_crowd;
  std::uint32_t some;         ///< lists in `queue`, from the first on
  std::uint32_t some_before;  ///< of other blocks
  std::uint32_t crowded;      ///< crowded lists, from the last backwards
  std::uint32_t of_warp[most_cluster_threads / 32];
};

struct cluster_tables {
  unsigned self;    ///< this block
  unsigned blocks;  ///< of the cluster
  unsigned rows_each;
  std::int64_t first_row;
  divisor row_divisor;
  unsigned long long* cells;     ///< `[rows]`
  std::uint32_t* queue;          ///< `[places]`, the same memory later: places whose lists are to be sorted
  cluster_array first;           ///< `[places]`: the first row of the cell that has the place; later the voxel's number
  cluster_array counts;          ///< `[places]`: later points; then `cluster_list`
  std::uint32_t* place;          ///< `[rows]`: of the row's cell
  std::uint32_t* rank;           ///< `[rows]`: among the later points of the cell; `no_place` of the first one
  std::uint32_t* bits;           ///< `[2 * rows]`, the memory of both, later: for sorting
  cluster_array list;            ///< `[rows]`
  std::uint32_t* firsts;         ///< `[rows / 32]`: a bit for each first row
  std::uint32_t* firsts_before;  ///< `[rows / 32]`: first rows of the block before a word
  cluster_sums* sums;

  __device__ explicit cluster_tables(voxel_cluster_params const& p)
      : self(cluster_rank()), blocks(gridDim.x), rows_each(p.row_divisor.value), row_divisor(p.row_divisor) {
    first_row = std::int64_t{self} * rows_each;
    unsigned const n = rows_each;
    cells = reinterpret_cast<unsigned long long*>(launched_memory());
    auto* const words = reinterpret_cast<std::uint32_t*>(cells + n);
    queue = reinterpret_cast<std::uint32_t*>(cells);
    first = {words, p.place_divisor};
    counts = {words + 2 * n, p.place_divisor};
    place = bits = words + 4 * n;
    rank = words + 5 * n;
    list = {words + 6 * n, p.row_divisor};
    firsts = words + 7 * n;
    firsts_before = firsts + n / 32;
    sums = reinterpret_cast<cluster_sums*>(firsts_before + n / 32);
  }

  __device__ unsigned places_each() const { return 2 * rows_each; }
  __device__ bool is_first(unsigned r) const { return place[r] != no_place && rank[r] == no_place; }

  /// The cell of any row.
  __device__ unsigned long long const* cell_at(std::uint32_t row) const {
    unsigned const block = row_divisor.quotient(row);
    return shared_of(cells + (row - block * rows_each), block);
  }
  /// The rank of any row.
  __device__ std::uint32_t* rank_at(std::uint32_t row) const {
    unsigned const block = row_divisor.quotient(row);
    return shared_of(rank + (row - block * rows_each), block);
  }
};

/// Bytes of a block's memory.
constexpr int cluster_bytes(int rows_each) noexcept {
  return rows_each * 36 + 2 * (rows_each / 32) * 4 + static_cast<int>(sizeof(cluster_sums));
}

/// What all blocks told: each lane has the sums before one block.
struct cluster_sums_of_lane {
  std::uint32_t firsts_before;
  std::uint32_t listed_before;
  std::uint32_t found;  ///< first rows of all blocks
  bool has_crowd;       ///< whether any cell is crowded

  __device__ explicit cluster_sums_of_lane(cluster_tables const& t) {
    unsigned const lane = threadIdx.x % 32;
    cluster_share const one = lane < t.blocks ? t.sums->of_block[lane] : cluster_share{0, 0, 0};
    firsts_before = one.firsts;
    listed_before = one.listed;
#pragma unroll
    for (int step = 1; step < most_cluster_blocks; step *= 2) {
      std::uint32_t const firsts = __shfl_up_sync(0xffffffffu, firsts_before, step);
      std::uint32_t const listed = __shfl_up_sync(0xffffffffu, listed_before, step);
      if (lane >= static_cast<unsigned>(step)) {
        firsts_before += firsts;
        listed_before += listed;
      }
    }
    found = __shfl_sync(0xffffffffu, firsts_before, most_cluster_blocks - 1);
    firsts_before -= one.firsts;
    listed_before -= one.listed;
    has_crowd = __ballot_sync(0xffffffffu, one.has_crowd != 0) != 0;
  }
};

}  // namespace robocache::detail
