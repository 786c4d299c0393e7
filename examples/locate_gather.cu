// SPDX-License-Identifier: Apache-2.0
// A type that RoboCache does not blend: complex numbers (a radar's range profile). `locate` says which rows each
// target reads and with which weights; the kernel below blends them its own way: magnitude and phase separately.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <robocache/resample.cuh>

#include "device_memory.hpp"

namespace rc = robocache;

struct complex64 {
  float real;
  float imaginary;
};

/// `rows` is [targets, 2] as `locate` leaves it; -1 where there is no value.
__global__ void gather(complex64 const* values, std::int64_t const* rows, float const* weights, std::int64_t targets,
                       complex64* out) {
  std::int64_t const k = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (k >= targets) { return; }
  if (rows[2 * k] < 0) {
    out[k] = {0.0f, 0.0f};
    return;
  }
  complex64 const a = values[rows[2 * k]];
  complex64 const b = values[rows[2 * k + 1]];
  float const w = weights[k];
  float const magnitude = (1.0f - w) * hypotf(a.real, a.imaginary) + w * hypotf(b.real, b.imaginary);
  // The angle from a to b, so that the phase turns the short way.
  float const turn = atan2f(a.real * b.imaginary - a.imaginary * b.real, a.real * b.real + a.imaginary * b.imaginary);
  float const phase = atan2f(a.imaginary, a.real) + w * turn;
  out[k] = {magnitude * cosf(phase), magnitude * sinf(phase)};
}

int main() {
  if (!example::has_device()) { return 0; }
  example::stream const cuda_stream = example::make_stream();
  constexpr std::int64_t length = 50, targets = 12;

  // A phasor of magnitude 2 that turns 1 rad per sample; one sample every 20 ms, in microseconds.
  std::vector<std::int64_t> stamps(length);
  std::vector<complex64> values(length);
  for (std::int64_t i = 0; i < length; ++i) {
    stamps[i] = 20'000 * i;
    float const phase = static_cast<float>(i);
    values[i] = {2.0f * std::cos(phase), 2.0f * std::sin(phase)};
  }
  auto const device_stamps = example::to_device(stamps);
  auto const device_values = example::to_device(values);
  auto const rows = example::device_allocate<std::int64_t>(targets * 2);
  auto const weights = example::device_allocate<float>(targets);
  auto const out = example::device_allocate<complex64>(targets);

  // 30 Hz as a ratio: no third of a microsecond is lost, however long the recording.
  auto const source = rc::timeline<std::int64_t>::dense(device_stamps.get(), 1, length);
  auto const target = rc::timeline<std::int64_t>::uniform(0, {1'000'000, 30}, 1, targets);
  rc::resample_options<std::int64_t> const options;
  example::check(rc::locate(source, target, rc::located{rows.get(), weights.get()}, options, cuda_stream.get()));
  gather<<<1, 32, 0, cuda_stream.get()>>>(device_values.get(), rows.get(), weights.get(), targets, out.get());
  example::check(cudaGetLastError());

  auto const results = example::to_host(out, targets);
  bool right = true;
  for (std::int64_t k = 0; k < targets; ++k) {
    double const seconds = static_cast<double>(k) / 30.0;
    double const phase = seconds / 0.02;  // what the phasor really does
    double const error =
        std::hypot(results[k].real - 2.0 * std::cos(phase), results[k].imaginary - 2.0 * std::sin(phase));
    right = right && error < 1e-3;
    std::printf("%7.4f s: %7.4f %+7.4fi, off by %.1e\n", seconds, results[k].real, results[k].imaginary, error);
  }
  return right ? 0 : 1;
}
