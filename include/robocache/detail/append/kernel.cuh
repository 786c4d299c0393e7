// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/append/params.hpp>
#include <robocache/detail/append/policy.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
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

/// The slot `count` behind a slot, for 32 rows at most: subtracts more than once in the smallest rings alone.
inline __device__ int in_ring(int slot, int count, int capacity) {
  unsigned behind = static_cast<unsigned>(slot) + static_cast<unsigned>(count);
  while (behind >= static_cast<unsigned>(capacity)) { behind -= static_cast<unsigned>(capacity); }
  return static_cast<int>(behind);
}

/// A word of values on its way, of 1 to 16 bytes.
union moved_word {
  uint4 sixteen;
  uint2 eight;
  unsigned four;
  unsigned short two;
  unsigned char one;
};

inline __device__ void read_word(char const* from, int bytes, moved_word& word) {
  switch (bytes) {
    case 16: word.sixteen = *reinterpret_cast<uint4 const*>(from); return;
    case 8: word.eight = *reinterpret_cast<uint2 const*>(from); return;
    case 4: word.four = *reinterpret_cast<unsigned const*>(from); return;
    case 2: word.two = *reinterpret_cast<unsigned short const*>(from); return;
    default: word.one = *reinterpret_cast<unsigned char const*>(from); return;
  }
}

inline __device__ void write_word(char* to, int bytes, moved_word const& word) {
  switch (bytes) {
    case 16: *reinterpret_cast<uint4*>(to) = word.sixteen; return;
    case 8: *reinterpret_cast<uint2*>(to) = word.eight; return;
    case 4: *reinterpret_cast<unsigned*>(to) = word.four; return;
    case 2: *reinterpret_cast<unsigned short*>(to) = word.two; return;
    default: *reinterpret_cast<unsigned char*>(to) = word.one; return;
  }
}

/// Words of a group's rows that a lane has under way: on their way before it is known which rows are accepted, for what
/// is appended may come out of the host's memory, and each trip there takes more than a microsecond.
inline constexpr int words_under_way = 2;
inline constexpr int words_behind = 4;  ///< the same of those that follow

/// Some lanes of a warp have a trajectory of one stream. They look at as many rows at a time, decide which are
/// accepted, each by the largest stamp before it, and deal out the words of their values.
template <class Stamp>
__global__ void __launch_bounds__(append_threads) append_kernel(__grid_constant__ append_params<Stamp> const p) {
  append_plan<Stamp> const& of = p.streams[blockIdx.y];
  lane_group const group(of.lanes_log2);
  std::int64_t const number = (std::int64_t(blockIdx.x) * blockDim.x + threadIdx.x) >> of.lanes_log2;
  bool const exists = number < p.batch;
  let_next_launch_begin();   // a fusion waits for this kernel, but need not be launched after it
  wait_for_launch_before();  // which may read the rings, or write what is appended
  if (!__any_sync(~0u, exists)) { return; }
  std::int64_t const b = exists ? number : 0;
  int const capacity = of.capacity;
  Stamp* const stamps = of.stamps + b * capacity;
  int const word = of.word;
  std::int64_t const row_bytes = std::int64_t(word) * of.words.value;
  char* const values = of.values + b * capacity * row_bytes;

  // All that the first rows ask for is on its way at the same time.
  std::int64_t const stored = of.written[b];
  std::uint8_t const reset = p.resets != nullptr ? p.resets[b] : 0;
  std::int64_t const there = of.counts != nullptr ? of.counts[b] : of.rows;
  std::int64_t written = 0;
  int next = 0;
  Stamp newest = Stamp(0);
  std::int64_t older = 0;
  std::int64_t not_finite = 0;
  for (int begin = 0; begin < of.rows; begin += group.lanes) {
    int const i = begin + group.own;
    std::int64_t const row = b * of.rows + i;
    Stamp stamp = Stamp(0);
    bool offered = exists && i < of.rows;
    if (offered) {
      stamp = of.new_stamps[row];
      offered = of.present == nullptr || of.present[row] != 0;
    }
    // Rows of values lie one behind the other, and so do their words.
    unsigned const words = static_cast<unsigned>(min(group.lanes, of.rows - begin)) * of.words.value;
    auto const word_of_lane = [&](unsigned first) { return first + static_cast<unsigned>(group.own); };
    char const* const from = of.new_values + (b * of.rows + begin) * row_bytes;
    moved_word ahead[words_under_way] = {};
#pragma unroll
    for (int u = 0; u < words_under_way; ++u) {
      unsigned const k = word_of_lane(static_cast<unsigned>(u * group.lanes));
      if (exists && k < words) { read_word(from + std::int64_t(k) * word, word, ahead[u]); }
    }

    if (begin == 0) {
      written = device::written_before(stored, reset);
      // By a multiplication, mostly: a division would take as long as a trip to memory.
      next =
          static_cast<int>(written >> 31 == 0 ? written - of.capacities.quotient(static_cast<std::uint32_t>(written)) *
                                                              std::int64_t(capacity)
                                              : device::slot_of(written, capacity));
      newest = device::newest_stamp<Stamp>(stamps, capacity, written, next);
    }
    offered = offered && i < there;
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
    int const slot = in_ring(next, rank, capacity);
    if (stays) { stamps[slot] = stamp; }
    unsigned const moved = group.vote(stays);
    auto const move = [&](unsigned k, moved_word const& one) {
      auto const q = static_cast<int>(of.words.quotient(k));
      int const to = group.from(q < group.lanes ? q : 0, slot);
      if (k < words && (moved >> q & 1) != 0) {
        write_word(values + to * row_bytes + (k - static_cast<unsigned>(q) * of.words.value) * std::int64_t(word), word,
                   one);
      }
    };
#pragma unroll
    for (int u = 0; u < words_under_way; ++u) { move(word_of_lane(static_cast<unsigned>(u * group.lanes)), ahead[u]); }
    // Of the others those that are moved alone: by now it is known which.
    auto const step = static_cast<unsigned>(group.lanes);
    for (unsigned first = words_under_way * step; first < words; first += words_behind * step) {
      moved_word some[words_behind] = {};
#pragma unroll
      for (unsigned u = 0; u < words_behind; ++u) {
        unsigned const k = word_of_lane(first + u * step);
        if (k < words && (moved >> of.words.quotient(k) & 1) != 0) {
          read_word(from + std::int64_t(k) * word, word, some[u]);
        }
      }
#pragma unroll
      for (unsigned u = 0; u < words_behind; ++u) { move(word_of_lane(first + u * step), some[u]); }
    }
    Stamp const last = group.from(group.lanes - 1, largest);
    newest = last > newest ? last : newest;
    next = in_ring(next, count, capacity);
    written += count;
    __syncwarp();  // the next rows may take the place of these
  }
  if (exists && group.own == 0) {
    of.written[b] = of.rows > 0 ? written : device::written_before(stored, reset);
    if (of.reports != nullptr && older != 0) { of.reports[b].older += older; }
    if (of.reports != nullptr && not_finite != 0) { of.reports[b].not_finite += not_finite; }
  }
}

}  // namespace robocache::detail
