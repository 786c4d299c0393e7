// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/typed_rows.cuh>
#include <robocache/detail/voxel_backward_plan.cuh>
#include <robocache/detail/voxel_memory.hpp>
#include <robocache/detail/voxel_points.cuh>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/extreme.cuh>

// Gradients where maxima or minima are among the results: for each cell and channel, the point that holds the maximum
// is found among those of the cell's list, and all points of the list are written. Lists are in no order, and none is
// needed.
namespace robocache::detail {

/// A point that may hold a maximum (minimum): the value above, the row below, such that the greatest candidate holds
/// it. 0 is below all.
using candidate = unsigned long long;

template <bool Largest>
__device__ candidate candidate_of(float x, std::uint32_t row) {
  std::uint32_t const extreme = device::extreme_of<Largest>(x);
  return candidate{Largest ? extreme : ~extreme} << 32 | static_cast<std::uint32_t>(~row);
}

inline __device__ std::uint32_t row_of(candidate one) { return ~static_cast<std::uint32_t>(one); }

/// Who holds the maxima and minima of N channels. Without a candidate `row_of` gives a row that there is not.
template <int N>
struct holders {
  candidate max[N] = {};
  candidate min[N] = {};
};

/// Every `step`-th point of a cell's list, from `begin` on.
struct list_part {
  std::uint32_t const* list;
  unsigned begin;
  unsigned end;
  unsigned step;
};

/// Looks for the holders among some points.
/// @param from  the channels of row 0
template <class Value, int N>
__device__ void find_holders(voxel_backward_params const& p, list_part const& points, Value const* from,
                             holders<N>& held) {
  constexpr int at_once = 4;  // loads under way
  bool const max_wanted = p.gradients.max != nullptr;
  bool const min_wanted = p.gradients.min != nullptr;
  for (unsigned j = points.begin; j < points.end; j += at_once * points.step) {
    std::uint32_t row[at_once] = {};
    packed_floats<Value, N> packed[at_once] = {};
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (j + k * points.step < points.end) { row[k] = __ldg(points.list + (j + k * points.step)); }
    }
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (j + k * points.step < points.end) { packed[k] = load_packed<N>(from + row[k] * p.features.point_stride); }
    }
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (j + k * points.step >= points.end) { break; }
      float x[N];
      unpack(packed[k], x);
#pragma unroll
      for (int i = 0; i < N; ++i) {
        if (max_wanted) { held.max[i] = max(held.max[i], candidate_of<true>(x[i], row[k])); }
        if (min_wanted) { held.min[i] = max(held.min[i], candidate_of<false>(x[i], row[k])); }
      }
    }
  }
}

/// What the points of a cell get in N channels.
template <class Result, int N>
struct cell_terms {
  common_terms<Result, N> common;
  packed_floats<Result, N> max = {};
  packed_floats<Result, N> min = {};

  __device__ void load(cell_gradients const& of, std::int64_t cell, std::int64_t channel) {
    common.load(of, cell, channel);
    if (of.max != nullptr) { max = load_channels<N>(of, static_cast<Result const*>(of.max), cell, channel); }
    if (of.min != nullptr) { min = load_channels<N>(of, static_cast<Result const*>(of.min), cell, channel); }
  }
};

/// Writes N channels of some points of a cell.
/// @param count  points of the cell
template <class Value, class Result, int N>
__device__ void spread_list(voxel_backward_params const& p, list_part const& points, std::int64_t channel,
                            unsigned count, cell_terms<Result, N> const& terms, holders<N> const& held) {
  bool const has_common = p.gradients.sum != nullptr || p.gradients.mean != nullptr;
  float common[N];
  float of_max[N];
  float of_min[N];
  terms.common.add_up(p.gradients, static_cast<float>(count), common);
  unpack(terms.max, of_max);
  unpack(terms.min, of_min);
  for (unsigned j = points.begin; j < points.end; j += points.step) {
    std::uint32_t const row = __ldg(points.list + j);
    float x[N];
#pragma unroll
    for (int i = 0; i < N; ++i) {
      bool const holds_max = row_of(held.max[i]) == row;
      bool const holds_min = row_of(held.min[i]) == row;
      // A sum begins with its first term, and so with -0 where that is one: what -0 is added to stays as it is.
      x[i] = has_common ? common[i] : holds_max || holds_min ? -0.0f : 0.0f;
      if (holds_max) { x[i] = device::add_rn(x[i], of_max[i]); }
      if (holds_min) { x[i] = device::add_rn(x[i], of_min[i]); }
    }
    store_packed(static_cast<Value*>(p.out.values) + (p.out.element(row) + channel), x);
  }
}

/// The channels of row 0 of the cell's cloud, if clouds stood side by side.
template <class Value>
__device__ Value const* features_of(voxel_backward_params const& p, std::int64_t cell, std::int64_t channel) {
  return static_cast<Value const*>(p.features.values) + (p.features.skip(cell) + channel);
}

