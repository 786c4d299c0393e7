// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// What kernels do beyond standard C++. The tests put a header of this name, for the CPU, in its place.
namespace robocache::detail {

/// Begins to copy one element to shared memory asynchronously.
template <class T>
__device__ void copy_async(T* shared, T const* global) {
  auto const to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  if constexpr (sizeof(T) == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(global) : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(to), "l"(global), "n"(sizeof(T)) : "memory");
  }
}

/// A kernel's parameter, so that the compiler no longer knows what it is: threads that each read another part of it
/// then load side by side, which constants are not made for.
template <class T>
__device__ T const* as_memory(T const* parameter) {
  asm("" : "+l"(parameter));
  return parameter;
}

/// A load that stays in its place: the compiler would move it after the wait for copies, which would cost a second trip
/// to memory.
template <class T>
__device__ T load_early(T const* global) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "stamps have 4 or 8 bytes");
  if constexpr (sizeof(T) == 4) {
    unsigned bits;
    asm volatile("ld.global.nc.b32 %0, [%1];" : "=r"(bits) : "l"(global));
    return reinterpret_cast<T const&>(bits);
  } else {
    unsigned long long bits;
    asm volatile("ld.global.nc.b64 %0, [%1];" : "=l"(bits) : "l"(global));
    return reinterpret_cast<T const&>(bits);
  }
}

/// Waits until this thread's copies have arrived. A barrier is needed for those of other threads.
inline __device__ void wait_for_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }

/// Counts bytes on their way to shared memory, so that a whole block can wait for them. On sm_90 and newer.
struct arrival {
  std::uint64_t state;
};

/// Announces, once, how many bytes will arrive. Called by one thread; threads that wait need a barrier after it.
inline __device__ void begin_arrival(arrival& one, int bytes) {
#if __CUDA_ARCH__ >= 900
  auto const at = static_cast<unsigned>(__cvta_generic_to_shared(&one));
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(at) : "memory");
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(at), "r"(bytes) : "memory");
#endif
}

/// Begins to copy `bytes` bytes by one instruction: whole units of 16, between places that are aligned to 16.
inline __device__ void copy_run(void* shared, void const* global, int bytes, arrival& one) {
#if __CUDA_ARCH__ >= 900
  auto const to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  auto const at = static_cast<unsigned>(__cvta_generic_to_shared(&one));
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(to),
               "l"(global), "r"(bytes), "r"(at)
               : "memory");
#endif
}

/// Waits until all bytes have arrived.
inline __device__ void wait_for_arrival(arrival& one) {
#if __CUDA_ARCH__ >= 900
  auto const at = static_cast<unsigned>(__cvta_generic_to_shared(&one));
  unsigned done = 0;
  do {
    asm volatile("{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], 0; selp.u32 %0, 1, 0, p; }"
                 : "=r"(done)
                 : "r"(at)
                 : "memory");
  } while (done == 0);
#endif
}

/// Prefetches a line of memory to the L2 cache. Never faults.
inline __device__ void prefetch(void const* address) { asm volatile("prefetch.global.L2 [%0];" ::"l"(address)); }

/// 0, but the compiler does not know that: what is computed from it is computed where it is used, not kept in
/// registers.
inline __device__ unsigned unknown_zero() {
  unsigned zero;
  asm volatile("mov.u32 %0, 0;" : "=r"(zero));
  return zero;
}

/// Waits until the launch before this one, of the same `launch_chain`, has ended and what it wrote is visible.
inline __device__ void wait_for_launch_before() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/// Lets the next launch of the same `launch_chain` begin as soon as its blocks fit the chip.
inline __device__ void let_next_launch_begin() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;");
#endif
}

/// The bits of a float.
inline __device__ std::uint32_t bits_of(float x) { return __float_as_uint(x); }

/// The larger of both, or NaN where one is.
inline __device__ float larger_or_nan(float a, float b) {
  float larger;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(larger) : "f"(a), "f"(b));
  return larger;
}

/// `a / b` rounded to nearest, for `b` in [2^-100, 2^100] and for `a` that is 0 or such that neither the quotient nor
/// its remainder, 2^-24 times `a`, leaves the normal range: the path that the compiler's division takes after it has
/// tested its operands.
/// @param r  `quick_reciprocal(b)`
inline __device__ float quick_quotient(float a, float b, float r) {
  float const q = __fmaf_rn(a, r, 0.0f);
  return __fmaf_rn(r, __fmaf_rn(-b, q, a), q);
}

inline __device__ float quick_reciprocal(float b) {
  float r;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(b));
  return __fmaf_rn(r, __fmaf_rn(-b, r, 1.0f), r);
}

inline __device__ float quick_quotient(float a, float b) { return quick_quotient(a, b, quick_reciprocal(b)); }

/// The sum over a warp's lanes, in each of them.
inline __device__ int sum_over_warp(int x) { return __reduce_add_sync(0xffffffffu, x); }

/// Adds four floats to memory, in any order: by one operation where the chip has one.
/// @param to  aligned to 16 bytes
inline __device__ void add_to_memory(float* to, float4 const& terms) {
#if __CUDA_ARCH__ >= 900
  asm volatile("red.relaxed.gpu.global.add.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(to), "f"(terms.x), "f"(terms.y),
               "f"(terms.z), "f"(terms.w)
               : "memory");
#else
  atomicAdd(to, terms.x);
  atomicAdd(to + 1, terms.y);
  atomicAdd(to + 2, terms.z);
  atomicAdd(to + 3, terms.w);
#endif
}

/// The sum over a warp's lanes: lane i adds that of lane i + 16, then of i + 8, 4, 2, 1. Right in lane 0; called by all
/// lanes.
inline __device__ float sum_of_halves(float x) {
#pragma unroll
  for (int half = 16; half > 0; half /= 2) { x = __fadd_rn(x, __shfl_down_sync(0xffffffffu, x, half)); }
  return x;
}

}  // namespace robocache::detail
