// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include <robocache/normalisation.hpp>

#include "support/catch.hpp"
#include "support/policy_input/policy_input.hpp"
#include "support/policy_input/rotations.hpp"
#include "support/random.hpp"

// The low-dimensional part of what other projects feed to their policies, rebuilt from what they document, in double
// and a sample at a time, to 1e-6 times max(1, |scale| max|v|).
using namespace test;
using oracle::matrix3;
using robocache::normalisation_rule;
using robocache::rotation_format;

namespace {

using numbers = std::vector<double>;

/// One trajectory of `channels`, its values FP32.
policy_stream_data<double> series(numbers const& stamps, std::int64_t channels, numbers const& values,
                                  interpolation method = interpolation::linear) {
  policy_stream_data<double> s;
  s.series.source = dense(stamps, 1);
  s.series.channels = channels;
  s.series.options.method = method;
  s.series.set_values(values);
  return s;
}

/// `scipy.interpolate.interp1d`, linear: channel `c` of `channels` at `t`.
double interp1d(numbers const& stamps, numbers const& values, std::size_t channels, std::size_t c, double t) {
  auto const right = std::upper_bound(stamps.begin() + 1, stamps.end() - 1, t) - stamps.begin();
  auto const i = std::size_t(right - 1);
  double const w = (t - stamps[i]) / (stamps[i + 1] - stamps[i]);
  return (1 - w) * values[i * channels + c] + w * values[(i + 1) * channels + c];
}

/// `scipy.spatial.transform.Slerp` of rotation vectors.
matrix3 slerp(numbers const& stamps, numbers const& vectors, double t) {
  auto const right = std::upper_bound(stamps.begin() + 1, stamps.end() - 1, t) - stamps.begin();
  auto const i = std::size_t(right - 1);
  auto const rotation = [&](std::size_t row) {
    return oracle::matrix_of({rotation_format::vector, {}},
                             {vectors[3 * row], vectors[3 * row + 1], vectors[3 * row + 2]});
  };
  return oracle::between(rotation(i), rotation(i + 1), (t - stamps[i]) / (stamps[i + 1] - stamps[i]));
}

numbers draw(generator& random, std::size_t count, double size) {
  numbers out;
  for (std::size_t i = 0; i < count; ++i) { out.push_back(double(float(size * (2 * random.unit() - 1)))); }
  return out;
}

numbers draw_stamps(generator& random, std::size_t count, double period) {
  numbers stamps;
  for (std::size_t i = 0; i < count; ++i) { stamps.push_back(period * (double(i) + 0.6 * random.unit())); }
  return stamps;
}

void check_rows(policy_problem<double> const& p, std::size_t f, std::vector<numbers> const& wanted,
                std::vector<double> const& scale_times_most) {
  auto const o = policy_input(p);
  REQUIRE(o.trouble + o.state.message() == "");
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    for (std::size_t c = 0; c < wanted[row].size(); ++c) {
      CAPTURE(f, row, c);
      double const found = result_at(p[f], o.fusions[f], std::int64_t(row), std::int64_t(c));
      CHECK(std::fabs(found - wanted[row][c]) <= 1e-6 * std::max(1.0, scale_times_most[c]));
    }
  }
}

}  // namespace

TEST_CASE("As UMI: latency, interp1d and Slerp, poses relative to the present one, 6-D, normalised", "[policy_input]") {
  generator random(51);
  auto const pose_stamps = draw_stamps(random, 60, 0.02), width_stamps = draw_stamps(random, 40, 0.03);
  numbers const positions = draw(random, 180, 0.5), vectors = draw(random, 180, 0.8), widths = draw(random, 40, 0.04);
  double const pose_latency = 0.0125, width_latency = 0.03125, now = 0.625, step = 0.0625;

  // Two observations, the present pose the last of them; then a chunk of 16 in the same frame.
  auto position = series(pose_stamps, 3, positions);
  auto rotation = series(pose_stamps, 3, vectors, interpolation::slerp);
  auto width = series(width_stamps, 1, widths);
  rotation.rotation = {{rotation_format::vector, {}}, {rotation_format::rows, {}}};
  position.latency = rotation.latency = pose_latency;
  width.latency = width_latency;
  position.relative.wanted = rotation.relative.wanted = true;
  position.relative.to = {0, 0};
  position.relative.frame = rotation.relative.to = {1, 0};
  auto const n = robocache::from_range(0, 0.04, normalisation_rule::diffusion_policy);
  width.scale = {n.scale};
  width.shift = {n.shift};
  policy_problem<double> p(2);
  numbers ahead;
  for (int k = 1; k <= 8; ++k) { ahead.push_back(step * k / 4); }
  p[0].streams = {position, rotation, width};
  p[0].target = windows<double>({now}, {-step, 0});
  p[1].streams = {position, rotation};
  p[1].target = windows<double>({now}, ahead);

  auto const position_at = [&](double t, std::size_t c) {
    return interp1d(pose_stamps, positions, 3, c, t + pose_latency);
  };
  matrix3 const back = oracle::transposed(slerp(pose_stamps, vectors, now + pose_latency));
  for (std::size_t f = 0; f < 2; ++f) {
    std::vector<numbers> wanted;
    for (double delta : p[f].target.deltas) {
      double const t = now + delta;
      std::array<double, 3> d{};
      for (std::size_t c = 0; c < 3; ++c) { d[c] = position_at(t, c) - position_at(now, c); }
      matrix3 const turned = oracle::multiplied(back, slerp(pose_stamps, vectors, t + pose_latency));
      numbers row;
      for (std::size_t c = 0; c < 3; ++c) {
        row.push_back(back[3 * c] * d[0] + back[3 * c + 1] * d[1] + back[3 * c + 2] * d[2]);
      }
      row.insert(row.end(), turned.begin(), turned.begin() + 6);  // the first two rows
      if (f == 0) { row.push_back(2 * interp1d(width_stamps, widths, 1, 0, t + width_latency) / 0.04 - 1); }
      wanted.push_back(row);
    }
    check_rows(p, f, wanted, {1, 1, 1, 1, 1, 1, 1, 1, 1, 50 * 0.04 + 1});
  }
}

