// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace robocache::detail {

/// The sum of `mine` over the threads before this one; called by all `Threads` of a block. Ends with a barrier that
/// lets the next call begin.
/// @param total  over all threads
template <int Threads, class Sum>
__device__ Sum sum_before(Sum mine, Sum& total) {
  constexpr int warps = Threads / 32;
  static_assert(Threads % 32 == 0 && warps <= 32, "a warp adds up those of the warps");
  __shared__ Sum of_warp[warps];
  int const lane = static_cast<int>(threadIdx.x % 32);
  int const warp = static_cast<int>(threadIdx.x / 32);
  Sum sum = mine;
#pragma unroll
  for (int step = 1; step < 32; step *= 2) {
    Sum const other = __shfl_up_sync(0xffffffffu, sum, step);
    if (lane >= step) { sum += other; }
  }
  if (lane == 31) { of_warp[warp] = sum; }
  __syncthreads();
  Sum before = 0;
  total = 0;
#pragma unroll
  for (int i = 0; i < warps; ++i) {
    before += i < warp ? of_warp[i] : 0;
    total += of_warp[i];
  }
  __syncthreads();
  return before + sum - mine;
}

}  // namespace robocache::detail
