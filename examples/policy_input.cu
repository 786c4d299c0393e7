// SPDX-License-Identifier: Apache-2.0
// What a diffusion policy takes, in one launch: two observations, as the robot knows them at the moment, and a chunk of
// 16 actions, both as poses relative to the present one, with rotations as 6 numbers, normalised and clamped.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <robocache/normalisation.hpp>
#include <robocache/policy_input.cuh>

#include "device_memory.hpp"

namespace rc = robocache;

constexpr std::int64_t ms = 1'000'000;  // stamps are nanoseconds
constexpr std::int64_t samples = 600, history = 2, chunk = 16, batch = 10;

/// A robot that drives in a circle of one metre, a radian a second, and looks ahead.
struct recording {
  std::vector<std::int64_t> stamps;
  std::vector<float> positions, quaternions;

  recording() {
    for (std::int64_t i = 0; i < samples; ++i) {
      stamps.push_back(i * 10 * ms);
      double const angle = 0.01 * static_cast<double>(i);
      for (double const x : {std::sin(angle), 1.0 - std::cos(angle), 0.0}) {
        positions.push_back(static_cast<float>(x));
      }
      for (double const x : {0.0, 0.0, std::sin(angle / 2), std::cos(angle / 2)}) {
        quaternions.push_back(static_cast<float>(x));
      }
    }
  }
};

int main() {
  if (!example::has_device()) { return 0; }
  example::stream const cuda_stream = example::make_stream();
  recording const robot;
  auto const stamps = example::to_device(robot.stamps);
  auto const positions = example::to_device(robot.positions), quaternions = example::to_device(robot.quaternions);
  auto const when = rc::timeline<std::int64_t>::shared(stamps.get(), 1, samples);

  // The same two streams of both fusions: what is seen arrives 20 ms late, what is commanded does not.
  using stream = rc::policy_stream<std::int64_t>;
  stream position = rc::series<float, std::int64_t>{positions.get(), when, 3};
  stream rotation = rc::series<float, std::int64_t>{quaternions.get(), when, 4};
  rotation.options.method = rc::interpolation::slerp;
  rotation.rotation = {{rc::rotation_format::xyzw}, {rc::rotation_format::rows}};
  position.relative.wanted = rotation.relative.wanted = true;
  position.relative.to = {0, 0};     // stream 0 of fusion 0, at the anchor
  position.relative.frame = {1, 0};  // as seen from stream 1 of fusion 0
  rotation.relative.to = {1, 0};
  stream const action[] = {position, rotation};
  position.options.after = rotation.options.after = rc::edge::hold;  // the newest reading counts
  position.latency = rotation.latency = 20 * ms;
  // Positions of half a metre around are brought to [-1, 1], by GR00T's rule.
  rc::channel_normalisation const to_one = rc::from_range(-0.5, 0.5, rc::normalisation_rule::gr00t);
  auto const scale = example::to_device(std::vector<float>(3, to_one.scale));
  auto const shift = example::to_device(std::vector<float>(3, to_one.shift));
  auto const low = example::to_device(std::vector<float>(3, -1.0f)),
             high = example::to_device(std::vector<float>(3, 1.0f));
  position.scale = scale.get();
  position.shift = shift.get();
  position.low = low.get();
  position.high = high.get();
  stream const state[] = {position, rotation};

  std::vector<std::int64_t> anchors, back{-100 * ms, 0}, ahead, trajectory(batch, 0);
  for (std::int64_t b = 0; b < batch; ++b) { anchors.push_back((1000 + 500 * b) * ms); }
  for (std::int64_t k = 1; k <= chunk; ++k) { ahead.push_back(50 * ms * k); }
  auto const device_anchors = example::to_device(anchors), device_trajectory = example::to_device(trajectory);
  auto const device_back = example::to_device(back), device_ahead = example::to_device(ahead);
  auto const past = rc::timeline<std::int64_t>::windows(device_anchors.get(), device_back.get(), batch, history,
                                                        device_trajectory.get(), device_anchors.get());
  auto const future = rc::timeline<std::int64_t>::windows(device_anchors.get(), device_ahead.get(), batch, chunk,
                                                          device_trajectory.get());

  auto const observations = example::device_allocate<float>(batch * history * 9);
  auto const actions = example::device_allocate<float>(batch * chunk * 9);
  auto const padding = example::device_allocate<std::uint8_t>(batch * chunk);
  rc::fused_output seen{observations.get()}, wanted{actions.get()};
  wanted.all_valid = padding.get();
  rc::policy_fusion<std::int64_t> const fusions[] = {{state, 2, past, seen}, {action, 2, future, wanted}};
  example::check(rc::policy_input(fusions, 2, cuda_stream.get()));

  auto const now = example::to_host(observations, batch * history * 9);
  auto const next = example::to_host(actions, batch * chunk * 9);
  auto const valid = example::to_host(padding, batch * chunk);
  std::printf("a tenth of a second ago it was at (%.3f, %.3f), of half a metre\n", now[0], now[1]);
  std::printf("in 0.4 s it will be at (%.3f, %.3f) m, and look along (%.3f, %.3f)\n", next[7 * 9], next[7 * 9 + 1],
              next[7 * 9 + 3], -next[7 * 9 + 4]);
  // Seen from the robot every window of the circle is the same; the last one ends behind the recording.
  double worst = 0.0;
  int ends = 0;
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t k = 0; k < chunk; ++k) {
      if (valid[b * chunk + k] == 0) {
        ++ends;
        continue;
      }
      // The reference is the newest that is known: 20 ms late, as of the anchor.
      double const angle = 0.05 * static_cast<double>(k + 1);
      float const* const row = &next[(b * chunk + k) * 9];
      worst = std::fmax(worst, std::fabs(row[0] - std::sin(angle)));
      worst = std::fmax(worst, std::fabs(row[3] - std::cos(angle)));
    }
  }
  std::printf("%.1e off at most; %d actions behind the end\n", worst, ends);
  return worst < 2e-4 ? 0 : 1;
}
