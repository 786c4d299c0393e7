// SPDX-License-Identifier: Apache-2.0
#include "support/policy_input/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/oracle_methods.hpp"
#include "support/replay.hpp"

namespace test::oracle {
namespace {

/// A stream on some targets: where each reads, and what it reads.
template <class Stamp>
class reader {
 public:
  reader(policy_stream_data<Stamp> const& s, timeline_data<Stamp> const& target)
      : s_(s),
        alone_(as_resample(static_cast<stream_data<Stamp> const&>(s), target)),
        records_(locate(static_cast<stream_data<Stamp> const&>(s), target, alone_)) {}

  record const& at(std::size_t row) const { return records_[row]; }

  bounds value(record const& r, std::int64_t c) const {
    expectation const e = blend(alone_, r, c);
    return {float(decode(dtype::float32, e.low)), float(decode(dtype::float32, e.high))};
  }

  /// @param turn  grows by how far the result may be turned by reading it and by interpolating along an arc
  matrix3 rotation(record const& r, double& turn) const {
    matrix3 const a = sample(r.first);
    turn += 1e-6;
    if (r.first == r.second) { return a; }
    matrix3 const b = sample(r.second);
    // The nearer two matrices of FP32 are to half a turn, the more their errors move the axis.
    double const sine = std::sin(angle_between(a, b));
    turn += (2e-6 + 5e-7 / std::max(sine, 1e-9)) * std::max(1.0, std::fabs(double(r.weight)));
    return between(a, b, double(r.weight));
  }

 private:
  matrix3 sample(std::int64_t row) const {
    std::array<double, 9> channels{};
    for (std::int64_t c = 0; c < alone_.channels; ++c) {
      channels[std::size_t(c)] = decode(
          alone_.value_type, load_bits(alone_.value_type, alone_.values.data(), alone_.value_layout().begin(row) + c));
    }
    return matrix_of(s_.rotation.source, channels);
  }

