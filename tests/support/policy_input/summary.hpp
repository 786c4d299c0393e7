// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <robocache/policy_input.hpp>

#include "support/policy_input/problem.hpp"
#include "support/summarize/summarize.hpp"

/// `summarize_policy_input` and `add_policy_input_to_summary` under test.
namespace test {

using robocache::policy_rows;

/// Which rows of a policy input are summarized, and how.
struct wanted_summary {
  std::int64_t fusion = 0;
  bool each_step = false;
  std::vector<std::int64_t> offsets{};  ///< empty: one group
  std::vector<double> fractions{};
};

/// On the side under test: one call, or with `parts` twice `add_policy_input_to_summary` in each pass.
template <class Stamp>
summarized summarize_policy_input(policy_problem<Stamp> const& p, wanted_summary const& wanted, bool parts = false);

/// The calls alone, with views that a test made by hand: for calls that are refused.
status summarize_policy_views(policy_rows<float> const& rows, summary_state<float> const& state, scratch const& memory);
status add_policy_views(policy_rows<float> const& rows, summary_state<float> const& state, int pass,
                        scratch const& memory);

/// How many rows of how many channels the summary is of.
template <class Stamp>
rows_data shape_of(policy_problem<Stamp> const& p, wanted_summary const& wanted) {
  auto const& own = p[std::size_t(wanted.fusion)];
  rows_data shape;
  shape.channels = own.width() * (wanted.each_step ? own.target.length : 1);
  shape.rows = wanted.each_step ? own.target.batch : own.target.total();
  shape.offsets = wanted.offsets;
  shape.fractions = wanted.fractions;
  return shape;
}

/// @param side  has the calls of the library, with scratch and without a stream
template <class Space, class Side, class Stamp>
summarized run_policy_summary(policy_problem<Stamp> const& p, wanted_summary const& wanted, bool parts,
                              Side const& side) {
  std::vector<std::unique_ptr<policy_memory<Space, Stamp>>> fusions;
  std::vector<robocache::policy_fusion<Stamp>> views;
  for (auto const& fusion : p) {
    fusions.push_back(std::make_unique<policy_memory<Space, Stamp>>(fusion));
    views.push_back(fusions.back()->view());
    views.back().out = {};  // nothing is written
  }
  rows_data const shape = shape_of(p, wanted);
  rows_memory<Space> const offsets(shape);
  state_memory<Space> const state(shape, parts);
  policy_rows<Stamp> rows{views.data(), std::int64_t(views.size()), wanted.fusion, wanted.each_step};
  auto const shape_view = offsets.template view<float>();
  rows.offsets = shape_view.offsets;
  rows.groups = shape_view.groups;
  auto const to = state.template view<float>();
  summarized o;
  auto const bytes = side.policy_scratch(rows);
  guarded<Space> const extra(nullptr, std::size_t(bytes));
  scratch const memory{extra.data(), bytes};
  if (!parts) {
    o.state = side.summarize_policy(rows, to, memory);
  } else {
    for (int pass = 0; pass < robocache::summary_passes(dtype::float32, to.quantiles) && o.state.ok(); ++pass) {
      for (int part = 0; part < 2 && o.state.ok(); ++part) { o.state = side.add_policy(rows, to, pass, memory); }
      if (o.state.ok()) { o.state = side.end_pass(to, pass); }
    }
  }
  extra.read("scratch", o.trouble);
  state.read(o);
  for (auto const& one : fusions) { static_cast<void>(one->read(o.trouble)); }
  return o;
}

}  // namespace test
