// SPDX-License-Identifier: Apache-2.0
// What a training loop asks for: windows of 16 past and 16 future steps around random moments of many episodes, all
// streams aligned at 50 Hz, one launch per batch.

#include <cuda_bf16.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <random>
#include <vector>

#include <robocache/fuse.cuh>

#include "device_memory.hpp"

namespace rc = robocache;

constexpr std::int64_t ms = 1'000'000;  // stamps are nanoseconds from the start of the episode
constexpr std::int64_t episodes = 300, batches = 4, batch = 256, past = 16, steps = 32;

/// One modality of all episodes, packed: episode e owns rows `offsets[e]` to `offsets[e + 1]`. Channel 0 holds the time
/// in seconds, so that results can be checked.
template <class Value>
struct modality {
  example::device_array<std::int64_t> stamps, offsets;
  example::device_array<Value> values;
  std::int64_t rows, channels;

  modality(std::vector<std::int64_t> const& durations, double rate, std::int64_t width, std::mt19937& random)
      : channels(width) {
    std::uniform_real_distribution<double> jitter(-0.2, 0.2);  // of a period
    std::vector<std::int64_t> at, first{0};
    for (std::int64_t const duration : durations) {
      double const period = 1e9 / rate;
      auto const count = static_cast<std::int64_t>(static_cast<double>(duration) / period);
      for (std::int64_t i = 0; i < count; ++i) {
        at.push_back(static_cast<std::int64_t>(period * (static_cast<double>(i) + 0.2 + jitter(random))));
      }
      first.push_back(static_cast<std::int64_t>(at.size()));
    }
    rows = first.back();
    std::vector<Value> filled(rows * channels, Value(1.0f));
    for (std::int64_t i = 0; i < rows; ++i) {
      filled[i * channels] = Value(static_cast<float>(1e-9 * static_cast<double>(at[i])));
    }
    stamps = example::to_device(at);
    offsets = example::to_device(first);
    values = example::to_device(filled);
  }

  rc::series<Value, std::int64_t> view() const {
    auto const when = rc::timeline<std::int64_t>::ragged(stamps.get(), offsets.get(), episodes, rows);
    return {values.get(), when, channels};
  }
};

int main() {
  if (!example::has_device()) { return 0; }
  example::stream const cuda_stream = example::make_stream();
  std::mt19937 random(1);
  std::uniform_int_distribution<std::int64_t> seconds(4, 20);
  std::vector<std::int64_t> durations(episodes);
  std::generate(durations.begin(), durations.end(), [&] { return 1000 * ms * seconds(random); });
  modality<__nv_bfloat16> const vision(durations, 30.0, 512, random);
  modality<float> const joints(durations, 100.0, 14, random), gripper(durations, 10.0, 1, random);

  // Where the windows of all batches are: one episode each, and a moment in it.
  std::vector<std::int64_t> anchors(batches * batch), episode(batches * batch), deltas(steps);
  for (std::int64_t w = 0; w < batches * batch; ++w) {
    episode[w] = std::uniform_int_distribution<std::int64_t>(0, episodes - 1)(random);
    anchors[w] = std::uniform_int_distribution<std::int64_t>(0, durations[episode[w]])(random);
  }
  for (std::int64_t k = 0; k < steps; ++k) { deltas[k] = (k + 1 - past) * 20 * ms; }  // the 16th is the anchor itself
  auto const device_anchors = example::to_device(anchors), device_episode = example::to_device(episode);
  auto const device_deltas = example::to_device(deltas);

  rc::stream<std::int64_t> streams[] = {vision.view(), joints.view(), gripper.view()};
  streams[0].latency = 35 * ms;  // a frame is stamped when it arrives
  streams[0].options.max_gap = streams[1].options.max_gap = 100 * ms;
  streams[2].options.method = rc::interpolation::previous;
  streams[2].options.max_gap = 500 * ms;

  constexpr std::int64_t channels = 512 + 14 + 1, targets = batch * steps;
  auto const out = example::device_allocate<float>(targets * channels);
  auto const valid = example::device_allocate<std::uint8_t>(targets * 3);
  auto const all_valid = example::device_allocate<std::uint8_t>(targets);
  for (std::int64_t i = 0; i < batches; ++i) {
    auto const target = rc::timeline<std::int64_t>::windows(device_anchors.get() + i * batch, device_deltas.get(),
                                                            batch, steps, device_episode.get() + i * batch);
    rc::fused_output const to{out.get(), valid.get(), all_valid.get()};
    example::check(rc::fuse(streams, 3, target, to, cuda_stream.get()));

    // ... here the training step reads results and masks; this program counts ...
    auto const mask = example::to_host(all_valid, targets);
    double const share = std::accumulate(mask.begin(), mask.end(), 0.0) / static_cast<double>(targets);
    std::printf("batch %d: %.1f %% of all steps are valid in every stream\n", static_cast<int>(i), 100.0 * share);
  }

  std::printf("one of its windows, what each stream holds by its own clock, of which vision's is 35 ms late:\n");
  auto const results = example::to_host(out, targets * channels);
  auto const mask = example::to_host(valid, targets * 3);
  char const* const note[] = {" (not valid)", ""};
  double worst = 0.0;
  int checked = 0;
  for (std::int64_t k = 0; k < targets; ++k) {
    std::int64_t const window = (batches - 1) * batch + k / steps;
    double const at = static_cast<double>(anchors[window] + deltas[k % steps]) * 1e-9;
    float const* const row = &results[k * channels];
    std::uint8_t const* const ok = &mask[k * 3];
    if (ok[1] != 0) { worst = std::max(worst, std::abs(row[512] - at)); }
    checked += ok[1];
    if (k >= steps || k % 5 != 0) { continue; }
    std::printf("  step %2d at %6.3f s: vision %6.2f%s, joints %6.3f%s, gripper %6.3f%s\n", static_cast<int>(k), at,
                row[0], note[ok[0]], row[512], note[ok[1]], row[526], note[ok[2]]);
  }
  std::printf("joints: %.1e s off at most in %d valid steps\n", worst, checked);
  return checked > 0 && worst < 1e-5 ? 0 : 1;
}
