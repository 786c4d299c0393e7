// SPDX-License-Identifier: Apache-2.0
#include "oracle.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace test::oracle {
namespace {

__extension__ using wide = __int128;

std::int64_t floor_divide(wide a, wide b) {
  wide const quotient = a / b;
  return std::int64_t(a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient);
}

template <class Stamp>
Stamp uniform_stamp(timeline_data<Stamp> const& t, Stamp start, std::int64_t i) {
  if constexpr (std::is_integral_v<Stamp>) {
    return start + floor_divide(wide(i) * t.num, t.den);
  } else {
    Stamp const period = t.num / t.den;
    Stamp const elapsed = Stamp(i) * period;
    return start + elapsed;
  }
}

/// `later - earlier`, as float and in real numbers; the difference is taken in the stamps' type, of integers without
/// overflow. Negative where the names are wrong.
struct span_of_time {
  float rounded;
  long double exact;
};

template <class Stamp>
span_of_time span_between(Stamp earlier, Stamp later) {
  if constexpr (std::is_integral_v<Stamp>) {
    wide const d = wide(later) - wide(earlier);
    auto const magnitude = static_cast<std::uint64_t>(d < 0 ? -d : d);
    auto const rounded = static_cast<float>(magnitude);
    return {d < 0 ? -rounded : rounded, static_cast<long double>(d)};
  } else {
    Stamp const d = later - earlier;
    return {static_cast<float>(d), static_cast<long double>(later) - static_cast<long double>(earlier)};
  }
}

/// Whether `later - earlier`, in the stamps' type, is more than `limit`.
template <class Stamp>
bool wider(Stamp earlier, Stamp later, Stamp limit) {
  if (limit == robocache::unlimited_gap<Stamp>()) { return false; }
  if constexpr (std::is_integral_v<Stamp>) {
    return wide(later) - wide(earlier) > wide(limit);
  } else {
    Stamp const d = later - earlier;
    return d > limit;
  }
}

/// Whether `t` is at least as close to `a` as to `b`; a <= t < b.
template <class Stamp>
bool earlier_is_nearest(Stamp a, Stamp t, Stamp b) {
  if constexpr (std::is_integral_v<Stamp>) {
    return wide(t) - wide(a) <= wide(b) - wide(t);
  } else {
    Stamp const to_a = t - a;
    Stamp const to_b = b - t;
    return to_a <= to_b;
  }
}

/// The rules for one target in one trajectory; rows counted from its first.
template <class Stamp>
record find(std::vector<Stamp> const& s, Stamp t, resample_options<Stamp> const& o) {
  auto const n = std::int64_t(s.size());
  auto const last = n - 1;
  record const fill{};
  if (n == 0 || !std::isfinite(static_cast<long double>(t))) { return fill; }

  std::int64_t i = -1;  // the right-most sample at or before t
  for (std::int64_t k = 0; k < n; ++k) {
    if (s[k] <= t) { i = k; }
  }
  auto const one = [&](std::int64_t row, bool valid) {
    Stamp const at = s[row];
    if (wider(std::min(at, t), std::max(at, t), o.max_gap)) { return fill; }
    return record{row, row, 0, 0, valid};
  };
  auto const line = [&](std::int64_t a) {
    auto const up = span_between(s[a], t);
    auto const width = span_between(s[a], s[a + 1]);
    float const w = width.rounded == 0 ? 0.0f : up.rounded / width.rounded;
    long double const exact = width.exact == 0 ? 0.0L : up.exact / width.exact;
    if (w == 0) { return record{a, a, 0, 0, true}; }
    if (w == 1) { return record{a + 1, a + 1, 0, 0, true}; }  // the first row's weight is exactly 0
    return record{a, a + 1, w, exact, true};
  };
  auto const outside = [&](edge rule, std::int64_t row, std::int64_t bracket) {
    bool const straight =
        o.method == interpolation::linear && rule == edge::extrapolate && n > 1 && s[bracket] != s[bracket + 1];
    if (rule == edge::fill) { return fill; }
    if (!straight) { return one(row, false); }
    record r = line(bracket);
    r.valid = false;
    return r;
  };

  if (i >= 0 && s[i] == t) { return {i, i, 0, 0, true}; }
  if (i < 0) { return o.method == interpolation::next ? one(0, true) : outside(o.before, 0, 0); }
  if (i == last) { return o.method == interpolation::previous ? one(last, true) : outside(o.after, last, last - 1); }
  switch (o.method) {
    case interpolation::previous: return one(i, true);
    case interpolation::next: return one(i + 1, true);
    case interpolation::nearest: return one(earlier_is_nearest(s[i], t, s[i + 1]) ? i : i + 1, true);
    case interpolation::linear: return wider(s[i], s[i + 1], o.max_gap) ? fill : line(i);
  }
  return fill;
}

/// Where trajectory `b` of a packed timeline begins and how many rows it has.
struct extent {
  std::int64_t begin;
  std::int64_t count;
};

template <class Stamp>
extent extent_of(timeline_data<Stamp> const& t, std::int64_t b) {
  if (t.packed()) {
    auto const begin = std::clamp<std::int64_t>(t.offsets[b], 0, t.rows);
    auto const end = std::clamp<std::int64_t>(t.offsets[b + 1], 0, t.rows);
    return {begin, std::max<std::int64_t>(0, end - begin)};
  }
  auto const count = t.lengths.empty() ? t.length : std::clamp<std::int64_t>(t.lengths[b], 0, t.length);
  return {b * t.length, count};
}

}  // namespace

