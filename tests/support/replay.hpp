// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "support/oracle.hpp"
#include "support/problem.hpp"

/// The semantics' chapter "Gradients" in plain loops of FP32: what the gradients of resample and of a fusion share.
namespace test::replay {

inline float number_of(dtype type, std::vector<std::byte> const& from, row_layout const& layout, std::int64_t row,
                       std::int64_t c) {
  return float(decode(type, load_bits(type, from.data(), layout.begin(row) + c)));
}

/// From one source row to the next, in channel `c`.
template <class Stamp>
float rise_of(problem<Stamp> const& p, std::int64_t row, std::int64_t c) {
  auto const layout = p.value_layout();
  return number_of(p.value_type, p.values, layout, row + 1, c) - number_of(p.value_type, p.values, layout, row, c);
}

/// For each element of each source row the sum of weight times gradient, targets in ascending order, product and sum
/// each rounded.
/// @param incoming  the gradient of a target row in a channel
template <class Stamp, class Incoming>
std::vector<float> value_sums(problem<Stamp> const& p, std::vector<oracle::record> const& records, Incoming incoming) {
  std::vector<float> sums(std::size_t(std::max<std::int64_t>(0, p.source.total()) * p.channels), 0.0f);
  for (std::int64_t target = 0; target < std::int64_t(records.size()); ++target) {
    oracle::record const& r = records[std::size_t(target)];
    auto const add = [&](std::int64_t row, float weight) {
      for (std::int64_t c = 0; c < p.channels; ++c) {
        float const product = weight * incoming(target, c);
        float& sum = sums[std::size_t(row * p.channels + c)];
        sum = sum + product;
      }
    };
    if (r.first < 0) { continue; }
    if (r.first == r.second) {
      add(r.first, 1.0f);
    } else {
      add(r.first, 1.0f - r.weight);
      add(r.second, r.weight);
    }
  }
  return sums;
}

template <class Stamp>
float rounded_width(Stamp a, Stamp b) {
  if constexpr (std::is_integral_v<Stamp>) {
    return float(std::uint64_t(b) - std::uint64_t(a));
  } else {
    Stamp const width = b - a;
    return float(width);
  }
}

template <class Stamp>
bool wider(Stamp a, Stamp b, Stamp limit) {
  if (limit == robocache::unlimited_gap<Stamp>()) { return false; }
  if constexpr (std::is_integral_v<Stamp>) {
    return std::uint64_t(b) - std::uint64_t(a) > std::uint64_t(limit);
  } else {
    Stamp const width = b - a;
    return width > limit;
  }
}

/// The left sample of the line that a target moves along; -1: it does not move.
template <class Stamp>
std::int64_t line_of(std::vector<Stamp> const& s, Stamp t, resample_options<Stamp> const& o) {
  auto const last = std::int64_t(s.size()) - 1;
  if (last < 1 || !std::isfinite(static_cast<long double>(t))) { return -1; }
  std::int64_t left = 0;
  if (t < s[0]) {
    if (o.before != edge::extrapolate) { return -1; }
  } else if (t > s[std::size_t(last)]) {
    if (o.after != edge::extrapolate) { return -1; }
    left = last - 1;
  } else {
    while (left + 1 < last && s[std::size_t(left + 1)] <= t) { ++left; }
    if (wider(s[std::size_t(left)], s[std::size_t(left + 1)], o.max_gap)) { return -1; }
  }
  return rounded_width(s[std::size_t(left)], s[std::size_t(left + 1)]) == 0 ? -1 : left;
}

/// 32 partial sums, channel c in that of c mod 32, then halves added to each other.
/// @param term  of a channel
template <class Term>
float channel_sum(std::int64_t channels, Term term) {
  std::array<float, 32> sums{};
  for (std::int64_t c = 0; c < channels; ++c) {
    float& sum = sums[std::size_t(c % 32)];
    sum = sum + term(c);
  }
  for (std::size_t half : {16, 8, 4, 2, 1}) {
    for (std::size_t i = 0; i < half; ++i) { sums[i] = sums[i] + sums[i + half]; }
  }
  return sums[0];
}

/// One gradient per target row.
/// @param term  of a channel of a target, whose line rises by `rise` there: `term(target, channel, rise)`
template <class Stamp, class Term>
std::vector<float> time_slopes(problem<Stamp> const& p, Term term) {
  std::vector<float> slopes(std::size_t(std::max<std::int64_t>(0, p.target.total())), 0.0f);
  auto const owners = owners_of(p.target.offsets, p.target.rows);
  for (std::int64_t b = 0; b < p.target.batch; ++b) {
    std::int64_t const read = p.target.trajectory.empty() ? b : p.target.trajectory[std::size_t(b)];
    if (read < 0 || read >= p.source.batch) { continue; }
    auto const samples = oracle::stamps_of(p.source, read);
    std::int64_t target = oracle::first_row(p.target, b);
    for (Stamp t : oracle::stamps_of(p.target, b)) {
      bool const owned = owners.empty() || owners[std::size_t(target)] == b;
      std::int64_t const left = owned ? line_of(samples, t, p.options) : -1;
      if (left >= 0) {
        std::int64_t const row = oracle::first_row(p.source, read) + left;
        float const sum = channel_sum(p.channels, [&](std::int64_t c) { return term(target, c, rise_of(p, row, c)); });
        float const width = rounded_width(samples[std::size_t(left)], samples[std::size_t(left + 1)]);
        slopes[std::size_t(target)] = sum / width;
      }
      ++target;
    }
  }
  return slopes;
}

/// Groups of 64 consecutive terms, each from +0 left to right, then groups of their sums, until one is left.
inline float tree_sum(std::vector<float> terms) {
  do {
    std::vector<float> sums;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      if (i % 64 == 0) { sums.push_back(0.0f); }
      sums.back() = sums.back() + terms[i];
    }
    terms = sums;
  } while (terms.size() > 1);
  return terms.empty() ? 0.0f : terms[0];
}

}  // namespace test::replay
