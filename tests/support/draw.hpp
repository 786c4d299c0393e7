// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "support/problem.hpp"

/// Random problems: every kind of timeline for source and target, types, strides, rules. What a seed draws never
/// depends on the machine.
namespace test {

struct draw_limits {
  std::int64_t batch = 5;
  std::int64_t length = 40;
  std::int64_t channels = 40;
  double odd_values = 0.05;
  bool rings = true;  ///< whether sources may be some
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
  windows_as_of,  ///< and trajectories at times
  ring,
};

constexpr std::initializer_list<shape> source_shapes = {
    shape::dense,   shape::dense_lengths, shape::dense_one_row,  shape::shared, shape::ragged,
    shape::uniform, shape::uniform_each,  shape::uniform_ragged, shape::ring};
constexpr std::initializer_list<shape> backward_source_shapes = {
    shape::dense,  shape::dense_lengths, shape::dense_one_row, shape::shared,
    shape::ragged, shape::uniform,       shape::uniform_each,  shape::uniform_ragged};
constexpr std::initializer_list<shape> target_shapes = {
    shape::dense,        shape::dense_lengths, shape::dense_one_row,  shape::shared,  shape::ragged,
    shape::uniform,      shape::uniform_each,  shape::uniform_ragged, shape::windows, shape::windows_trajectory,
    shape::windows_as_of};
constexpr std::initializer_list<shape> backward_target_shapes = {
    shape::dense,   shape::dense_lengths, shape::dense_one_row,  shape::shared,  shape::ragged,
    shape::uniform, shape::uniform_each,  shape::uniform_ragged, shape::windows, shape::windows_trajectory};

/// Ascending stamps, some of them twice.
template <class Stamp>
std::vector<Stamp> draw_stamps(generator& random, std::int64_t count, Stamp start, Stamp step);

/// When a recording starts, and about how far its samples are apart.
template <class Stamp>
struct time_scale {
  Stamp start;
  Stamp step;
};
template <class Stamp>
time_scale<Stamp> draw_scale(generator& random);

/// How many samples or targets a trajectory has; often next to none.
std::int64_t draw_length(generator& random, draw_limits const& limits);

template <class Stamp>
timeline_data<Stamp> draw_source(generator& random, shape kind, std::int64_t batch, std::int64_t length,
                                 time_scale<Stamp> const& s);

/// Times at, between and beyond the samples of `source`.
template <class Stamp>
timeline_data<Stamp> draw_target(generator& random, shape kind, timeline_data<Stamp> const& source, std::int64_t length,
                                 time_scale<Stamp> const& s);

/// Types, strides, rules and values for the timelines that `p` has.
template <class Stamp>
void draw_series(generator& random, problem<Stamp>& p, time_scale<Stamp> const& s, draw_limits const& limits);

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

/// A failing draw's text with `describe(p)` and how to repeat it; empty where `text` is.
/// @param program  what to run: its name and the tag of its tests
template <class Problem>
std::string repeatable(std::string const& text, Problem const& p, std::uint64_t seed, std::string const& program) {
  if (text.empty()) { return text; }
  return text + "\n" + describe(p) + "\nrepeat: ROBOCACHE_SEED=" + std::to_string(seed) + " ROBOCACHE_DRAWS=1 " +
         program;
}

/// Calls `use` with a number of the stamp type that is drawn.
template <class Use>
void with_drawn_stamp(generator& random, Use&& use) {
  switch (random.between(0, 2)) {
    case 0: return use(float{});
    case 1: return use(double{});
    default: return use(std::int64_t{});
  }
}

/// A rotation in any direction: a quaternion of length 1 except for rounding.
std::array<double, 4> draw_rotation(generator& random);

/// `ROBOCACHE_SEED` if set, else `otherwise`.
std::uint64_t seed_or(std::uint64_t otherwise);

/// How many cases a property draws: `usual`, ten times as many where `ROBOCACHE_THOROUGH` is set, or `ROBOCACHE_DRAWS`.
int count_draws(int usual);

}  // namespace test
