// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>

namespace robocache::host::detail {

/// True in a process that was forked from the one that loaded the library. It has only one thread: those that OpenMP
/// keeps for its next parallel region stayed with the parent, and GNU's OpenMP would wait for them forever.
bool is_forked_child() noexcept;

/// Calls `body(begin, end)` for pieces of `[0, rows)` on all threads. A job of one piece starts no threads. If calls of
/// `body` throw, one of the exceptions is thrown, and some pieces may not have run.
/// @param bytes_per_row  bytes that a row reads and writes
template <class Body>
void for_each_piece(std::int64_t rows, std::int64_t bytes_per_row, Body const& body) {
  // About 3 us of work: smaller pieces, and threads for smaller jobs, cost more than they gain.
  constexpr std::int64_t piece_bytes = std::int64_t{128} << 10;
  std::int64_t const piece = std::max<std::int64_t>(1, piece_bytes / std::max<std::int64_t>(1, bytes_per_row));
  std::int64_t const pieces = rows / piece + (rows % piece != 0 ? 1 : 0);
  auto const take = [&](std::int64_t i) { body(i * piece, std::min(rows, (i + 1) * piece)); };
  if (pieces <= 1 || is_forked_child()) {
    for (std::int64_t i = 0; i < pieces; ++i) { take(i); }
    return;
  }
  // An exception that leaves a parallel region ends the process.
  std::atomic<bool> failed{false};
  std::exception_ptr thrown;
#pragma omp parallel for schedule(dynamic)
  for (std::int64_t i = 0; i < pieces; ++i) {
    if (failed.load(std::memory_order_relaxed)) { continue; }
    try {
      take(i);
    } catch (...) {
      if (!failed.exchange(true)) { thrown = std::current_exception(); }
    }
  }
  if (thrown != nullptr) { std::rethrow_exception(thrown); }
}

}  // namespace robocache::host::detail