TEST_CASE("As GR00T: min-max and mean and deviation, q99 with its clamp, sines and cosines, a relative chunk",
          "[policy_input]") {
  generator random(52);
  numbers stamps;
  for (int i = 0; i < 50; ++i) { stamps.push_back(i / 16.0); }
  numbers const joints = draw(random, 100, 2), forces = draw(random, 50, 30), actions = draw(random, 100, 2);
  // Frames are taken as they are: modality configs name them by their offset.
  auto const held = interpolation::previous;
  auto angles = series(stamps, 2, joints, held);
  angles.sin_cos = true;
  auto by_range = series(stamps, 2, joints, held);
  auto const range = robocache::from_range(-2, 2, normalisation_rule::gr00t);
  by_range.scale = {range.scale, range.scale};
  by_range.shift = {range.shift, range.shift};
  auto by_deviation = series(stamps, 1, forces, held);
  auto const deviation = robocache::from_mean_and_deviation(1.5, 12, normalisation_rule::gr00t);
  by_deviation.scale = {deviation.scale};
  by_deviation.shift = {deviation.shift};
  auto chunk = series(stamps, 2, actions, held);
  chunk.relative.wanted = true;
  chunk.relative.to = {1, 0};
  auto const q99 = robocache::from_quantiles(-1.25, 1.5, normalisation_rule::gr00t);
  chunk.scale = {q99.scale, q99.scale};
  chunk.shift = {q99.shift, q99.shift};
  chunk.low = {-1, -1};
  chunk.high = {1, 1};
  policy_problem<double> p(2);
  p[0].streams = {angles, by_range, by_deviation};
  p[0].target = windows<double>({20 / 16.0}, {0});
  p[1].streams = {chunk};
  numbers deltas;
  for (int k = 0; k < 16; ++k) { deltas.push_back(k / 16.0); }
  p[1].target = windows<double>({20 / 16.0}, deltas);

  double const a = joints[40], b = joints[41];
  check_rows(p, 0,
             {{std::sin(a), std::sin(b), std::cos(a), std::cos(b), 2 * (a + 2) / 4 - 1, 2 * (b + 2) / 4 - 1,
               (forces[20] - 1.5) / 12}},
             numbers(7, 3));
  std::vector<numbers> wanted;
  for (std::size_t k = 0; k < 16; ++k) {
    numbers row;
    for (std::size_t c = 0; c < 2; ++c) {
      double const relative = actions[2 * (20 + k) + c] - joints[40 + c];
      row.push_back(std::clamp(2 * (relative + 1.25) / 2.75 - 1, -1.0, 1.0));
    }
    wanted.push_back(row);
  }
  check_rows(p, 1, wanted, numbers(2, 4));
}

TEST_CASE("As LeRobot: delta_timestamps to the frame, pad masks, quantiles", "[policy_input]") {
  generator random(53);
  constexpr int frames = 30;
  double const rate = 30;
  numbers stamps;
  for (int i = 0; i < frames; ++i) { stamps.push_back(i / rate); }
  numbers const actions = draw(random, 2 * frames, 3);
  auto action = series(stamps, 2, actions, interpolation::nearest);
  action.series.options.tolerance = 1e-4;  // tolerance_s
  auto const n = robocache::from_quantiles(-2.5, 2.75, normalisation_rule::lerobot);
  action.scale = {n.scale, n.scale};
  action.shift = {n.shift, n.shift};
  numbers deltas;
  for (int k = -4; k < 12; ++k) { deltas.push_back(k / rate); }
  policy_problem<double> p(1);
  p[0].streams = {action};
  p[0].target = windows<double>({stamps[2], stamps[15], stamps[25]}, deltas, {0, 0, 0});

  std::vector<numbers> wanted;
  std::vector<std::uint8_t> not_padded;
  for (int anchor : {2, 15, 25}) {
    for (int k = -4; k < 12; ++k) {
      int const frame = std::clamp(anchor + k, 0, frames - 1);
      not_padded.push_back(anchor + k >= 0 && anchor + k < frames ? 1 : 0);
      numbers row;
      for (int c = 0; c < 2; ++c) { row.push_back(2 * (actions[std::size_t(2 * frame + c)] + 2.5) / 5.25 - 1); }
      wanted.push_back(row);
    }
  }
  check_rows(p, 0, wanted, numbers(2, 3));
  auto const found = policy_input(p).fusions[0].all_valid;
  for (std::size_t row = 0; row < not_padded.size(); ++row) {
    CAPTURE(row);
    CHECK(int(found[row]) == int(not_padded[row]));
  }
}
