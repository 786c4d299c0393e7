// SPDX-License-Identifier: Apache-2.0
// The demo's way into RoboCache from Python: a C interface for ctypes over the compiled API.

#include <cuda_runtime_api.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>

#include <robocache/robocache.hpp>

#include "../device_memory.hpp"

namespace rc = robocache;

/// One stream to resample to a uniform target timeline. bridge.py repeats this layout.
template <class Stamp>
struct demo_job {
  Stamp const* stamps;  // [rows]
  float const* values;  // [rows, channels]
  float* results;       // [targets, channels]
  std::uint8_t* valid;  // [targets]
  std::int64_t rows;
  std::int64_t channels;
  std::int64_t targets;
  Stamp start;  // the first target
  Stamp period_num;
  Stamp period_den;
  Stamp max_gap;
  std::int32_t method;  // of rc::interpolation
  std::int32_t on_gpu;
};

namespace {

constexpr int timed_calls = 20;

/// Microseconds a call, without the first one, which pays for start-up.
template <class Call, class Wait>
double time_calls(Call call, Wait wait) {
  using clock = std::chrono::steady_clock;
  call();
  wait();
  auto const begin = clock::now();
  for (int i = 0; i < timed_calls; ++i) { call(); }
  wait();
  return std::chrono::duration<double, std::micro>(clock::now() - begin).count() / timed_calls;
}

template <class Stamp>
void resample(rc::compiled::place where, demo_job<Stamp> const& job) {
  auto const when = rc::timeline<Stamp>::dense(job.stamps, 1, job.rows);
  auto const target = rc::timeline<Stamp>::uniform(job.start, {job.period_num, job.period_den}, 1, job.targets);
  rc::resample_options<Stamp> options;
  options.method = static_cast<rc::interpolation>(job.method);
  options.before = options.after = rc::edge::fill;
  options.max_gap = job.max_gap;
  options.fill = std::numeric_limits<double>::quiet_NaN();
  rc::compiled::resample(where, {job.values, rc::dtype::float32, when, job.channels}, target,
                         {job.results, rc::dtype::float32, job.valid}, options);
}

template <class Stamp>
double resample_on_gpu(demo_job<Stamp> const& job) {
  auto const result_count = job.targets * job.channels;
  auto const stamps = example::to_device(job.stamps, job.rows);
  auto const values = example::to_device(job.values, job.rows * job.channels);
  auto const results = example::device_allocate<float>(result_count);
  auto const valid = example::device_allocate<std::uint8_t>(job.targets);

  auto on_gpu = job;
  on_gpu.stamps = stamps.get();
  on_gpu.values = values.get();
  on_gpu.results = results.get();
  on_gpu.valid = valid.get();
  double const microseconds = time_calls([&] { resample(rc::compiled::place::device, on_gpu); },
                                         [] { example::check(cudaDeviceSynchronize()); });
  example::to_host(results, result_count, job.results);
  example::to_host(valid, job.targets, job.valid);
  return microseconds;
}

template <class Stamp>
double run(demo_job<Stamp> const& job) {
  if (job.on_gpu != 0) { return resample_on_gpu(job); }
  return time_calls([&] { resample(rc::compiled::place::host, job); }, [] {});
}

/// Exceptions end here: C and Python see a code and a text.
template <class Stamp>
int run_and_report(demo_job<Stamp> const* job, double* microseconds, char* message, std::size_t capacity) {
  try {
    *microseconds = run(*job);
    return 0;
  } catch (std::exception const& failure) {
    std::strncpy(message, failure.what(), capacity - 1);
    message[capacity - 1] = '\0';
    return 1;
  }
}

}  // namespace

extern "C" {

/// Writes the name of the GPU in use; 0 and an empty name where there is none.
int robocache_demo_gpu(char* name, std::size_t capacity) {
  name[0] = '\0';
  cudaDeviceProp properties{};
  int device = 0;
  if (rc::compiled::device_count() == 0 || cudaGetDevice(&device) != cudaSuccess ||
      cudaGetDeviceProperties(&properties, device) != cudaSuccess) {
    return 0;
  }
  std::strncpy(name, properties.name, capacity - 1);
  name[capacity - 1] = '\0';
  return 1;
}

int robocache_demo_resample_int64(demo_job<std::int64_t> const* job, double* microseconds, char* message,
                                  std::size_t capacity) {
  return run_and_report(job, microseconds, message, capacity);
}

int robocache_demo_resample_float64(demo_job<double> const* job, double* microseconds, char* message,
                                    std::size_t capacity) {
  return run_and_report(job, microseconds, message, capacity);
}

}  // extern "C"
