// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

namespace simt {

[[noreturn]] inline void fail(char const* what) {
  std::fprintf(stderr, "simulated kernel: %s\n", what);
  std::abort();
}

/// What lanes of a warp do together. Those who meet have to do the same.
enum class together : std::uint8_t { barrier, vote, shuffle, match };

/// A point of execution to return to. Unlike swapcontext, which sets the signal mask, leaving needs no system call.
class resume_point {
 public:
  /// Continues at `next`; returns when something continues here.
  [[gnu::noinline]] void leave_for(resume_point& next) {
    if (__builtin_setjmp(registers_) == 0) { next.go_on(); }
  }
  [[gnu::noinline]] void leave_for(ucontext_t const& next) {
    if (__builtin_setjmp(registers_) == 0) { setcontext(&next); }
  }

 private:
  // Never a part of leave_for: __builtin_longjmp has to be in another function than __builtin_setjmp.
  [[noreturn, gnu::noinline]] void go_on() { __builtin_longjmp(registers_, 1); }

  void* registers_[5] = {};
};

/// The shared memory that the blocks of a cluster were launched with. Filled with what no kernel may count on.
inline std::vector<std::vector<unsigned char>> launched_memory;

inline void give_launched_memory(unsigned blocks, std::size_t bytes) {
  launched_memory.assign(blocks, std::vector<unsigned char>(bytes, 0xa5));
}

inline unsigned char* launched_memory_of(unsigned rank) {
  if (rank >= launched_memory.size()) { fail("a block that is not in the cluster"); }
  return launched_memory[rank].data();
}

/// One block, or all of a cluster: runs a body for each of its threads.
class block {
 public:
  static constexpr unsigned most_threads = 1024;

  static block& current();

  /// @param blocks  of a cluster
  void run(int threads, std::function<void()> const& body, unsigned blocks = 1) {
    threads_of_block_ = unsigned(threads);
    if (threads_of_block_ > most_threads) { fail("more threads than a block has"); }
    if (blocks > 1 && threads_of_block_ % 32 != 0) { fail("blocks of a cluster that are not whole warps"); }
    threads_ = threads_of_block_ * blocks;
    if (threads_ > fibers_.size()) { fibers_.resize(threads_); }
    body_ = &body;
    for (; started_ < threads_; ++started_) { start(started_); }
    for (unsigned i = 0; i < threads_; ++i) { fibers_[i].state = progress::running; }
    do {
      backwards_ = !backwards_;
      turn_ = 0;
      caller_.leave_for(next());
    } while (release());
  }

  unsigned thread() const { return thread_ % threads_of_block_; }
  unsigned rank() const { return thread_ / threads_of_block_; }

  /// Waits for all threads of the block, then says how many of them passed true.
  int vote(bool mine) {
    fibers_[thread_].vote = mine;
    wait(progress::at_block);
    return fibers_[thread_].count;
  }

  void wait_for_cluster() { wait(progress::at_cluster); }

  /// What each lane of a warp passed to what they do together; of lanes that took no part 0.
  using passed = std::array<std::uint64_t, 32>;

  /// Waits for the lanes of the mask, this one among them, to do the same.
  passed const& meet(together what, unsigned lanes, std::uint64_t mine) {
    if ((lanes >> thread() % 32 & 1) == 0) { fail("a lane that is not in the mask that it passes"); }
    fiber& me = fibers_[thread_];
    me.what = what;
    me.lanes = lanes;
    me.mine = mine;
    wait(progress::at_warp);
    return me.all;
  }

  /// Now and then lets the others run first.
  void step_back() {
    constexpr unsigned often = 5;
    if (++steps_ % often == 0) { wait(progress::running); }
  }

 private:
  enum class progress : std::uint8_t { running, at_block, at_cluster, at_warp, done };
  struct fiber {
    resume_point here{};
    std::unique_ptr<char[]> stack{};
    progress state = progress::done;
    bool vote = false;
    int count = 0;
    together what = together::barrier;
    unsigned lanes = 0;
    std::uint64_t mine = 0;
    passed all{};
  };

