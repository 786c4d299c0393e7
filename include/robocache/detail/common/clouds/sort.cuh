// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/block_scan.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Puts the lists of cells in the order of their points: in registers, by a warp, by a block, or, for huge ones, by many
// blocks. A list is of rows, and each row occurs once.
namespace robocache::detail {

/// Sorts numbers in registers: Batcher's odd-even merge network.
template <int N>
__device__ void sort_registers(std::uint32_t (&numbers)[N]) {
#pragma unroll
  for (int run = 1; run < N; run *= 2) {
#pragma unroll
    for (int step = run; step >= 1; step /= 2) {
#pragma unroll
      for (int i = 0; i + step < N; ++i) {
        if (i < step % run || (i - step % run) / step % 2 != 0 || i / (2 * run) != (i + step) / (2 * run)) { continue; }
        std::uint32_t const a = numbers[i];
        numbers[i] = min(a, numbers[i + step]);
        numbers[i + step] = max(a, numbers[i + step]);
      }
    }
  }
}

/// Sorts up to 64 numbers in shared memory by a warp: each lane counts for two of them how many come before.
inline __device__ void sort_by_warp(std::uint32_t* numbers, unsigned count) {
  static_assert(most_tile_points <= 64, "a lane has two");
  unsigned const lane = threadIdx.x % 32;
  std::uint32_t const a = lane < count ? numbers[lane] : 0;
  std::uint32_t const b = lane + 32 < count ? numbers[lane + 32] : 0;
  unsigned before_a = 0;
  unsigned before_b = 0;
  for (unsigned i = 0; i < count; ++i) {
    std::uint32_t const other = numbers[i];
    before_a += other < a ? 1 : 0;
    before_b += other < b ? 1 : 0;
  }
  __syncwarp();
  if (lane < count) { numbers[before_a] = a; }
  if (lane + 32 < count) { numbers[before_b] = b; }
  __syncwarp();
}

/// The threads that do something together: all of a block, or a warp.
struct block_team {
  static constexpr unsigned threads = reduce_threads;
  static __device__ unsigned thread() { return threadIdx.x; }
  static __device__ void wait() { __syncthreads(); }
};
struct warp_team {
  static constexpr unsigned threads = 32;
  static __device__ unsigned thread() { return threadIdx.x % 32; }
  static __device__ void wait() { __syncwarp(); }
};

/// Sorts the list of a cell by a team: its warps sort chunks of 64, which are then merged two by two. A number's place
/// in a pair is its place in its own half, and how many numbers of the other half are smaller.
/// @param from   the list, with `count` numbers
/// @param to     shared memory for as many: the sorted list
/// @param other  shared memory for as many
template <class Team>
__device__ void sort_list(std::uint32_t const* from, unsigned count, std::uint32_t* to, std::uint32_t* other) {
  constexpr unsigned at_once = merged_at_once;
  constexpr unsigned chunk = most_tile_points;
  bool swapped = false;
  for (unsigned run = chunk; run < count; run *= 2) { swapped = !swapped; }
  std::uint32_t* a = swapped ? other : to;  // so that the last step ends in `to`
  std::uint32_t* b = swapped ? to : other;
#pragma unroll 4
  for (unsigned i = Team::thread(); i < count; i += Team::threads) { a[i] = from[i]; }
  Team::wait();
  for (unsigned first = Team::thread() / 32 * chunk; first < count; first += Team::threads / 32 * chunk) {
    sort_by_warp(a + first, min(chunk, count - first));
  }
  Team::wait();
  for (unsigned run = chunk; run < count; run *= 2) {
    for (unsigned base = Team::thread(); base < count; base += at_once * Team::threads) {
      std::uint32_t number[at_once];
      unsigned half[at_once];     // where the other half begins
      unsigned length[at_once];   // of it
      unsigned smaller[at_once];  // numbers of it
#pragma unroll
      for (unsigned k = 0; k < at_once; ++k) {
        unsigned const i = base + k * Team::threads;
        number[k] = i < count ? a[i] : 0;
        half[k] = min((i & ~(2 * run - 1)) + (~i & run), count);
        length[k] = min(run, count - half[k]);
        smaller[k] = 0;
      }
      for (unsigned step = run; step > 0; step /= 2) {
#pragma unroll
        for (unsigned k = 0; k < at_once; ++k) {
          unsigned const next = smaller[k] + step;
          if (next <= length[k] && a[half[k] + next - 1] < number[k]) { smaller[k] = next; }
        }
      }
#pragma unroll
      for (unsigned k = 0; k < at_once; ++k) {
        unsigned const i = base + k * Team::threads;
        if (i < count) { b[(i & ~run) + smaller[k]] = number[k]; }
      }
    }
    Team::wait();
    std::uint32_t* const sorted = b;
    b = a;
    a = sorted;
  }
}

/// Sorts the lists of crowded cells that fit a block, in place.
/// @param words   shared memory for twice `most_block_points`
/// @param worker  of so many blocks that do the same
inline __device__ void sort_crowds(point_lists const& lists, std::uint32_t* words, unsigned worker, unsigned workers) {
  unsigned const cells = lists.counters->crowded;
  for (unsigned index = worker; index < cells; index += workers) {
    crowded_cell const one = lists.crowded[index];
    if (one.count > most_block_points) { continue; }
    sort_list<block_team>(lists.rows + one.start, one.count, words, words + most_block_points);
    for (unsigned i = threadIdx.x; i < one.count; i += reduce_threads) { lists.rows[one.start + i] = words[i]; }
    __syncthreads();
  }
}

/// Notes some rows of a range, called by a warp. Neighbours in a list are often neighbouring rows, whose bits are in
/// one word: they are set together, as operations on one word come one after the other.
/// @param row  counted from the first of the range
inline __device__ void note_rows(std::uint32_t* bits, unsigned row, bool notes) {
  for (int turn = 0; turn < 2; ++turn) {
    unsigned const left = __ballot_sync(0xffffffffu, notes);
    if (left == 0) { return; }
    unsigned const word = __shfl_sync(0xffffffffu, row / 32, __ffs(static_cast<int>(left)) - 1);
    bool const same = notes && row / 32 == word;
    unsigned const together = __reduce_or_sync(0xffffffffu, same ? 1u << (row % 32) : 0);
    if (threadIdx.x % 32 == 0) { atomicOr(bits + word, together); }
    notes = notes && !same;
  }
  if (notes) { atomicOr(bits + row / 32, 1u << (row % 32)); }
}

/// Sorts the lists of huge cells into `ranks`, and says which cell each of their groups belongs to. A block takes a
/// range of rows, and notes which of them are in the list, and before each word of these bits how many come before it:
/// each row occurs once, so its place is the number of rows before it.
/// @param rows   of all clouds
/// @param words  shared memory for twice `range_words`
inline __device__ void sort_huge(point_lists const& lists, std::int64_t rows, std::uint32_t* words, unsigned worker,
                                 unsigned workers) {
  constexpr unsigned words_each = range_words / reduce_threads;
  constexpr unsigned at_once = listed_at_once;
  std::uint32_t* const bits = words;
  std::uint32_t* const before_word = words + range_words;
  auto const ranges = static_cast<unsigned>((rows + range_rows - 1) / range_rows);
  std::int64_t const jobs = std::int64_t(lists.counters->huge) * ranges;
  for (std::int64_t job = worker; job < jobs; job += workers) {
    std::uint32_t const index = lists.huge[job / ranges];
    crowded_cell const one = lists.crowded[index];
    unsigned const low = static_cast<unsigned>(job % ranges) * range_rows;
    if (low == 0) {
      unsigned const groups = one.count / most_tile_points + (one.count % most_tile_points != 0 ? 1 : 0);
      for (unsigned i = threadIdx.x; i < groups; i += reduce_threads) { lists.owners[one.first_group + i] = index; }
    }
    for (unsigned i = threadIdx.x; i < range_words; i += reduce_threads) { bits[i] = 0; }
    __syncthreads();
    unsigned before = 0;
    for (unsigned base = threadIdx.x; base - threadIdx.x < one.count; base += at_once * reduce_threads) {
      unsigned row[at_once];
#pragma unroll
      for (unsigned k = 0; k < at_once; ++k) {
        unsigned const i = base + k * reduce_threads;
        row[k] = i < one.count ? lists.rows[one.start + i] : UINT32_MAX;  // that no cloud has
      }
#pragma unroll
      for (unsigned k = 0; k < at_once; ++k) {
        before += row[k] < low ? 1 : 0;
        note_rows(bits, row[k] - low, row[k] >= low && row[k] - low < range_rows && row[k] != UINT32_MAX);
      }
    }
    unsigned all_before = 0;
    sum_before<reduce_threads>(before, all_before);
    unsigned found = 0;
#pragma unroll
    for (unsigned i = 0; i < words_each; ++i) { found += __popc(bits[threadIdx.x * words_each + i]); }
    unsigned total = 0;
    unsigned place = all_before + sum_before<reduce_threads>(found, total);
#pragma unroll
    for (unsigned i = 0; i < words_each; ++i) {
      unsigned const word = threadIdx.x * words_each + i;
      before_word[word] = place;
      place += __popc(bits[word]);
    }
    __syncthreads();
    std::uint32_t* const to = lists.ranks + one.start;
#pragma unroll 4
    for (unsigned i = threadIdx.x; i < one.count; i += reduce_threads) {
      unsigned const row = lists.rows[one.start + i];
      if (row < low || row - low >= range_rows) { continue; }
      unsigned const word = (row - low) / 32;
      to[before_word[word] + __popc(bits[word] & ((1u << row % 32) - 1))] = row;
    }
    __syncthreads();
  }
}

}  // namespace robocache::detail
