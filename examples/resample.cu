// SPDX-License-Identifier: Apache-2.0
// A batch of trajectories in BF16, stamped in nanoseconds, at 50 Hz with a valid mask.

#include <cuda_bf16.h>

#include <cstdint>
#include <cstdio>
#include <vector>

#include <robocache/resample.cuh>

#include "device_memory.hpp"

namespace rc = robocache;

int main() {
  if (!example::has_device()) { return 0; }
  example::stream const cuda_stream = example::make_stream();
  constexpr std::int64_t batch = 2, length = 100, channels = 8, targets = 60;
  constexpr std::int64_t ms = 1'000'000;

  // One sample every 10 ms, whose channels hold its number; trajectory 1 pauses from 290 to 500 ms.
  std::vector<std::int64_t> stamps(batch * length);
  std::vector<__nv_bfloat16> values(batch * length * channels);
  for (std::int64_t i = 0; i < batch * length; ++i) {
    std::int64_t const k = i % length;
    stamps[i] = (10 * k + (i >= length && k >= 30 ? 200 : 0)) * ms;
    for (std::int64_t c = 0; c < channels; ++c) { values[i * channels + c] = __float2bfloat16(static_cast<float>(k)); }
  }
  auto const device_stamps = example::to_device(stamps);
  auto const device_values = example::to_device(values);
  auto const out = example::device_allocate<float>(batch * targets * channels);
  auto const valid = example::device_allocate<std::uint8_t>(batch * targets);

  auto const when = rc::timeline<std::int64_t>::dense(device_stamps.get(), batch, length);
  auto const source = rc::series{device_values.get(), when, channels};
  auto const target = rc::timeline<std::int64_t>::uniform(5 * ms, 20 * ms, batch, targets);
  rc::resample_options<std::int64_t> options;
  options.max_gap = 100 * ms;
  options.fill = -1.0;
  example::check(rc::resample(source, target, rc::output{out.get(), valid.get()}, options, cuda_stream.get()));

  auto const results = example::to_host(out, batch * targets * channels);
  auto const mask = example::to_host(valid, batch * targets);
  for (std::int64_t k = 0; k < targets; k += 6) {
    std::printf("%4lld ms:", static_cast<long long>(5 + 20 * k));
    for (std::int64_t b = 0; b < batch; ++b) {
      std::printf("  trajectory %d %6.2f %s", static_cast<int>(b), results[(b * targets + k) * channels],
                  mask[b * targets + k] != 0 ? "valid    " : "not valid");
    }
    std::printf("\n");
  }
}
