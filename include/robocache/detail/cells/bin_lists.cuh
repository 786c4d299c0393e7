// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/cells/bins.cuh>
#include <robocache/detail/cells/params.hpp>
#include <robocache/detail/cells/policy.cuh>
#include <robocache/detail/common/clouds/list_start.cuh>
#include <robocache/detail/common/clouds/marks.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/cloud.cuh>

// Lists the points of a bin by cell in shared memory, by the block that has the bin.
namespace robocache::detail {

/// What a block knows about a cell: how many points it has; once its list has a place, in one word how many points are
/// listed, the count, and where the list begins; for a crowded cell where the next point goes, counted from the block's
/// first place for crowded cells. Each point that is listed adds 1 to either.
struct cell_word {
  static constexpr unsigned count_at = 7;
  static constexpr unsigned start_at = 14;
  static constexpr unsigned mask = (1u << count_at) - 1;
  static constexpr unsigned crowded = 1u << 31;
  static_assert(most_tile_points <= mask && bin_list_rows < 1u << (31 - start_at), "a word holds all");
  static_assert(device::most_cloud_points < crowded, "a bin's crowds have no more points");

  static __device__ unsigned of(unsigned count, unsigned start) { return count << count_at | start << start_at; }
  static __device__ bool is_crowded(unsigned word) { return (word & crowded) != 0; }
  static __device__ unsigned count(unsigned word) { return word >> count_at & mask; }
  /// Where a point goes, by the word before it was counted.
  static __device__ unsigned place(unsigned word) { return (word >> start_at) + (word & mask); }
  static __device__ unsigned start(unsigned word) { return word >> start_at; }
};

/// The cells that a block works on at a time.
struct bin_range {
  std::uint32_t first;  ///< place in the bin
  unsigned cells;       ///< how many words there are for them
  bool hashed;          ///< they are all cells with points, in words that are found by hashing
};

/// What a block keeps in shared memory about the part of its bin that it works on.
struct bin_board {
  std::uint32_t words[bin_range_cells];  ///< of cells; hashed, in the upper half the places of the cells that have them
  std::uint32_t rows[bin_list_rows];     ///< the points of some cells, cell by cell
  std::uint16_t filled[bin_list_rows];   ///< the cells that have points
  bin_part parts[reduce_threads / 32][32];
  unsigned of_warps[reduce_threads / 32];
  unsigned crowds_of_warps[reduce_threads / 32];  ///< points
  unsigned stop[2];
  unsigned first_crowd;  ///< where lists of crowded cells begin, in global memory
  unsigned crowd_taken;  ///< how much of that has been given to cells
};

/// The cells of a range that this warp is responsible for: `[begin, end)`, a multiple of 32 cells.
struct warp_cells {
  unsigned begin;
  unsigned end;

