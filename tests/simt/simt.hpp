// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector_types.h>

#include <algorithm>
#include <cstring>

#include <cuda_runtime_api.h>

#include "simt/atomics.hpp"
#include "simt/block.hpp"
#include "simt/warp.hpp"

// Runs kernels on the CPU, so that their logic is tested where there is no GPU: a block's threads are fibers that take
// turns between barriers, alternately forwards and backwards, so that a missing barrier shows.
// A barrier that not all threads of the block, or lanes of the mask, reach ends the program. Copies to shared memory
// are done at once; memory that is guarded or watched by a sanitizer is guarded and watched here too.
#undef __device__
#undef __global__
#undef __shared__
#undef __noinline__
#undef __forceinline__
#undef __launch_bounds__
#undef __maxnreg__
#undef __grid_constant__
#define __device__
#define __global__
#define __shared__ thread_local  // one block at a time on one thread: static, and may be declared extern
#define __noinline__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __grid_constant__

namespace simt {

struct index {
  unsigned x = 0, y = 0, z = 0;
};

/// `threadIdx`: a new value each time it is read.
struct thread_index {
  struct component {
    operator unsigned() const { return block::current().thread(); }  // NOLINT: in place of the built-in
  } x;
};

template <class T>
void check_aligned(T const* address, char const* what) {
  if (reinterpret_cast<std::uintptr_t>(address) % sizeof(T) != 0) { fail(what); }
}

}  // namespace simt

inline simt::thread_index threadIdx;
inline simt::index blockIdx, blockDim, gridDim;

inline void __syncthreads() { simt::block::current().vote(false); }
inline int __syncthreads_count(int mine) { return simt::block::current().vote(mine != 0); }
inline int __syncthreads_or(int mine) { return simt::block::current().vote(mine != 0) != 0 ? 1 : 0; }
inline int __syncthreads_and(int mine) { return simt::block::current().vote(mine == 0) == 0 ? 1 : 0; }
inline void __threadfence() {}
inline void __threadfence_block() {}

inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(unsigned(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(std::uint64_t(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned(std::uint64_t(a) * b >> 32); }
/// The lower word of both, high above low, shifted to the right by less than 32.
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return unsigned((std::uint64_t(high) << 32 | low) >> shift % 32);
}
inline int __float_as_int(float x) { return int(simt::to_bits(x)); }
inline unsigned __float_as_uint(float x) { return unsigned(simt::to_bits(x)); }
inline float __uint_as_float(unsigned bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
inline float __int_as_float(int bits) { return __uint_as_float(unsigned(bits)); }
using std::max;
using std::min;

template <class T>
T __ldg(T const* from) {
  simt::check_aligned(from, "a load that is not aligned");
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
T __ldcs(T const* from) {
  return __ldg(from);
}
template <class T>
T __ldcg(T const* from) {
  return __ldg(from);
}

template <class T>
void __stcs(T* to, T value) {
  simt::check_aligned(to, "a store that is not aligned");
  std::memcpy(to, &value, sizeof value);
}
template <class T>
void __stcg(T* to, T value) {
  __stcs(to, value);
}
