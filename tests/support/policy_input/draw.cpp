// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "support/policy_input/policy_input.hpp"
#include "support/policy_input/rotations.hpp"
#include "support/scenario.hpp"

namespace test {
namespace {

using robocache::rotation_format;

constexpr draw_limits limits{4, 24, 6, 0.05};

std::vector<float> draw_numbers(generator& random, std::int64_t count, double low, double high) {
  std::vector<float> numbers;
  for (std::int64_t i = 0; i < count; ++i) { numbers.push_back(float(low + (high - low) * random.unit())); }
  return numbers;
}

bool is_float(dtype type) { return type == dtype::float32 || type == dtype::float16 || type == dtype::bfloat16; }

/// Strides are those of rows with so many channels, lest rows overlap: of rings they would not be what they were.
template <class Stamp>
void set_channels(generator& random, problem<Stamp>& p, std::int64_t channels) {
  p.channels = channels;
  p.row_stride = random.chance(0.5) ? contiguous : channels + 2;
  p.batch_stride = contiguous;
  p.first_channel = p.row_stride == contiguous ? 0 : 2;
}

/// Makes rotations of a stream.
template <class Stamp>
void make_rotation(generator& random, policy_stream_data<Stamp>& s) {
  auto const any_layout = [&] {
    auto const& names = oracle::all_layouts();
    return oracle::layout_of(names[std::size_t(random.between(0, std::int64_t(names.size()) - 1))]);
  };
  robocache::rotation_layout const source = any_layout();
  s.rotation = {source, random.chance(0.3) ? source : any_layout()};
  if (random.chance(0.4)) { s.rotation.sign = robocache::quaternion_sign::positive; }
  auto& p = s.series;
  set_channels(random, p, robocache::channels_of(source.format));
  p.value_type = dtype::float32;
  if (!is_hold(p.options.method)) { p.options.method = interpolation::slerp; }
  p.make_room();
  auto const layout = p.value_layout();
  for (std::int64_t row = 0; row < layout.total; ++row) {
    auto const numbers = oracle::draw_row(random, source);
    for (std::int64_t c = 0; c < p.channels; ++c) {
      store_bits(dtype::float32, p.values.data(), layout.begin(row) + c,
                 encode(dtype::float32, numbers[std::size_t(c)]));
    }
  }
}

template <class Stamp>
policy_stream_data<Stamp> draw_stream(generator& random, timeline_data<Stamp> const& source,
                                      time_scale<Stamp> const& scale) {
  policy_stream_data<Stamp> s;
  auto& p = s.series;
  p.source = source;
  draw_series(random, p, scale, limits);
  if (!is_float(p.value_type)) {
    p.value_type = random.one_of({dtype::float32, dtype::float16, dtype::bfloat16});
    p.draw_values(random, 0);
  }
  if (p.options.method == interpolation::slerp || random.chance(0.35)) {
    make_rotation(random, s);
  } else if (random.chance(0.3)) {  // a position, or one more
    set_channels(random, p, 3);
    p.draw_values(random, 0);
  }
  if (random.chance(0.4)) { s.latency = Stamp(double(scale.step) * (2 * random.unit() - 1)); }
  if (p.options.causal) { s.latency = Stamp(0); }
  bool const is_angle = p.options.method == interpolation::angle;
  s.sin_cos =
      !s.rotation.wanted && (is_angle || (is_hold(p.options.method) && random.chance(0.2))) && random.chance(0.5);
  if (s.sin_cos && !is_angle) { p.draw_values(random, 0); }  // sines of huge numbers are not defined
  return s;
}

/// Makes some streams, which are relative to nothing, velocities or accelerations.
template <class Stamp>
void draw_derivative(generator& random, policy_stream_data<Stamp>& s) {
  auto const method = s.series.options.method;
  bool const moves = s.rotation.wanted == (method == interpolation::slerp) && !is_hold(method);
  if (!moves || s.relative.wanted || !random.chance(0.4)) { return; }
  s.sin_cos = false;
  bool const accelerates = !s.rotation.wanted && random.chance(0.4);
  s.derivative = accelerates ? robocache::derivative_order::acceleration : robocache::derivative_order::velocity;
  s.ticks_per_second = random.one_of({1.0, 1000.0, 0.5});
  s.rotation.world_frame = random.chance(0.5);
}

/// Scale, shift and bounds, some of each.
template <class Stamp>
void draw_finish(generator& random, policy_stream_data<Stamp>& s, std::int64_t targets) {
  std::int64_t const channels = s.result_channels();
  std::int64_t count = channels;
  if (random.chance(0.4)) {
    s.affine_stride = channels + random.between(0, 2);
    count = s.affine_stride * std::max<std::int64_t>(targets, 1);
  }
  if (random.chance(0.6)) { s.scale = draw_numbers(random, count, -2, 2); }
  if (random.chance(0.6)) { s.shift = draw_numbers(random, count, -2, 2); }
  if (random.chance(0.4)) { s.low = draw_numbers(random, channels, -1.5, 0); }
  if (random.chance(0.4)) { s.high = draw_numbers(random, channels, 0, 1.5); }
}

/// The streams of a kind, of all fusions that have some yet.
template <class Stamp, class Is>
std::vector<stream_index> streams_that(policy_problem<Stamp> const& p, Is is) {
  std::vector<stream_index> found;
  for (std::size_t f = 0; f < p.size(); ++f) {
    for (std::size_t i = 0; i < p[f].streams.size(); ++i) {
      if (is(p[f].streams[i])) { found.push_back({std::int32_t(i), std::int32_t(f)}); }
    }
  }
  return found;
}

template <class Stamp>
void draw_relative(generator& random, policy_problem<Stamp> const& p, policy_stream_data<Stamp>& s, Stamp step) {
  bool const is_angle = s.series.options.method == interpolation::angle;
  if (s.series.options.method == interpolation::slerp && !s.rotation.wanted) { return; }
  s.relative.wanted = true;
  if (random.chance(0.5)) { s.relative.at = Stamp(double(step) * (2 * random.unit() - 1)); }
  auto const others = streams_that(p, [&](policy_stream_data<Stamp> const& o) {
    if (o.rotation.wanted || s.rotation.wanted) { return o.rotation.wanted && s.rotation.wanted; }
    return o.series.channels == s.series.channels && o.series.options.method != interpolation::slerp &&
           (o.series.options.method == interpolation::angle) == is_angle;
  });
  auto const one_of = [&](std::vector<stream_index> const& some) {
    return some[std::size_t(random.between(0, std::int64_t(some.size()) - 1))];
  };
  if (!others.empty() && random.chance(0.6)) { s.relative.to = one_of(others); }
  auto const frames = streams_that(p, [](policy_stream_data<Stamp> const& o) { return o.rotation.wanted; });
  if (!s.rotation.wanted && !is_angle && !s.sin_cos && s.series.channels == 3 && !frames.empty() &&
      random.chance(0.8)) {
    s.relative.frame = one_of(frames);
  }
}

}  // namespace

template <class Stamp>
policy_problem<Stamp> draw_policy_input(generator& random, std::int64_t fusions, std::int64_t streams) {
  policy_problem<Stamp> p;
  auto const scale = draw_scale<Stamp>(random);
  std::int64_t const batch = random.between(1, limits.batch);
  auto const draw_samples = [&] {
    return draw_source(random, random.one_of(source_shapes), batch, random.between(1, limits.length), scale);
  };
  auto const first = draw_samples();
  auto const windows_kind = random.one_of({shape::windows, shape::windows_trajectory, shape::windows_as_of});
  auto const target = draw_target(random, windows_kind, first, random.between(1, 9), scale);
  for (std::int64_t f = 0; f < fusions; ++f) {
    policy_fusion_data<Stamp> fusion;
    fusion.target = target;
    if (f > 0) {
      fusion.target.deltas.resize(std::size_t(random.between(1, 18)));
      for (auto& d : fusion.target.deltas) { d = Stamp(double(scale.step) * (6 * random.unit() - 3)); }
      fusion.target.length = std::int64_t(fusion.target.deltas.size());
      if (random.chance(0.5)) { fusion.target.as_of.clear(); }
    }
    p.push_back(fusion);
    for (std::int64_t i = 0; i < streams; ++i) {
      auto s = draw_stream(random, i == 0 ? first : draw_samples(), scale);
      s.series.target = fusion.target;
      if (random.chance(0.5)) { draw_relative(random, p, s, scale.step); }
      draw_derivative(random, s);
      draw_finish(random, s, fusion.target.length);
      if (random.chance(0.3) && !s.series.options.causal) {
        for (std::int64_t b = 0; b < fusion.target.batch; ++b) {
          s.latencies.push_back(Stamp(double(scale.step) * (4 * random.unit() - 2)));
        }
      }
      if (random.chance(0.15)) { s.first_channel = p.back().width() + random.between(0, 2); }
      p.back().streams.push_back(std::move(s));
    }
    auto& last = p.back();
    last.result_type = random.one_of({dtype::float32, dtype::float16, dtype::bfloat16});
    last.fill = random.one_of({0.0, -3.0, 0.1});
    last.ages = random.chance(0.4);
    last.own_anchors = random.chance(0.3);
    if (random.chance(0.3)) { last.channels = last.width() + random.between(0, 3); }
    if (random.chance(0.3)) { last.result_row_stride = last.width() + random.between(0, 5); }
    last.mask = random.chance(0.8);
    last.all_mask = random.chance(0.8);
    last.misaligned = random.chance(0.3) ? random.between(0, 7) : 0;
  }
  return p;
}

template policy_problem<float> draw_policy_input(generator&, std::int64_t, std::int64_t);
template policy_problem<double> draw_policy_input(generator&, std::int64_t, std::int64_t);
template policy_problem<std::int64_t> draw_policy_input(generator&, std::int64_t, std::int64_t);

}  // namespace test
