// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/backward/pieces.cuh>
#include <robocache/detail/common/timed/staged_search.cuh>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/locate.cuh>

// Which targets read the rows of a piece. A resampling goes from a target to its rows; the backward pass goes from a
// row to its targets, in ascending order. Targets are taken in chunks of as many as the block has threads: each thread
// locates one and notes it in the sets of the rows that it reads. A set of bits does not depend on the order in which
// it was filled, and is read in ascending order: so nothing depends on which thread came first.
//
// All functions are called by the whole block. What they share is in shared memory: registers are needed for sums.
namespace robocache::detail {

/// What a row's vectors need to know: where they are written, and the row's first reader. Most rows have no further
/// one.
struct alignas(16) summed_row {
  std::int64_t element;  ///< where the block's channels of the first reader's gradient begin
  std::int64_t out;      ///< where those of the row's own gradient begin
  float weight;
  enum : int {
    nobody,
    one,
    several,
  } readers;
};

/// What a block keeps in shared memory.
template <class Stamp>
struct reader_board {
  source_piece<Stamp> piece;
  Stamp stamps[max_threads + 2];       ///< of the piece's rows and of one more on each side
  unsigned words[max_threads];         ///< of a row: which words of its set are not 0
  unsigned sets[max_threads][8];       ///< of a row: which targets of the chunk read it
  std::int64_t elements[max_threads];  ///< of a target: where the block's channels of its gradient begin
  float weights[max_threads][2];       ///< of a target: for the even and for the odd one of the two rows that it reads
  std::int64_t windows[max_threads];   ///< windows that read this trajectory, of those that were checked together
  unsigned matches[8];                 ///< which of them do
  summed_row sums[max_threads];        ///< of a row, where one board holds all readers
};

/// The targets of the chunk that read one row, in ascending order.
class row_readers {
 public:
  row_readers() = default;
  template <class Stamp>
  __device__ row_readers(reader_board<Stamp> const& board, int row) : words_(board.words[row]) {}

  /// The place of the next one in the chunk; -1: there are no more.
  template <class Stamp>
  __device__ int next(reader_board<Stamp> const& board, int row) {
    if (bits_ == 0) {
      if (words_ == 0) { return -1; }
      bits_ = board.sets[row][lowest(words_)];
    }
    int const place = 32 * lowest(words_) + lowest(bits_);
    bits_ &= bits_ - 1;
    if (bits_ == 0) { words_ &= words_ - 1; }
    return place;
  }

  /// False once `next` has returned all.
  __device__ bool has_more() const { return words_ != 0; }

 private:
  static __device__ int lowest(unsigned bits) { return __ffs(static_cast<int>(bits)) - 1; }

