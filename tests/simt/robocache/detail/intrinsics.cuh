// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "simt/simt.hpp"

// Replaces the library's header of this name.
namespace robocache::detail {

template <class T>
void copy_async(T* shared, T const* global) {
  bool const aligned = reinterpret_cast<std::uintptr_t>(shared) % sizeof(T) == 0 &&
                       reinterpret_cast<std::uintptr_t>(global) % sizeof(T) == 0;
  if (!aligned) { simt::fail("an asynchronous copy that is not aligned"); }
  *shared = *global;
}

template <class T>
T load_early(T const* global) {
  return *global;
}

struct arrival {
  int expected;
};

inline void begin_arrival(arrival& one, int bytes) { one.expected = bytes; }

inline void copy_run(void* shared, void const* global, int bytes, arrival& one) {
  bool const aligned = reinterpret_cast<std::uintptr_t>(shared) % 16 == 0 &&
                       reinterpret_cast<std::uintptr_t>(global) % 16 == 0 && bytes % 16 == 0;
  if (!aligned) { simt::fail("a run that is not aligned"); }
  std::memcpy(shared, global, std::size_t(bytes));
  one.expected -= bytes;
}

inline void wait_for_arrival(arrival& one) {
  if (one.expected != 0) { simt::fail("not as many bytes as a block waits for"); }
}

template <class T>
T const* as_memory(T const* parameter) {
  return parameter;
}

inline void wait_for_copies() {}
inline void wait_for_launch_before() {}
inline void let_next_launch_begin() {}
inline void prefetch(void const*) {}
inline unsigned unknown_zero() { return 0; }

inline std::uint32_t bits_of(float x) { return reinterpret_cast<std::uint32_t const&>(x); }
inline float larger_or_nan(float a, float b) { return std::isnan(a) || a > b ? a : b; }
inline float quick_quotient(float a, float b) { return a / b; }
inline float quick_reciprocal(float b) { return 1.0f / b; }
inline float quick_quotient(float a, float b, float) { return a / b; }

inline int sum_over_warp(int x) { return int(__reduce_add_sync(~0u, unsigned(x))); }

inline void add_to_memory(float* to, float4 const& terms) {
  if (reinterpret_cast<std::uintptr_t>(to) % 16 != 0) { simt::fail("a vector of sums that is not aligned"); }
  atomicAdd(to, terms.x);
  atomicAdd(to + 1, terms.y);
  atomicAdd(to + 2, terms.z);
  atomicAdd(to + 3, terms.w);
}

inline float sum_of_halves(float x) {
  static float lanes[1024];
  unsigned const me = threadIdx.x;
  for (unsigned half = 16; half > 0; half /= 2) {
    lanes[me] = x;
    __syncwarp();
    if (me % 32 + half < 32) { x = x + lanes[me + half]; }
    __syncwarp();
  }
  return x;
}

}  // namespace robocache::detail
