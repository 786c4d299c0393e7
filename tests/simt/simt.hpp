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
// A barrier that not all threads of the block, or of the warp, reach ends the program. Copies to shared memory are done
// at once; memory that is guarded or watched by a sanitizer is guarded and watched here too.
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
    do {
      backwards_ = !backwards_;
      for (int turn = 0; turn < threads; ++turn) {
        thread_ = unsigned(backwards_ ? threads - 1 - turn : turn);
        if (fibers_[thread_].state == progress::running) { swapcontext(&caller_, &fibers_[thread_].context); }
      }
    } while (release(threads));
  }

  unsigned thread() const { return thread_; }

  /// What `__syncthreads_count` does: waits for all threads, then says how many of them passed true.
  int vote(bool mine) {
    wait(progress::at_block, mine);
    return count_;
  }

  /// What `__ballot_sync` of a whole warp does.
  unsigned warp_vote(bool mine) {
    wait(progress::at_warp, mine);
    return fibers_[thread_].ballot;
  }

 private:
  enum class progress { running, at_block, at_warp, done };
  struct fiber {
    ucontext_t context{};
    std::vector<char> stack{};
    progress state = progress::running;
    bool vote = false;
    unsigned ballot = 0;
  };

  static void enter() {
    (*current().body_)();
    current().fibers_[current().thread_].state = progress::done;
  }

  void wait(progress where, bool mine) {
    fiber& me = fibers_[thread_];
    me.state = where;
    me.vote = mine;
    swapcontext(&me.context, &caller_);
  }

  bool all_are(progress state, int begin, int end) const {
    return std::all_of(fibers_.begin() + begin, fibers_.begin() + end,
                       [=](fiber const& f) { return f.state == state; });
  }

  /// Lets the threads go whose barrier is complete. False: all are done.
  bool release(int threads) {
    if (all_are(progress::done, 0, threads)) { return false; }
    if (all_are(progress::at_block, 0, threads)) {
      count_ = 0;
      for (int i = 0; i < threads; ++i) {
        fibers_[std::size_t(i)].state = progress::running;
        count_ += fibers_[std::size_t(i)].vote ? 1 : 0;
      }
      return true;
    }
    bool released = false;
    for (int begin = 0; begin < threads; begin += 32) {
      int const end = std::min(begin + 32, threads);
      if (!all_are(progress::at_warp, begin, end)) { continue; }
      unsigned ballot = 0;
      for (int i = begin; i < end; ++i) { ballot |= fibers_[std::size_t(i)].vote ? 1u << (i - begin) : 0u; }
      for (int i = begin; i < end; ++i) {
        fibers_[std::size_t(i)].state = progress::running;
        fibers_[std::size_t(i)].ballot = ballot;
      }
      released = true;
    }
    if (!released) { fail("a barrier that not all threads of the block, or of the warp, reach"); }
    return true;
  }

  std::vector<fiber> fibers_{};
  ucontext_t caller_{};
  std::function<void()> const* body_ = nullptr;
  unsigned thread_ = 0;
  int count_ = 0;
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
inline unsigned __ballot_sync(unsigned lanes, bool mine) {
  if (lanes != ~0u) { simt::fail("a vote of less than a warp"); }
  return simt::block::current().warp_vote(mine);
}
inline void __syncwarp() { simt::block::current().warp_vote(false); }

/// What lane `lane` of the warp passes.
template <class T>
T __shfl_sync(unsigned lanes, T value, int lane) {
  static T passed[1024];
  unsigned const me = threadIdx.x;
  passed[me] = value;
  __ballot_sync(lanes, true);
  T const result = passed[me / 32 * 32 + unsigned(lane)];
  __syncwarp();
  return result;
}

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