  policy_stream_data<Stamp> const& s_;
  problem<Stamp> alone_;
  std::vector<record> records_;
};

bounds widened(double x, double by) { return {float(x - by), float(x + by)}; }

/// What brings `a` to `b` as a rotation vector, in the frame of `a` or in the world's.
std::array<double, 3> turn_between(matrix3 const& a, matrix3 const& b, bool in_world) {
  matrix3 const r = in_world ? multiplied(b, transposed(a)) : multiplied(transposed(a), b);
  std::array<double, 3> v{r[7] - r[5], r[2] - r[6], r[3] - r[1]};
  double const twice_sine = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  double const angle = std::atan2(twice_sine, r[0] + r[4] + r[8] - 1);
  for (double& x : v) { x = twice_sine == 0 ? 0 : x / twice_sine * angle; }
  return v;
}

/// The bracket in which a value moves: of `samples` that are known, at `t`.
struct moving {
  std::int64_t left = -1;  ///< -1: fill
  float width = 0;         ///< 0: the value stands still
  float weight = 0;
  bool inside = false;
  bool valid = false;
};

template <class Stamp>
moving find_moving(std::vector<Stamp> const& samples, Stamp t, resample_options<Stamp> const& o) {
  auto const last = std::int64_t(samples.size()) - 1;
  if (last < 1 || !std::isfinite(static_cast<long double>(t))) { return {}; }
  auto const at = [&](std::int64_t i) { return samples[std::size_t(i)]; };
  if (t < at(0) || t > at(last)) {
    bool const before = t < at(0);
    std::int64_t const left = before ? 0 : last - 1;
    edge const rule = before ? o.before : o.after;
    if (rule == edge::fill) { return {}; }
    if (rule == edge::extrapolate) { return {left, replay::rounded_width(at(left), at(left + 1)), 0, false, false}; }
    if (before ? replay::wider(t, at(0), o.max_gap) : replay::wider(at(last), t, o.max_gap)) { return {}; }
    return {left, 0, 0, false, rule == edge::hold};
  }
  std::int64_t left = 0;
  for (std::int64_t i = 0; i < last; ++i) {
    if (at(i) <= t) { left = i; }
  }
  float const width = replay::rounded_width(at(left), at(left + 1));
  if (width == 0 || replay::wider(at(left), at(left + 1), o.max_gap)) { return {}; }
  return {left, width, replay::rounded_width(at(left), t) / width, true, true};
}

/// A curve's derivative by its weight, up to the error that the semantics state.
/// @param value  of sample i in the channel
template <class Stamp, class Value>
std::pair<double, double> derivative_of_curve(resample_options<Stamp> const& o, std::vector<Stamp> const& samples,
                                              moving const& line, int order, Value value) {
  stretch<long double> s;
  s.weight = line.weight;
  auto const width = [&](std::int64_t i) -> long double {
    bool const exists = i >= 0 && i + 1 < std::int64_t(samples.size());
    return exists ? replay::rounded_width(samples[std::size_t(i)], samples[std::size_t(i + 1)]) : 0;
  };
  for (int k = 0; k < 5; ++k) { s.width[std::size_t(k)] = width(line.left - 2 + k); }
  int const most = o.method == interpolation::akima ? 2 : 1;
  while (s.left < most && s.width[std::size_t(1 - s.left)] != 0) { ++s.left; }
  while (s.right < most && s.width[std::size_t(3 + s.right)] != 0) { ++s.right; }
  long double largest = 0, narrowest = s.width[2];
  for (int k = 2 - s.left; k <= 3 + s.right; ++k) {
    s.value[std::size_t(k)] = value(line.left - 2 + k);
    largest = std::max(largest, std::fabs(s.value[std::size_t(k)]));
    if (!std::isfinite(s.value[std::size_t(k)])) { return {0, INFINITY}; }
  }
  for (int k = 2 - s.left; k < 3 + s.right; ++k) { narrowest = std::min(narrowest, s.width[std::size_t(k)]); }
  long double error = (order == 2 ? 160 : 30) * (1 + s.width[2] / narrowest) * 0x1p-24L * largest;
  if (o.method == interpolation::akima) { error += akima_derivative_slack(s, order); }
  if (s.left + s.right == 0) { return {order == 2 ? 0 : double(s.value[3] - s.value[2]), double(error)}; }
  return {double(derivative(o.method, s, order)), double(error)};
}

/// All rows of a stream's derivative.
template <class Stamp>
std::vector<policy_row> derivatives(policy_stream_data<Stamp> const& s, timeline_data<Stamp> const& target) {
  auto const& p = s.series;
  int const order = s.derivative == robocache::derivative_order::acceleration ? 2 : 1;
  auto const method = p.options.method;
  bool const curved =
      method == interpolation::catmull_rom || method == interpolation::pchip || method == interpolation::akima;
  std::vector<policy_row> rows;
  for (auto const& wanted : rows_of(target)) {
    policy_row& out = rows.emplace_back();
    bool const exists = wanted.trajectory >= 0 && wanted.trajectory < p.source.batch;
    auto samples = exists ? stamps_of(p.source, wanted.trajectory) : std::vector<Stamp>{};
    if (!target.as_of.empty()) { samples = known(samples, wanted.as_of); }
    auto const line = find_moving(samples, sought(wanted.at, latency_of<Stamp>(s, wanted.b)), p.options);
    out.valid = line.valid;
    out.written = line.left >= 0;
    if (!out.written) { continue; }
    std::int64_t const first = first_row(p.source, wanted.trajectory);
    std::int64_t const row = first + line.left;
    std::size_t last = std::size_t(line.left) + 1;  // that is read
    int const most = !curved || !line.inside ? 0 : method == interpolation::akima ? 2 : 1;
    for (int i = 0; i < most && last + 1 < samples.size(); ++i) {
      if (replay::rounded_width(samples[last], samples[last + 1]) == 0) { break; }
      ++last;
    }
    out.newest = first + std::int64_t(last);
    auto const value = [&](std::int64_t i, std::int64_t c) {
      return decode(p.value_type, load_bits(p.value_type, p.values.data(), p.value_layout().begin(i) + c));
    };
    bool const even = order == 2 && !(curved && line.inside);
    float const rate = line.width == 0 || even ? 0 : float(s.ticks_per_second) / line.width;
    if (s.rotation.wanted) {
      std::array<double, 9> a{}, b{};
      for (std::int64_t c = 0; c < p.channels; ++c) {
        a[std::size_t(c)] = value(row, c);
        b[std::size_t(c)] = value(row + 1, c);
      }
      matrix3 const from = matrix_of(s.rotation.source, a), to = matrix_of(s.rotation.source, b);
      double const sine = std::sin(angle_between(from, to));
      double const error = rate == 0 ? 0 : (3e-6 + 5e-7 / std::max(sine, 1e-9)) * double(rate);
      for (double x : turn_between(from, to, s.rotation.world_frame)) {
        out.values.push_back(rate == 0 ? bounds{0, 0} : widened(x * double(rate), error));
      }
      continue;
    }
    for (std::int64_t c = 0; c < p.channels; ++c) {
      float const d = float(value(row + 1, c)) - float(value(row, c));
      float const linear_velocity = d * rate;
      if (rate == 0) {
        out.values.push_back({0, 0});
      } else if (curved && line.inside) {
        auto const [x, error] =
            derivative_of_curve(p.options, samples, line, order, [&](std::int64_t i) { return value(first + i, c); });
        double const by = order == 2 ? double(rate) * double(rate) : double(rate);
        double const slack = error + 2e-7 * std::fabs(x);
        // Unless a product on the way leaves what a float holds.
        bool const stated = std::isfinite(slack) && std::fabs(x) * std::max({by, 1.0, double(rate)}) < 1e37 &&
                            slack * std::max({by, 1.0, double(rate)}) < 1e37;
        out.values.push_back(stated ? widened(x * by, slack * by + 1e-37) : bounds{-INFINITY, INFINITY});
      } else if (method != interpolation::angle) {
        out.values.push_back({linear_velocity, linear_velocity});
      } else {
        constexpr double tau = 6.28318530717958647692;
        double const arc = std::remainder(double(d), tau);
        bool const either = std::fabs(arc) > 3.14 || std::fabs(double(d)) > 100;  // half a turn, or many
        out.values.push_back(either || !std::isfinite(d) ? bounds{-INFINITY, INFINITY}
                                                         : widened(arc * double(rate), 4e-6 * double(rate)));
      }
    }
  }
  return rows;
}

/// The windows' references: one target per window.
template <class Stamp>
timeline_data<Stamp> at_anchor(timeline_data<Stamp> target, Stamp at) {
  target.deltas = {at};
  target.length = 1;
  return target;
}

std::vector<bounds> sines_and_cosines(std::vector<bounds> const& angles) {
  std::vector<bounds> both(2 * angles.size());
  for (std::size_t c = 0; c < angles.size(); ++c) {
    auto const x = double(angles[c].low);
    bool const stated = std::fabs(x) < 12000 || std::isnan(x) || std::isinf(x);
    both[c] = stated ? widened(std::sin(x), 2e-7) : bounds{-INFINITY, INFINITY};
    both[angles.size() + c] = stated ? widened(std::cos(x), 2e-7) : bounds{-INFINITY, INFINITY};
  }
  return both;
}

/// `d` as seen from `frame`.
/// @param turn  how far the frame may turn away
std::vector<bounds> seen(matrix3 const& frame, double turn, std::vector<bounds> const& d) {
  double const x = double(d[0].low), y = double(d[1].low), z = double(d[2].low);
  double const most = std::fabs(x) + std::fabs(y) + std::fabs(z);
  std::vector<bounds> out;
  for (std::size_t c = 0; c < 3; ++c) {
    out.push_back(widened(frame[c] * x + frame[3 + c] * y + frame[6 + c] * z, (1e-6 + turn) * most));
  }
  return out;
}

}  // namespace

template <class Stamp>
std::vector<policy_row> rows_of(policy_problem<Stamp> const& p, std::size_t f, std::size_t i) {
  auto const& fusion = p[f];
  auto const& s = fusion.streams[i];
  if (s.is_derivative()) { return derivatives(s, fusion.target); }
  auto const find = [&](stream_index const& of) -> std::pair<std::size_t, std::size_t> {
    std::size_t const in = of.fusion < 0 ? f : std::size_t(of.fusion);
    return {in, of.stream < 0 ? i : std::size_t(of.stream)};
  };
  std::vector<reader<Stamp>> references;
  auto const refer = [&](stream_index const& of) {
    auto const [in, stream] = find(of);
    references.emplace_back(p[in].streams[stream], at_anchor(p[in].target, s.relative.at));
  };
  if (s.relative.wanted) { refer(s.relative.to); }
  if (s.relative.wanted && s.relative.frame.stream >= 0) { refer(s.relative.frame); }

  reader<Stamp> const own(s, fusion.target);
  std::vector<policy_row> rows(std::size_t(fusion.target.total()));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::size_t const b = fusion.target.length == 0 ? 0 : row / std::size_t(fusion.target.length);
    bool const known =
        std::all_of(references.begin(), references.end(), [&](auto const& one) { return one.at(b).valid; });
    record const& r = own.at(row);
    policy_row& out = rows[row];
    out.valid = known && r.valid;
    out.written = known && r.first >= 0;
    if (!out.written) { continue; }
    bool const bracketed = r.first != r.second;
    int const most = s.series.options.method == interpolation::akima ? 2 : 1;  // read behind the bracket
    out.newest = r.second + (bracketed ? std::min(r.around.right, most) : 0);
    if (s.rotation.wanted) {
      out.turn = 2e-6;
      out.rotation = own.rotation(r, out.turn);
      if (s.relative.wanted) {
        auto const& from = references[0];
        out.rotation = multiplied(transposed(from.rotation(from.at(b), out.turn)), out.rotation);
      }
      continue;
    }
    for (std::int64_t c = 0; c < s.series.channels; ++c) {
      bounds v = own.value(r, c);
      if (s.relative.wanted) {
        bounds const v0 = references[0].value(references[0].at(b), c);
        float const d = v.low - v0.low;
        v.low = v.high = s.series.options.method == interpolation::angle ? wrap(d) : d;
      }
      out.values.push_back(v);
    }
    if (references.size() > 1) {
      double turn = 0;
      matrix3 const frame = references[1].rotation(references[1].at(b), turn);
      out.values = seen(frame, turn, out.values);
    }
    if (s.sin_cos) { out.values = sines_and_cosines(out.values); }
  }
  return rows;
}

template <class Stamp>
float finished(policy_stream_data<Stamp> const& s, float v, std::int64_t c, std::int64_t k) {
  auto const at = std::size_t(k * s.affine_stride + c);
  if (!s.scale.empty()) { v = v * s.scale[at]; }
  if (!s.shift.empty()) { v = v + s.shift[at]; }
  if (!s.low.empty() && v < s.low[std::size_t(c)]) { return s.low[std::size_t(c)]; }
  if (!s.high.empty() && v > s.high[std::size_t(c)]) { return s.high[std::size_t(c)]; }
  return v;
}

template std::vector<policy_row> rows_of(policy_problem<float> const&, std::size_t, std::size_t);
template std::vector<policy_row> rows_of(policy_problem<double> const&, std::size_t, std::size_t);
template std::vector<policy_row> rows_of(policy_problem<std::int64_t> const&, std::size_t, std::size_t);
template float finished(policy_stream_data<float> const&, float, std::int64_t, std::int64_t);
template float finished(policy_stream_data<double> const&, float, std::int64_t, std::int64_t);
template float finished(policy_stream_data<std::int64_t> const&, float, std::int64_t, std::int64_t);

}  // namespace test::oracle
