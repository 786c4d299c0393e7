// SPDX-License-Identifier: Apache-2.0
// How strong is each channel of a batch of recordings, sampled irregularly and with dropouts? One kernel resamples and
// reduces at once. Its results are compared, bit for bit, with two steps on the host: resample to a tensor, reduce it.

#include <cuda_bf16.h>
#include <thrust/device_vector.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

#include <robocache/host.hpp>

#include "signal_rms.cuh"

namespace rc = robocache;

constexpr std::int64_t ms = 1'000'000;                       // stamps are nanoseconds
constexpr std::int64_t batch = 64, channels = 40, T = 1500;  // 15 s at 100 Hz, longer than any recording
constexpr auto every_10_ms = rc::timeline<std::int64_t>::uniform(0, 10 * ms, batch, T);

/// Packed: recording b has rows `offsets[b]` to `offsets[b + 1]`.
struct recordings {
  std::vector<std::int64_t> stamps, offsets{0};
  std::vector<__nv_bfloat16> values;
};

rc::series<__nv_bfloat16, std::int64_t> view(__nv_bfloat16 const* values, std::int64_t const* stamps,
                                             std::int64_t const* offsets, std::int64_t rows) {
  return {values, rc::timeline<std::int64_t>::ragged(stamps, offsets, batch, rows), channels};
}

float amplitude(std::int64_t channel) { return 0.5f * static_cast<float>(channel + 1); }

/// Sines of a hertz and more, about 100 samples per second; one sample in a hundred is followed by a dropout of 0.2 s.
recordings record() {
  std::mt19937_64 random(1);
  recordings made;
  for (std::int64_t b = 0; b < batch; ++b) {
    // The first recording is empty: somebody forgot to plug in the sensor.
    std::int64_t const end = b == 0 ? 0 : (4000 + static_cast<std::int64_t>(random() % 10'000)) * ms;
    for (std::int64_t t = 0; t < end; t += (7 + static_cast<std::int64_t>(random() % 7)) * ms) {
      made.stamps.push_back(t);
      for (std::int64_t c = 0; c < channels; ++c) {
        double const hertz = 1.0 + 0.05 * static_cast<double>(c);
        double const turns = hertz * 1e-9 * static_cast<double>(t);
        made.values.push_back(__float2bfloat16(amplitude(c) * static_cast<float>(std::sin(2.0 * M_PI * turns))));
      }
      if (random() % 100 == 0) { t += 200 * ms; }
    }
    made.offsets.push_back(static_cast<std::int64_t>(made.stamps.size()));
  }
  return made;
}

/// The kernel's sum, in the kernel's order.
/// @param value_at  value_at(k) is the value at target k, if that is valid
template <class ValueAt>
float rms_in_order(ValueAt const& value_at) {
  rms::power whole;
  for (int strand = 0; strand < rms::strands; ++strand) {
    rms::power part;
    for (std::int64_t k = strand; k < T; k += rms::strands) {
      if (std::optional<float> const value = value_at(k)) { part.add(*value); }
    }
    whole.add(part);
  }
  return whole.root_of_mean();
}

using source_view = rc::series<__nv_bfloat16, std::int64_t>;
using rules = rc::resample_options<std::int64_t>;

/// The reference, on the host: first the whole tensor, then its root mean squares.
std::vector<float> in_two_steps(source_view const& source, rules const& options) {
  std::vector<float> tensor(batch * T * channels), out(batch * channels);
  std::vector<std::uint8_t> valid(batch * T);
  rc::status const s = rc::host::resample(source, every_10_ms, rc::output{tensor.data(), valid.data()}, options);
  if (!s.ok()) { throw std::runtime_error(s.message()); }
  for (std::int64_t i = 0; i < batch * channels; ++i) {
    std::int64_t const b = i / channels, c = i % channels;
    out[i] = rms_in_order([&](std::int64_t k) {
      return valid[b * T + k] != 0 ? std::optional(tensor[(b * T + k) * channels + c]) : std::nullopt;
    });
  }
  return out;
}

/// The kernel's building blocks, on the host: they are the same functions there.
std::vector<float> at_once_on_host(source_view const& source, rules const& options) {
  std::vector<float> out(batch * channels);
  for (std::int64_t i = 0; i < batch * channels; ++i) {
    auto const one = rc::device::trajectory_of(source.when, i / channels);
    out[i] = rms_in_order([&](std::int64_t k) {
      auto const stamp = rc::device::target_stamp(every_10_ms, i / channels, k);
      auto const where = rc::device::locate(one, stamp, rc::device::rules_of(options));
      return where.valid ? std::optional(rc::device::value_at(source, one, where, i % channels, 0.0f)) : std::nullopt;
    });
  }
  return out;
}

std::vector<float> at_once_on_device(recordings const& made, rules const& options) {
  thrust::device_vector<std::int64_t> const stamps = made.stamps, offsets = made.offsets;
  thrust::device_vector<__nv_bfloat16> const values = made.values;
  thrust::device_vector<float> out(batch * channels);
  auto const source = view(values.data().get(), stamps.data().get(), offsets.data().get(), made.offsets.back());
  // Thrust has copied on the legacy default stream, which a non-blocking stream does not wait for.
  cudaStream_t cuda_stream = nullptr;
  cudaError_t code = cudaDeviceSynchronize();
  if (code == cudaSuccess) { code = cudaStreamCreateWithFlags(&cuda_stream, cudaStreamNonBlocking); }
  if (code == cudaSuccess) { code = rms::launch(source, every_10_ms, options, out.data().get(), cuda_stream); }
  if (code == cudaSuccess) { code = cudaStreamSynchronize(cuda_stream); }
  if (code != cudaSuccess) { throw std::runtime_error(cudaGetErrorString(code)); }
  std::vector<float> results(out.size());
  cudaStreamDestroy(cuda_stream);
  thrust::copy(out.begin(), out.end(), results.begin());
  return results;
}

/// Counts and prints differences. All NaN are equal.
bool same(char const* what, std::vector<float> const& found, std::vector<float> const& expected) {
  std::int64_t different = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    bool const equal = found[i] == expected[i] || (std::isnan(found[i]) && std::isnan(expected[i]));
    different += equal ? 0 : 1;
  }
  std::printf("%s: %d of %d results differ from the two steps\n", what, static_cast<int>(different),
              static_cast<int>(expected.size()));
  return different == 0;
}

int main() {
  recordings const made = record();
  auto const source = view(made.values.data(), made.stamps.data(), made.offsets.data(), made.offsets.back());
  rules options;
  options.max_gap = 50 * ms;  // nothing is interpolated inside a dropout, and so nothing is added

  auto const expected = in_two_steps(source, options);
  std::printf("two steps on the host, through a tensor of %.1f MB\n", 4e-6 * batch * T * channels);
  for (std::int64_t c = 0; c < channels; c += 13) {
    std::printf("  a sine of amplitude %5.2f has rms %7.4f in recording 1, %7.4f in a whole turn\n", amplitude(c),
                expected[channels + c], amplitude(c) / std::sqrt(2.0f));
  }
  bool right = same("at once on the host", at_once_on_host(source, options), expected);

  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::puts("no CUDA device here: the kernel has not run");
    return right ? 0 : 1;
  }
  right = same("at once on the GPU", at_once_on_device(made, options), expected) && right;
  return right ? 0 : 1;
}
