// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include <robocache/device/method.cuh>
#include <robocache/host.hpp>

#include "support/require.hpp"

/// The source rows of inputs that are read, and sums that show that a peer has the same input.
namespace robocache::bench {

/// For each source row whether a trajectory begins there.
template <class Stamp>
std::vector<bool> first_rows(timeline<Stamp> const& source) {
  std::vector<bool> first(source.total(), false);
  for (std::int64_t b = 0; b < source.batch; ++b) {
    first[source.packed() ? source.offsets[b] : b * source.length] = true;
  }
  return first;
}

/// How many source rows the targets read, each counted once.
template <class Stamp>
std::int64_t touched_rows(timeline<Stamp> const& source, timeline<Stamp> const& target,
                          resample_options<Stamp> const& options) {
  std::vector<std::int64_t> rows(2 * target.total());
  located found;
  found.rows = rows.data();
  require(host::locate(source, target, found, options));
  std::int64_t const last = source.total() - 1;
  std::vector<bool> const begins = first_rows(source);
  std::vector<bool> touched(source.total(), false);
  for (std::size_t i = 0; i < rows.size(); i += 2) {
    if (rows[i] < 0) { continue; }
    std::int64_t left = rows[i], right = rows[i + 1];
    // A target at a sample reads only that sample.
    for (int step = left == right ? 0 : device::traits_of(options.method).neighbours; step > 0; --step) {
      left -= begins[left] ? 0 : 1;
      right += right == last || begins[right + 1] ? 0 : 1;
    }
    std::fill(touched.begin() + left, touched.begin() + right + 1, true);
  }
  return std::count(touched.begin(), touched.end(), true);
}

inline constexpr std::uint64_t checksum_bound = std::uint64_t(1) << 52;  // exact in a double, which JSON readers need

/// The sum of all 32-bit words of `numbers`.
template <class T>
std::uint64_t sum_of_words(std::vector<T> const& numbers) {
  static_assert(sizeof(T) % sizeof(std::uint32_t) == 0);
  std::uint64_t sum = 0;
  for (T const& number : numbers) {
    std::uint32_t words[sizeof(T) / sizeof(std::uint32_t)];
    std::memcpy(words, &number, sizeof number);
    for (std::uint32_t word : words) { sum += word; }
  }
  return sum;
}

}  // namespace robocache::bench
