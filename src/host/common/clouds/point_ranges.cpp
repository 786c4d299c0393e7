// SPDX-License-Identifier: Apache-2.0
#include "host/common/clouds/point_ranges.hpp"

#include <algorithm>
#include <atomic>
#include <type_traits>
#include <utility>

#include "host/common/parallel.hpp"

namespace robocache::host::detail {
namespace {

/// Bytes of results of a range: they stay in a core's own cache together with the points.
constexpr std::int64_t range_bytes = std::int64_t{256} << 10;

/// A core that writes to more ranges than this at once misses its cache and its TLB.
constexpr std::int64_t most_ranges = 1024;

/// A range of 32 places or more shares no word of the bit-packed occupancy with its neighbours.
constexpr int least_bits = 5;
constexpr int most_bits = 32;

/// Pieces of a cloud that are dealt out separately. Each has a counter per range.
constexpr std::int64_t piece_points = std::int64_t{1} << 16;
constexpr std::int64_t most_pieces = 256;

int range_bits(std::int64_t places, std::int64_t cell_bytes) {
  int bits = least_bits;
  while (bits < most_bits && std::int64_t{1} << bits < places &&
         ((std::int64_t{2} << bits) <= range_bytes / cell_bytes || (places - 1) >> bits >= most_ranges)) {
    ++bits;
  }
  return bits;
}

/// The value that stands for no place.
template <class Item>
constexpr Item no_place = static_cast<Item>(-1);

/// @param place  counted from the range's first one
template <class Item>
Item item_of(Item place, std::int64_t point) {
  if constexpr (std::is_same_v<Item, cell_point>) {
    return place << 32 | static_cast<cell_point>(point);
  } else {
    return place;
  }
}

}  // namespace

std::int64_t count_dropped(cloud_cells const& from, std::int64_t b) {
  std::atomic<std::int64_t> dropped{0};
  for_each_piece(device::cloud_of(from.clouds, b).length, point_bytes, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t some = 0;
    for_each_point(from, b, begin, end, [&](std::int64_t, std::int64_t place) { some += place < 0 ? 1 : 0; });
    dropped += some;
  });
  return dropped;
}

template <class Item>
point_ranges<Item>::point_ranges(cloud_cells const& from, std::int64_t b, std::int64_t cell_bytes)
    : places_(from.places.total()), bits_(range_bits(places_, std::max<std::int64_t>(cell_bytes, 1))) {
  std::int64_t const count = device::cloud_of(from.clouds, b).length;
  std::int64_t const ranges = ((places_ - 1) >> bits_) + 1;
  std::int64_t const pieces = std::clamp<std::int64_t>(count / piece_points, 1, most_pieces);
  auto const first_of = [&](std::int64_t piece) { return count * piece / pieces; };
  items_.reset(new Item[static_cast<std::size_t>(count)]);
  spare_.reset(new Item[static_cast<std::size_t>(count)]);

  // First how many points each piece has for each range; later where they go.
  std::vector<std::uint32_t> slots(static_cast<std::size_t>(pieces * ranges));
  for_each_piece(pieces, count / pieces * point_bytes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece) {
      std::uint32_t* const counts = slots.data() + piece * ranges;
      for_each_point(from, b, first_of(piece), first_of(piece + 1), [&](std::int64_t i, std::int64_t place) {
        spare_[i] = static_cast<Item>(place);
        if (place >= 0) { ++counts[place >> bits_]; }
      });
    }
  });

  offsets_.reserve(static_cast<std::size_t>(ranges + 1));
  std::uint32_t inside = 0;
  for (std::int64_t r = 0; r < ranges; ++r) {
    offsets_.push_back(inside);
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      inside += std::exchange(slots[static_cast<std::size_t>(piece * ranges + r)], inside);
    }
  }
  offsets_.push_back(inside);
  dropped_ = count - inside;

  Item const in_range = static_cast<Item>((std::uint64_t{1} << bits_) - 1);
  for_each_piece(pieces, count / pieces * point_bytes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece) {
      std::uint32_t* const to = slots.data() + piece * ranges;
      for (std::int64_t i = first_of(piece); i < first_of(piece + 1); ++i) {
        Item const place = spare_[i];
        if (place != no_place<Item>) {
          items_[to[static_cast<std::uint64_t>(place) >> bits_]++] = item_of<Item>(place & in_range, i);
        }
      }
    }
  });
}

template <class Item>
cell_range<Item> point_ranges<Item>::operator[](std::int64_t r) const {
  std::int64_t const first = offsets_[static_cast<std::size_t>(r)];
  std::int64_t const count = offsets_[static_cast<std::size_t>(r + 1)] - first;
  return {r << bits_, std::min(places_, (r + 1) << bits_), bits_, items_.get() + first, spare_.get() + first, count};
}

template class point_ranges<cell_point>;
template class point_ranges<cell_mark>;

cell_point const* sort_by_cell(cell_range<cell_point> const& range) {
  constexpr std::int64_t few = 256;
  if (range.count <= few) {
    std::sort(range.items, range.items + range.count);
    return range.items;
  }
  // By digits of the place, the lowest first; each step keeps the order of those before it.
  constexpr int most_digit_bits = 11;
  int const digits = (range.bits + most_digit_bits - 1) / most_digit_bits;
  int const digit_bits = (range.bits + digits - 1) / digits;
  cell_point const mask = (cell_point{1} << digit_bits) - 1;
  cell_point* from = range.items;
  cell_point* to = range.spare;
  for (int digit = 0; digit < digits; ++digit) {
    int const shift = 32 + digit * digit_bits;
    std::uint32_t slots[1 << most_digit_bits] = {};
    for (std::int64_t i = 0; i < range.count; ++i) { ++slots[from[i] >> shift & mask]; }
    std::uint32_t sum = 0;
    for (std::uint32_t& slot : slots) { sum += std::exchange(slot, sum); }
    for (std::int64_t i = 0; i < range.count; ++i) { to[slots[from[i] >> shift & mask]++] = from[i]; }
    std::swap(from, to);
  }
  return from;
}

}  // namespace robocache::host::detail
