// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <c10/util/ArrayRef.h>
#include <c10/util/Exception.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common.hpp"
#include "layout.hpp"
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

/// Timelines and rules as operators take them: flat lists, since a schema knows no structures. Row i of each list is
/// that of stream i; the targets have the last row, and no rules. layout.hpp names the entries of a row; _flat.py makes
/// them.
struct timed_arguments {
  optional_tensors sources;        ///< a `source_row` per stream
  optional_tensor target_stamps;   ///< of windows the deltas
  optional_tensor target_starts;   ///< of windows the anchors
  optional_tensor target_index;    ///< lengths, offsets, or of windows the trajectories
  c10::Device device;              ///< where the work is done, and the results are
  at::IntArrayRef kinds;           ///< of rc::timeline_kind, one per timeline
  at::ScalarType stamp;            ///< float32, float64 or int64
  at::IntArrayRef sizes;           ///< a `sizes_row` per timeline
  at::IntArrayRef whole;           ///< a `ticks_row` per timeline, where stamps are integers
  at::ArrayRef<double> real;       ///< the same, where stamps are floats
  at::IntArrayRef rules;           ///< a `rules_row` per stream
  at::ArrayRef<double> fills;      ///< one per stream
  optional_tensor target_as_of{};  ///< of windows: behind which stamps they know nothing

  /// Calls `work(Stamp{})`.
  template <class Work>
  void visit(Work work) const {
    switch (stamp) {
      case at::kFloat: work(float{}); return;
      case at::kDouble: work(double{}); return;
      case at::kLong: work(std::int64_t{}); return;
      default: C10_THROW_ERROR(TypeError, c10::str("stamp: found ", stamp, ", want float32, float64 or int64"));
    }
  }

  template <class Stamp>
  rc::timeline<Stamp> timeline(std::size_t i) const {
    rc::timeline<Stamp> when;
    when.kind = static_cast<rc::timeline_kind>(kinds[i]);
    when.batch = size(i, "batch");
    when.length = size(i, "length");
    when.rows = size(i, "rows");
    bool const is_target = i + 1 == kinds.size();
    optional_tensor const stamps = is_target ? target_stamps : source(i, "stamps");
    optional_tensor const starts = is_target ? target_starts : source(i, "starts");
    optional_tensor const index = is_target ? target_index : source(i, "index");
    (when.kind == rc::timeline_kind::windows ? when.deltas : when.stamps) = data_of<Stamp>(stamps);
    bool const rows_each = when.kind == rc::timeline_kind::dense || when.kind == rc::timeline_kind::ring;
    if (rows_each) { when.stride = when.length; }
    when.starts = data_of<Stamp>(starts);
    if (is_target) { when.as_of = data_of<Stamp>(target_as_of); }
    auto const* const indices = data_of<std::int64_t>(index);
    switch (when.kind) {
      case rc::timeline_kind::dense:
      case rc::timeline_kind::ring: when.lengths = indices; break;
      case rc::timeline_kind::windows: when.trajectory = indices; break;
      case rc::timeline_kind::shared:
      case rc::timeline_kind::ragged:
      case rc::timeline_kind::uniform: when.offsets = indices; break;
    }
    when.start = tick<Stamp>(i, "start");
    when.num = tick<Stamp>(i, "num");
    when.den = tick<Stamp>(i, "den");
    return when;
  }

  template <class Stamp>
  rc::resample_options<Stamp> options(std::size_t i) const {
    rc::resample_options<Stamp> options;
    options.method = static_cast<rc::interpolation>(rule(i, "method"));
    options.before = static_cast<rc::edge>(rule(i, "before"));
    options.after = static_cast<rc::edge>(rule(i, "after"));
    options.causal = rule(i, "causal") != 0;
    options.max_gap = tick<Stamp>(i, "max_gap");
    options.tolerance = tick<Stamp>(i, "tolerance");
    options.fill = real_of(fills[i]);
    return options;
  }

  template <class Stamp>
  Stamp latency(std::size_t i) const {
    return tick<Stamp>(i, "latency");
  }

  /// When stream i is relative to something: this much after the anchor.
  template <class Stamp>
  Stamp reference(std::size_t i) const {
    return tick<Stamp>(i, "at");
  }

  /// Of timeline i.
  std::int64_t size(std::size_t i, std::string_view name) const {
    return sizes[sizes_row.size() * i + sizes_row[name]];
  }

  /// For times in the host's memory: warns where float32 is not enough for them.
  /// @param source  what Python calls the times of stream i
  /// @param target  what it calls the targets
  template <class Stamp, class Name>
  void warn_of_stamps(rc::compiled::place where, Name source, std::string const& target = "targets") const {
    if (where != rc::compiled::place::host) { return; }
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      warn_where_neighbours_are_equal(timeline<Stamp>(i), i + 1 == kinds.size() ? target : source(i));
    }
  }

  /// The results' shape except for the last dimension: `[B, T]`, or `[rows]` of packed targets.
  std::vector<std::int64_t> target_shape() const {
    auto const kind = static_cast<rc::timeline_kind>(kinds.back());
    bool const packed =
        target_index.has_value() && kind != rc::timeline_kind::dense && kind != rc::timeline_kind::windows;
    std::size_t const last = kinds.size() - 1;
    if (packed) { return {size(last, "rows")}; }
    return {size(last, "batch"), size(last, "length")};
  }

 private:
  optional_tensor source(std::size_t i, std::string_view name) const {
    return sources.get(source_row.size() * i + source_row[name]);
  }

  std::int64_t rule(std::size_t i, std::string_view name) const {
    return rules[rules_row.size() * i + rules_row[name]];
  }

  template <class Stamp>
  Stamp tick(std::size_t i, std::string_view name) const {
    std::size_t const place = ticks_row.size() * i + ticks_row[name];
    if constexpr (std::is_floating_point_v<Stamp>) {
      return static_cast<Stamp>(real_of(real[place]));
    } else {
      return whole[place];
    }
  }
};

}  // namespace robocache_torch
