// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/backward_plan.cuh>
#include <robocache/detail/backward_readers.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/typed_rows.cuh>
#include <robocache/device/arithmetic.cuh>

namespace robocache::detail {

/// Vectors of `N` channels whose sums a thread keeps at a time: each has a load in flight.
template <int N>
inline constexpr int sums_in_flight = N > 1 ? 2 : 4;

/// Where a vector stands in the piece.
struct vector_place {
  int row;     ///< -1: there is no such vector
  int column;  ///< its first channel, counted from the block's first
};

/// Vector `i` of the piece, whose rows are one flat run, so that narrow ones keep the warps as busy as wide ones.
template <int N, class Stamp>
__device__ vector_place place_of(backward_params<Stamp> const& p, int i, int rows) {
  auto const chunk = static_cast<int>(p.chunk.value);
  auto const row = static_cast<int>(p.chunk.quotient(i));
  int const vector = i - row * chunk;
  return {row < rows && std::int64_t(blockIdx.y) * chunk + vector < p.vectors_each ? row : -1, vector * N};
}

/// The first channel that this block handles.
template <int N, class Stamp>
__device__ std::int64_t first_channel(backward_params<Stamp> const& p) {
  return std::int64_t(blockIdx.y) * p.chunk.value * N;
}

/// Adds to each sum what the readers on the board hand to its row, in ascending order.
/// @param base  the thread's first vector
template <int N, class Stamp, int Sums>
__device__ void add_chunk(backward_params<Stamp> const& p, reader_board<Stamp> const& board, int base,
                          float (&sums)[Sums][N]) {
  vector_place at[Sums];
  row_readers readers[Sums];
#pragma unroll
  for (int u = 0; u < Sums; ++u) {
    at[u] = place_of<N>(p, base + u * max_threads, board.piece.rows);
    if (at[u].row >= 0) { readers[u] = row_readers(board, at[u].row); }
  }
  for (bool more = true; more;) {
    int place[Sums];
    raw_floats<N> gradient[Sums];
    more = false;
#pragma unroll
    for (int u = 0; u < Sums; ++u) {
      place[u] = readers[u].next(board, at[u].row);
      if (place[u] >= 0) {
        gradient[u] = load_raw<N>(p.results, board.elements[place[u]] + at[u].column);
        more = true;
      }
    }
#pragma unroll
    for (int u = 0; u < Sums; ++u) {
      if (place[u] < 0) { continue; }
      float const weight = board.weights[place[u]][at[u].row & 1];
      float terms[N];
      unpack(gradient[u], p.results.type, terms);
#pragma unroll
      for (int c = 0; c < N; ++c) { sums[u][c] = device::add_rn(sums[u][c], device::mul_rn(weight, terms[c])); }
    }
  }
}

/// All gradients of the piece on the board, for one chunk of channels.
template <int N, class Stamp>
__device__ void backward_piece(backward_params<Stamp> const& p, reader_board<Stamp>& board) {
  constexpr int count = sums_in_flight<N>;
  source_piece<Stamp> const& piece = board.piece;
  stage_stamps(board);
  clear_sets(board);
  if (p.ascending && !piece.listed && piece.targets > max_threads && piece.staged > 0) { narrow_targets(p, board); }
  // A single chunk stays on the board for all rounds; several are looked at anew in each.
  bool const one_chunk = !piece.listed && piece.end_place - piece.begin_place <= max_threads;
  int const total = piece.rows * static_cast<int>(p.chunk.value);
  int hits = 0;
  for (int round = 0; round < total; round += max_threads * count) {
    int const base = round + static_cast<int>(threadIdx.x);
    float sums[count][N] = {};
    std::int64_t begin = piece.begin_place;
    std::int64_t end = piece.end_place;
    std::int64_t window = piece.listed && piece.staged > 0 ? 0 : p.target.batch;
    for (;;) {
      if (begin >= end && window < p.target.batch) {
        begin = 0;
        end = list_windows(p, board, window) * piece.targets;
        window += max_threads;
        continue;
      }
      if (begin >= end) { break; }
      if (!one_chunk || round == 0) { hits = note_chunk(p, board, first_channel<N>(p), begin + threadIdx.x, end); }
      if (hits > 0) {
        add_chunk(p, board, base, sums);
        if (!one_chunk) {
          __syncthreads();  // others still read the board
          clear_sets(board);
        }
      }
      begin += max_threads;
    }
#pragma unroll
    for (int u = 0; u < count; ++u) {
      vector_place const at = place_of<N>(p, base + u * max_threads, piece.rows);
      if (at.row < 0) { continue; }
      store_floats<N>(p.out, piece.element + at.row * p.out.row_stride + first_channel<N>(p) + at.column, sums[u]);
    }
  }
}

/// Gradients of the source's values: one block, one tile of source rows, one chunk of their channels.
///
/// @tparam N  channels of a vector: all pointers, strides and widths suit it
template <class Stamp, int N>
__global__ void __launch_bounds__(max_threads, 4)
    backward_values_kernel(__grid_constant__ backward_params<Stamp> const p) {
  __shared__ reader_board<Stamp> board;
  std::int64_t row = 0;
  std::int64_t end = 0;
  if (!p.plain) { rows_of_tile(p.tiles, row, end); }
  do {
    if (p.plain) {
      if (threadIdx.x == 0) { board.piece = plain_piece(p); }
    } else {
      next_piece(p, row, end, board.piece);
    }
    __syncthreads();
    backward_piece<N>(p, board);
    if (p.plain) { return; }
    row += board.piece.rows;
    __syncthreads();  // the next piece takes the board
  } while (row < end);
}

}  // namespace robocache::detail
