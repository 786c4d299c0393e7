// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <robocache/grid.hpp>
#include <robocache/points.hpp>
#include <robocache/status.hpp>

#include "support/numbers.hpp"
#include "support/owners.hpp"
#include "support/problem.hpp"
#include "support/random.hpp"

namespace test {

using robocache::channel_order;
using robocache::summation;

/// A batch of point clouds, on no side yet.
struct cloud_data {
  std::int64_t batch = 1;
  std::int64_t length = 0;  ///< points per cloud; 0 if packed
  std::int64_t rows = 0;    ///< packed: points of all clouds
  bool packed = false;
  std::vector<std::int64_t> lengths{};
  std::vector<std::int64_t> offsets{};
  std::vector<float> xyz{};  ///< x, y, z of all points, padding included

  bool separate = false;                   ///< three arrays
  std::int64_t first = 0;                  ///< floats before the x of a point
  std::int64_t point_stride = contiguous;  ///< floats
  std::int64_t batch_stride = contiguous;  ///< floats
  std::int64_t misaligned = 0;             ///< floats by which the arrays are off a 16-byte boundary

  std::int64_t total() const { return packed ? rows : batch * length; }

  /// Where points begin, counted in floats.
  row_layout layout() const {
    return {packed ? 0 : length, total(), separate ? 1 : 3, first, batch_stride, point_stride};
  }

  /// The rows of cloud b among all points: the first, and the one behind the last.
  std::pair<std::int64_t, std::int64_t> rows_of(std::int64_t b) const {
    if (!packed) {
      std::int64_t const own = lengths.empty() ? length : std::clamp<std::int64_t>(lengths[std::size_t(b)], 0, length);
      return {b * length, b * length + own};
    }
    return rows_owned(offsets, rows, b);
  }
};

/// `batch` clouds of one length.
inline cloud_data dense_clouds(std::vector<float> xyz, std::int64_t batch = 1) {
  cloud_data c;
  c.batch = batch;
  c.length = batch == 0 ? 0 : std::int64_t(xyz.size()) / 3 / batch;
  c.xyz = std::move(xyz);
  return c;
}

inline cloud_data padded_clouds(std::vector<float> xyz, std::vector<std::int64_t> lengths) {
  cloud_data c = dense_clouds(std::move(xyz), std::int64_t(lengths.size()));
  c.lengths = std::move(lengths);
  return c;
}

inline cloud_data ragged_clouds(std::vector<float> xyz, std::vector<std::int64_t> offsets) {
  cloud_data c;
  c.packed = true;
  c.batch = std::int64_t(offsets.size()) - 1;
  c.rows = std::int64_t(xyz.size()) / 3;
  c.xyz = std::move(xyz);
  c.offsets = std::move(offsets);
  return c;
}

/// What `voxelize` writes.
enum class voxel_result : std::uint8_t { count, occupied, occupied_bits, sum, mean, max, min, dropped };

constexpr std::size_t voxel_results = 8;
constexpr std::initializer_list<voxel_result> all_voxel_results = {
    voxel_result::count, voxel_result::occupied, voxel_result::occupied_bits, voxel_result::sum,
    voxel_result::mean,  voxel_result::max,      voxel_result::min,           voxel_result::dropped};
constexpr std::initializer_list<voxel_result> reductions = {voxel_result::sum, voxel_result::mean, voxel_result::max,
                                                            voxel_result::min};

constexpr char const* name_of(voxel_result r) {
  constexpr char const* names[voxel_results] = {"count", "occupied", "occupied_bits", "sum",
                                                "mean",  "max",      "min",           "dropped"};
  return names[std::size_t(r)];
}
constexpr bool is_reduction(voxel_result r) { return r >= voxel_result::sum && r <= voxel_result::min; }

/// One thing for each result.
template <class T>
struct each_result {
  std::array<T, voxel_results> of{};
  T& operator[](voxel_result r) { return of[std::size_t(r)]; }
  T const& operator[](voxel_result r) const { return of[std::size_t(r)]; }
};

/// The bytes of each result; empty where it was not asked for.
using voxel_bytes = each_result<std::vector<std::byte>>;

enum class scratch_use : std::uint8_t { whole, none };

/// One call of `voxelize` with everything it reads, on no side yet.
struct voxel_problem {
  cloud_data clouds{};
  robocache::grid lattice{};     ///< its `origins` is null; that of the call points to the next
  std::vector<float> origins{};  ///< `[B, 3]`, or empty

  dtype value_type = dtype::float32;
  std::int64_t channels = 0;
  std::vector<float> features{};   ///< `[B, N, C]` or `[rows, C]`, numbers that `value_type` has
  std::int64_t feature_first = 0;  ///< elements before those of the first point
  std::int64_t feature_stride = contiguous;
  std::int64_t feature_batch_stride = contiguous;
  std::int64_t interleaved_at = -1;  ///< 0 or more: that byte of each point, in the points' own memory

