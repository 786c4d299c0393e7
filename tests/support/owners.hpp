// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace test {

/// The owner of each of `rows` packed rows, by the semantics: where a bisection of the offsets ends. -1: nobody.
inline std::vector<std::int64_t> owners_of(std::vector<std::int64_t> const& offsets, std::int64_t rows) {
  std::vector<std::int64_t> owners(std::size_t(std::max<std::int64_t>(0, rows)), -1);
  if (offsets.size() < 2) { return owners; }
  for (std::int64_t row = 0; row < rows; ++row) {
    std::size_t low = 0;
    for (std::size_t count = offsets.size(); count > 0;) {
      std::size_t const half = count / 2;
      if (offsets[low + half] <= row) {
        low += half + 1;
        count -= half + 1;
      } else {
        count = half;
      }
    }
    if (low > 0 && low < offsets.size()) { owners[std::size_t(row)] = std::int64_t(low) - 1; }
  }
  return owners;
}

/// The rows of owner `b`, for `b` from -1 to the number of owners: the first, and the one behind the last.
inline std::pair<std::int64_t, std::int64_t> rows_owned(std::vector<std::int64_t> const& offsets, std::int64_t rows,
                                                        std::int64_t b) {
  std::int64_t begin = 0;
  std::int64_t end = rows;
  std::int64_t low = 0;
  for (auto count = std::int64_t(offsets.size()); count > 0;) {
    std::int64_t const at = low + count / 2;
    std::int64_t const offset = std::clamp<std::int64_t>(offsets[std::size_t(at)], 0, rows);
    if (at <= b) {
      begin = std::max(begin, offset);
      count -= count / 2 + 1;
      low = at + 1;
    } else {
      end = std::min(end, offset);
      count /= 2;
    }
  }
  return {begin, std::max(begin, end)};
}

}  // namespace test
