// SPDX-License-Identifier: Apache-2.0
#include "support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "support/oracle_methods.hpp"

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

bool is_hold(interpolation method) {
  return method == interpolation::previous || method == interpolation::next || method == interpolation::nearest;
}

bool is_curved(interpolation method) {
  return method == interpolation::catmull_rom || method == interpolation::pchip || method == interpolation::akima;
}

/// `later - earlier`; the float is of the difference in the stamps' type, of integers without overflow. Negative where
/// the names are wrong.
template <class Stamp>
interval span_between(Stamp earlier, Stamp later) {
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

/// The samples beside bracket (i, i + 1) that count: as far as the series goes on and no interval has width 0.
template <class Stamp>
neighbours find_neighbours(std::vector<Stamp> const& s, std::int64_t i) {
  neighbours n;
  auto const width_after = [&](std::int64_t k) {
    return k >= 0 && k + 1 < std::int64_t(s.size()) ? span_between(s[k], s[k + 1]) : interval{};
  };
  for (std::int64_t k = 0; k < 5; ++k) { n.width[k] = width_after(i - 2 + k); }
  while (n.left < 2 && n.width[1 - n.left].rounded != 0) { ++n.left; }
  while (n.right < 2 && n.width[3 + n.right].rounded != 0) { ++n.right; }
  return n;
}

/// The rules for one target in one trajectory; rows counted from its first.
template <class Stamp>
record find(std::vector<Stamp> const& s, Stamp t, resample_options<Stamp> const& o) {
  auto const n = std::int64_t(s.size());
  auto const last = n - 1;
  record const fill{};
  if (n == 0 || !std::isfinite(static_cast<long double>(t))) { return fill; }

  Stamp newest = t + o.tolerance;
  if constexpr (std::is_integral_v<Stamp>) {
    newest = Stamp(std::min<wide>(wide(t) + o.tolerance, std::numeric_limits<Stamp>::max()));
  }
  std::int64_t i = -1;  // the right-most sample that counts as at or before t
  for (std::int64_t k = 0; k < n; ++k) {
    if (s[k] <= newest) { i = k; }
  }
  auto const one = [&](std::int64_t row, bool valid) {
    Stamp const at = s[row];
    if (wider(std::min(at, t), std::max(at, t), o.max_gap)) { return fill; }
    return record{row, row, 0, 0, valid, {}};
  };
  auto const line = [&](std::int64_t a) {
    auto const up = span_between(s[a], t);
    auto const width = span_between(s[a], s[a + 1]);
    float const w = width.rounded == 0 ? 0.0f : up.rounded / width.rounded;
    long double const exact = width.exact == 0 ? 0.0L : up.exact / width.exact;
    if (w == 0) { return record{a, a, 0, 0, true, {}}; }
    if (w == 1) { return record{a + 1, a + 1, 0, 0, true, {}}; }  // the first row's weight is exactly 0
    return record{a, a + 1, w, exact, true, {}};
  };
  auto const outside = [&](edge rule, std::int64_t row, std::int64_t bracket) {
    if (rule == edge::hold) { return one(row, true); }
    bool const straight = !is_hold(o.method) && rule == edge::extrapolate && n > 1 &&
                          span_between(s[bracket], s[bracket + 1]).rounded != 0;
    if (rule == edge::fill) { return fill; }
    if (!straight) { return one(row, false); }
    record r = line(bracket);
    r.valid = false;
    return r;
  };

  if (i >= 0 && s[i] >= t) { return {i, i, 0, 0, true, {}}; }
  if (i < 0) { return o.method == interpolation::next ? one(0, true) : outside(o.before, 0, 0); }
  if (i == last) { return o.method == interpolation::previous ? one(last, true) : outside(o.after, last, last - 1); }
  switch (o.method) {
    case interpolation::previous: return one(i, true);
    case interpolation::next: return one(i + 1, true);
    case interpolation::nearest: return one(earlier_is_nearest(s[i], t, s[i + 1]) ? i : i + 1, true);
    default: break;
  }
  if (wider(s[i], s[i + 1], o.max_gap)) { return fill; }
  record r = line(i);
  if (is_curved(o.method) && r.first != r.second) { r.around = find_neighbours(s, i); }
  return r;
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
      case timeline_kind::dense:
      case timeline_kind::ring: stamps.push_back(t.stamps[b * t.stride + i]); break;
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
  auto const owners = owners_of(p.target.offsets, p.target.rows);
  for (std::int64_t b = 0; b < p.target.batch; ++b) {
    std::int64_t const read = p.target.trajectory.empty() ? b : p.target.trajectory[b];
    bool const exists = read >= 0 && read < p.source.batch;
    std::vector<Stamp> samples = exists ? stamps_of(p.source, read) : std::vector<Stamp>{};
    if (!p.target.as_of.empty()) { samples = known(samples, p.target.as_of[b]); }
    std::int64_t const base = exists ? first_row(p.source, read) : 0;
    std::int64_t row = first_row(p.target, b) - 1;
    for (Stamp t : stamps_of(p.target, b)) {
      ++row;
      if (!owners.empty() && owners[std::size_t(row)] != b) { continue; }
      record r = find(samples, t, p.options);
      if (r.first >= 0) {
        r.first += base;
        r.second += base;
      }
      records[row] = r;
    }
  }
  return records;
}

template <class Stamp>
expectation blend(problem<Stamp> const& p, record const& r, std::int64_t channel) {
  auto const bits_of = [&](std::int64_t row, std::int64_t c) {
    return load_bits(p.value_type, p.values.data(), p.value_layout().begin(row) + c);
  };
  auto const value_of = [&](std::int64_t row) { return float(decode(p.value_type, bits_of(row, channel))); };
  auto const exactly = [](std::uint64_t bits) { return expectation{bits, bits}; };
  auto const rounded = [&](double x) { return exactly(encode(p.result_type, x)); };
  if (is_integer(p.value_type)) {
    auto const fill = std::uint64_t(std::int64_t(p.options.fill));
    auto const size = robocache::size_of(p.value_type);
    return exactly(r.first >= 0 ? bits_of(r.first, channel)
                                : (size == 8 ? fill : fill & ((std::uint64_t(1) << (8 * size)) - 1)));
  }
  auto const method = p.options.method;
  if (r.first < 0) { return rounded(double(float(p.options.fill))); }
  if (r.first == r.second) {
    float const a = value_of(r.first);
    return rounded(double(method == interpolation::angle ? wrap(a) : a));
  }
  if (method == interpolation::slerp) {
    quaternion a{}, b{};
    for (std::int64_t c = 0; c < 4; ++c) {
      a[c] = float(decode(p.value_type, bits_of(r.first, c)));
      b[c] = float(decode(p.value_type, bits_of(r.second, c)));
    }
    arc_point const at = slerp(a, b, r.weight);
    double const x = at.value[channel];
    return {encode(p.result_type, x - at.tolerance), encode(p.result_type, x + at.tolerance)};
  }
  if (method == interpolation::angle) {
    return rounded(double(angle(value_of(r.first), value_of(r.second), r.weight)));
  }
  stretch<float> s;
  s.left = r.around.left;
  s.right = r.around.right;
  s.weight = r.weight;
  for (int k = 2 - s.left; k <= 3 + s.right; ++k) { s.value[k] = value_of(r.first - 2 + k); }
  for (int k = 0; k < 5; ++k) { s.width[k] = r.around.width[k].rounded; }
  return rounded(double(curve(method, s)));
}

template <class Stamp>
real_result blend_in_double(problem<Stamp> const& p, record const& r, std::int64_t channel) {
  auto const value_of = [&](std::int64_t row) {
    return decode(p.value_type, load_bits(p.value_type, p.values.data(), p.value_layout().begin(row) + channel));
  };
  bool const is_angle = p.options.method == interpolation::angle;
  if (r.first < 0) { return {p.options.fill, std::fabs(p.options.fill)}; }
  double const a = value_of(r.first);
  if (r.first == r.second) { return {is_angle ? double(wrap<long double>(a)) : a, std::fabs(a)}; }
  double const b = value_of(r.second);
  double const line_weights = double(std::fabs(1 - r.exact) + std::fabs(r.exact));
  double const line_largest = line_weights * std::max(std::fabs(a), std::fabs(b));
  if (is_angle) { return {double(angle<long double>(a, b, r.exact)), line_largest}; }
  stretch<long double> s;
  s.left = r.around.left;
  s.right = r.around.right;
  s.weight = r.exact;
  double largest = 0;
  for (int k = 2 - s.left; k <= 3 + s.right; ++k) {
    s.value[k] = value_of(r.first - 2 + k);
    largest = std::max(largest, double(std::fabs(s.value[k])));
  }
  for (int k = 0; k < 5; ++k) { s.width[k] = r.around.width[k].exact; }
  // Without neighbours a curve is the line.
  return {double(curve(p.options.method, s)), s.left + s.right > 0 ? largest : line_largest,
          p.options.method == interpolation::akima ? double(akima_slack(s)) : 0};
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
template expectation blend(problem<float> const&, record const&, std::int64_t);
template expectation blend(problem<double> const&, record const&, std::int64_t);
template expectation blend(problem<std::int64_t> const&, record const&, std::int64_t);
template real_result blend_in_double(problem<float> const&, record const&, std::int64_t);
template real_result blend_in_double(problem<double> const&, record const&, std::int64_t);
template real_result blend_in_double(problem<std::int64_t> const&, record const&, std::int64_t);

}  // namespace test::oracle
