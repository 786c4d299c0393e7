// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/guarded.hpp"
#include "support/problem.hpp"

namespace test {

/// A timeline's memory in `Space`.
template <class Space, class Stamp>
class timeline_memory {
 public:
  explicit timeline_memory(timeline_data<Stamp> const& t) {
    using kind = timeline_kind;
    timeline_pointers<Stamp> p;
    if (t.kind == kind::dense || t.kind == kind::shared || t.kind == kind::ragged) { p.stamps = put(t.stamps); }
    if (t.kind == kind::ring) { p.stamps = put(in_slots(t)); }
    if (t.kind == kind::windows) { p.deltas = put(t.deltas); }
    if (t.kind == kind::windows || !t.starts.empty()) { p.starts = put(t.starts); }
    if (!t.lengths.empty() || t.kind == kind::ring) { p.lengths = put(t.lengths); }
    if (t.packed()) { p.offsets = put(t.offsets); }
    if (!t.trajectory.empty()) { p.trajectory = put(t.trajectory); }
    if (!t.as_of.empty()) { p.as_of = put(t.as_of); }
    view_ = view_of(t, p);
  }

  timeline<Stamp> const& view() const { return view_; }

  void check(char const* name, std::string& trouble) const {
    for (auto const& part : parts_) { part->read(name, trouble); }
  }

 private:
  /// The stamps of a ring as they lie in memory.
  static std::vector<Stamp> in_slots(timeline_data<Stamp> const& t) {
    auto stamps = t.stamps;
    for (std::int64_t b = 0; b < t.batch; ++b) {
      for (std::int64_t i = 0; i < t.length; ++i) {
        stamps[std::size_t(b * t.stride + t.slot(b, i))] = t.stamps[std::size_t(b * t.stride + i)];
      }
    }
    return stamps;
  }

  template <class T>
  T const* put(std::vector<T> const& data) {
    static std::byte const nothing{};
    void const* from = data.empty() ? static_cast<void const*>(&nothing) : data.data();
    parts_.push_back(std::make_unique<guarded<Space>>(from, data.size() * sizeof(T)));
    return static_cast<T const*>(parts_.back()->data());
  }

  std::vector<std::unique_ptr<guarded<Space>>> parts_;
  timeline<Stamp> view_;
};

/// The arguments of one call, in the memory of one side; types of values as in `of`.
template <class Stamp>
struct call_arguments {
  problem<Stamp> const& of;
  timeline<Stamp> source;
  timeline<Stamp> target;
  void const* values;
  void* results;
  std::uint8_t* valid;

  template <class Value>
  robocache::series<Value, Stamp> series() const {
    return {static_cast<Value const*>(values), source, of.channels, of.batch_stride, of.row_stride, of.place};
  }
  template <class Result>
  robocache::output<Result> output() const {
    return {static_cast<Result*>(results), valid, of.result_batch_stride, of.result_row_stride};
  }
};

/// Puts the problem into guarded memory of `Space`, makes the call, and reads back what it left.
/// @param call  `status(call_arguments<Stamp> const&)`, which returns when the results are written
template <class Space, class Stamp, class Call>
outcome run_resample(problem<Stamp> const& p, Call call) {
  auto const value_size = std::int64_t(robocache::size_of(p.value_type));
  auto const result_size = std::int64_t(robocache::size_of(p.result_type));
  timeline_memory<Space, Stamp> const source(p.source);
  timeline_memory<Space, Stamp> const target(p.target);
  static std::byte const nothing{};
  auto const held = values_in_memory(p);
  void const* const from = held.empty() ? static_cast<void const*>(&nothing) : held.data();
  guarded<Space> const values(from, held.size(), std::size_t(p.misaligned * value_size), p.place);
  guarded<Space> const results(nullptr, std::size_t(p.result_layout().extent() * result_size),
                               std::size_t(p.misaligned * result_size));
  guarded<Space> const valid(nullptr, std::size_t(p.target.total()), std::size_t(p.misaligned));

  call_arguments<Stamp> const arguments{p,
                                        source.view(),
                                        target.view(),
                                        static_cast<std::byte const*>(values.data()) + p.first_channel * value_size,
                                        static_cast<std::byte*>(results.data()) + p.result_first * result_size,
                                        p.mask ? static_cast<std::uint8_t*>(valid.data()) : nullptr};
  outcome o;
  o.state = call(arguments);
  o.results = results.read("results", o.trouble);
  auto const mask = valid.read("valid", o.trouble);
  for (auto byte : mask) { o.valid.push_back(std::uint8_t(byte)); }
  values.read("values", o.trouble);
  source.check("source.when", o.trouble);
  target.check("target", o.trouble);
  return o;
}

/// Rows of a ring, which are slots, become those of its samples.
template <class Stamp>
void samples_of_rows(timeline_data<Stamp> const& source, std::vector<std::int64_t>& rows) {
  if (source.kind != timeline_kind::ring) { return; }
  for (auto& row : rows) {
    if (row < 0 || row >= source.total()) { continue; }
    std::int64_t const b = row / source.length;
    for (std::int64_t i = 0; i < source.length; ++i) {
      if (source.slot(b, i) == row % source.length) {
        row = b * source.length + i;
        break;
      }
    }
  }
}

/// The same for `locate`.
/// @param call  `status(call_arguments<Stamp> const&, located const&)`; the values and results in it are null
template <class Space, class Stamp, class Call>
located_outcome run_locate(problem<Stamp> const& p, Call call) {
  auto const total = std::size_t(p.target.total());
  timeline_memory<Space, Stamp> const source(p.source);
  timeline_memory<Space, Stamp> const target(p.target);
  guarded<Space> const rows(nullptr, total * 2 * sizeof(std::int64_t));
  guarded<Space> const weights(nullptr, total * sizeof(float));
  guarded<Space> const valid(nullptr, total);

  located_outcome o;
  o.state = call(call_arguments<Stamp>{p, source.view(), target.view(), nullptr, nullptr, nullptr},
                 robocache::located{static_cast<std::int64_t*>(rows.data()), static_cast<float*>(weights.data()),
                                    static_cast<std::uint8_t*>(valid.data())});
  o.rows.resize(total * 2);
  o.weights.resize(total);
  o.valid.resize(total);
  auto const fetch = [&](guarded<Space> const& from, char const* name, void* to) {
    auto const bytes = from.read(name, o.trouble);
    if (!bytes.empty()) { std::memcpy(to, bytes.data(), bytes.size()); }
  };
  fetch(rows, "rows", o.rows.data());
  samples_of_rows(p.source, o.rows);
  fetch(weights, "weights", o.weights.data());
  fetch(valid, "valid", o.valid.data());
  source.check("source", o.trouble);
  target.check("target", o.trouble);
  return o;
}

}  // namespace test
