// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/timed/params.hpp>
#include <robocache/detail/common/timed/staged_search.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/resample/params.hpp>
#include <robocache/detail/resample/small_tiles.cuh>

// `resample_trajectory` where one instruction can copy all of a trajectory's values, and another one its stamps.
// Copying vector by vector was a third of the instructions of a block with short rows.
namespace robocache::detail {

/// The unit of such copies, and the alignment of where they begin, on both sides.
inline constexpr int copy_unit = 16;

/// Bytes that hold a run of `bytes` bytes, wherever in a unit it begins.
constexpr int room_for(std::int64_t bytes) {
  return static_cast<int>((bytes + 2 * copy_unit - 2) / copy_unit * copy_unit);
}

/// The offset of `address` in its unit.
inline __device__ int place_in_unit(void const* address) {
  return static_cast<int>(reinterpret_cast<std::uintptr_t>(address) % copy_unit);
}

template <class Word>
__device__ void copy_words(void* to, unsigned char const* from, int bytes) {
  int const words = bytes / static_cast<int>(sizeof(Word));
  for (int i = threadIdx.x; i < words; i += blockDim.x) {
    __stcs(static_cast<Word*>(to) + i, reinterpret_cast<Word const*>(from)[i]);
  }
}

/// As `resample_trajectory`, for trajectories that follow each other without a gap and whose values together are whole
/// units, so that no byte outside of the values is read.
/// @param stage   all stamps of a trajectory fit it
/// @param come    in shared memory
/// @param shared  room for values and results
template <int N, class Value, class Result, class Stamp>
__device__ void resample_bulk_trajectory(locate_plan<Stamp> const& plan, blend_params<Value, Result> const& p,
                                         bulk_params const& bulk, Stamp* stage, arrival& come, unsigned char* shared) {
  int const b = static_cast<int>(blockIdx.x);
  int const k = static_cast<int>(threadIdx.x);
  int const targets = static_cast<int>(plan.tiles.length);
  int const channels = static_cast<int>(p.values_row_stride);
  Value const* const values = p.values + b * p.values_batch_stride;
  int const ahead = place_in_unit(values);
  if (k == 0) {
    int const bytes = (ahead + bulk.values_bytes + copy_unit - 1) / copy_unit * copy_unit;
    begin_arrival(come, bulk.stamps_bytes + bytes);
    copy_run(stage, plan.plain_stamps + b * plan.plain_stamps_stride, bulk.stamps_bytes, come);
    copy_run(shared, reinterpret_cast<unsigned char const*>(values) - ahead, bytes, come);
  }
  Stamp t = Stamp(0);
  if (k < targets) { t = load_early(plan.plain_targets + (b * plan.plain_targets_stride + k)); }
  whole_search<Stamp> const search(nullptr, plan.plain_length);
  search.pad(stage);
  __syncthreads();
  wait_for_arrival(come);

  Result* const to = p.results + b * p.results_batch_stride;
  unsigned char* const results = shared + bulk.results_offset + place_in_unit(to);
  if (k < targets) {
    device::location const where = search.locate(stage, t, plan.rules);
    blend_short_row<N>(where, reinterpret_cast<Value const*>(shared + ahead), channels, p.fill,
                       reinterpret_cast<Result*>(results) + k * channels);
    if (p.valid != nullptr) { p.valid[std::int64_t(b) * targets + k] = where.valid; }
  }
  __syncthreads();
  if (bulk.results_word == 16) {
    copy_words<uint4>(to, results, bulk.results_bytes);
  } else if (bulk.results_word == 8) {
    copy_words<uint2>(to, results, bulk.results_bytes);
  } else {
    copy_words<unsigned>(to, results, bulk.results_bytes);
  }
}

}  // namespace robocache::detail