  each_result<bool> wants{};
  dtype occupied_type = dtype::uint8;
  dtype result_type = dtype::float32;
  robocache::voxel_options options{};
  voxel_bytes before{};         ///< with `accumulate`: what the results hold
  std::int64_t misaligned = 0;  ///< elements by which features and results are off a 16-byte boundary

  scratch_use memory = scratch_use::whole;
  unsigned char scratch_byte = poison;  ///< what scratch is full of: it must not matter
  std::int64_t scratch_missing = 0;     ///< bytes less than are wanted
  std::int64_t scratch_offset = 0;      ///< bytes off a 16-byte boundary
  bool scratch_null = false;

  /// False where a device refuses the scratch: the host takes none.
  bool has_scratch() const { return scratch_missing == 0 && scratch_offset == 0 && !scratch_null; }
  bool interleaved() const { return interleaved_at >= 0; }
  bool reduces() const {
    return std::any_of(reductions.begin(), reductions.end(), [&](voxel_result r) { return wants[r]; });
  }

  void want(std::initializer_list<voxel_result> results) {
    wants = {};
    for (auto r : results) { wants[r] = true; }
  }
  void want_all() {
    want(all_voxel_results);
    wants[voxel_result::mean] = !options.accumulate;
  }

  /// Where the features of points begin, counted in elements.
  row_layout feature_layout() const {
    auto const length = clouds.packed ? 0 : clouds.length;
    if (!interleaved()) {
      return {length, clouds.total(), channels, feature_first, feature_batch_stride, feature_stride};
    }
    auto const size = std::int64_t(robocache::size_of(value_type));
    row_layout const points = clouds.layout();
    return {length,
            clouds.total(),
            channels,
            interleaved_at / size,
            points.batch_stride * 4 / size,
            points.row_stride * 4 / size};
  }

  dtype type_of(voxel_result r) const {
    return is_reduction(r) ? result_type : r == voxel_result::occupied ? occupied_type : dtype::int32;
  }
  std::int64_t elements_of(voxel_result r) const {
    if (r == voxel_result::dropped) { return clouds.batch; }
    if (r == voxel_result::occupied_bits) { return clouds.batch * lattice.words(); }
    return clouds.batch * lattice.total() * (is_reduction(r) ? channels : 1);
  }
  std::size_t bytes_of(voxel_result r) const {
    return std::size_t(std::max<std::int64_t>(0, elements_of(r))) * robocache::size_of(type_of(r));
  }

  /// Where channel `c` of a cell is in a reduction. `cell` is its place in `[z, y, x]`.
  std::int64_t place(std::int64_t b, std::int64_t cell, std::int64_t c) const {
    std::int64_t const cells = lattice.total();
    return options.channels == channel_order::last ? (b * cells + cell) * channels + c
                                                   : (b * channels + c) * cells + cell;
  }

  float feature(std::int64_t row, std::int64_t c) const { return features[std::size_t(row * channels + c)]; }

  /// Numbers rounded to `value_type`, one for each channel of each point.
  template <class Numbers>
  void set_features(Numbers const& numbers, std::int64_t channels_) {
    channels = channels_;
    features.clear();
    for (auto x : numbers) { features.push_back(float(decode(value_type, encode(value_type, double(float(x)))))); }
  }

  /// Random numbers in (-4, 4). `odd_chance`: how many are NaN, infinite, huge, subnormal or zero.
  void draw_features(generator& random, std::int64_t channels_, double odd_chance = 0) {
    double const infinity = std::numeric_limits<double>::infinity();
    std::vector<double> numbers;
    for (std::int64_t i = 0; i < clouds.total() * channels_; ++i) {
      bool const odd = odd_chance > 0 && random.chance(odd_chance);
      numbers.push_back(odd ? random.one_of({infinity, -infinity, std::nan(""), 0.0, -0.0, 3e38, 1e-40, -6e-8})
                            : 8 * random.unit() - 4);
    }
    set_features(numbers, channels_);
  }
};

/// What one call left behind.
struct voxelized {
  status state{};
  voxel_bytes results{};
  std::int64_t scratch_bytes = 0;  ///< what the call asked for
  std::string trouble{};           ///< memory written that was not to be, or bits unlike the host's; else empty
};

/// A result as numbers.
inline std::vector<double> numbers_of(voxel_problem const& p, voxel_bytes const& results, voxel_result r) {
  dtype const type = p.type_of(r);
  std::vector<double> numbers;
  for (std::size_t i = 0; i < results[r].size() / robocache::size_of(type); ++i) {
    auto const bits = load_bits(type, results[r].data(), std::int64_t(i));
    numbers.push_back(type == dtype::int32   ? double(std::int32_t(bits))
                      : type == dtype::int64 ? double(std::int64_t(bits))
                      : is_integer(type)     ? double(bits)
                                             : decode(type, bits));
  }
  return numbers;
}

}  // namespace test
