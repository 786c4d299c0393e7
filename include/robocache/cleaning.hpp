// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/detail/types.hpp>
#include <robocache/series.hpp>

namespace robocache {

/// Which rows `clean` drops for their values.
enum class nan_rule : std::uint8_t {
  keep,  ///< none
  any,   ///< those that are NaN in one of the named channels
  all,   ///< those that are NaN in each of them
};

/// What `clean` does with rows that step back in time.
enum class backward_rule : std::uint8_t {
  drop,  ///< a row stamped before one that comes earlier is dropped
  sort,  ///< rows are sorted by their stamps, those with the same one in their order
};

/// Which of neighbours with the same stamp `clean` keeps.
enum class duplicate_rule : std::uint8_t { first, last };

/// Quaternions in a row whose signs `clean` mends, at most.
inline constexpr int most_quaternions = 8;

/// The rules of `clean`. Pointers are to memory of the side that computes.
struct clean_options {
  nan_rule nan = nan_rule::any;
  std::uint8_t const* nan_channels = nullptr;  ///< optional `[D]`: channels with 1 are named; null: all are
  std::uint8_t const* mask = nullptr;  ///< optional, one byte per row, `[B, N]` or packed: rows with 0 are dropped
  backward_rule backward = backward_rule::drop;
  duplicate_rule duplicates = duplicate_rule::first;
  std::int64_t quaternions = 0;  ///< how many have their signs mended; at most `most_quaternions`
  std::int64_t quaternion_channels[most_quaternions] = {};  ///< the first of the four channels of each
};

/// How many rows of one trajectory `clean` dropped, each counted once, by the first of these that took it.
struct clean_report {
  std::int64_t non_finite;  ///< stamps that are NaN or infinite
  std::int64_t invalid;     ///< values that are NaN, as the rule says, or masked
  std::int64_t backward;    ///< stamped before a row that comes earlier
  std::int64_t duplicated;  ///< stamped as their neighbour
};

/// Where `clean` puts what is left: packed rows, one trajectory behind the other. There is room for all rows of the
/// source; memory behind the last row that is left is not touched. Apart from the source, and from each other.
template <class Value, class Stamp>
struct clean_output {
  static_assert(sizeof(detail::result_type<Value>) > 0);

  Value* values = nullptr;          ///< `[rows, D]`, contiguous
  Stamp* stamps = nullptr;          ///< `[rows]`
  std::int64_t* offsets = nullptr;  ///< `[B + 1]`: trajectory b owns rows `offsets[b]` to `offsets[b + 1]`
  /// Optional `[rows]`: which row of the source each was, counted over its values as `[B * N, D]`, or packed.
  std::int64_t* source_rows = nullptr;
  clean_report* reports = nullptr;  ///< optional `[B]`
};

}  // namespace robocache
