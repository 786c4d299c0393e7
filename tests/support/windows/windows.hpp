// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <robocache/windows.hpp>

#include "support/guarded.hpp"

/// `sample_windows` under test.
namespace test {

using robocache::window_draw;
using robocache::window_output;
using robocache::window_plan;

/// A plan in memory of its own; pointers of `plan` are not used, vectors that are empty are null.
struct window_problem {
  window_plan plan{};
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int64_t> trajectory{};
  std::vector<std::int64_t> starts{};
  std::vector<std::int64_t> lasts{};
  std::vector<std::int64_t> stamps{};
  std::vector<std::int64_t> set_offsets{0, 0};
  std::vector<std::int64_t> draws{0, 0};
  window_draw draw{};
  std::int64_t step = 0;
};

/// What one call left.
struct found_windows {
  status state{};
  std::vector<std::int64_t> trajectory{};
  std::vector<std::int64_t> anchors{};
  std::vector<std::uint8_t> padding{};
  std::string trouble{};
};

/// On the side under test.
found_windows sample_windows(window_problem const& p);

/// The call alone, with views that a test made by hand: for calls that are refused.
status sample_windows_views(window_plan const& plan, window_draw const& draw, window_output const& out);

namespace detail {

template <class T, class Space>
std::vector<T> read_all(guarded<Space> const& buffer, char const* name, std::string& trouble) {
  auto const bytes = buffer.read(name, trouble);
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!bytes.empty()) { std::memcpy(values.data(), bytes.data(), bytes.size()); }
  return values;
}

}  // namespace detail

/// Puts the plan into guarded memory of `Space`, makes the call, and reads back what it left.
/// @param call  `status(window_plan const&, window_draw const&, window_output const&)`, which returns when it is done
template <class Space, class Call>
found_windows run_sample_windows(window_problem const& p, Call call) {
  using numbers = guarded<Space>;
  auto const bytes = [](std::vector<std::int64_t> const& v) { return v.size() * sizeof(std::int64_t); };
  numbers const offsets(p.offsets.data(), bytes(p.offsets));
  numbers const trajectory(p.trajectory.data(), bytes(p.trajectory));
  numbers const starts(p.starts.data(), bytes(p.starts));
  numbers const lasts(p.lasts.data(), bytes(p.lasts));
  numbers const stamps(p.stamps.data(), bytes(p.stamps));
  numbers const set_offsets(p.set_offsets.data(), bytes(p.set_offsets));
  numbers const draws(p.draws.data(), bytes(p.draws));
  numbers const step(&p.step, sizeof p.step);
  auto const pointer = [](numbers const& one) { return static_cast<std::int64_t const*>(one.data()); };
  window_plan plan = p.plan;
  plan.offsets = pointer(offsets);
  plan.trajectory = pointer(trajectory);
  plan.starts = pointer(starts);
  plan.lasts = pointer(lasts);
  plan.stamps = pointer(stamps);
  plan.set_offsets = pointer(set_offsets);
  plan.draws = pointer(draws);
  window_draw draw = p.draw;
  draw.step = pointer(step);
  auto const rows = std::size_t(draw.rows());
  numbers const of_trajectory(nullptr, rows * sizeof(std::int64_t));
  numbers const of_anchors(nullptr, rows * sizeof(std::int64_t));
  numbers const of_padding(nullptr, rows);
  found_windows o;
  o.state =
      call(plan, draw,
           window_output{static_cast<std::int64_t*>(of_trajectory.data()),
                         static_cast<std::int64_t*>(of_anchors.data()), static_cast<std::uint8_t*>(of_padding.data())});
  o.trajectory = detail::read_all<std::int64_t>(of_trajectory, "trajectory", o.trouble);
  o.anchors = detail::read_all<std::int64_t>(of_anchors, "anchors", o.trouble);
  o.padding = detail::read_all<std::uint8_t>(of_padding, "padding", o.trouble);
  numbers const* const inputs[] = {&offsets, &trajectory, &starts, &lasts, &stamps, &set_offsets, &draws, &step};
  for (numbers const* const one : inputs) { one->read("an input", o.trouble); }
  return o;
}

}  // namespace test
