// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/check.hpp>
#include <robocache/status.hpp>
#include <robocache/windows.hpp>

namespace robocache::detail {

/// Sets have numbers of 20 bits beside that of their pass: see `device::draw_window`.
inline constexpr std::int64_t most_window_sets = (std::int64_t{1} << 20) - 1;

inline status check_count(char const* name, char const* field, std::int64_t found, std::int64_t least,
                          std::int64_t most) {
  if (found < least || found > most) {
    return refuse(invalid, name, field, "found %lld, want %lld to %lld", static_cast<long long>(found),
                  static_cast<long long>(least), static_cast<long long>(most));
  }
  return {};
}

inline status check_window_plan(window_plan const& plan) {
  status s = check_count("plan", "episodes", plan.episodes, 0, most_elements);
  if (!s.ok()) { return s; }
  s = check_count("plan", "sets", plan.sets, 1, most_window_sets);
  if (!s.ok()) { return s; }
  s = check_count("plan", "rows", plan.rows, 0, most_elements);
  if (!s.ok()) { return s; }
  struct {
    char const* field;
    std::int64_t const* pointer;
    std::int64_t count;
  } const arrays[] = {
      {"offsets", plan.offsets, plan.episodes + 1},
      {"trajectory", plan.trajectory, 0},
      {"starts", plan.starts, plan.episodes},
      {"lasts", plan.lasts, plan.anywhere ? plan.episodes : 0},
      {"stamps", plan.stamps, 0},
      {"set_offsets", plan.set_offsets, plan.sets + 1},
      {"draws", plan.draws, plan.sets + 1},
  };
  for (auto const& one : arrays) {
    s = check_pointer("plan", one.field, one.pointer, one.count, alignof(std::int64_t));
    if (!s.ok()) { return s; }
  }
  if (plan.stamps != nullptr) {
    if (plan.anywhere) { return refuse(invalid, "plan", "anywhere", "found it with stamps, want one of the two"); }
    return {};
  }
  s = check_count("plan", "num", plan.num, 1, INT64_MAX);
  return s.ok() ? check_count("plan", "den", plan.den, 1, INT64_MAX) : s;
}

/// Everything that `sample_windows` checks, on the host and on the device alike.
inline status check_sample_windows(window_plan const& plan, window_draw const& draw, window_output const& out) {
  status s = check_window_plan(plan);
  if (!s.ok()) { return s; }
  s = check_count("draw", "batches", draw.batches, 0, most_elements);
  if (!s.ok()) { return s; }
  s = check_count("draw", "batch", draw.batch, 1, most_elements);
  if (!s.ok()) { return s; }
  s = check_count("draw", "ranks", draw.ranks, 1, draw.batch);
  if (!s.ok()) { return s; }
  s = check_count("draw", "rank", draw.rank, 0, draw.ranks - 1);
  if (!s.ok()) { return s; }
  if (draw.batch % draw.ranks != 0) {
    return refuse(invalid, "draw", "batch", "found %lld, want a multiple of the %lld ranks",
                  static_cast<long long>(draw.batch), static_cast<long long>(draw.ranks));
  }
  std::int64_t rows = draw.batches;
  if (!multiply(rows, draw.batch / draw.ranks)) {
    return refuse(invalid, "draw", "batches", "found %lld of %lld rows, want fewer than 2^58 rows in all",
                  static_cast<long long>(draw.batches), static_cast<long long>(draw.batch / draw.ranks));
  }
  s = check_pointer("draw", "step", draw.step, 1, alignof(std::int64_t));
  if (!s.ok()) { return s; }
  s = check_pointer("out", "trajectory", out.trajectory, rows, alignof(std::int64_t));
  if (!s.ok()) { return s; }
  s = check_pointer("out", "anchors", out.anchors, rows, alignof(std::int64_t));
  return s.ok() ? check_pointer("out", "padding", out.padding, 0, 1) : s;
}

}  // namespace robocache::detail
