// SPDX-License-Identifier: Apache-2.0
// The data check along with a resampling: both are enqueued at once, and the reports are read later.

#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstdio>
#include <vector>

#include <robocache/inspect.cuh>
#include <robocache/resample.cuh>

#include "device_memory.hpp"

namespace rc = robocache;

int main() {
  if (!example::has_device()) { return 0; }
  constexpr std::int64_t batch = 3, length = 50, channels = 4, targets = 20;

  // Trajectory 1 holds a sample twice and one out of order; trajectory 2 claims more samples than it can hold.
  std::vector<double> stamps(batch * length);
  for (std::int64_t i = 0; i < batch * length; ++i) { stamps[i] = 0.01 * static_cast<double>(i % length); }
  stamps[length + 8] = stamps[length + 7];
  stamps[length + 30] = 0.0;
  auto const device_stamps = example::to_device(stamps);
  auto const device_lengths = example::to_device(std::vector<std::int64_t>{length, length, length + 1});
  auto const device_values = example::to_device(std::vector<float>(batch * length * channels, 1.0f));
  auto const out = example::device_allocate<float>(batch * targets * channels);
  auto const reports = example::device_allocate<rc::trajectory_report>(batch);
  auto const rotations = example::device_allocate<rc::rotation_report>(batch);

  example::stream const cuda_stream = example::make_stream();
  cudaEvent_t checked = nullptr;
  example::check(cudaEventCreate(&checked));

  auto const when = rc::timeline<double>::dense(device_stamps.get(), batch, length, device_lengths.get());
  auto const source = rc::series{device_values.get(), when, channels};
  auto const target = rc::timeline<double>::uniform(0.0, 0.02, batch, targets);
  example::check(rc::inspect(when, reports.get(), cuda_stream.get()));
  example::check(rc::inspect_rotations(source, rotations.get(), cuda_stream.get()));
  example::check(
      rc::resample(source, target, rc::output{out.get()}, rc::resample_options<double>{}, cuda_stream.get()));
  example::check(cudaEventRecord(checked, cuda_stream.get()));

  // ... the training step of these results is enqueued here, and the next batch is read ...

  example::check(cudaEventSynchronize(checked));
  auto const found = example::to_host(reports, batch);
  auto const quaternions = example::to_host(rotations, batch);
  for (std::int64_t b = 0; b < batch; ++b) {
    std::printf(
        "trajectory %d: %d unsorted, %d duplicated, %d not finite, %d out of range, %d quaternions not of unit "
        "length\n",
        static_cast<int>(b), static_cast<int>(found[b].unsorted), static_cast<int>(found[b].duplicated),
        static_cast<int>(found[b].non_finite), static_cast<int>(found[b].out_of_range),
        static_cast<int>(quaternions[b].not_unit));
  }
  example::check(cudaEventDestroy(checked));
}
