// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/launch.cuh>

#include "simt/simt.hpp"

// Stands in the place of the library's header of this name: all blocks of a cluster take turns, one cluster after the
// other.
namespace robocache::detail {

inline constexpr bool has_clusters = true;
inline unsigned cluster_rank() { return simt::block::current().rank(); }
inline void cluster_barrier() { simt::block::current().wait_for_cluster(); }
inline unsigned char* launched_memory() { return simt::launched_memory_of(cluster_rank()); }

template <class T>
T* shared_of(T* mine, unsigned rank) {
  auto const at = reinterpret_cast<unsigned char*>(mine) - launched_memory();
  return reinterpret_cast<T*>(simt::launched_memory_of(rank) + at);
}

/// A round is over once it has been expected and all of its bytes have come, some of them perhaps before.
struct inbox {
  std::int64_t missing;  ///< bytes
  unsigned expected;     ///< rounds
  unsigned over;         ///< likewise

  void look() {
    if (expected == over + 1 && missing == 0) { ++over; }
  }
};

inline void open_inbox(inbox& one) { one = {0, 0, 0}; }

inline void expect_messages(inbox& one, unsigned bytes) {
  if (one.expected != one.over) { simt::fail("a round that is expected before the one before it is over"); }
  ++one.expected;
  one.missing += bytes;
  one.look();
}

template <class T>
void send(T const& message, T* mine, inbox& one, unsigned rank) {
  T* const to = shared_of(mine, rank);
  if (reinterpret_cast<std::uintptr_t>(to) % sizeof(T) != 0) { simt::fail("a message that is not aligned"); }
  simt::block::current().step_back();
  *to = message;
  inbox& theirs = *shared_of(&one, rank);
  theirs.missing -= std::int64_t(sizeof(T));
  theirs.look();
}

inline void wait_for_messages(inbox& one, unsigned round) {
  for (long tries = 0; one.over <= round; ++tries) {
    if (tries > 10'000'000) { simt::fail("messages that never come"); }
    simt::block::current().step_back();
  }
  if (one.over > round + 1) { simt::fail("a round that was over before all had waited for it"); }
}

/// As of an H200.
template <class Params>
int allow_cluster(void (*)(Params), int, unsigned blocks, int, int) {
  return 120 / int(blocks);
}

/// How many launches were of clusters, of one block too.
inline int cluster_count = 0;

template <class Params>
status launch_cluster(void (*kernel)(Params), Params const& params, unsigned blocks, int threads, int shared_bytes,
                      cudaStream_t, unsigned clusters = 1) {
  ++launch_count;
  ++cluster_count;
  gridDim = {blocks, clusters, 1};
  blockDim = {unsigned(threads), 1, 1};
  for (unsigned y = 0; y < clusters; ++y) {
    blockIdx = {0, y, 0};  // x is not looked at: a block of a cluster has a rank
    simt::give_launched_memory(blocks, std::size_t(shared_bytes));
    simt::block::current().run(
        threads, [&] { kernel(params); }, blocks);
  }
  simt::give_launched_memory(0, 0);
  return {};
}

}  // namespace robocache::detail
