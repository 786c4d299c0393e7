// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <robocache/options.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>

#include "support/numbers.hpp"
#include "support/random.hpp"
#include "support/timeline_data.hpp"

namespace test {

using robocache::contiguous;
using robocache::edge;
using robocache::interpolation;
using robocache::resample_options;
using robocache::status;
using robocache::status_code;
using robocache::value_place;

/// What memory for results holds before a call; a byte that still holds it was not written, or was meant to be.
constexpr unsigned char poison = 0xA5;

/// Where rows of a buffer begin, counted in elements.
struct row_layout {
  std::int64_t first;
  std::int64_t batch_stride;
  std::int64_t row_stride;
  std::int64_t channels;
  std::int64_t length;  ///< rows per trajectory; 0 where rows are packed
  std::int64_t total;

  row_layout(std::int64_t length_, std::int64_t total_, std::int64_t channels_, std::int64_t first_,
             std::int64_t batch_stride_, std::int64_t row_stride_)
      : first(first_),
        row_stride(row_stride_ == contiguous ? channels_ : row_stride_),
        channels(channels_),
        length(length_),
        total(total_) {
    batch_stride = batch_stride_ == contiguous ? length * row_stride : batch_stride_;
  }

  template <class Stamp>
  row_layout(timeline_data<Stamp> const& t, std::int64_t channels_, std::int64_t first_, std::int64_t batch_stride_,
             std::int64_t row_stride_)
      : row_layout(t.packed() ? 0 : t.length, t.total(), channels_, first_, batch_stride_, row_stride_) {}

  /// The first element of row `row`, rows of all trajectories counted together.
  std::int64_t begin(std::int64_t row) const {
    return length == 0 ? first + row * row_stride : first + (row / length) * batch_stride + (row % length) * row_stride;
  }

  /// Elements from the buffer's begin to the last one that is reached.
  std::int64_t extent() const {
    if (total <= 0) { return first; }
    std::int64_t const last_in_first = length == 0 ? total - 1 : length - 1;
    std::int64_t const last = begin(total - 1);
    return std::max(last, begin(last_in_first)) + channels;
  }
};

/// One call of `resample` with everything it reads, on no side yet.
template <class Stamp>
struct problem {
  timeline_data<Stamp> source{};
  timeline_data<Stamp> target{};
  resample_options<Stamp> options{};
  bool ascends = true;  ///< false: stamps break their promise, so that values are unspecified and not compared

  dtype value_type = dtype::float32;
  std::int64_t channels = 1;
  std::int64_t first_channel = 0;
  std::int64_t batch_stride = contiguous;
  std::int64_t row_stride = contiguous;
  std::vector<std::byte> values{};
  value_place place = value_place::device;

  dtype result_type = dtype::float32;
  std::int64_t result_first = 0;
  std::int64_t result_batch_stride = contiguous;
  std::int64_t result_row_stride = contiguous;
  bool mask = true;

  std::int64_t misaligned = 0;  ///< elements by which values and results are off a 16-byte boundary

  row_layout value_layout() const { return {source, channels, first_channel, batch_stride, row_stride}; }
  row_layout result_layout() const { return {target, channels, result_first, result_batch_stride, result_row_stride}; }

  /// Makes room for the values; what no row owns is NaN, or -1 in integers.
  void make_room() {
    auto const bytes = value_layout().extent() * std::int64_t(robocache::size_of(value_type));
    values.assign(std::size_t(bytes), std::byte(0xFF));
  }

  /// One number for each element of each row, in order.
  void set_values(std::vector<double> const& numbers) {
    make_room();
    auto const layout = value_layout();
    for (std::int64_t row = 0; row < layout.total; ++row) {
      for (std::int64_t c = 0; c < channels; ++c) {
        double const x = numbers.at(std::size_t(row * channels + c));
        auto const bits =
            is_integer(value_type) ? std::uint64_t(std::int64_t(x)) : encode(value_type, double(float(x)));
        store_bits(value_type, values.data(), layout.begin(row) + c, bits);
      }
    }
  }

  /// Random values in (-4, 4); of integers any bits. `odd_chance`: how many are NaN, infinite, huge, subnormal or zero.
  void draw_values(generator& random, double odd_chance = 0) {
    make_room();
    auto const layout = value_layout();
    double const infinity = std::numeric_limits<double>::infinity();
    double const not_a_number = std::numeric_limits<double>::quiet_NaN();
    for (std::int64_t row = 0; row < layout.total; ++row) {
      for (std::int64_t c = 0; c < channels; ++c) {
        std::uint64_t bits = random.next();
        if (!is_integer(value_type)) {
          double x = double(float(8 * random.unit() - 4));
          if (random.chance(odd_chance)) {
            x = random.one_of({infinity, -infinity, not_a_number, 0.0, -0.0, 3e38, -65504.0, 1e-40, 6e-8, -3e-5});
          }
          bits = encode(value_type, double(float(x)));
        }
        store_bits(value_type, values.data(), layout.begin(row) + c, bits);
      }
    }
  }
};

/// The values as they lie in memory: those of a ring in their slots.
template <class Stamp>
std::vector<std::byte> values_in_memory(problem<Stamp> const& p) {
  auto held = p.values;
  if (p.source.kind != timeline_kind::ring) { return held; }
  auto const layout = p.value_layout();
  auto const size = std::int64_t(robocache::size_of(p.value_type));
  auto const end = std::int64_t(held.size());
  // Whole rows, with the channels of others that lie in them.
  auto const begin = [&](std::int64_t row) { return layout.begin(row) * size; };
  for (std::int64_t row = 0; row < layout.total; ++row) {
    std::int64_t const b = row / p.source.length;
    std::int64_t const to = begin(b * p.source.length + p.source.slot(b, row % p.source.length));
    std::int64_t const bytes = std::min({layout.row_stride * size, end - begin(row), end - to});
    std::copy_n(p.values.begin() + begin(row), bytes, held.begin() + to);
  }
  return held;
}

/// What one call left behind.
struct outcome {
  status state{};
  std::vector<std::byte> results{};  ///< the whole buffer, what lies between rows included
  std::vector<std::uint8_t> valid{};
  std::string trouble{};  ///< memory written that was not to be, or bits unlike the host's; else empty
};

/// What one call of `locate` left behind.
struct located_outcome {
  status state{};
  std::vector<std::int64_t> rows{};
  std::vector<float> weights{};
  std::vector<std::uint8_t> valid{};
  std::string trouble{};
};

/// The result for channel `c` of target row `row`, as a number.
template <class Stamp>
double result_at(problem<Stamp> const& p, outcome const& o, std::int64_t row, std::int64_t c = 0) {
  auto const bits = load_bits(p.result_type, o.results.data(), p.result_layout().begin(row) + c);
  return p.result_type == dtype::uint8   ? double(std::uint8_t(bits))
         : p.result_type == dtype::int32 ? double(std::int32_t(bits))
         : p.result_type == dtype::int64 ? double(std::int64_t(bits))
                                         : decode(p.result_type, bits);
}

}  // namespace test
