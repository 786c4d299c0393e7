// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <robocache/timeline.hpp>

#include "support/owners.hpp"

namespace test {

using robocache::timeline;
using robocache::timeline_kind;

/// A timeline that owns what it points to. An empty vector is an absent pointer. Of a ring, whose `lengths` say how
/// many samples were written, stamps and values are here in the order of samples, as `dense` has them; they are put
/// into their slots where a side gets its memory.
template <class Stamp>
struct timeline_data {
  timeline_kind kind = timeline_kind::dense;
  std::int64_t batch = 0;
  std::int64_t length = 0;
  std::int64_t rows = 0;
  std::int64_t stride = 0;
  std::vector<Stamp> stamps{};
  std::vector<std::int64_t> lengths{};
  std::vector<std::int64_t> offsets{};
  std::vector<std::int64_t> trajectory{};
  std::vector<Stamp> as_of{};
  std::vector<Stamp> starts{};
  std::vector<Stamp> deltas{};
  Stamp start = Stamp(0);
  Stamp num = Stamp(1);
  Stamp den = Stamp(1);

  bool packed() const { return !offsets.empty(); }

  /// The slot of sample `i` of trajectory `b`: of a ring where it is in memory, else the same.
  std::int64_t slot(std::int64_t b, std::int64_t i) const {
    if (kind != timeline_kind::ring || lengths[std::size_t(b)] <= length) { return i; }
    return (lengths[std::size_t(b)] % length + i) % length;
  }
  /// Rows of values that belong to this timeline.
  std::int64_t total() const { return packed() ? rows : batch * length; }
};

template <class Stamp>
timeline_data<Stamp> dense(std::vector<Stamp> stamps, std::int64_t batch, std::vector<std::int64_t> lengths = {}) {
  timeline_data<Stamp> t;
  t.kind = timeline_kind::dense;
  t.batch = batch;
  t.length = batch == 0 ? 0 : std::int64_t(stamps.size()) / batch;
  t.stride = t.length;
  t.stamps = std::move(stamps);
  t.lengths = std::move(lengths);
  return t;
}

template <class Stamp>
timeline_data<Stamp> shared(std::vector<Stamp> stamps, std::int64_t batch) {
  timeline_data<Stamp> t;
  t.kind = timeline_kind::shared;
  t.batch = batch;
  t.length = std::int64_t(stamps.size());
  t.stamps = std::move(stamps);
  return t;
}

template <class Stamp>
timeline_data<Stamp> ragged(std::vector<Stamp> stamps, std::vector<std::int64_t> offsets) {
  timeline_data<Stamp> t;
  t.kind = timeline_kind::ragged;
  t.batch = std::int64_t(offsets.size()) - 1;
  t.rows = std::int64_t(stamps.size());
  t.stamps = std::move(stamps);
  t.offsets = std::move(offsets);
  return t;
}

template <class Stamp>
timeline_data<Stamp> uniform(Stamp start, Stamp num, Stamp den, std::int64_t batch, std::int64_t length) {
  timeline_data<Stamp> t;
  t.kind = timeline_kind::uniform;
  t.batch = batch;
  t.length = length;
  t.start = start;
  t.num = num;
  t.den = den;
  return t;
}

template <class Stamp>
timeline_data<Stamp> uniform_each(std::vector<Stamp> starts, Stamp num, Stamp den, std::int64_t length) {
  auto t = uniform(Stamp(0), num, den, std::int64_t(starts.size()), length);
  t.starts = std::move(starts);
  return t;
}

/// @param starts  may be empty: then every trajectory begins at `start`
template <class Stamp>
timeline_data<Stamp> uniform_ragged(Stamp start, std::vector<Stamp> starts, Stamp num, Stamp den,
                                    std::vector<std::int64_t> offsets, std::int64_t rows) {
  auto t = uniform(start, num, den, std::int64_t(offsets.size()) - 1, 0);
  t.starts = std::move(starts);
  t.offsets = std::move(offsets);
  t.rows = rows;
  return t;
}

template <class Stamp>
timeline_data<Stamp> windows(std::vector<Stamp> anchors, std::vector<Stamp> deltas,
                             std::vector<std::int64_t> trajectory = {}, std::vector<Stamp> as_of = {}) {
  timeline_data<Stamp> t;
  t.kind = timeline_kind::windows;
  t.batch = std::int64_t(anchors.size());
  t.length = std::int64_t(deltas.size());
  t.starts = std::move(anchors);
  t.deltas = std::move(deltas);
  t.trajectory = std::move(trajectory);
  t.as_of = std::move(as_of);
  return t;
}

/// @param stamps   in the order of samples, `[batch, capacity]`
/// @param written  `[batch]`
template <class Stamp>
timeline_data<Stamp> ring(std::vector<Stamp> stamps, std::vector<std::int64_t> written) {
  auto t = dense(std::move(stamps), std::int64_t(written.size()), written);
  t.kind = timeline_kind::ring;
  return t;
}

/// What a timeline points to, on whichever side it was put.
template <class Stamp>
struct timeline_pointers {
  Stamp const* stamps = nullptr;
  std::int64_t const* lengths = nullptr;
  std::int64_t const* offsets = nullptr;
  std::int64_t const* trajectory = nullptr;
  Stamp const* as_of = nullptr;
  Stamp const* starts = nullptr;
  Stamp const* deltas = nullptr;
};

/// The library's view, made by the functions that a caller uses.
template <class Stamp>
timeline<Stamp> view_of(timeline_data<Stamp> const& t, timeline_pointers<Stamp> const& p) {
  using view = timeline<Stamp>;
  switch (t.kind) {
    case timeline_kind::dense: {
      view v = view::dense(p.stamps, t.batch, t.length, p.lengths);
      v.stride = t.stride;
      return v;
    }
    case timeline_kind::shared: return view::shared(p.stamps, t.batch, t.length);
    case timeline_kind::ragged: return view::ragged(p.stamps, p.offsets, t.batch, t.rows);
    case timeline_kind::uniform:
      if (t.packed()) { return view::uniform_ragged(t.start, p.starts, {t.num, t.den}, p.offsets, t.batch, t.rows); }
      return p.starts != nullptr ? view::uniform_each(p.starts, {t.num, t.den}, t.batch, t.length)
                                 : view::uniform(t.start, {t.num, t.den}, t.batch, t.length);
    case timeline_kind::windows: return view::windows(p.starts, p.deltas, t.batch, t.length, p.trajectory, p.as_of);
    case timeline_kind::ring: {
      view v = view::ring(p.stamps, t.batch, t.length, p.lengths);
      v.stride = t.stride;
      return v;
    }
  }
  return view{};
}

}  // namespace test