/// A cell that is not crowded.
struct listed_cell {
  std::int64_t cell;
  unsigned start;
  unsigned count;
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
inline __device__ void fill_board(voxel_backward_params const& p, point_walk& walk, hold_board& board) {
  std::int64_t cell[points_at_once];
  walk.find(cell);
  if (threadIdx.x == 0) {
    board.cell_count = 0;
    board.idle_count = 0;
  }
  __syncthreads();
#pragma unroll
  for (int r = 0; r < points_at_once; ++r) {
    bool const is_idle = cell[r] < 0 && walk.row(r) < p.points.rows;
    unsigned const idle = take_place(board.idle_count, is_idle);
    if (is_idle) { board.idle[idle] = static_cast<std::uint16_t>(walk.slot(r)); }
    bool leads = cell[r] >= 0 && __ldg(p.lists.ranks + walk.row(r)) == 0;
    unsigned const count = leads ? __ldg(p.lists.counts + cell[r]) : 0;
    leads = leads && count <= most_tile_points;
    unsigned const place = take_place(board.cell_count, leads);
    if (leads) { board.cells[place] = {cell[r], __ldg(p.lists.starts + cell[r]), count}; }
  }
  __syncthreads();
}

template <class Value, class Result, int N>
__device__ void hold_step(voxel_backward_params const& p, hold_board const& board, std::int64_t base,
                          std::int64_t first_vector) {
  unsigned const vectors = vectors_from(p, first_vector);
  for (unsigned item = threadIdx.x; item < board.idle_count * p.chunk.value; item += point_threads) {
    unsigned const one = p.chunk.quotient(item);
    unsigned const column = item - one * p.chunk.value;
    if (column >= vectors) { continue; }
    float const zeros[N] = {};
    std::int64_t const to = p.out.element(base + board.idle[one]) + (first_vector + column) * N;
    store_packed(static_cast<Value*>(p.out.values) + to, zeros);
  }
  for (unsigned item = threadIdx.x; item < board.cell_count * p.chunk.value; item += point_threads) {
    work_item const of = item_of(p, item, board.cell_count);
    if (of.column >= vectors) { continue; }
    listed_cell const one = board.cells[of.one];
    std::int64_t const channel = (first_vector + of.column) * N;
    list_part const points{p.lists.rows + one.start, 0, one.count, 1};
    cell_terms<Result, N> terms;
    terms.load(p.gradients, one.cell, channel);
    holders<N> held;
    find_holders(p, points, features_of<Value>(p, one.cell, channel), held);
    spread_list<Value>(p, points, channel, one.count, terms, held);
  }
}

/// Rows in no cell, and the cells that are not crowded: a thread has a vector of a cell.
template <class Value, int N>
__global__ void __launch_bounds__(point_threads, N == 1 ? 4 : 2) voxel_hold_kernel(__grid_constant__ voxel_backward_params const p) {
  __shared__ hold_board board;
  point_walk walk(p.points, nullptr);
  for (int step = 0; walk.begins_step(step); ++step) {
    fill_board(p, walk, board);
    for (std::int64_t first = std::int64_t(blockIdx.y) * p.chunk.value; first < p.vectors;
         first += std::int64_t(gridDim.y) * p.chunk.value) {
      with_float_type(p.gradients.type,
                      [&](auto zero) { hold_step<Value, decltype(zero), N>(p, board, walk.base(), first); });
    }
    __syncthreads();  // the next rows take the board
  }
}

/// Vectors of a crowded cell that a block takes at a time: the more, the fewer threads share one.
inline constexpr unsigned most_crowd_vectors = 32;

/// Crowded cells, a block each: threads share the points of the list, and agree on the holders in shared memory.
template <class Value, int N>
__global__ void __launch_bounds__(point_threads)
    voxel_hold_crowd_kernel(__grid_constant__ voxel_backward_params const p) {
  __shared__ holders<N> agreed[most_crowd_vectors];
  unsigned width = 1;
  while (width < most_crowd_vectors && width < p.vectors) { width *= 2; }
  unsigned const column = threadIdx.x % width;
  unsigned const cells = p.lists.counters->crowded;
  for (unsigned index = blockIdx.x; index < cells; index += gridDim.x) {
    crowded_cell const one = p.lists.crowded[index];
    list_part const points{p.lists.rows + one.start, threadIdx.x / width, one.count, point_threads / width};
    for (std::int64_t first = std::int64_t(blockIdx.y) * width; first < p.vectors;
         first += std::int64_t(gridDim.y) * width) {
      std::int64_t const channel = (first + column) * N;
      bool const exists = first + column < p.vectors;
      if (threadIdx.x < width) { agreed[column] = {}; }
      __syncthreads();
      if (exists) {
        holders<N> held;
        find_holders(p, points, features_of<Value>(p, one.cell, channel), held);
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
          terms.load(p.gradients, one.cell, channel);
          spread_list<Value>(p, points, channel, one.count, terms, agreed[column]);
        });
      }
      __syncthreads();  // the next vectors take the place of these
    }
  }
}

}  // namespace robocache::detail