  /// Gives a thread its fiber, which then runs that thread of every block: starting one takes system calls.
  void start(unsigned thread) {
    constexpr std::size_t stack_bytes = 256 << 10;
    fiber& f = fibers_[thread];
    f.stack.reset(new char[stack_bytes]);
    ucontext_t begin{};
    getcontext(&begin);
    begin.uc_stack.ss_sp = f.stack.get();
    begin.uc_stack.ss_size = stack_bytes;
    makecontext(&begin, reinterpret_cast<void (*)()>(&block::live), 0);
    thread_ = thread;
    caller_.leave_for(begin);
  }

  static void live() {
    block& b = current();
    fiber& me = b.fibers_[b.thread_];
    me.here.leave_for(b.caller_);
    for (;;) {
      (*b.body_)();
      b.wait(progress::done);
    }
  }

  void wait(progress where) {
    fiber& me = fibers_[thread_];
    me.state = where;
    me.here.leave_for(next());
  }

  /// The next thread whose turn it is, or where all have had theirs, the caller.
  resume_point& next() {
    while (turn_ < threads_) {
      unsigned const thread = backwards_ ? threads_ - 1 - turn_ : turn_;
      ++turn_;
      if (fibers_[thread].state == progress::running) {
        thread_ = thread;
        return fibers_[thread].here;
      }
    }
    return caller_;
  }

  /// @param begin, end  threads
  bool all_are(progress state, unsigned begin, unsigned end) const {
    return std::all_of(fibers_.begin() + begin, fibers_.begin() + end,
                       [=](fiber const& f) { return f.state == state; });
  }

  /// Lets the threads go whose barrier is complete. False: all are done.
  bool release() {
    if (all_are(progress::done, 0, threads_)) { return false; }
    bool go_on = all_are(progress::at_cluster, 0, threads_);
    for (unsigned i = 0; go_on && i < threads_; ++i) { fibers_[i].state = progress::running; }
    for (unsigned begin = 0; begin < threads_; begin += threads_of_block_) { release_block(begin); }
    for (unsigned i = 0; i < threads_; ++i) {
      if (fibers_[i].state == progress::at_warp) { release_lanes(i); }
      go_on = go_on || fibers_[i].state == progress::running;
    }
    if (!go_on) { fail("a barrier that not all threads of the block or cluster, or lanes of the mask, reach"); }
    return true;
  }

  /// Lets the block go that begins with a thread, if all of it are there.
  void release_block(unsigned begin) {
    unsigned const end = begin + threads_of_block_;
    if (!all_are(progress::at_block, begin, end)) { return; }
    int count = 0;
    for (unsigned i = begin; i < end; ++i) { count += fibers_[i].vote ? 1 : 0; }
    for (unsigned i = begin; i < end; ++i) {
      fibers_[i].state = progress::running;
      fibers_[i].count = count;
    }
  }

  /// Lets the lanes go that thread `waiting` waits for, if all are there.
  void release_lanes(unsigned waiting) {
    fiber const& first = fibers_[waiting];
    unsigned const lanes = first.lanes;
    unsigned const begin = waiting / 32 * 32;
    unsigned const end = std::min(begin + 32, threads_);  // the last warp may be a part of one
    passed all{};
    for (unsigned i = begin; i < end; ++i) {
      fiber const& f = fibers_[i];
      if ((lanes >> (i - begin) & 1) == 0) { continue; }
      if (f.state != progress::at_warp || f.lanes != lanes) { return; }
      if (f.what != first.what) { fail("lanes that meet in unlike places"); }
      all[i - begin] = f.mine;
    }
    for (unsigned i = begin; i < end; ++i) {
      if ((lanes >> (i - begin) & 1) == 0) { continue; }
      fibers_[i].all = all;
      fibers_[i].state = progress::running;
    }
  }

  std::vector<fiber> fibers_ = std::vector<fiber>(most_threads);
  unsigned started_ = 0;
  resume_point caller_{};
  std::function<void()> const* body_ = nullptr;
  unsigned threads_of_block_ = 1;
  unsigned threads_ = 0;
  unsigned turn_ = 0;
  unsigned thread_ = 0;
  unsigned steps_ = 0;
  bool backwards_ = false;
};

inline block the_block;

inline block& block::current() { return the_block; }

}  // namespace simt
