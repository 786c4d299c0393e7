// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/cells/bin_lists.cuh>
#include <robocache/detail/cells/bins.cuh>
#include <robocache/detail/cells/params.hpp>
#include <robocache/detail/cells/policy.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/clouds/results.cuh>
#include <robocache/detail/common/clouds/sort.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/arithmetic.cuh>

// Reduces the features of a bin's cells, one block per bin: the points are listed by cell in shared memory, each list
// is sorted, and every cell is written once, including those without points.
namespace robocache::detail {

/// Writes the results of a cell that is not crowded.
/// @tparam Parts  of a vector of features are vectors of `N` channels here
/// @param vector  of the cell
template <int Parts = 1, int N, bool Extremes>
__device__ void write_cell(cell_bin_reduce_params const& p, std::int64_t cell, unsigned vector, unsigned count,
                           channel_sums<N, Extremes>& sums) {
  if (p.plain != nullptr) {
    if (p.results.mean != nullptr && count > 1) {
      auto const by = static_cast<float>(count);
#pragma unroll
      for (int i = 0; i < N; ++i) { sums.sum[i] = device::div_rn(sums.sum[i], by); }
    }
    std::int64_t const at = cell * (p.features.vectors.value * Parts) + vector;
    return store_floats(p.results.type, p.plain + at * (N * p.results.type_bytes), 0, sums.sum);
  }
  write_results(p.results, cell, std::int64_t(vector) * N, count, sums);
}

/// Writes zeros to the cells of a range that have no points, 16 bytes at a time: a thread writes the same bytes of one
/// run after the other.
inline __device__ void write_plain_empty(cell_bin_reduce_params const& p, cloud_bin const& mine, bin_range const& range,
                                         std::uint32_t const* words) {
  cell_bins const& bins = p.bins;
  unsigned const run = 1u << bins.run_bits;
  unsigned const vectors = p.empty.value;  // of a cell
  unsigned const groups = max(reduce_threads / (run * vectors), 1u);
  unsigned const group = groups == 1 ? 0 : threadIdx.x / (run * vectors);
  if (group >= groups) { return; }
  unsigned const step = groups == 1 ? reduce_threads : run * vectors;
  std::int64_t const grid = mine.b * p.points.cells + bins.first_cell;
  std::int64_t const between = std::int64_t(vectors) << (bins.run_bits + bins.count_bits);  // runs of the bin
  for (unsigned k = threadIdx.x - group * step; k < run * vectors; k += step) {
    unsigned const place = p.empty.quotient(k);
    auto* const to = reinterpret_cast<uint4*>(p.plain) + (grid * vectors + k);
    unsigned const begin = range.first >> bins.run_bits;
    unsigned const end = (range.first + range.cells) >> bins.run_bits;
    unsigned i = (group << bins.run_bits) + place;
    if (bins.flips == 0) {
      std::uint32_t const first = (mine.bin << bins.run_bits) + place;
      if (first >= bins.cells) { continue; }
      unsigned const rows = ((bins.cells - 1 - first) >> (bins.run_bits + bins.count_bits)) + 1;  // with this place
      auto* at = to + (std::int64_t(first - place) * vectors + (begin + group) * between);
#pragma unroll 4
      for (unsigned row = begin + group; row < min(rows, end);
           row += groups, i += groups << bins.run_bits, at += groups * between) {
        if (words[i] == 0) { __stcs(at, uint4{0, 0, 0, 0}); }
      }
      continue;
    }
#pragma unroll 4
    for (unsigned row = begin + group; row < end; row += groups, i += groups << bins.run_bits) {
      unsigned const first = cell_of_bin(bins, mine.bin, row << bins.run_bits);  // of the run
      bool const exists = first + place < bins.cells;
      if (exists && words[i] == 0) { __stcs(to + std::int64_t(first) * vectors, uint4{0, 0, 0, 0}); }
    }
  }
}

/// Writes the results of a cell without points in a vector of channels.
template <int N>
__device__ void write_empty_cell(cell_bin_reduce_params const& p, std::int64_t cell, unsigned vector) {
  cell_results const& to = p.results;
#pragma unroll 1
  for (int k = 0; k < 4; ++k) {  // not unrolled: stores are long, for their types, alignments and layouts
    char* const results = k == 0 ? to.sum : k == 1 ? to.mean : k == 2 ? to.max : to.min;
    if (results == nullptr) { continue; }
    float const fill = k < 2 ? 0.0f : k == 2 ? p.max_fill : p.min_fill;
    float x[N];
#pragma unroll
    for (int i = 0; i < N; ++i) { x[i] = fill; }
    store_channels(to, results, cell, std::int64_t(vector) * N, x);
  }
}

/// Writes the results of the cells of a range that have no points.
template <int N, bool Extremes, class CellAt>
__device__ void write_empty(cell_bin_reduce_params const& p, cloud_bin const& mine, bin_range const& range,
                            std::uint32_t const* words, CellAt cell_at) {
  if (p.filled) { return; }
  if (p.plain != nullptr && p.empty.value != 0) { return write_plain_empty(p, mine, range, words); }
  unsigned const vectors = p.features.vectors.value;
  // Neighbouring threads write neighbouring elements, whichever way channels are laid out.
  bool const by_channel = p.results.channels_first;
  unsigned const tile = max(by_channel ? channel_tile : 1u, reduce_threads / vectors);
  for (unsigned base = 0; base < range.cells; base += tile) {
    unsigned const here = min(tile, range.cells - base);
    for (unsigned item = threadIdx.x; item < here * vectors; item += reduce_threads) {
      unsigned const major = by_channel ? item / here : p.features.vectors.quotient(item);
      unsigned const minor = item - major * (by_channel ? here : vectors);
      unsigned const i = base + (by_channel ? minor : major);
      if (words[i] != 0) { continue; }
      std::int64_t const cell = cell_at(i);
      if (cell < 0) { continue; }
      unsigned const vector = by_channel ? major : minor;
      if constexpr (Extremes) {
        write_empty_cell<N>(p, cell, vector);
      } else {
        channel_sums<N, Extremes> sums;
        sums.clear();
        write_cell(p, cell, vector, 0, sums);
      }
    }
  }
}

/// The points of a cell with few, in their order.
inline __device__ void load_few(std::uint32_t const* list, unsigned count, std::uint32_t (&rows)[most_few_points]) {
  rows[0] = list[0];
  if (count < 2) { return; }
  rows[1] = list[1];
  if (count == 2) {
    std::uint32_t const first = min(rows[0], rows[1]);
    rows[1] = max(rows[0], rows[1]);
    rows[0] = first;
    return;
  }
#pragma unroll
  for (unsigned i = 2; i < most_few_points; ++i) { rows[i] = i < count ? list[i] : UINT32_MAX; }
  sort_registers(rows);
}

/// Reduces the listed cells with few points: a thread handles a vector of a cell from the first load to the store.
template <class Value, int N, bool Extremes, class CellAt>
__device__ void reduce_bin_few(cell_bin_reduce_params const& p, Value const* features, unsigned filled,
                               bin_board const& board, CellAt cell_at) {
  constexpr unsigned at_once = few_at_once;
  unsigned const vectors = p.features.vectors.value;
  bool const by_channel = p.results.channels_first;
  unsigned const tile = max(by_channel ? channel_tile : 1u, reduce_threads / vectors);
  for (unsigned base = 0; base < filled; base += tile) {
    unsigned const here = min(tile, filled - base);
    for (unsigned item = threadIdx.x; item < here * vectors; item += reduce_threads) {
      unsigned const major = by_channel ? item / here : p.features.vectors.quotient(item);
      unsigned const minor = item - major * (by_channel ? here : vectors);
      unsigned const vector = by_channel ? major : minor;
      unsigned const i = board.filled[base + (by_channel ? minor : major)];
      unsigned const word = board.words[i];
      unsigned const count = cell_word::count(word);
      if (count > most_few_points) { continue; }
      std::uint32_t rows[most_few_points];
      load_few(board.rows + cell_word::start(word), count, rows);
      Value const* const from = features + std::int64_t(vector) * N;
      channel_sums<N, Extremes> sums;
      sums.clear();
#pragma unroll
      for (unsigned turn = 0; turn < most_few_points; turn += at_once) {
        if (turn >= count) { break; }
        packed_floats<Value, N> packed[at_once] = {};
#pragma unroll
        for (unsigned j = 0; j < at_once; ++j) {
          if (turn + j < count) {
            packed[j] = load_packed<N>(from + std::int64_t(rows[turn + j]) * p.features.point_stride);
          }
        }
#pragma unroll
        for (unsigned j = 0; j < at_once; ++j) {
          float x[N];
          unpack(packed[j], x);
          if (turn + j < count) { sums.add(x); }
        }
      }
      write_cell(p, cell_at(i), vector, count, sums);
    }
  }
}

/// Reduces the listed cells with more than a few points: one cell per warp.
template <class Value, int N, bool Extremes, class CellAt>
__device__ void reduce_bin_some(cell_bin_reduce_params const& p, Value const* features, unsigned filled,
                                bin_board& board, CellAt cell_at) {
  unsigned const lane = threadIdx.x % 32;
  for (unsigned first = threadIdx.x / 32; first < filled; first += reduce_threads) {
    // Each warp looks at every eighth cell: neighbours often have as many points.
    unsigned const at = first + lane * (reduce_threads / 32);
    unsigned const mine = at < filled ? board.filled[at] : 0;
    bool const some = at < filled && cell_word::count(board.words[mine]) > most_few_points;
    for (unsigned left = __ballot_sync(0xffffffffu, some ? 1 : 0); left != 0; left &= left - 1) {
      unsigned const i = __shfl_sync(0xffffffffu, mine, __ffs(static_cast<int>(left)) - 1);
      unsigned const word = board.words[i];
      unsigned const count = cell_word::count(word);
      std::uint32_t* const list = board.rows + cell_word::start(word);
      sort_by_warp(list, count);
      for (unsigned vector = 0; vector < p.features.vectors.value; ++vector) {
        std::int64_t const channel = std::int64_t(vector) * N;
        channel_sums<N, Extremes> sums;
        sums.clear();
        add_by_warp<N>(p, sums, features + channel, channel, count,
                       [&](unsigned j) { return static_cast<std::int64_t>(list[j]); });
        if constexpr (Extremes) {  // a lane has a channel: less code. Without extremes it would cost registers
          channel_sums<1, Extremes> one = sums.of(static_cast<int>(lane));
          if (lane < N) { write_cell<N>(p, cell_at(i), vector * N + lane, count, one); }
        } else {
          if (lane == 0) { write_cell(p, cell_at(i), vector, count, sums); }
        }
      }
    }
  }
}

/// Reduces the cells of a bin that are not crowded, and lists the points of those that are.
/// @tparam N         channels of a vector
/// @tparam Extremes  whether the largest or smallest are wanted
template <class Value, int N, bool Extremes>
__global__ void __launch_bounds__(reduce_threads, bin_reduce_blocks<Extremes>)
    cell_reduce_kernel(__grid_constant__ cell_bin_reduce_params const p) {
  __shared__ bin_board board;
  wait_for_launch_before();
  cloud_bin const mine(p.points, p.bins, blockIdx.x);
  std::int64_t const first_cell = mine.b * p.points.cells + p.bins.first_cell;
  auto const* const features = static_cast<Value const*>(p.features.values) + mine.b * p.features.between_clouds;
  bin_range range{0, bin_hash_cells, p.bins.hashed};
  for (;;) {
    if (!range.hashed) { range.cells = min(bin_range_cells, p.bins.most_cells - range.first); }
    if (!count_range(p, mine, range, board)) {
      range.hashed = false;
      continue;
    }
    // Places of the last runs may be beyond the last cell.
    auto const cell_at = [&](unsigned i) {
      std::uint32_t const place = range.hashed ? board.words[bin_hash_cells + i] : range.first + i;
      std::uint32_t const cell = cell_of_bin(p.bins, mine.bin, place);
      return cell < p.bins.cells ? first_cell + cell : std::int64_t{-1};
    };
    write_empty<N, Extremes>(p, mine, range, board.words, cell_at);
    __syncthreads();
    for (unsigned begin = 0; begin < range.cells;) {
      listed_cells const listed = place_lists(p, begin, range.cells, board, cell_at);
      write_lists(p, mine, range, begin, listed.end, board);
      __syncthreads();
      reduce_bin_few<Value, N, Extremes>(p, features, listed.filled, board, cell_at);
      // It sorts only the lists of cells that were left out above.
      reduce_bin_some<Value, N, Extremes>(p, features, listed.filled, board, cell_at);
      __syncthreads();
      begin = listed.end;
    }
    range.first += bin_range_cells;
    if (range.hashed || range.first >= p.bins.most_cells) { return; }
  }
}

/// Sorts the lists of huge cells.
template <int Threads>
__global__ void __launch_bounds__(Threads) cell_huge_kernel(__grid_constant__ cell_reduce_params const p) {
  __shared__ std::uint32_t words[2 * range_words];
  let_next_launch_begin();
  wait_for_launch_before();
  sort_huge(p.lists, p.rows, words, blockIdx.x, gridDim.x);
}

}  // namespace robocache::detail
