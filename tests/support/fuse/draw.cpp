// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <type_traits>

#include "support/fuse/fuse.hpp"
#include "support/scenario.hpp"

namespace test {
namespace {

dtype draw_type(generator& random) { return random.one_of({dtype::float32, dtype::float16, dtype::bfloat16}); }

/// A stream's values are floats, whatever `draw_series` drew.
template <class Stamp>
void make_float(generator& random, problem<Stamp>& p, double odd_values) {
  if (!is_integer(p.value_type)) { return; }
  p.value_type = draw_type(random);
  p.draw_values(random, odd_values);
}

std::vector<float> draw_factors(generator& random, std::int64_t channels, double odd_chance) {
  if (random.chance(0.4)) { return {}; }
  constexpr float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> factors;
  for (std::int64_t c = 0; c < channels; ++c) {
    float const usual = float(4 * random.unit() - 2);
    factors.push_back(random.chance(odd_chance)
                          ? random.one_of({infinity, std::nanf(""), 0.0f, -0.0f, 1.0f, 3e38f, 1e-40f, -6e-8f})
                          : usual);
  }
  return factors;
}

template <class Stamp>
Stamp draw_latency(generator& random, Stamp step) {
  if (random.chance(0.4)) { return Stamp(0); }
  if (random.chance(0.02)) {
    if constexpr (std::is_integral_v<Stamp>) {
      return random.one_of<Stamp>({INT64_MIN, INT64_MAX});
    } else {
      return random.one_of<Stamp>({Stamp(1e30), Stamp(-1e30)});
    }
  }
  double const steps = random.chance(0.3) ? random.one_of({1.0, -1.0, 2.0}) : 6 * random.unit() - 3;
  return Stamp(double(step) * steps);
}

/// Cuts the rows of `owner` in two: it keeps the first channels, the slice has others, by rules of its own.
template <class Stamp>
stream_data<Stamp> draw_slice(generator& random, stream_data<Stamp>& owner, std::int64_t index, double odd_values) {
  problem<Stamp>& first = owner.series;
  stream_data<Stamp> slice;
  slice.slice_of = index;
  std::int64_t const kept = first.channels;
  std::int64_t const added = random.chance(0.4) ? 4 : random.between(1, 9);
  std::int64_t const gap = random.chance(0.5) ? 0 : random.between(1, 3);
  first.channels = kept + gap + added;  // all of the row, to make room for it
  first.row_stride = first.channels + random.between(0, 3);
  first.batch_stride = contiguous;
  first.draw_values(random, odd_values);
  slice.series = first;
  first.channels = kept;
  slice.series.channels = added;
  slice.series.first_channel += kept + gap;
  auto& rules = slice.series.options;
  rules.causal = false;
  rules.method = added == 4 ? interpolation::slerp : random.one_of(plain_methods);
  return slice;
}

/// Places behind each other, with gaps, or in any order.
template <class Stamp>
void draw_places(generator& random, fuse_problem<Stamp>& p) {
  double const kind = random.unit();
  if (kind < 0.4) { return; }
  std::vector<std::size_t> order(p.streams.size());
  for (std::size_t i = 0; i < order.size(); ++i) { order[i] = i; }
  if (kind > 0.7) {
    for (std::size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[std::size_t(random.between(0, std::int64_t(i) - 1))]);
    }
  }
  std::int64_t at = 0;
  for (std::size_t i : order) {
    bool const next = kind <= 0.7 && random.chance(0.5);
    if (!next) { at += random.chance(0.4) ? random.between(0, 5) : 0; }
    p.streams[i].first_channel = next ? next_channel : at;
    at += p.streams[i].series.channels;
  }
}

template <class Stamp>
void draw_result(generator& random, fuse_problem<Stamp>& p) {
  p.result_type = draw_type(random);
  draw_places(random, p);
  if (random.chance(0.3)) { p.channels = p.width() + random.between(0, 5); }
  p.fill = random.one_of({0.0, -3.0, 0.1, 1e6, std::nan("")});
  std::int64_t const width = p.width();
  if (random.chance(0.3)) {
    p.result_first = random.between(0, 9);
    p.result_row_stride = width + random.between(0, 9);
    if (random.chance(0.5)) { p.result_batch_stride = p.target.length * p.result_row_stride + random.between(0, 9); }
  } else if (!p.target.packed() && random.chance(0.2)) {  // [T, B, C]
    p.result_batch_stride = width + random.between(0, 3);
    p.result_row_stride = std::max<std::int64_t>(p.target.batch, 1) * p.result_batch_stride;
  }
  p.misaligned = random.chance(0.4) ? random.between(0, 15) : 0;
  p.mask = random.chance(0.8);
  p.all_mask = random.chance(0.7);
}

}  // namespace

template <class Stamp>
fuse_problem<Stamp> draw_fuse(generator& random, shape target, std::int64_t count, draw_limits const& limits) {
  fuse_problem<Stamp> p;
  auto const scale = draw_scale<Stamp>(random);
  std::int64_t const batch = random.chance(0.05) ? 0 : random.between(1, limits.batch);
  double const odd = random.chance(0.5) ? limits.odd_values : 0;
  while (p.count() < count) {
    stream_data<Stamp> s;
    if (p.count() > 0 && p.streams.back().slice_of < 0 && random.chance(0.2)) {
      s = draw_slice(random, p.streams.back(), p.count() - 1, odd);
    } else {
      // Where windows name a trajectory, streams need not have as many as each other.
      bool const other_batch = !p.target.trajectory.empty() && random.chance(0.5);
      s.series.source =
          draw_source(random, random.one_of(limits.rings ? source_shapes : backward_source_shapes),
                      other_batch ? random.between(0, limits.batch) : batch, draw_length(random, limits), scale);
      if (p.streams.empty()) {
        p.target = draw_target(random, target, s.series.source, draw_length(random, limits), scale);
      }
      s.series.target = p.target;
      draw_series(random, s.series, scale, limits);
      make_float(random, s.series, odd);
    }
    s.latency = draw_latency(random, scale.step);
    s.scale = draw_factors(random, s.series.channels, odd);
    s.shift = draw_factors(random, s.series.channels, odd);
    if (random.chance(0.3)) { s.scale_misaligned = random.between(0, 3); }
    if (random.chance(0.3)) { s.shift_misaligned = random.between(0, 3); }
    p.streams.push_back(std::move(s));
  }
  draw_result(random, p);
  return p;
}

template <class Stamp>
std::string describe(fuse_problem<Stamp> const& p) {
  std::ostringstream text;
  for (std::size_t i = 0; i < p.streams.size(); ++i) {
    auto const& s = p.streams[i];
    text << "stream " << i << ": " << describe(s.series) << ", slice of " << s.slice_of << ", latency " << s.latency
         << (s.scale.empty() ? "" : ", scaled") << (s.shift.empty() ? "" : ", shifted") << ", first channel "
         << s.first_channel << "\n";
  }
  text << "channels " << p.channels << ", " << robocache::name_of(p.result_type) << ", strides "
       << p.result_batch_stride << " " << p.result_row_stride << ", misaligned " << p.misaligned;
  return text.str();
}

template fuse_problem<float> draw_fuse(generator&, shape, std::int64_t, draw_limits const&);
template fuse_problem<double> draw_fuse(generator&, shape, std::int64_t, draw_limits const&);
template fuse_problem<std::int64_t> draw_fuse(generator&, shape, std::int64_t, draw_limits const&);
template std::string describe(fuse_problem<float> const&);
template std::string describe(fuse_problem<double> const&);
template std::string describe(fuse_problem<std::int64_t> const&);

}  // namespace test
