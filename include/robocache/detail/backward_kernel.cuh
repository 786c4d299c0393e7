// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/backward_plan.cuh>
#include <robocache/detail/backward_readers.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/typed_rows.cuh>
#include <robocache/device/arithmetic.cuh>

namespace robocache::detail {

/// Vectors of `N` channels whose sums a thread keeps at a time.
template <int N>
inline constexpr int sums_at_a_time = N > 1 ? 2 : 4;

/// The row that has vector `i` of the piece, whose rows are one flat run, so that narrow ones keep the warps as busy as
/// wide ones. -1: there is no such vector.
template <class Stamp>
__device__ int row_of(backward_params<Stamp> const& p, int i, int rows) {
  auto const chunk = static_cast<int>(p.chunk.value);
  auto const row = static_cast<int>(p.chunk.quotient(i));
  return row < rows && std::int64_t(blockIdx.y) * chunk + (i - row * chunk) < p.vectors_each ? row : -1;
}

/// Its first channel, counted from the block's first.
template <int N, class Stamp>
__device__ int column_of(backward_params<Stamp> const& p, int i, int row) {
  return (i - row * static_cast<int>(p.chunk.value)) * N;
}

/// The first channel that this block handles.
template <int N, class Stamp>
__device__ std::int64_t first_channel(backward_params<Stamp> const& p) {
  return std::int64_t(blockIdx.y) * p.chunk.value * N;
}

/// Adds to each sum what the readers on the board hand to its row, in ascending order.
/// @tparam Result  the type of the gradients that come in
/// @param base     the thread's first vector
template <class Result, int N, class Stamp, int Sums>
__device__ void add_chunk(backward_params<Stamp> const& p, reader_board<Stamp> const& board, int base,
                          float (&sums)[Sums][N]) {
  // Up to 32 bytes are in flight before the first is used.
  constexpr int step = N * sizeof(Result) * Sums > 32 ? 1 : Sums;
  int row[Sums];
  row_readers readers[Sums];
#pragma unroll
  for (int u = 0; u < Sums; ++u) {
    row[u] = row_of(p, base + u * max_threads, board.piece.rows);
    if (row[u] >= 0) { readers[u] = row_readers(board, row[u]); }
  }
  for (bool more = true; more;) {
    more = false;
#pragma unroll
    for (int first = 0; first < Sums; first += step) {
      int place[step];
      packed_floats<Result, N> gradient[step];
#pragma unroll
      for (int v = 0; v < step; ++v) {
        int const u = first + v;
        place[v] = readers[u].next(board, row[u]);
        if (place[v] >= 0) {
          std::int64_t const element = board.elements[place[v]] + column_of<N>(p, base + u * max_threads, row[u]);
          gradient[v] = load_packed<N>(static_cast<Result const*>(p.results.data) + element);
          more = true;
        }
      }
#pragma unroll
      for (int v = 0; v < step; ++v) {
        int const u = first + v;
        if (place[v] < 0) { continue; }
        float const weight = board.weights[place[v]][row[u] & 1];
        float terms[N];
        unpack(gradient[v], terms);
#pragma unroll
        for (int c = 0; c < N; ++c) { sums[u][c] = device::add_rn(sums[u][c], device::mul_rn(weight, terms[c])); }
      }
    }
  }
}

/// All gradients of the piece on the board, for one chunk of channels.
template <int N, class Stamp>
__device__ void backward_piece(backward_params<Stamp> const& p, reader_board<Stamp>& board) {
  constexpr int count = sums_at_a_time<N>;
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
        with_float_type(p.results.type, [&](auto type) { add_chunk<decltype(type)>(p, board, base, sums); });
        if (!one_chunk) {
          __syncthreads();  // others still read the board
          clear_sets(board);
        }
      }
      begin += max_threads;
    }
    with_float_type(p.out.type, [&](auto type) {
      auto* const out = static_cast<decltype(type)*>(p.out.data) + piece.element + first_channel<N>(p);
#pragma unroll
      for (int u = 0; u < count; ++u) {
        int const i = base + u * max_threads;
        int const row = row_of(p, i, piece.rows);
        if (row >= 0) { store_packed(out + (row * p.out.row_stride + column_of<N>(p, i, row)), sums[u]); }
      }
    });
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