template <class Stamp>
std::int64_t first_row(timeline_data<Stamp> const& t, std::int64_t b) {
  return extent_of(t, b).begin;
}

template <class Stamp>
std::vector<Stamp> stamps_of(timeline_data<Stamp> const& t, std::int64_t b) {
  extent const e = extent_of(t, b);
  std::vector<Stamp> stamps;
  for (std::int64_t i = 0; i < e.count; ++i) {
    switch (t.kind) {
      case timeline_kind::dense: stamps.push_back(t.stamps[b * t.stride + i]); break;
      case timeline_kind::shared: stamps.push_back(t.stamps[i]); break;
      case timeline_kind::ragged: stamps.push_back(t.stamps[e.begin + i]); break;
      case timeline_kind::uniform:
        stamps.push_back(uniform_stamp(t, t.starts.empty() ? t.start : t.starts[b], i));
        break;
      case timeline_kind::windows: stamps.push_back(t.starts[b] + t.deltas[i]); break;
    }
  }
  return stamps;
}

template <class Stamp>
std::vector<record> locate(problem<Stamp> const& p) {
  std::vector<record> records(std::size_t(p.target.total()));
  for (std::int64_t b = 0; b < p.target.batch; ++b) {
    std::int64_t const read = p.target.trajectory.empty() ? b : p.target.trajectory[b];
    bool const exists = read >= 0 && read < p.source.batch;
    std::vector<Stamp> const samples = exists ? stamps_of(p.source, read) : std::vector<Stamp>{};
    std::int64_t const base = exists ? first_row(p.source, read) : 0;
    std::int64_t row = first_row(p.target, b);
    for (Stamp t : stamps_of(p.target, b)) {
      record r = find(samples, t, p.options);
      if (r.first >= 0) {
        r.first += base;
        r.second += base;
      }
      records[row++] = r;
    }
  }
  return records;
}

template <class Stamp>
std::uint64_t blend(problem<Stamp> const& p, record const& r, std::int64_t channel) {
  auto const bits_of = [&](std::int64_t row) {
    return load_bits(p.value_type, p.values.data(), p.value_layout().begin(row) + channel);
  };
  if (is_integer(p.value_type)) {
    auto const fill = std::uint64_t(std::int64_t(p.options.fill));
    auto const size = robocache::size_of(p.value_type);
    return r.first >= 0 ? bits_of(r.first) : (size == 8 ? fill : fill & ((std::uint64_t(1) << (8 * size)) - 1));
  }
  if (r.first < 0) { return encode(p.result_type, double(float(p.options.fill))); }
  auto const a = float(decode(p.value_type, bits_of(r.first)));
  if (r.first == r.second) { return encode(p.result_type, double(a)); }
  auto const b = float(decode(p.value_type, bits_of(r.second)));
  float const one_minus = 1.0f - r.weight;
  float const left = one_minus * a;
  float const right = r.weight * b;
  float const sum = left + right;
  return encode(p.result_type, double(sum));
}

template <class Stamp>
real_result blend_in_double(problem<Stamp> const& p, record const& r, std::int64_t channel) {
  auto const value_of = [&](std::int64_t row) {
    return decode(p.value_type, load_bits(p.value_type, p.values.data(), p.value_layout().begin(row) + channel));
  };
  if (r.first < 0) { return {p.options.fill, std::fabs(p.options.fill)}; }
  double const a = value_of(r.first);
  if (r.first == r.second) { return {a, std::fabs(a)}; }
  double const b = value_of(r.second);
  long double const value = (1 - r.exact) * a + r.exact * b;
  double const stretch = double(std::fabs(1 - r.exact) + std::fabs(r.exact));
  return {double(value), stretch * std::max(std::fabs(a), std::fabs(b))};
}

template std::vector<float> stamps_of(timeline_data<float> const&, std::int64_t);
template std::vector<double> stamps_of(timeline_data<double> const&, std::int64_t);
template std::vector<std::int64_t> stamps_of(timeline_data<std::int64_t> const&, std::int64_t);
template std::int64_t first_row(timeline_data<float> const&, std::int64_t);
template std::int64_t first_row(timeline_data<double> const&, std::int64_t);
template std::int64_t first_row(timeline_data<std::int64_t> const&, std::int64_t);
template std::vector<record> locate(problem<float> const&);
template std::vector<record> locate(problem<double> const&);
template std::vector<record> locate(problem<std::int64_t> const&);
template std::uint64_t blend(problem<float> const&, record const&, std::int64_t);
template std::uint64_t blend(problem<double> const&, record const&, std::int64_t);
template std::uint64_t blend(problem<std::int64_t> const&, record const&, std::int64_t);
template real_result blend_in_double(problem<float> const&, record const&, std::int64_t);
template real_result blend_in_double(problem<double> const&, record const&, std::int64_t);
template real_result blend_in_double(problem<std::int64_t> const&, record const&, std::int64_t);

}  // namespace test::oracle
