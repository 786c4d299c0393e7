// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ucontext.h>
#include <vector_types.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#include <cuda_runtime_api.h>

// Runs kernels on the CPU, so that their logic is tested where there is no GPU: a block's threads are fibers that take
// turns between barriers, forwards and backwards by turns, so that what a barrier must order shows when it does not.
// A barrier that not all threads reach ends the program. Copies to shared memory are done at once; memory that is
// guarded or watched by a sanitizer is guarded and watched here too.
#undef __device__
#undef __global__
#undef __shared__
#undef __noinline__
#undef __launch_bounds__
#undef __maxnreg__
#undef __grid_constant__
#define __device__
#define __global__
#define __shared__ thread_local  // one block at a time on one thread: static, and may be declared extern
#define __noinline__
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __grid_constant__

namespace simt {

struct index {
  unsigned x = 0, y = 0, z = 0;
};

[[noreturn]] inline void fail(char const* what) {
  std::fprintf(stderr, "simulated kernel: %s\n", what);
  std::abort();
}

/// One block: runs a body for each of its threads.
class block {
 public:
  static block& current() {
    static block one;
    return one;
  }

  void run(int threads, std::function<void()> const& body) {
    body_ = &body;
    fibers_.resize(std::max(fibers_.size(), std::size_t(threads)));
    for (int i = 0; i < threads; ++i) {
      fiber& f = fibers_[std::size_t(i)];
      f.stack.resize(256 << 10);
      f.state = progress::running;
      getcontext(&f.context);
      f.context.uc_stack.ss_sp = f.stack.data();
      f.context.uc_stack.ss_size = f.stack.size();
      f.context.uc_link = &caller_;
      makecontext(&f.context, reinterpret_cast<void (*)()>(&block::enter), 0);
    }
    for (bool done = false; !done;) {
      int at_barrier = 0;
      count_ = 0;
      backwards_ = !backwards_;
      for (int turn = 0; turn < threads; ++turn) {
        thread_ = unsigned(backwards_ ? threads - 1 - turn : turn);
        swapcontext(&caller_, &fibers_[thread_].context);
        at_barrier += fibers_[thread_].state == progress::waiting ? 1 : 0;
      }
      if (at_barrier != 0 && at_barrier != threads) { fail("a barrier that not all threads of the block reach"); }
      done = at_barrier == 0;
      voted_ = count_;
    }
  }

  unsigned thread() const { return thread_; }

  /// What `__syncthreads_count` does: waits for all threads, then says how many of them passed true.
  int vote(bool mine) {
    count_ += mine ? 1 : 0;
    fiber& me = fibers_[thread_];
    me.state = progress::waiting;
    swapcontext(&me.context, &caller_);
    me.state = progress::running;
    return voted_;
  }

 private:
  enum class progress { running, waiting };
  struct fiber {
    ucontext_t context{};
    std::vector<char> stack{};
    progress state = progress::running;
  };

  static void enter() { (*current().body_)(); }

  std::vector<fiber> fibers_{};
  ucontext_t caller_{};
  std::function<void()> const* body_ = nullptr;
  unsigned thread_ = 0;
  int count_ = 0, voted_ = 0;
  bool backwards_ = false;
};

/// `threadIdx`: a new value each time it is looked at.
struct thread_index {
  struct component {
    operator unsigned() const { return block::current().thread(); }  // NOLINT: stands for the built-in
  } x;
};

}  // namespace simt

inline simt::thread_index threadIdx;
inline simt::index blockIdx, blockDim, gridDim;

inline void __syncthreads() { simt::block::current().vote(false); }
inline int __syncthreads_count(int mine) { return simt::block::current().vote(mine != 0); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(unsigned(x)); }
inline unsigned long long atomicAdd(unsigned long long* to, unsigned long long value) {
  unsigned long long const before = *to;  // fibers take turns: nothing comes between
  *to += value;
  return before;
}
inline unsigned atomicOr(unsigned* to, unsigned bits) {
  unsigned const before = *to;
  *to |= bits;
  return before;
}
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
using std::max;
using std::min;

template <class T>
T __ldg(T const* from) {
  if (reinterpret_cast<std::uintptr_t>(from) % sizeof(T) != 0) { simt::fail("a load that is not aligned"); }
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void __stcs(T* to, T value) {
  if (reinterpret_cast<std::uintptr_t>(to) % sizeof(T) != 0) { simt::fail("a store that is not aligned"); }
  std::memcpy(to, &value, sizeof value);
}
