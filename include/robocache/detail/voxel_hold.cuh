// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/typed_rows.cuh>
#include <robocache/detail/voxel_backward_plan.cuh>
#include <robocache/detail/voxel_holders.cuh>
#include <robocache/detail/voxel_memory.hpp>
#include <robocache/detail/voxel_points.cuh>

// Gradients where maxima or minima are among the results: cell by cell the holders are found in the cell's list, and
// all points of the list are written.
namespace robocache::detail {

/// A cell that is not crowded.
struct listed_cell {
  std::int64_t from;  ///< element at which its gradients begin
  std::int64_t skip;  ///< as `voxel_features::skip`
  unsigned start;     ///< of its list
  unsigned count;     ///< points
};

/// What a block knows of a step: the cells whose lists begin with one of the step's rows, and the rows in no cell.
struct hold_board {
  listed_cell cells[points_a_step];
  std::uint16_t idle[points_a_step];
  unsigned cell_count;
  unsigned idle_count;
};

/// The next free places of an array, for lanes that want one; called by whole warps.
inline __device__ unsigned take_place(unsigned& taken, bool mine) {
  unsigned const lanes = __ballot_sync(0xffffffffu, mine);
  int const lane = static_cast<int>(threadIdx.x % 32);
  unsigned first = 0;
  if (lane == 0 && lanes != 0) { first = atomicAdd(&taken, static_cast<unsigned>(__popc(lanes))); }
  return __shfl_sync(0xffffffffu, first, 0) + __popc(lanes & ((1u << lane) - 1));
}

/// Fills in the board: each cell is the step's in which the point with place 0 in its list is.
inline __device__ void fill_board(voxel_backward_params const& p, point_walk<std::int64_t>& walk, hold_board& board,
                                  unsigned rows) {
  std::int64_t cell[points_at_once];
  walk.find(cell);
  if (threadIdx.x == 0) {
    board.cell_count = 0;
    board.idle_count = 0;
  }
  __syncthreads();
#pragma unroll
  for (int r = 0; r < points_at_once; ++r) {
    bool const is_idle = cell[r] < 0 && step_rows::place(r) < rows;
    unsigned const idle = take_place(board.idle_count, is_idle);
    if (is_idle) { board.idle[idle] = static_cast<std::uint16_t>(step_rows::place(r)); }
    bool leads = cell[r] >= 0 && __ldg(p.lists.ranks + walk.row(r)) == 0;
    unsigned const count = leads ? __ldg(p.lists.counts + cell[r]) : 0;
    leads = leads && count <= most_tile_points;
    unsigned const place = take_place(board.cell_count, leads);
    if (leads) {
      board.cells[place] = {p.gradients.element(cell[r]), p.features.skip(cell[r]), __ldg(p.lists.starts + cell[r]),
                            count};
    }
  }
  __syncthreads();
}

/// Zeros for rows in no cell.
template <class Value, int N>
__device__ void write_zeros(voxel_backward_params const& p, hold_board const& board, std::int64_t first_row,
                            std::int64_t first_vector) {
  unsigned const vectors = vectors_from(p, first_vector);
  for (unsigned item = threadIdx.x; item < board.idle_count * p.chunk.value; item += point_threads) {
    unsigned const one = p.chunk.quotient(item);
    unsigned const column = item - one * p.chunk.value;
    if (column >= vectors) { continue; }
    float const zeros[N] = {};
    std::int64_t const to = p.out.element(first_row + board.idle[one]) + (first_vector + column) * N;
    store_packed(static_cast<Value*>(p.out.values) + to, zeros);
  }
}

/// The points of the step's cells: a thread has a vector of a cell.
template <class Value, class Result, int N>
__device__ void hold_step(voxel_backward_params const& p, hold_board const& board, std::int64_t first_vector) {
  unsigned const vectors = vectors_from(p, first_vector);
  auto const* const features = static_cast<Value const*>(p.features.values);
  for (unsigned item = threadIdx.x; item < board.cell_count * p.chunk.value; item += point_threads) {
    work_item const of = item_of(p, item, board.cell_count);
    if (of.column >= vectors) { continue; }
    listed_cell const& one = board.cells[of.one];
    std::int64_t const channel = (first_vector + of.column) * N;
    list_part const points{p.lists.rows + one.start, 0, one.count, 1};
    holders<N> held{};
    find_holders(p, points, features + (one.skip + channel), held);
    cell_terms<Result, N> terms;
    terms.load(p.gradients, one.from + channel * p.gradients.channel_stride);
    spread_list<Value>(p, points, channel, one.count, terms, held);
  }
}

/// Vectors of a crowded cell that a block takes at a time: the more, the fewer threads share one.
inline constexpr unsigned most_crowd_vectors = 32;

/// The points of crowded cells, a block a cell: threads share the points of the list, and agree on the holders in
/// shared memory.
template <class Value, int N>
__device__ void hold_crowds(voxel_backward_params const& p, holders<N> (&agreed)[most_crowd_vectors]) {
  unsigned width = 1;
  while (width < most_crowd_vectors && width < p.vectors) { width *= 2; }
  unsigned const column = threadIdx.x % width;
  unsigned const cells = p.lists.counters->crowded;
  for (unsigned index = blockIdx.x; index < cells; index += gridDim.x) {
    crowded_cell const one = p.lists.crowded[index];
    list_part const points{p.lists.rows + one.start, threadIdx.x / width, one.count, point_threads / width};
    auto const* const features = static_cast<Value const*>(p.features.values) + p.features.skip(one.cell);
    std::int64_t const from = p.gradients.element(one.cell);
    for (std::int64_t first = std::int64_t(blockIdx.y) * width; first < p.vectors;
         first += std::int64_t(gridDim.y) * width) {
      std::int64_t const channel = (first + column) * N;
      bool const exists = first + column < p.vectors;
      if (threadIdx.x < width) { agreed[column] = {}; }
      __syncthreads();
      if (exists) {
        holders<N> held{};
        find_holders(p, points, features + channel, held);
#pragma unroll
        for (int i = 0; i < N; ++i) {
          atomicMax(&agreed[column].max[i], held.max[i]);
          atomicMax(&agreed[column].min[i], held.min[i]);
        }
      }
      __syncthreads();
      if (exists) {
        with_float_type(p.gradients.type, [&](auto zero) {
          cell_terms<decltype(zero), N> terms;
          terms.load(p.gradients, from + channel * p.gradients.channel_stride);
          spread_list<Value>(p, points, channel, one.count, terms, agreed[column]);
        });
      }
      __syncthreads();  // the next vectors take the place of these
    }
  }
}

/// Rows in no cell, the cells of the rows, then the crowded cells.
template <class Value, int N>
__global__ void __launch_bounds__(point_threads, N == 1   ? 4
                                                 : N == 4 ? 3
                                                          : 2)
    voxel_hold_kernel(__grid_constant__ voxel_backward_params const p) {
  __shared__ hold_board board;
  __shared__ holders<N> agreed[most_crowd_vectors];
  point_walk<std::int64_t> walk(p.points, nullptr);
  for (unsigned step = 0; walk.begins_step(step); ++step) {
    step_rows const rows = rows_of_step(p.points, step);
    fill_board(p, walk, board, rows.count);
    for (std::int64_t first = std::int64_t(blockIdx.y) * p.chunk.value; first < p.vectors;
         first += std::int64_t(gridDim.y) * p.chunk.value) {
      write_zeros<Value, N>(p, board, rows.first, first);
      with_float_type(p.gradients.type, [&](auto zero) { hold_step<Value, decltype(zero), N>(p, board, first); });
    }
    __syncthreads();  // the next rows take the board
  }
  hold_crowds<Value, N>(p, agreed);
}

}  // namespace robocache::detail
