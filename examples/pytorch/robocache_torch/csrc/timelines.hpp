// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <c10/util/ArrayRef.h>

#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "common.hpp"
#include "stamps.hpp"

namespace robocache_torch {

using optional_tensors = c10::List<optional_tensor>;

/// The same without negative bits, which PyTorch resolves in tensors and lists of them, but not in optional ones.
inline optional_tensors without_bits(optional_tensors const& given) {
  optional_tensors resolved;
  resolved.reserve(given.size());
  for (optional_tensor const one : given) {
    resolved.push_back(one.has_value() ? optional_tensor(one->resolve_conj().resolve_neg()) : std::nullopt);
  }
  return resolved;
}

/// Timelines and rules as operators take them: flat lists, since a schema knows no structures. Stream i has entry i of
/// each list; the targets are the last entry, and have no rules. _flat.py makes them.
struct timed_arguments {
  optional_tensors sources;              ///< three a stream: stamps; starts; lengths or offsets
  optional_tensor const& target_stamps;  ///< of windows the deltas
  optional_tensor const& target_starts;  ///< of windows the anchors
  optional_tensor const& target_index;   ///< lengths, offsets, or of windows the trajectories
  at::IntArrayRef kinds;                 ///< of rc::timeline_kind
  std::int64_t stamp;                    ///< of rc::stamp_dtype
  at::IntArrayRef sizes;                 ///< three each: batch, length, packed rows
  at::IntArrayRef whole;       ///< six each, of integer stamps: start, period's two parts, max_gap, latency, tolerance
  at::ArrayRef<double> real;   ///< the same of float stamps
  at::IntArrayRef rules;       ///< four a stream: method, before, after, causal
  at::ArrayRef<double> fills;  ///< one a stream

  /// Calls `work(Stamp{})`.
  template <class Work>
  void visit(Work work) const {
    switch (static_cast<rc::stamp_dtype>(stamp)) {
      case rc::stamp_dtype::float32: work(float{}); return;
      case rc::stamp_dtype::float64: work(double{}); return;
      case rc::stamp_dtype::int64: work(std::int64_t{}); return;
    }
  }

  template <class Stamp>
  rc::timeline<Stamp> timeline(std::size_t i) const {
    rc::timeline<Stamp> when;
    when.kind = static_cast<rc::timeline_kind>(kinds[i]);
    when.batch = sizes[3 * i];
    when.length = sizes[3 * i + 1];
    when.rows = sizes[3 * i + 2];
    bool const is_target = i + 1 == kinds.size();
    optional_tensor const stamps = is_target ? target_stamps : sources.get(3 * i);
    optional_tensor const starts = is_target ? target_starts : sources.get(3 * i + 1);
    optional_tensor const index = is_target ? target_index : sources.get(3 * i + 2);
    (when.kind == rc::timeline_kind::windows ? when.deltas : when.stamps) = data_of<Stamp>(stamps);
    if (when.kind == rc::timeline_kind::dense) { when.stride = when.length; }
    when.starts = data_of<Stamp>(starts);
    auto const* const indices = data_of<std::int64_t>(index);
    switch (when.kind) {
      case rc::timeline_kind::dense: when.lengths = indices; break;
      case rc::timeline_kind::windows: when.trajectory = indices; break;
      default: when.offsets = indices;
    }
    when.start = number<Stamp>(6 * i);
    when.num = number<Stamp>(6 * i + 1);
    when.den = number<Stamp>(6 * i + 2);
    return when;
  }

  template <class Stamp>
  rc::resample_options<Stamp> options(std::size_t i) const {
    rc::resample_options<Stamp> options;
    options.method = static_cast<rc::interpolation>(rules[4 * i]);
    options.before = static_cast<rc::edge>(rules[4 * i + 1]);
    options.after = static_cast<rc::edge>(rules[4 * i + 2]);
    options.causal = rules[4 * i + 3] != 0;
    options.max_gap = number<Stamp>(6 * i + 3);
    options.tolerance = number<Stamp>(6 * i + 5);
    options.fill = fills[i];
    return options;
  }

  template <class Stamp>
  Stamp latency(std::size_t i) const {
    return number<Stamp>(6 * i + 4);
  }

  /// For times that lie in the host's memory: warns where float32 is not enough for them.
  /// @param source  what Python calls the times of stream i
  template <class Stamp, class Name>
  void warn_of_stamps(rc::compiled::place where, Name source) const {
    if (where != rc::compiled::place::host) { return; }
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      warn_where_neighbours_are_equal(timeline<Stamp>(i), i + 1 == kinds.size() ? "targets" : source(i));
    }
  }

  /// The results' shape but for the last dimension: `[B, T]`, or `[rows]` of packed targets.
  std::vector<std::int64_t> target_shape() const {
    auto const kind = static_cast<rc::timeline_kind>(kinds.back());
    bool const packed =
        target_index.has_value() && kind != rc::timeline_kind::dense && kind != rc::timeline_kind::windows;
    auto const last = 3 * (kinds.size() - 1);
    if (packed) { return {sizes[last + 2]}; }
    return {sizes[last], sizes[last + 1]};
  }

 private:
  template <class Stamp>
  Stamp number(std::size_t i) const {
    if constexpr (std::is_floating_point_v<Stamp>) {
      return static_cast<Stamp>(real[i]);
    } else {
      return whole[i];
    }
  }
};

}  // namespace robocache_torch
