// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>

// Which trajectory or cloud owns a packed row: one rule for both, whatever the offsets hold. A bisection of the offsets
// decides. Where they ascend, trajectory b owns the rows from `offsets[b]` to `offsets[b + 1]`. Where they do not, each
// row still has at most one owner, one whose offsets include it, and each owner's rows are neighbours: a bisection
// never turns left for a row and right for an earlier one.
namespace robocache::device {

/// Neighbouring packed rows of one trajectory or cloud.
struct packed_rows {
  std::int64_t b;      ///< -1 and B stand for rows that have no owner
  std::int64_t begin;  ///< the first row
  std::int64_t end;    ///< one past the last row; `begin` if there is none
};

/// The rows around `row` that have its owner, for `0 <= row < rows`.
/// @param offsets  `[batch + 1]`; not read if there is no trajectory
ROBOCACHE_HOST_DEVICE inline packed_rows owner_of_row(std::int64_t const* offsets, std::int64_t batch,
                                                      std::int64_t rows, std::int64_t row) {
  packed_rows found{-1, 0, rows};
  std::int64_t low = 0;
  std::int64_t length = batch > 0 ? batch + 1 : 0;
  while (length > 0) {
    std::int64_t const half = length / 2;
    std::int64_t const offset = offsets[low + half];
    bool const right = offset <= row;
    if (right) {
      found.begin = offset > found.begin ? offset : found.begin;
    } else {
      found.end = offset < found.end ? offset : found.end;
    }
    low = right ? low + half + 1 : low;
    length = right ? length - half - 1 : half;
  }
  found.b = low - 1;
  return found;
}

/// The rows that `b` owns, for `-1 <= b <= batch`. All loads are independent.
ROBOCACHE_HOST_DEVICE inline packed_rows rows_of_owner(std::int64_t const* offsets, std::int64_t batch,
                                                       std::int64_t rows, std::int64_t b) {
  packed_rows found{b, 0, rows};
  std::int64_t low = 0;
  std::int64_t length = batch > 0 ? batch + 1 : 0;
#if defined(__CUDA_ARCH__)
#pragma unroll 4
#endif
  while (length > 0) {
    std::int64_t const half = length / 2;
    std::int64_t const offset = offsets[low + half];
    bool const right = low + half <= b;
    found.begin = right && offset > found.begin ? offset : found.begin;
    found.end = !right && offset < found.end ? offset : found.end;
    low = right ? low + half + 1 : low;
    length = right ? length - half - 1 : half;
  }
  found.begin = found.begin < rows ? found.begin : rows;
  found.end = found.end > found.begin ? found.end : found.begin;
  return found;
}

/// How many rows have an owner below `b`, for `0 <= b <= batch`: `offsets[b]`, clamped between those that a bisection
/// reads on its way to it. Ascends with `b`, and `b` owns the rows from its own number to that of `b + 1`.
ROBOCACHE_HOST_DEVICE inline std::int64_t rows_before_owner(std::int64_t const* offsets, std::int64_t batch,
                                                            std::int64_t rows, std::int64_t b) {
  std::int64_t least = 0;
  std::int64_t most = rows;
  std::int64_t low = 0;
  std::int64_t length = batch > 0 ? batch + 1 : 0;
  while (length > 0) {
    std::int64_t const half = length / 2;
    std::int64_t const offset = offsets[low + half];
    std::int64_t const inside = offset < least ? least : offset > most ? most : offset;
    if (low + half == b) { return inside; }
    bool const right = low + half < b;
    least = right ? inside : least;
    most = right ? most : inside;
    low = right ? low + half + 1 : low;
    length = right ? length - half - 1 : half;
  }
  return least;
}

}  // namespace robocache::device
