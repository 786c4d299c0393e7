// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/permutation.cuh>
#include <robocache/device/timeline.cuh>
#include <robocache/windows.hpp>

// Which window a row of a batch has: a function of the plan, the seed, the step and the row alone. docs/semantics.md,
// "Windows", has the rule in words.
namespace robocache::device {

/// A window of an episode.
struct drawn_window {
  std::int64_t trajectory = -1;
  std::int64_t anchor = 0;
  bool padding = true;  ///< also where there is no window
};

namespace detail {

/// `a - b` that wraps around, as `add_wrapping`: a plan may be broken, and is then read within its bounds.
ROBOCACHE_HOST_DEVICE inline std::int64_t subtract_wrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

/// The place of the last of `count` ascending numbers that is `x` or less, for `numbers[0] <= x`.
ROBOCACHE_HOST_DEVICE inline std::int64_t last_not_after(std::int64_t const* numbers, std::int64_t count,
                                                         std::int64_t x) {
  std::int64_t low = 0;
  while (count > 1) {
    std::int64_t const half = count / 2;
    bool const right = numbers[low + half] <= x;
    low = right ? low + half : low;
    count = right ? count - half : half;
  }
  return low;
}

/// The number of a shuffle, beside the seed: that of sets for `set` -1, else that of the windows of a set.
ROBOCACHE_HOST_DEVICE inline std::int64_t shuffle_of(std::uint64_t pass, std::int64_t set) {
  return static_cast<std::int64_t>(pass << 20 | static_cast<std::uint64_t>(set + 1));
}

/// 64 bits for a window and a pass over its set, by SplitMix64.
ROBOCACHE_HOST_DEVICE inline std::uint64_t random_bits(std::uint64_t seed, std::uint64_t pass, std::uint64_t window) {
  return split_mix(split_mix(split_mix(seed + split_mix_step) ^ pass) ^ window);
}

/// The anchor of window `k` of an episode on a grid, or between it and the next one.
ROBOCACHE_HOST_DEVICE inline std::int64_t grid_anchor(window_plan const& plan, std::int64_t episode, std::int64_t k,
                                                      std::uint64_t random) {
  std::int64_t const start = plan.starts[episode];
  std::int64_t const begin = uniform_stamp(start, plan.num, plan.den, k);
  if (!plan.anywhere) { return begin; }
  std::int64_t const next = uniform_stamp(start, plan.num, plan.den, add_wrapping(k, 1));
  std::int64_t const last = plan.lasts[episode];
  auto const unsigned_begin = static_cast<std::uint64_t>(begin);
  std::uint64_t const width = next <= last ? static_cast<std::uint64_t>(next) - unsigned_begin
                                           : static_cast<std::uint64_t>(last) - unsigned_begin + 1;
  std::uint64_t const behind = last < begin ? 0 : product_of(random, width).high;
  return static_cast<std::int64_t>(unsigned_begin + behind);
}

/// Window `number` of the plan, counted over all episodes, which a set has.
/// @param first, count  the set's episodes
ROBOCACHE_HOST_DEVICE inline drawn_window window_at(window_plan const& plan, std::int64_t first, std::int64_t count,
                                                    std::int64_t number, std::uint64_t random) {
  std::int64_t const episode = first + last_not_after(plan.offsets + first, count, number);
  std::int64_t const k = subtract_wrapping(number, plan.offsets[episode]);
  drawn_window window;
  if (plan.stamps != nullptr) {
    std::int64_t const row = add_wrapping(plan.starts[episode], k);
    if (row < 0 || row >= plan.rows) { return window; }
    window.anchor = plan.stamps[row];
  } else {
    window.anchor = grid_anchor(plan, episode, k, random);
  }
  window.trajectory = plan.trajectory != nullptr ? plan.trajectory[episode] : episode;
  window.padding = false;
  return window;
}

}  // namespace detail

/// Window `row` of batch `step`, counted over all epochs, for `0 <= row < batch`.
ROBOCACHE_HOST_DEVICE inline drawn_window draw_window(window_plan const& plan, std::uint64_t seed, std::int64_t batch,
                                                      std::int64_t step, std::int64_t row) {
  std::int64_t const total = plan.draws[plan.sets];
  if (total <= 0 || step < 0) { return {}; }
  std::int64_t const steps = total / batch + (total % batch != 0 ? 1 : 0);
  auto const epoch = static_cast<std::uint64_t>(step / steps);
  std::int64_t const first_place = step % steps * batch;
  bool const padding = row >= total - first_place;
  std::int64_t const place = padding ? first_place : first_place + row;

  // Whose turn it is, and how many of the epoch the set has had before.
  std::int64_t const turn = permuted(make_permutation(total, seed, detail::shuffle_of(epoch, -1)), place);
  std::int64_t const set = detail::last_not_after(plan.draws, plan.sets, turn);
  std::int64_t const share = detail::subtract_wrapping(plan.draws[set + 1], plan.draws[set]);
  std::uint64_t const drawn = epoch * static_cast<std::uint64_t>(share) +
                              static_cast<std::uint64_t>(detail::subtract_wrapping(turn, plan.draws[set]));

  std::int64_t const first = detail::clamp(plan.set_offsets[set], 0, plan.episodes);
  std::int64_t const end = detail::clamp(plan.set_offsets[set + 1], first, plan.episodes);
  std::int64_t const windows = detail::subtract_wrapping(plan.offsets[end], plan.offsets[first]);
  if (windows <= 0) { return {}; }
  std::uint64_t const pass = drawn / static_cast<std::uint64_t>(windows);
  auto const next = static_cast<std::int64_t>(drawn % static_cast<std::uint64_t>(windows));
  permutation const of_set = make_permutation(windows, seed, detail::shuffle_of(pass, set));
  std::int64_t const number = add_wrapping(plan.offsets[first], permuted(of_set, next));
  auto const random = plan.anywhere ? detail::random_bits(seed, pass, static_cast<std::uint64_t>(number)) : 0;
  drawn_window window = detail::window_at(plan, first, end - first, number, random);
  window.padding = window.padding || padding;
  return window;
}

/// Row `i` of a rank's part of the batches from `step` on.
ROBOCACHE_HOST_DEVICE inline drawn_window draw_row(window_plan const& plan, window_draw const& draw, std::int64_t step,
                                                   std::int64_t i) {
  std::int64_t const part = draw.batch / draw.ranks;
  return draw_window(plan, static_cast<std::uint64_t>(draw.seed), draw.batch, add_wrapping(step, i / part),
                     i % part * draw.ranks + draw.rank);
}

ROBOCACHE_HOST_DEVICE inline void write_window(window_output const& out, std::int64_t i, drawn_window const& window) {
  out.trajectory[i] = window.trajectory;
  out.anchors[i] = window.anchor;
  if (out.padding != nullptr) { out.padding[i] = window.padding ? 1 : 0; }
}

}  // namespace robocache::device