  __device__ explicit warp_cells(unsigned cells) {
    constexpr unsigned warps = reduce_threads / 32;
    unsigned const each = (cells + 32 * warps - 1) / (32 * warps) * 32;
    begin = min(threadIdx.x / 32 * each, cells);
    end = min(begin + each, cells);
  }
};

/// Words of cells that are found by hashing.
inline constexpr unsigned bin_hash_cells = bin_range_cells / 2;

/// The first word to try for a place.
inline __device__ unsigned first_word(std::uint32_t place) {
  static_assert(bin_hash_cells == 1 << 11, "as many as the bits that are left");
  return place * 0x9e3779b1u >> 21;
}

/// Finds a word for a place, or the one that it has.
/// @return  `no_point`: none within some tries
inline __device__ int enter_place(bin_board& board, std::uint32_t place) {
  for (unsigned tries = 0; tries < most_bin_tries; ++tries) {
    unsigned const i = (first_word(place) + tries) % bin_hash_cells;
    std::uint32_t const found = atomicCAS(board.words + bin_hash_cells + i, no_bin_cell, place);
    if (found == no_bin_cell || found == place) { return static_cast<int>(i); }
  }
  return no_point;
}

/// The word of a place, which may be in another range: `no_point`.
inline __device__ int word_at(bin_board const& board, bin_range const& range, std::uint32_t place) {
  if (!range.hashed) { return place - range.first < range.cells ? static_cast<int>(place - range.first) : no_point; }
  unsigned i = first_word(place);
  while (board.words[bin_hash_cells + i] != place) { i = (i + 1) % bin_hash_cells; }
  return static_cast<int>(i);
}

/// Counts the points of a range's cells.
/// @return  false: not all cells with points have a word
inline __device__ bool count_range(cell_bin_reduce_params const& p, cloud_bin const& mine, bin_range const& range,
                                   bin_board& board) {
  unsigned const words = range.hashed ? bin_range_cells : range.cells;
  for (unsigned i = threadIdx.x; i < words; i += reduce_threads) { board.words[i] = i < range.cells ? 0 : no_bin_cell; }
  __syncthreads();
  bool lacks = false;
  for_each_entry<reduce_threads>(p.bins, mine, board.parts[threadIdx.x / 32], [&](int place, std::uint32_t) {
    int word = no_point;
    if (place >= 0) {
      word = range.hashed ? enter_place(board, static_cast<std::uint32_t>(place))
                          : word_at(board, range, static_cast<std::uint32_t>(place));
      lacks = lacks || (range.hashed && word < 0);
    }
    take_places(board.words, word);
  });
  return __syncthreads_or(lacks ? 1 : 0) == 0;
}

/// Counts and occupancy of a cell.
inline __device__ void write_count(cell_bin_reduce_params const& p, std::int64_t cell, unsigned count) {
  if (p.count != nullptr) {
    unsigned const old = p.results.accumulate ? static_cast<unsigned>(p.count[cell]) : 0;
    p.count[cell] = static_cast<std::int32_t>(old + count);
  }
  if (count > 0) { mark_cell(p.marks, cell); }
}

/// The cells whose lists have a place.
struct listed_cells {
  unsigned end;     ///< the first cell without a place
  unsigned filled;  ///< cells with points
};

/// Gives the lists of cells their places, from cell `begin` on, as many as fit the shared memory. Lists of crowded
/// cells are in global memory, and get their places when `begin` is 0.
template <class CellAt>
__device__ listed_cells place_lists(cell_bin_reduce_params const& p, unsigned begin, unsigned cells, bin_board& board,
                                    CellAt cell_at) {
  // Points, and cells with points, are added up together, in separate bits of one number.
  constexpr unsigned one_filled = 1u << 20;
  static_assert(bin_range_cells * most_tile_points < one_filled && bin_list_rows < 1u << 12,
                "no sum that fits overflows");
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  warp_cells const mine(cells);
  bool const writes = begin == 0 && (p.count != nullptr || p.marks.occupied != nullptr || p.marks.bits != nullptr);
  auto const sum_of = [&](unsigned i, unsigned word) {
    return i < begin || word == 0 || cell_word::is_crowded(word) ? 0 : word + one_filled;
  };
  auto const is_crowd = [&](unsigned word) { return begin == 0 && word > most_tile_points; };
  unsigned sum = 0;
  unsigned crowds = 0;
  for (unsigned i = mine.begin + lane; i < mine.end; i += 32) {
    unsigned const word = board.words[i];
    if (writes && (word != 0 || !p.filled) && cell_at(i) >= 0) { write_count(p, cell_at(i), word); }
    if (is_crowd(word)) {
      crowds += word;
    } else {
      sum += sum_of(i, word);
    }
  }
  sum = static_cast<unsigned>(sum_over_warp(static_cast<int>(sum)));
  crowds = static_cast<unsigned>(sum_over_warp(static_cast<int>(crowds)));
  if (lane == 0) {
    board.of_warps[warp] = sum;
    board.crowds_of_warps[warp] = crowds;
  }
  if (threadIdx.x == 0) {
    board.stop[0] = cells;
    board.stop[1] = 0;
    board.crowd_taken = 0;
  }
  __syncthreads();
  unsigned before = 0;
  unsigned all = 0;
  unsigned all_crowds = 0;
#pragma unroll
  for (unsigned i = 0; i < reduce_threads / 32; ++i) {
    before += i < warp ? board.of_warps[i] : 0;
    all += board.of_warps[i];
    all_crowds += board.crowds_of_warps[i];
  }
  if (all_crowds > 0) {  // the same for the whole block
    if (threadIdx.x == 0) { board.first_crowd = atomicAdd(&p.lists.counters->in_crowd, all_crowds); }
    __syncthreads();
  }
  bool const fits = all % one_filled <= bin_list_rows;
  for (unsigned first = mine.begin; first < mine.end; first += 32) {
    unsigned const i = first + lane;
    unsigned const word = i < mine.end ? board.words[i] : 0;
    if (is_crowd(word)) {
      unsigned const taken = atomicAdd(&board.crowd_taken, word);
      board.words[i] = cell_word::crowded | taken;
      note_crowd(p.lists, cell_at(i), board.first_crowd + taken, word);
    }
    unsigned const count = is_crowd(word) ? 0 : sum_of(i, word);
    if (__any_sync(0xffffffffu, count != 0 ? 1 : 0) == 0) { continue; }
    unsigned up_to = count;
#pragma unroll
    for (unsigned step = 1; step < 32; step *= 2) {
      unsigned const other = __shfl_up_sync(0xffffffffu, up_to, step);
      if (lane >= step) { up_to += other; }
    }
    if (count != 0) {
      unsigned const behind = before + up_to;
      if (behind % one_filled <= bin_list_rows) {
        board.filled[behind / one_filled - 1] = static_cast<std::uint16_t>(i);
        board.words[i] = cell_word::of(count % one_filled, (behind - count) % one_filled);
        if (!fits) { atomicMax(board.stop + 1, behind); }
      } else {
        atomicMin(board.stop, i);
      }
    }
    before += __shfl_sync(0xffffffffu, up_to, 31);
  }
  __syncthreads();
  unsigned const listed = fits ? all : board.stop[1];
  return {fits ? cells : board.stop[0], listed / one_filled};
}

/// Lists the points of cells `[begin, end)` of a range.
inline __device__ void write_lists(cell_bin_reduce_params const& p, cloud_bin const& mine, bin_range const& range,
                                   unsigned begin, unsigned end, bin_board& board) {
  for_each_entry<reduce_threads>(p.bins, mine, board.parts[threadIdx.x / 32], [&](int place, std::uint32_t point) {
    int const found = place >= 0 ? word_at(board, range, static_cast<std::uint32_t>(place)) : no_point;
    auto const i = static_cast<unsigned>(found);
    bool const lists = found >= 0 && i >= begin && i < end;
    unsigned const word = take_places(board.words, lists ? found : no_point);
    if (!lists) { return; }
    auto const row = static_cast<std::uint32_t>(mine.begin + point);
    if (cell_word::is_crowded(word)) {
      p.lists.rows[board.first_crowd + (word & ~cell_word::crowded)] = row;
    } else {
      board.rows[cell_word::place(word)] = row;
    }
  });
}

}  // namespace robocache::detail
