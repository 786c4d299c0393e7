// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

namespace simt {

[[noreturn]] inline void fail(char const* what) {
  std::fprintf(stderr, "simulated kernel: %s\n", what);
  std::abort();
}

/// What lanes of a warp do together. Those who meet have to do the same.
enum class together : std::uint8_t { barrier, vote, shuffle, match };

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

  /// Waits for all threads, then says how many of them passed true.
  int vote(bool mine) {
    fibers_[thread_].vote = mine;
    wait(progress::at_block);
    return count_;
  }

  /// What each lane of a warp passed to what they do together; of lanes that took no part 0.
  using passed = std::array<std::uint64_t, 32>;

  /// Waits for the lanes of the mask, this one among them, to do the same.
  passed const& meet(together what, unsigned lanes, std::uint64_t mine) {
    if ((lanes >> thread_ % 32 & 1) == 0) { fail("a lane that is not in the mask that it passes"); }
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
  enum class progress : std::uint8_t { running, at_block, at_warp, done };
  struct fiber {
    ucontext_t context{};
    std::vector<char> stack{};
    progress state = progress::running;
    bool vote = false;
    together what = together::barrier;
    unsigned lanes = 0;
    std::uint64_t mine = 0;
    passed all{};
  };

  static void enter() {
    (*current().body_)();
    current().fibers_[current().thread_].state = progress::done;
  }

  void wait(progress where) {
    fiber& me = fibers_[thread_];
    me.state = where;
    swapcontext(&me.context, &caller_);
  }

  bool all_are(progress state, int threads) const {
    return std::all_of(fibers_.begin(), fibers_.begin() + threads, [=](fiber const& f) { return f.state == state; });
  }

  /// Lets the threads go whose barrier is complete. False: all are done.
  bool release(int threads) {
    if (all_are(progress::done, threads)) { return false; }
    if (all_are(progress::at_block, threads)) {
      count_ = 0;
      for (int i = 0; i < threads; ++i) {
        fibers_[std::size_t(i)].state = progress::running;
        count_ += fibers_[std::size_t(i)].vote ? 1 : 0;
      }
      return true;
    }
    bool go_on = false;
    for (int i = 0; i < threads; ++i) {
      if (fibers_[std::size_t(i)].state == progress::at_warp) { release_lanes(i, threads); }
      go_on = go_on || fibers_[std::size_t(i)].state == progress::running;
    }
    if (!go_on) { fail("a barrier that not all threads of the block, or lanes of the mask, reach"); }
    return true;
  }

  /// Lets the lanes go that thread `waiting` waits for, if all are there.
  void release_lanes(int waiting, int threads) {
    fiber const& first = fibers_[std::size_t(waiting)];
    unsigned const lanes = first.lanes;
    int const begin = waiting / 32 * 32;
    int const end = std::min(begin + 32, threads);  // the last warp may be a part of one
    passed all{};
    for (int i = begin; i < end; ++i) {
      fiber const& f = fibers_[std::size_t(i)];
      if ((lanes >> (i - begin) & 1) == 0) { continue; }
      if (f.state != progress::at_warp || f.lanes != lanes) { return; }
      if (f.what != first.what) { fail("lanes that meet in unlike places"); }
      all[std::size_t(i - begin)] = f.mine;
    }
    for (int i = begin; i < end; ++i) {
      if ((lanes >> (i - begin) & 1) == 0) { continue; }
      fibers_[std::size_t(i)].all = all;
      fibers_[std::size_t(i)].state = progress::running;
    }
  }

  std::vector<fiber> fibers_{};
  ucontext_t caller_{};
  std::function<void()> const* body_ = nullptr;
  unsigned thread_ = 0;
  unsigned steps_ = 0;
  int count_ = 0;
  bool backwards_ = false;
};

}  // namespace simt