  unsigned words_ = 0;  ///< the current one and those after it
  unsigned bits_ = 0;   ///< of the current one, not yet taken
};

/// Notes all that the rows' vectors need to know, so that each need not look it up.
template <class Stamp>
__device__ void note_sums(backward_params<Stamp> const& p, reader_board<Stamp>& board, std::int64_t first_channel) {
  int const row = threadIdx.x;
  if (row >= board.piece.rows) { return; }
  row_readers readers(board, row);
  int const place = readers.next(board, row);
  summed_row sum{0, board.piece.element + row * p.out.row_stride + first_channel, 0.0f, summed_row::nobody};
  if (place >= 0) {
    sum.element = board.elements[place];
    sum.weight = board.weights[place][row & 1];
    sum.readers = readers.has_more() ? summed_row::several : summed_row::one;
  }
  board.sums[row] = sum;
}

template <class Stamp>
__device__ void clear_sets(reader_board<Stamp>& board, int rows) {
  for (int i = threadIdx.x; i < rows; i += max_threads) { board.words[i] = 0; }
  for (int i = threadIdx.x; i < 8 * rows; i += max_threads) { board.sets[i / 8][i % 8] = 0; }
}

/// Begins to copy the stamps that decide about the piece to shared memory.
template <class Stamp>
__device__ void stage_stamps(reader_board<Stamp>& board, source_piece<Stamp> const& piece) {
  for (int i = threadIdx.x; i < piece.staged; i += max_threads) {
    if (piece.source.stored()) {
      copy_async(board.stamps + i, piece.source.stamps + piece.begin + i);
    } else {
      board.stamps[i] = piece.source.stamp(piece.begin + i);
    }
  }
}

/// True for a target before all that may read the piece. The stamps have arrived.
template <class Stamp>
__device__ bool is_too_early(reader_board<Stamp> const& board, Stamp t) {
  return !board.piece.open_before && t < board.stamps[0];
}

/// True for a target after all that may read the piece.
template <class Stamp>
__device__ bool is_too_late(reader_board<Stamp> const& board, Stamp t) {
  return !board.piece.open_after && t >= board.stamps[board.piece.staged - 1];
}

/// `device::locate` for a target that is neither too early nor too late: it depends on the staged stamps alone.
template <class Stamp>
__device__ device::location locate_staged(reader_board<Stamp> const& board, device::sought_time<Stamp> const& sought,
                                          device::locate_rules<Stamp> const& rules) {
  source_piece<Stamp> const& piece = board.piece;
  int low = 0;
  for (int rest = piece.staged; rest > 0;) {
    int const half = rest / 2;
    bool const right = board.stamps[low + half] <= sought.newest;
    low = right ? low + half + 1 : low;
    rest = right ? rest - half - 1 : half;
  }
  auto const length = static_cast<int>(piece.source.length);
  int const count = piece.begin + low;
  // Stamps that do not ascend may lead anywhere, but not outside of what is staged.
  int const pair = min(max(device::left_of_pair(count, length) - piece.begin, 0), max(piece.staged - 2, 0));
  return device::locate_in_pair(board.stamps[pair], board.stamps[pair + (length > 1 ? 1 : 0)], sought.at, count, length,
                                rules);
}

template <class Stamp>
__device__ void note_reader(reader_board<Stamp>& board, int row) {
  unsigned const lane = threadIdx.x;
  atomicOr(&board.sets[row][lane / 32], 1u << (lane % 32));
  atomicOr(&board.words[row], 1u << (lane / 32));
}

template <class Stamp>
struct placed_target {
  device::sought_time<Stamp> sought;
  std::int64_t element;  ///< where its result's gradient begins
};

/// Target `place` of those to be visited, for timelines of any kind.
template <class Stamp>
__device__ __noinline__ placed_target<Stamp> find_target(backward_params<Stamp> const& p,
                                                         reader_board<Stamp> const& board, std::int64_t place) {
  source_piece<Stamp> const& piece = board.piece;
  std::int64_t const b = piece.listed ? board.windows[place / piece.targets] : piece.b;
  std::int64_t const k = piece.listed ? place % piece.targets : place;
  return {sought_by(p, b, k),
          device::trajectory_of<false>(p.target, b).element(k, p.results.batch_stride, p.results.row_stride)};
}

/// Visits target `place` of those below `end`: locates it and notes it with the rows that it reads. The sets were
/// cleared before, and can be read on return without a further barrier. Returns how many targets of the chunk read
/// rows.
template <class Stamp>
__device__ int note_chunk(backward_params<Stamp> const& p, reader_board<Stamp>& board, std::int64_t first_channel,
                          std::int64_t place, std::int64_t end) {
  source_piece<Stamp> const& piece = board.piece;
  bool const exists = place < end;
  placed_target<Stamp> target{};
  if (exists) {
    if (__builtin_expect(p.plain, true)) {
      Stamp const t = load_early(p.target.stamps + (piece.b * p.target.stride + place));
      target.sought = device::seek(t, p.latency, p.causal, p.rules.tolerance);
      target.element = piece.b * p.results.batch_stride + place * p.results.row_stride;
    } else {
      target = find_target(p, board, place);
    }
  }
  wait_for_copies();
  __syncthreads();
  bool reads = false;
  Stamp const newest = target.sought.newest;
  if (exists && device::is_finite(target.sought.at) && !is_too_early(board, newest) && !is_too_late(board, newest)) {
    device::location const where = locate_staged(board, target.sought, p.rules);
    int const row = static_cast<int>(where.row) - piece.first;
    bool const first = where.row >= 0 && row >= 0 && row < piece.rows;
    bool const second = where.blends && row + 1 >= 0 && row + 1 < piece.rows;
    reads = first || second;
    if (first) { note_reader(board, row); }
    if (second) { note_reader(board, row + 1); }
    if (reads) {
      int const lane = threadIdx.x;
      board.elements[lane] = target.element + first_channel;
      board.weights[lane][row & 1] = where.blends ? device::sub_rn(1.0f, where.weight) : 1.0f;
      board.weights[lane][(row + 1) & 1] = where.weight;
    }
  }
  return __syncthreads_count(reads);
}

/// Narrows many ascending targets down to those that may read the piece, and few others. The stamps are being staged,
/// and nothing has waited for them yet.
template <class Stamp>
__device__ __noinline__ void narrow_targets(backward_params<Stamp> const& p, reader_board<Stamp>& board) {
  wait_for_copies();
  __syncthreads();
  std::int64_t const b = board.piece.b;
  std::int64_t begin = board.piece.begin_place;
  std::int64_t end = board.piece.end_place;
  for (bool shrinks = true; shrinks && end - begin > max_threads;) {
    std::int64_t const all = end - begin;
    std::int64_t const part = (all + max_threads - 1) / max_threads;
    std::int64_t const probe = begin + threadIdx.x * part;
    bool const exists = probe < end;
    Stamp const t = exists ? sought_by(p, b, probe).newest : Stamp(0);
    int const early = __syncthreads_count(exists && is_too_early(board, t));
    int const not_late = __syncthreads_count(exists && !is_too_late(board, t));
    end = min(end, begin + not_late * part);
    begin += early == 0 ? 0 : (early - 1) * part + 1;
    shrinks = end - begin <= all / 2;
  }
  if (threadIdx.x == 0) {
    board.piece.begin_place = begin;
    board.piece.end_place = end;
  }
  __syncthreads();
}

/// Lists those of `max_threads` windows from `first` on that read this trajectory. Returns how many there are.
template <class Stamp>
__device__ __noinline__ int list_windows(backward_params<Stamp> const& p, reader_board<Stamp>& board,
                                         std::int64_t first) {
  source_piece<Stamp> const& piece = board.piece;
  int const lane = threadIdx.x;
  if (lane < 8) { board.matches[lane] = 0; }
  wait_for_copies();
  __syncthreads();
  std::int64_t const window = first + lane;
  bool reads = window < p.target.batch && piece.targets > 0 && p.target.trajectory[window] == piece.b;
  if (reads && p.ascending) {
    reads = !is_too_early(board, sought_by(p, window, piece.targets - 1).newest) &&
            !is_too_late(board, sought_by(p, window, 0).newest);
  }
  if (reads) { atomicOr(&board.matches[lane / 32], 1u << (lane % 32)); }
  int const count = __syncthreads_count(reads);
  if (reads) {
    int rank = __popc(board.matches[lane / 32] & ((1u << (lane % 32)) - 1));
    for (int i = 0; i < lane / 32; ++i) { rank += __popc(board.matches[i]); }
    board.windows[rank] = window;
  }
  __syncthreads();
  return count;
}

}  // namespace robocache::detail
