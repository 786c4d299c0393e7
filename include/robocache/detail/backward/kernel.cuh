// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/backward/pieces.cuh>
#include <robocache/detail/backward/policy.cuh>
#include <robocache/detail/backward/readers.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/device/arithmetic.cuh>

namespace robocache::detail {

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

template <class Result, int N>
__device__ void add_term(packed_floats<Result, N> const& gradient, float weight, float (&sum)[N]) {
  float terms[N];
  unpack(gradient, terms);
#pragma unroll
  for (int c = 0; c < N; ++c) { sum[c] = device::add_rn(sum[c], device::mul_rn(weight, terms[c])); }
}

/// Scales one vector of gradients, whose first channel is `channel`.
template <int N, class Stamp>
__device__ void scale_sum(backward_params<Stamp> const& p, std::int64_t channel, float (&sum)[N]) {
#pragma unroll
  for (int c = 0; c < N; ++c) { sum[c] = device::mul_rn(sum[c], __ldg(p.scale + channel + c)); }
}

/// Stores one vector of gradients, each rounded once.
/// @param out  where it begins, in elements
template <int N, class Stamp>
__device__ void store_sum(backward_params<Stamp> const& p, std::int64_t out, float const (&sum)[N]) {
  with_float_type(p.out.type, [&](auto type) { store_packed(static_cast<decltype(type)*>(p.out.data) + out, sum); });
}

/// What a row's readers after the first contribute to one of its vectors.
template <class Result, int N, class Stamp>
__device__ void add_others(backward_params<Stamp> const& p, reader_board<Stamp> const& board, int row, int column,
                           float (&sum)[N]) {
  row_readers others(board, row);
  others.next(board, row);
  while (others.has_more()) {
    int const place = others.next(board, row);
    add_term<Result>(load_packed<N>(static_cast<Result const*>(p.results.data) + (board.elements[place] + column)),
                     board.weights[place][row & 1], sum);
  }
}

/// All sums of a piece whose readers are on one board. The gradients of the first readers of several rows are loaded
/// before any is used; most rows have one reader or none, and further readers' gradients are loaded one by one.
/// @tparam Scaled  whether gradients may be scaled: a check at run time costs measurable time
template <class Result, int N, bool Scaled, class Stamp>
__device__ void sum_board(backward_params<Stamp> const& p, reader_board<Stamp> const& board) {
  constexpr int rows_at_a_time = N * sizeof(Result) > 16 ? 1 : 2;  // 32 bytes under way
  int const chunk = static_cast<int>(p.chunk.value);
  int const width = static_cast<int>(min(std::int64_t(chunk), p.vectors_each - std::int64_t(blockIdx.y) * chunk));
  int const total = board.piece.rows * chunk;
  auto const* const results = static_cast<Result const*>(p.results.data);
  for (int base = threadIdx.x; base < total; base += rows_at_a_time * max_threads) {
    packed_floats<Result, N> gradient[rows_at_a_time];
    int slot[rows_at_a_time];
    int column[rows_at_a_time];
#pragma unroll
    for (int u = 0; u < rows_at_a_time; ++u) {
      int const i = base + u * max_threads;
      slot[u] = static_cast<int>(p.chunk.quotient(i));
      column[u] = i - slot[u] * chunk;
      if (i >= total || column[u] >= width) { slot[u] = -1; }
      column[u] *= N;
      if (slot[u] < 0) { continue; }
      summed_row const& row = board.sums[slot[u]];
      if (row.readers != summed_row::nobody) { gradient[u] = load_packed<N>(results + (row.element + column[u])); }
    }
#pragma unroll
    for (int u = 0; u < rows_at_a_time; ++u) {
      if (slot[u] < 0) { continue; }
      summed_row const& row = board.sums[slot[u]];  // read once more, rather than kept in registers
      float sum[N] = {};
      if (row.readers != summed_row::nobody) { add_term<Result>(gradient[u], row.weight, sum); }
      if (row.readers == summed_row::several) { add_others<Result>(p, board, slot[u], column[u], sum); }
      if (Scaled) { scale_sum(p, first_channel<N>(p) + column[u], sum); }
      store_sum(p, row.out + column[u], sum);
    }
  }
}

/// Adds to each sum the gradients of the readers on the board, in ascending order.
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
  // Most rows have one reader or none, and are done then.
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
          more = more || readers[u].has_more();
        }
      }
