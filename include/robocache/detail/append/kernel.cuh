// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/append/params.hpp>
#include <robocache/detail/append/policy.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/device/append.cuh>

namespace robocache::detail {

/// The lanes that have a trajectory, some neighbours of a warp. All functions are called by whole warps.
class lane_group {
 public:
  __device__ explicit lane_group(int lanes_log2)
      : lanes(1 << lanes_log2),
        own(static_cast<int>(threadIdx.x) & (lanes - 1)),
        first_(static_cast<int>(threadIdx.x % 32) - own),
        all_(lanes == 32 ? ~0u : (1u << lanes) - 1) {}

  /// The lanes for which it is so, a bit each.
  __device__ unsigned vote(bool yes) const { return (__ballot_sync(~0u, yes) >> first_) & all_; }

  template <class T>
  __device__ T from(int lane, T value) const {
    return __shfl_sync(~0u, value, first_ + lane);
  }

  /// The largest number of this lane and those before it.
  template <class T>
  __device__ T largest_so_far(T value) const {
    for (int step = 1; step < lanes; step *= 2) {
      T const other = __shfl_up_sync(~0u, value, step);
      if (own >= step && other > value) { value = other; }
    }
    return value;
  }

  int const lanes;
  int const own;

 private:
  int first_;
  unsigned all_;
};

/// Moves a row of values, a word after the other. Called by the lanes of a group.
template <class Word>
__device__ void move_words(char const* from, char* to, int words, lane_group const& group) {
#pragma unroll 4
  for (int i = group.own; i < words; i += group.lanes) {
    reinterpret_cast<Word*>(to)[i] = reinterpret_cast<Word const*>(from)[i];
  }
}

inline __device__ void move_row(char const* from, char* to, int word, int words, lane_group const& group) {
  switch (word) {
    case 16: return move_words<uint4>(from, to, words, group);
    case 8: return move_words<uint2>(from, to, words, group);
    case 4: return move_words<unsigned>(from, to, words, group);
    case 2: return move_words<unsigned short>(from, to, words, group);
    default: return move_words<unsigned char>(from, to, words, group);
  }
}

/// Some lanes of a warp have a trajectory of one stream. They look at as many rows at a time, decide which are
/// accepted, each by the largest stamp before it, and then move them, one row after the other.
template <class Stamp>
__global__ void __launch_bounds__(append_threads) append_kernel(__grid_constant__ append_params<Stamp> const p) {
  append_plan<Stamp> const& of = p.streams[blockIdx.y];
  lane_group const group(of.lanes_log2);
  std::int64_t const number = (std::int64_t(blockIdx.x) * append_threads + threadIdx.x) >> of.lanes_log2;
  bool const exists = number < p.batch;
  std::int64_t const b = exists ? number : 0;
  int const capacity = of.capacity;
  Stamp* const stamps = of.stamps + b * capacity;
  std::int64_t const row_bytes = std::int64_t(of.word) * of.words;

  std::int64_t written = device::written_before(of.written, p.resets, b);
  auto next = static_cast<int>(device::slot_of(written, capacity));
  Stamp newest = device::newest_stamp<Stamp>(stamps, capacity, written, next);
  std::int64_t const there = of.counts != nullptr ? of.counts[b] : of.rows;
  std::int64_t older = 0;
  std::int64_t not_finite = 0;
  for (int begin = 0; begin < of.rows; begin += group.lanes) {
    int const i = begin + group.own;
    std::int64_t const row = b * of.rows + i;
    bool const offered = exists && i < of.rows && i < there && (of.present == nullptr || of.present[row] != 0);
    Stamp const stamp = offered ? of.new_stamps[row] : Stamp(0);
    bool const finite = offered && device::is_finite(stamp);
    Stamp const largest = group.largest_so_far(finite ? stamp : device::before_all<Stamp>);
    Stamp const previous = __shfl_up_sync(~0u, largest, 1);
    bool const accepted = finite && device::is_in_order(stamp, group.own > 0 && previous > newest ? previous : newest);
    unsigned const taken = group.vote(accepted);
    older += __popc(group.vote(finite && !accepted));
    not_finite += __popc(group.vote(offered && !finite));
    int const count = __popc(taken);
    int const rank = __popc(taken & ((1u << group.own) - 1));
    // Of more rows than the ring has slots the last ones stay.
    bool const stays = accepted && count - rank <= capacity;
    auto const slot = static_cast<int>((static_cast<unsigned>(next) + rank) % static_cast<unsigned>(capacity));
    if (stays) { stamps[slot] = stamp; }
    unsigned const moved = group.vote(stays);
    int const rows = min(group.lanes, of.rows - begin);
    for (int q = 0; q < rows; ++q) {
      int const to = group.from(q, slot);
      if ((moved >> q & 1) != 0) {
        move_row(of.new_values + (b * of.rows + begin + q) * row_bytes, of.values + (b * capacity + to) * row_bytes,
                 of.word, of.words, group);
      }
    }
    Stamp const last = group.from(group.lanes - 1, largest);
    newest = last > newest ? last : newest;
    next = static_cast<int>((static_cast<unsigned>(next) + count) % static_cast<unsigned>(capacity));
    written += count;
    __syncwarp();  // the next rows may take the place of these
  }
  if (exists && group.own == 0) {
    of.written[b] = written;
    if (of.reports != nullptr && older != 0) { of.reports[b].older += older; }
    if (of.reports != nullptr && not_finite != 0) { of.reports[b].not_finite += not_finite; }
  }
}

}  // namespace robocache::detail
