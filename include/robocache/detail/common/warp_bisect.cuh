// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace robocache::detail {

/// `device::count_not_after` by a warp whose lanes all ask the same. It reads the same numbers as a bisection and turns
/// where that turns, so that the owner of a packed row does not depend on the launch, whatever the offsets hold. A
/// round takes five steps of the bisection at once: lane i reads the number that the bisection would read after the
/// turns that the bits of i below its highest one describe.
inline __device__ std::int64_t warp_count_not_after(std::int64_t const* numbers, std::int64_t length,
                                                    std::int64_t value) {
  auto const lane = static_cast<int>(threadIdx.x % 32);
  std::int64_t low = 0;
  while (length > 0) {
    std::int64_t at = low;
    std::int64_t rest = lane == 0 ? 0 : length;
    for (int bit = 30 - __clz(lane); bit >= 0; --bit) {
      std::int64_t const half = rest / 2;
      bool const right = (lane >> bit & 1) != 0;
      at = right ? at + half + 1 : at;
      rest = right ? rest - half - 1 : half;
    }
    unsigned const turns = __ballot_sync(0xffffffffu, rest > 0 && numbers[at + rest / 2] <= value);
    unsigned node = 1;
    for (int step = 0; step < 5 && length > 0; ++step) {
      std::int64_t const half = length / 2;
      bool const right = (turns >> node & 1) != 0;
      low = right ? low + half + 1 : low;
      length = right ? length - half - 1 : half;
      node = 2 * node + (right ? 1 : 0);
    }
  }
  return low;
}

}  // namespace robocache::detail