#pragma unroll
      for (int v = 0; v < step; ++v) {
        int const u = first + v;
        if (place[v] < 0) { continue; }
        add_term<Result>(gradient[v], board.weights[place[v]][row[u] & 1], sums[u]);
      }
    }
  }
}

/// All gradients of the piece on the board, for one chunk of channels. Its stamps are under way, its sets are cleared.
template <int N, class Stamp>
__device__ void backward_piece(backward_params<Stamp> const& p, reader_board<Stamp>& board) {
  constexpr int count = sums_at_a_time<N>;
  source_piece<Stamp> const& piece = board.piece;
  if (p.ascending && !piece.listed && piece.targets > max_threads && piece.staged > 0) { narrow_targets(p, board); }
  if (!piece.listed && piece.end_place - piece.begin_place <= max_threads) {
    note_chunk(p, board, first_channel<N>(p), piece.begin_place + threadIdx.x, piece.end_place);
    note_sums(p, board, first_channel<N>(p));
    __syncthreads();
    with_float_type(p.results.type, [&](auto type) {
      if (p.scale == nullptr) { return sum_board<decltype(type), N, false>(p, board); }
      sum_board<decltype(type), N, true>(p, board);
    });
    return;
  }
  // Chunks are located anew for each round of sums.
  int const total = piece.rows * static_cast<int>(p.chunk.value);
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
      if (note_chunk(p, board, first_channel<N>(p), begin + threadIdx.x, end) > 0) {
        with_float_type(p.results.type, [&](auto type) { add_chunk<decltype(type)>(p, board, base, sums); });
        __syncthreads();  // others still read the board
        clear_sets(board, piece.rows);
      }
      begin += max_threads;
    }
#pragma unroll
    for (int u = 0; u < count; ++u) {
      int const i = base + u * max_threads;
      int const row = row_of(p, i, piece.rows);
      if (row < 0) { continue; }
      std::int64_t const channel = first_channel<N>(p) + column_of<N>(p, i, row);
      if (p.scale != nullptr) { scale_sum(p, channel, sums[u]); }
      store_sum(p, piece.element + row * p.out.row_stride + channel, sums[u]);
    }
  }
}

/// Gradients of the source's values: one block, one tile of source rows, one chunk of their channels.
///
/// @tparam N  channels per vector: all pointers, strides and widths are whole vectors
template <class Stamp, int N>
__global__ void __launch_bounds__(max_threads, 4)
    backward_values_kernel(__grid_constant__ backward_params<Stamp> const p) {
  __shared__ reader_board<Stamp> board;
  std::int64_t row = 0;
  std::int64_t end = 0;
  if (!p.plain) { rows_of_tile(p.tiles, row, end); }
  do {
    if (p.plain) {
      // Each thread computes the piece by itself: loading stamps need not wait until it is on the board.
      source_piece<Stamp> const piece = plain_piece(p);
      stage_stamps(board, piece);
      clear_sets(board, piece.rows);
      if (threadIdx.x == 0) { board.piece = piece; }
    } else {
      next_piece(p, row, end, board.piece);
      __syncthreads();
      stage_stamps(board, board.piece);
      clear_sets(board, board.piece.rows);
    }
    __syncthreads();
    backward_piece<N>(p, board);
    if (p.plain) { return; }
    row += board.piece.rows;
    __syncthreads();  // the next piece overwrites the board
  } while (row < end);
}

}  // namespace robocache::detail
