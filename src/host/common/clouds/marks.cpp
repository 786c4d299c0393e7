// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/bits_of_one.hpp>
#include <robocache/dtype.hpp>

#include "host/common/clouds/job.hpp"

// Results that need no features. A range writes to memory of its own, including words of bits, so nothing here is
// atomic, and the order of the points does not matter.
namespace robocache::host::detail {
namespace {

/// Calls `mark(place)` for each point of a range.
template <class Item, class Mark>
void for_each_place(cell_range<Item> const& range, Mark const& mark) {
  for (std::int64_t i = 0; i < range.count; ++i) { mark(range.begin + place_in_range(range.items[i])); }
}

}  // namespace

template <class Item>
void mark_cells(cell_job const& job, std::int64_t b, cell_range<Item> const& range) {
  cell_places const& places = job.from.places;
  grid const& lattice = job.from.lattice;
  std::int64_t const begin = places.cell_of(range.begin);
  std::int64_t const cells = places.cell_of(range.end) - begin;
  if (job.out.count != nullptr) {
    // Unsigned: sums beyond the type wrap around.
    auto* const counts = reinterpret_cast<std::uint32_t*>(job.out.count) + b * lattice.total();
    if (!job.options.accumulate) { std::fill_n(counts + begin, cells, 0u); }
    for_each_place(range, [&](std::int64_t place) { ++counts[places.cell_of(place)]; });
  }
  if (job.out.occupied != nullptr) {
    dtype const type = job.out.occupied_type;
    visit_word(size_of(type), robocache::detail::bits_of_one(type), [&](auto one) {
      auto* const occupied = static_cast<decltype(one)*>(job.out.occupied) + b * lattice.total();
      if (!job.options.accumulate) { std::fill_n(occupied + begin, cells, decltype(one)(0)); }
      for_each_place(range, [&](std::int64_t place) { occupied[places.cell_of(place)] = one; });
    });
  }
  if (job.out.occupied_bits != nullptr) {
    std::uint32_t* const words = job.out.occupied_bits + b * lattice.words();
    if (!job.options.accumulate) {
      std::fill(words + places.word_of(range.begin), words + places.word_of(range.end), 0u);
    }
    for_each_place(range, [&](std::int64_t place) {
      words[places.word_of(place)] |= std::uint32_t{1} << (places.x_of(place) % 32);
    });
  }
}

template void mark_cells(cell_job const&, std::int64_t, cell_range<cell_point> const&);
template void mark_cells(cell_job const&, std::int64_t, cell_range<cell_mark> const&);

}  // namespace robocache::host::detail
