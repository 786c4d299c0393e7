// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/cluster.cuh>
#include <robocache/detail/points/farthest_key.cuh>
#include <robocache/detail/points/sample_farthest_params.hpp>
#include <robocache/detail/points/sample_farthest_policy.cuh>
#include <robocache/detail/points/sample_output.cuh>

namespace robocache::detail {

/// The farthest points of all warps of a cluster, as each of its blocks has them, of two steps that follow each other:
/// those of one step are read until all have met in the next.
struct farthest_share {
  static constexpr int most_warps = most_farthest_blocks * farthest_threads / 32;
  farthest_key keys[2][most_warps];
  float4 places[2][most_warps];

  /// The farthest point of all, from those that the warps have, each in its lane `winner`. Called by all threads of the
  /// cluster.
  __device__ farthest_point meet(farthest_point const& mine, int winner, int turn, unsigned rank, unsigned blocks) {
    unsigned const lane = threadIdx.x % 32;
    unsigned const warps = blockDim.x / 32;
    unsigned const me = rank * warps + threadIdx.x / 32;
    if (blocks == 1) {
      if (lane == static_cast<unsigned>(winner)) { put(mine, turn, me, this); }
      __syncthreads();
    } else {
      farthest_point const all{
          {__shfl_sync(0xffffffffu, mine.key.distance, winner), __shfl_sync(0xffffffffu, mine.key.index, winner)},
          __shfl_sync(0xffffffffu, mine.x, winner),
          __shfl_sync(0xffffffffu, mine.y, winner),
          __shfl_sync(0xffffffffu, mine.z, winner)};
      if (lane < blocks) { put(all, turn, me, shared_of(this, lane)); }
      cluster_barrier();
    }
    farthest_key best = no_farthest;
    unsigned at = 0;
    for (unsigned i = lane; i < blocks * warps; i += 32) {
      farthest_key const one = keys[turn][i];
      bool const first = one.distance > best.distance || (one.distance == best.distance && one.index < best.index);
      best = first ? one : best;
      at = first ? i : at;
    }
    at = __shfl_sync(0xffffffffu, at, first_lane(best));
    float4 const place = places[turn][at];
    return {keys[turn][at], place.x, place.y, place.z};
  }

 private:
  static __device__ void put(farthest_point const& one, int turn, unsigned at, farthest_share* to) {
    to->keys[turn][at] = one.key;
    to->places[turn][at] = float4{one.x, one.y, one.z, 0.0f};
  }
};

/// The steps of a cloud: writes what is taken.
struct sample_loop {
  farthest_params const& p;
  std::int64_t b;
  std::int64_t found;  ///< samples
  bool first_block;
  sample_rows rows;

  __device__ sample_loop(farthest_params const& p_, std::int64_t b_, std::int64_t finite, unsigned rank)
      : p(p_), b(b_), found(min(finite, p_.samples)), first_block(rank == 0), rows(p_.out, b_, p_.samples) {}

  /// @return whether there is a sample behind it
  __device__ bool write_and_go_on(std::int64_t k, farthest_point const& taken) const {
    if (first_block && threadIdx.x == 0) { rows.write(k, taken.key.index, taken.x, taken.y, taken.z); }
    return k + 1 < found;
  }

  /// Writes the count, and what stands behind the samples. Behind it the cluster's memory is free for the next cloud.
  __device__ void finish() const {
    __syncthreads();  // what the first thread wrote is seen
    if (first_block && threadIdx.x == 0 && p.out.counts != nullptr) { p.out.counts[b] = found; }
    for (std::int64_t k = found + threadIdx.x; first_block && k < p.samples; k += blockDim.x) {
      rows.write_missing(k, found, p.options.shortage);
    }
    if (p.blocks > 1) { cluster_barrier(); }
  }
};

}  // namespace robocache::detail
