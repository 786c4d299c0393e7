// SPDX-License-Identifier: Apache-2.0
// RoboCache's building blocks inside a kernel of your own: each target is resampled in registers, clipped, and
// averaged over its window at once, so the resampled tensor [B, T, D] is never written.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <robocache/device/blend.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/timeline.cuh>

#include "device_memory.hpp"

namespace rc = robocache;

constexpr std::int64_t targets = 16;

/// One block per window. First each target is located once, by one thread; then threads take channels.
/// `means` is [B, D]; NaN where no target of the window is valid.
__global__ void mean_of_windows(rc::series<float, double> source, rc::timeline<double> windows,
                                rc::resample_options<double> options, float limit, float* means) {
  __shared__ rc::device::location where[targets];
  std::int64_t const b = blockIdx.x;
  auto const rules = rc::device::rules_of(options);
  auto const one = rc::device::trajectory_of(source.when, rc::device::source_of(windows, b));
  if (threadIdx.x < targets) {
    where[threadIdx.x] = rc::device::locate(one, rc::device::target_stamp(windows, b, threadIdx.x), rules);
  }
  __syncthreads();

  for (std::int64_t channel = threadIdx.x; channel < source.channels; channel += blockDim.x) {
    float sum = 0.0f;
    int count = 0;
    for (auto const& target : where) {
      if (!target.valid) { continue; }
      float const value = rc::device::value_at(source, one, target, channel, 0.0f);
      sum += fminf(fmaxf(value, -limit), limit);
      ++count;
    }
    means[b * source.channels + channel] = sum / static_cast<float>(count);
  }
}

int main() {
  if (!example::has_device()) { return 0; }
  example::stream const cuda_stream = example::make_stream();
  constexpr std::int64_t length = 1000, channels = 4, window_count = 3;
  constexpr float limit = 15.0f;

  // One robot at about 100 Hz, ten seconds; channel c rises by c + 1 per second.
  std::vector<double> stamps(length);
  std::vector<float> values(length * channels);
  for (std::int64_t i = 0; i < length; ++i) {
    stamps[i] = 0.01 * static_cast<double>(i) + 0.002 * static_cast<double>(i % 3);
    for (std::int64_t c = 0; c < channels; ++c) {
      values[i * channels + c] = static_cast<float>(stamps[i] * static_cast<double>(c + 1));
    }
  }
  // Three windows of half a second that end at 1 s, 5 s, and (past the data) 10.2 s.
  std::vector<double> deltas(targets);
  for (std::int64_t k = 0; k < targets; ++k) { deltas[k] = -0.5 + 0.5 * static_cast<double>(k) / (targets - 1); }
  auto const device_stamps = example::to_device(stamps);
  auto const device_values = example::to_device(values);
  std::vector<double> const ends = {1.0, 5.0, 10.2};
  auto const anchors = example::to_device(ends);
  auto const offsets = example::to_device(deltas);
  auto const robots = example::to_device<std::int64_t>({0, 0, 0});
  auto const means = example::device_allocate<float>(window_count * channels);

  auto const source =
      rc::series{device_values.get(), rc::timeline<double>::dense(device_stamps.get(), 1, length), channels};
  auto const windows = rc::timeline<double>::windows(anchors.get(), offsets.get(), window_count, targets, robots.get());
  mean_of_windows<<<window_count, 32, 0, cuda_stream.get()>>>(source, windows, {}, limit, means.get());
  example::check(cudaGetLastError());

  // The channels are straight lines, so the means are known: of (c + 1) * t, clipped, over the targets with data.
  auto const results = example::to_host(means, window_count * channels);
  bool right = true;
  for (std::int64_t b = 0; b < window_count; ++b) {
    std::printf("window %d:", static_cast<int>(b));
    for (std::int64_t c = 0; c < channels; ++c) {
      double sum = 0.0;
      int count = 0;
      for (double const delta : deltas) {
        double const t = ends[b] + delta;
        if (t > stamps.back()) { continue; }
        sum += std::min(t * static_cast<double>(c + 1), double{limit});
        ++count;
      }
      float const mean = results[b * channels + c];
      right = right && std::abs(mean - sum / count) < 1e-4;
      std::printf("  %8.4f (%8.4f)", mean, sum / count);
    }
    std::printf("\n");
  }
  return right ? 0 : 1;
}
