// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace robocache::host::detail {

/// Calls `body(begin, end)` for pieces of `[0, rows)` on all threads. A job that is one piece starts no thread.
/// @param bytes_per_row  what a row reads and writes
template <class Body>
void for_each_piece(std::int64_t rows, std::int64_t bytes_per_row, Body const& body) {
  // Some 3 us of work: smaller pieces, and threads for smaller jobs, cost more than they gain.
  constexpr std::int64_t piece_bytes = std::int64_t{128} << 10;
  std::int64_t const piece = std::max<std::int64_t>(1, piece_bytes / std::max<std::int64_t>(1, bytes_per_row));
  std::int64_t const pieces = rows / piece + (rows % piece != 0 ? 1 : 0);
#pragma omp parallel for schedule(dynamic) if (pieces > 1)
  for (std::int64_t i = 0; i < pieces; ++i) { body(i * piece, std::min(rows, (i + 1) * piece)); }
}

}  // namespace robocache::host::detail
