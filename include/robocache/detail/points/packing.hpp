// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/memory_cutter.hpp>

namespace robocache::detail {

/// Tiles of a group, and groups of a hall.
inline constexpr std::uint32_t tiles_a_group = 32;
inline constexpr std::uint32_t tiles_a_hall = 1024;

/// How many rows tiles keep, of a call that packs them: 0 when its first tile begins. Tiles are also added up in
/// groups and halls, so that the sum over all tiles before one is that of a few numbers, and none of them waits for
/// another.
struct packing_scratch {
  std::uint32_t* tiles;      ///< `[tiles]`: what the tile keeps, with the highest bit once it is known
  std::uint64_t* groups;     ///< `[tiles / 32]`: what its tiles keep, and above that how many of them are known
  std::uint64_t* halls;      ///< `[tiles / 1024]`: the same
  std::uint32_t* next_tile;  ///< the one that begins next
};

inline packing_scratch cut_packing(memory_cutter& cutter, std::int64_t tiles) {
  packing_scratch own{};
  own.next_tile = cutter.take<std::uint32_t>(1);
  own.tiles = cutter.take<std::uint32_t>(tiles);
  own.groups = cutter.take<std::uint64_t>(tiles / tiles_a_group + 1);
  own.halls = cutter.take<std::uint64_t>(tiles / tiles_a_hall + 1);
  return own;
}

/// What rows carry, moved in words as wide as addresses and strides allow.
struct moved_rows {
  void const* from;
  void* to;                ///< `[rows, words]`; null: nothing is moved
  int word_bytes;          ///< 1, 2, 4, 8 or 16
  std::int64_t words;      ///< of a row
  std::int64_t word_step;  ///< words of the source from one word of a row to the next
  std::int64_t row_step;   ///< and from one row to the next
  std::int64_t batch_step;
  divisor by_words;  ///< where there are less than 32
};

/// Rows whose channels are neighbours. Strides count elements of `bytes` bytes.
inline moved_rows moved_rows_of(void const* from, void* to, int bytes, std::int64_t channels, std::int64_t row_step,
                                std::int64_t batch_step) {
  moved_rows p{};
  if (to == nullptr) { return p; }
  p.word_bytes =
      common_alignment(address_of(from), address_of(to), channels * bytes, row_step * bytes, batch_step * bytes);
  p.from = from;
  p.to = to;
  p.words = channels * bytes / p.word_bytes;
  p.word_step = 1;
  p.row_step = row_step * bytes / p.word_bytes;
  p.batch_step = batch_step * bytes / p.word_bytes;
  if (p.words < 32) { p.by_words = divisor(static_cast<std::uint32_t>(p.words)); }
  return p;
}

}  // namespace robocache::detail
