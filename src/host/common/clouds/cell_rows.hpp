// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>

#include "host/common/convert.hpp"
#include "host/common/isa.hpp"

/// Rows of channels, one per cell, without their type and in either channel order.
namespace robocache::host::detail {

/// Channels that are worked on together: with everything that is kept for them, they stay in the first-level cache.
inline constexpr std::int64_t most_channels = 256;

/// Calls `visitor` with an integer of `bytes` bytes that holds `bits`.
template <class Visitor>
void visit_word(std::size_t bytes, std::uint64_t bits, Visitor const& visitor) {
  switch (bytes) {
    case 1: return visitor(static_cast<std::uint8_t>(bits));
    case 2: return visitor(static_cast<std::uint16_t>(bits));
    case 4: return visitor(static_cast<std::uint32_t>(bits));
    default: return visitor(bits);
  }
}

/// How the channels of cells are laid out in memory.
struct cell_layout {
  std::int64_t cells;  ///< of one grid
  std::int64_t channels;
  channel_order order;
  dtype type;
  blend_function widen;   ///< from `type` to float
  blend_function narrow;  ///< from float to `type`

  cell_layout(grid const& lattice, std::int64_t count, channel_order channels_stand, dtype holds)
      : cells(lattice.total()),
        channels(count),
        order(channels_stand),
        type(holds),
        widen(best_blend_function(holds, dtype::float32, std::min(count, most_channels))),
        narrow(best_blend_function(dtype::float32, holds, std::min(count, most_channels))) {}

  std::int64_t bytes() const { return static_cast<std::int64_t>(size_of(type)); }

  /// Bytes from the start of a batch of grids to a channel of a cell of grid b.
  std::int64_t place_of(std::int64_t b, std::int64_t cell, std::int64_t channel) const {
    std::int64_t const inside = order == channel_order::last ? cell * channels + channel : channel * cells + cell;
    return (b * cells * channels + inside) * bytes();
  }

  /// Reads `width <= most_channels` channels of one cell, from `channel` on, as floats.
  void load(void const* all, std::int64_t b, std::int64_t cell, std::int64_t channel, float* to,
            std::int64_t width) const {
    char const* from = static_cast<char const*>(all) + place_of(b, cell, channel);
    alignas(64) char row[most_channels * sizeof(float)];
    if (order == channel_order::first) {
      copy_words(from, cells, row, 1, width);
      from = row;
    }
    convert_rows(widen, from, 0, 1, to, 0, width);
  }

  /// Writes them, each rounded once.
  void store(void* all, std::int64_t b, std::int64_t cell, std::int64_t channel, float const* from,
             std::int64_t width) const {
    char* const to = static_cast<char*>(all) + place_of(b, cell, channel);
    if (order == channel_order::last) { return convert_rows(narrow, from, 0, 1, to, 0, width); }
    alignas(64) char row[most_channels * sizeof(float)];
    convert_rows(narrow, from, 0, 1, row, 0, width);
    copy_words(row, 1, to, cells, width);
  }

  /// Writes a number to all channels of cells `[begin, end)` of grid b.
  void fill(void* all, std::int64_t b, std::int64_t begin, std::int64_t end, double number) const {
    auto const value = static_cast<float>(number);
    std::uint64_t bits = 0;
    convert_rows(narrow, &value, 0, 1, &bits, 0, 1);
    bool const together = order == channel_order::last;
    visit_word(size_of(type), bits, [&](auto word) {
      for (std::int64_t c = 0; c < (together ? 1 : channels); ++c) {
        std::fill_n(reinterpret_cast<decltype(word)*>(static_cast<char*>(all) + place_of(b, begin, c)),
                    (end - begin) * (together ? channels : 1), word);
      }
    });
  }

 private:
  /// @param from_stride, to_stride  in numbers of the layout's type
  void copy_words(char const* from, std::int64_t from_stride, char* to, std::int64_t to_stride,
                  std::int64_t width) const {
    visit_word(size_of(type), 0, [&](auto word) {
      for (std::int64_t c = 0; c < width; ++c) {
        std::memcpy(&word, from + c * from_stride * bytes(), sizeof word);
        std::memcpy(to + c * to_stride * bytes(), &word, sizeof word);
      }
    });
  }
};

}  // namespace robocache::host::detail
