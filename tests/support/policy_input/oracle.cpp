// SPDX-License-Identifier: Apache-2.0
#include "support/policy_input/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/oracle_methods.hpp"

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

/// The windows' references: one target per window.
template <class Stamp>
timeline_data<Stamp> at_anchor(timeline_data<Stamp> target, Stamp at) {
  target.deltas = {at};
  target.length = 1;
  return target;
}

bounds widened(double x, double by) { return {float(x - by), float(x + by)}; }

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
