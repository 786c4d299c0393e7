// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <vector>

#include <robocache/detail/policy_input/summary_check.hpp>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/common/summary/nodes.hpp"
#include "host/instantiate.hpp"
#include "host/policy_input/values.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// The rows of a node, a stream and a step at a time, and what they come to.
template <class Stamp>
class policy_node {
 public:
  explicit policy_node(policy_rows<Stamp> const& rows)
      : rows_(rows),
        list_{rows.fusions, rows.count},
        own_(rows.fusions[rows.fusion]),
        channels_(robocache::detail::channels_of(own_.streams, own_.count)) {}

  /// Calls `use(values, place)` for each stream in each step: `values` are the node's rows of the stream, `place` is
  /// their first channel among all.
  template <class Use>
  void for_each(node const& one, Use const& use) {
    std::int64_t place = 0;
    for (std::int64_t i = 0; i < own_.count; ++i) {
      stream_values<Stamp> values(list_, rows_.fusion, own_.streams[i]);
      std::int64_t const steps = rows_.each_step ? own_.target.length : 1;
      for (std::int64_t step = 0; step < steps; ++step) { use(read(one, values, step), step * channels_ + place); }
      place += values.channels();
    }
  }

 private:
  value_rows<float> read(node const& one, stream_values<Stamp>& values, std::int64_t step) {
    std::int64_t const count = one.end - one.first;
    std::int64_t const width = values.channels();
    buffer_.resize(static_cast<std::size_t>(count * width));
    mask_.resize(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
      bool const valid = find(one.first + i, step, values);
      mask_[static_cast<std::size_t>(i)] = valid ? 1 : 0;
      if (valid) { std::copy_n(values.row(), width, buffer_.data() + i * width); }
    }
    value_rows<float> view{buffer_.data(), count, width};
    view.mask = mask_.data();
    return view;
  }

  /// True where the row is valid: then `values` has it.
  bool find(std::int64_t row, std::int64_t step, stream_values<Stamp>& values) const {
    timeline<Stamp> const& target = own_.target;
    std::int64_t b = row;
    std::int64_t k = step;
    if (!rows_.each_step && target.packed()) {
      b = device::owner_of_row(target.offsets, target.batch, target.rows, row).b;
      if (b < 0) { return false; }
      device::trajectory<Stamp> const targets = device::trajectory_of(target, b);
      k = row - targets.first_row;
      if (k < 0 || k >= targets.length) { return false; }
    } else {
      if (!rows_.each_step) {
        b = row / target.length;
        k = row - b * target.length;
      }
      if (target.lengths != nullptr && k >= device::detail::length_of(target, b)) { return false; }
    }
    return values.find(b, k).valid;
  }

  policy_rows<Stamp> const& rows_;
  robocache::detail::fusion_list<Stamp> list_;
  policy_fusion<Stamp> const& own_;
  std::int64_t channels_;
  std::vector<float> buffer_;
  std::vector<std::uint8_t> mask_;
};

/// Adds rows that have been checked.
template <class Stamp>
void add_rows(policy_rows<Stamp> const& rows, summary_state<float> const& state, int pass) {
  value_rows<float> const shape = robocache::detail::shape_of(rows);
  node_list<float> const list(shape);
  auto const count = static_cast<std::int64_t>(list.nodes.size());
  std::int64_t const bytes = robocache::detail::summary_node_rows * shape.channels * std::int64_t(sizeof(float));
  std::vector<channel_summary> merged(pass == 0 ? static_cast<std::size_t>(count * shape.channels) : 0);
  for_each_piece(count, bytes, [&](std::int64_t begin, std::int64_t end) {
    digit_counts counts;
    policy_node<Stamp> made(rows);
    for (std::int64_t i = begin; i < end; ++i) {
      node const& one = list.nodes[static_cast<std::size_t>(i)];
      made.for_each(one, [&](value_rows<float> const& values, std::int64_t place) {
        node const here{one.group, 0, values.rows};
        if (pass == 0) {
          summarize_node(values, state, here, place, merged.data() + i * shape.channels + place, counts);
        } else {
          count_node(values, state, here, place, device::digit_of_pass(sizeof(float), pass), counts);
        }
      });
    }
  });
  if (pass == 0) { merge_groups(list, state, merged.data()); }
}

}  // namespace
}  // namespace detail

template <class Stamp>
status exact::add_policy_input_to_summary(policy_rows<Stamp> const& rows, summary_state<float> const& state, int pass) {
  status const checked = robocache::detail::check_policy_summary(rows, state, pass);
  if (checked.ok()) { detail::add_rows(rows, state, pass); }
  return checked;
}

template <class Stamp>
status exact::summarize_policy_input(policy_rows<Stamp> const& rows, summary_state<float> const& state) {
  status checked = robocache::detail::check_policy_summary(rows, state, 0);
  if (!checked.ok()) { return checked; }
  detail::clear_state(state);
  for (int pass = 0; pass < robocache::detail::passes_of(state) && checked.ok(); ++pass) {
    detail::add_rows(rows, state, pass);
    checked = end_summary_pass(state, pass);
  }
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Stamp)                                                                     \
  template status exact::summarize_policy_input(policy_rows<Stamp> const&, summary_state<float> const&); \
  template status exact::add_policy_input_to_summary(policy_rows<Stamp> const&, summary_state<float> const&, int)
ROBOCACHE_FOR_STAMPS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
