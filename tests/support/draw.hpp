// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "problem.hpp"

/// Random problems: every kind of timeline for source and target, types, strides, rules. What a seed draws never
/// depends on the machine.
namespace test {

struct draw_limits {
  std::int64_t batch = 5;
  std::int64_t length = 40;
  std::int64_t channels = 40;
  double odd_values = 0.05;
};

/// The kinds of a timeline and their variants.
enum class shape : std::uint8_t {
  dense,
  dense_lengths,
  dense_one_row,  ///< stride 0
  shared,
  ragged,
  uniform,
  uniform_each,
  uniform_ragged,
  windows,
  windows_trajectory,
};

constexpr std::initializer_list<shape> source_shapes = {shape::dense,        shape::dense_lengths, shape::dense_one_row,
                                                        shape::shared,       shape::ragged,        shape::uniform,
                                                        shape::uniform_each, shape::uniform_ragged};
constexpr std::initializer_list<shape> target_shapes = {
    shape::dense,   shape::dense_lengths, shape::dense_one_row,  shape::shared,  shape::ragged,
    shape::uniform, shape::uniform_each,  shape::uniform_ragged, shape::windows, shape::windows_trajectory};

/// Ascending stamps, some of them twice.
template <class Stamp>
std::vector<Stamp> draw_stamps(generator& random, std::int64_t count, Stamp start, Stamp step);

/// A problem with the given shapes; types, strides, rules and values drawn.
template <class Stamp>
problem<Stamp> draw_problem(generator& random, shape source, shape target, draw_limits const& limits = {});

/// Another number of channels. Slerp, which takes four, becomes akima where it cannot have them.
template <class Stamp>
void set_channels(problem<Stamp>& p, std::int64_t channels) {
  p.channels = channels;
  if (p.options.method == interpolation::slerp && channels != 4) { p.options.method = interpolation::akima; }
}

/// What a failing draw prints: enough to see it, and the command that repeats it.
template <class Stamp>
std::string describe(problem<Stamp> const& p);

/// `ROBOCACHE_SEED` if set, else `otherwise`.
std::uint64_t seed_or(std::uint64_t otherwise);

}  // namespace test
