// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/policy.cuh>
#include <robocache/detail/common/timed/sentinel.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/locate.cuh>

namespace robocache::detail {

/// What each of `blocks` blocks asks for of `bytes` bytes: whole lines, one a thread at most. 0 if that is too little.
inline int prefetch_share_of(std::int64_t bytes, std::int64_t blocks) {
  std::int64_t const share = (bytes / blocks + line_bytes - 1) / line_bytes * line_bytes;
  return share <= max_threads * line_bytes ? static_cast<int>(share) : 0;
}

/// Asks for this block's share of `bytes` bytes that its neighbours and it will need: together they bring all of it
/// from memory before any of them knows which part is its own.
/// @param block  which share
/// @param share  from `prefetch_share_of`
inline __device__ void prefetch_share(void const* from, std::int64_t bytes, unsigned block, int share) {
  int const within = static_cast<int>(threadIdx.x) * line_bytes;
  std::int64_t const offset = std::int64_t(block) * share + within;
  if (within < share && offset < bytes) { prefetch(static_cast<char const*>(from) + offset); }
}

/// The search of a whole block over the stamps of one trajectory: staged in shared memory once, then each thread looks
/// for its own target.
/// @tparam Whole  trajectories are known to have `stage_capacity` samples at most: all are staged
template <class Stamp, bool Whole = false>
class staged_search {
 public:
  __device__ staged_search(Stamp const* stamps, int length) : stamps_(stamps), length_(length), probes_(length) {
    if (!Whole && length > stage_capacity) {
      shift_ = (33 - __clz(length - 1) - coarse_probes_log2) & ~1;
      probes_ = ((length - 1) >> shift_) + 1;
    }
  }

  /// Slots of the stage that the search uses: a power of two above the number of probes.
  __device__ int slots() const { return probes_ > 127 ? 1 << (32 - __clz(probes_)) : 128; }

  /// No fewer than `slots()` of a search over `length` stamps.
  static __device__ int slots_for(std::int64_t length) {
    int const most = length > stage_capacity ? 1 << coarse_probes_log2 : static_cast<int>(length);
    return most > 127 ? 1 << (32 - __clz(most)) : 128;
  }

  /// Begins to bring the stamps, or every 4^k-th of them, into shared memory: `stage_capacity + 1` elements. Called by
  /// all threads; each then waits for its copies, and all for a barrier.
  __device__ void stage(Stamp* stage) const {
    for (int i = threadIdx.x; i < probes_; i += blockDim.x) { copy_async(stage + i, stamps_ + (i << shift_)); }
    pad(stage);
  }

  /// Fills the slots behind the stamps.
  __device__ void pad(Stamp* stage) const {
    for (int i = probes_ + threadIdx.x; i < slots(); i += blockDim.x) { stage[i] = beyond_all<Stamp>; }
  }

  /// Locates `t`. Called by any thread, after the barrier.
  __device__ device::location locate(Stamp const* stage, Stamp t, device::locate_rules<Stamp> const& rules) const {
    Stamp const newest = device::stamp_later(t, rules.tolerance);
    int bytes = 0;  // in front of the place: a step has no number but this one
    auto const step = [&](int part) {
      auto const* const at = reinterpret_cast<Stamp const*>(reinterpret_cast<unsigned char const*>(stage) + bytes);
      if (at[part - 1] <= newest) { bytes += part * static_cast<int>(sizeof(Stamp)); }
    };
    if (probes_ > 511) { step(512); }
    if (probes_ > 255) { step(256); }
    if (probes_ > 127) { step(128); }
    step(64);
    step(32);
    step(16);
    step(8);
    step(4);
    step(2);
    step(1);
    int count = bytes / static_cast<int>(sizeof(Stamp));
    count = min(count, probes_);
    if (!Whole && __builtin_expect(shift_ != 0, false)) { return refine(stamps_, length_, shift_, count, t, rules); }
    Stamp const* const pair = stage + device::left_of_pair(count, length_);
    return device::locate_in_pair(pair[0], pair[length_ > 1 ? 1 : 0], t, count, length_, rules);
  }

 private:
  /// The rest of the search where not all stamps are staged: the `2^shift - 1` behind the last one at or before `t`.
  static __device__ __noinline__ device::location refine(Stamp const* stamps, int length, int shift, int count, Stamp t,
                                                         device::locate_rules<Stamp> rules) {
    Stamp const newest = device::stamp_later(t, rules.tolerance);
    if (count > 0) {
      int const first = ((count - 1) << shift) + 1;
      int const rest = min((1 << shift) - 1, length - first);
      int low = 0;
      for (int part = 1 << (shift - 2); part > 0; part >>= 2) {
        int not_after = 0;
#pragma unroll
        for (int i = 1; i <= 3; ++i) {
          int const probe = low + i * part - 1;
          if (probe < rest && stamps[first + probe] <= newest) { ++not_after; }
        }
        low += not_after * part;
      }
      count = first + low;
    }
    Stamp const* const pair = stamps + device::left_of_pair(count, length);
    return device::locate_in_pair(pair[0], pair[length > 1 ? 1 : 0], t, count, length, rules);
  }

  Stamp const* stamps_;
  int length_;
  int probes_;
  int shift_ = 0;
};

/// The search over a trajectory that is known to be staged whole.
template <class Stamp>
using whole_search = staged_search<Stamp, true>;

}  // namespace robocache::detail
