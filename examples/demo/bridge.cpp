// SPDX-License-Identifier: Apache-2.0
// How the demo calls RoboCache from Python: a C interface for ctypes over the compiled API, continued in
// depth_bridge.cpp, live_bridge.cpp and voxel_bridge.cpp.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <robocache/device/method.cuh>
#include <robocache/robocache.hpp>

#include "../device_memory.hpp"
#include "bridge_call.hpp"
#include "bridge_stream.hpp"

namespace rc = robocache;

/// Streams to fuse at the times of a uniform timeline. bridge.py repeats this layout.
template <class Stamp>
struct demo_job {
  demo_stream<Stamp> const* streams;  // [count]
  float* results;                     // [targets, channels of all streams]
  std::uint8_t* valid;                // [targets, count]
  std::uint8_t* all_valid;            // [targets]
  std::int64_t count;
  std::int64_t targets;
  Stamp start;  // the first target
  Stamp period_num;
  Stamp period_den;
  std::int64_t on_gpu;
};

namespace {

template <class Stamp>
rc::timeline<Stamp> targets_of(demo_job<Stamp> const& job) {
  return rc::timeline<Stamp>::uniform(job.start, {job.period_num, job.period_den}, 1, job.targets);
}

template <class Stamp>
double fuse_on_host(demo_job<Stamp> const& job) {
  std::vector<rc::stream<Stamp>> streams;
  for (std::int64_t i = 0; i < job.count; ++i) {
    streams.push_back(demo::view(job.streams[i], job.streams[i].stamps, job.streams[i].values));
  }
  rc::compiled::any_fused_output const out{job.results, rc::dtype::float32, job.valid, job.all_valid};
  auto const fuse = [&] {
    rc::compiled::fuse(rc::compiled::place::host, {streams.data(), job.count}, targets_of(job), out);
  };
  return demo::time_calls(fuse, [] {});
}

template <class Stamp>
double fuse_on_gpu(demo_job<Stamp> const& job) {
  std::vector<example::device_array<Stamp>> stamps;
  std::vector<example::device_array<float>> values;
  std::vector<rc::stream<Stamp>> streams;
  std::int64_t channels = 0;
  for (std::int64_t i = 0; i < job.count; ++i) {
    demo_stream<Stamp> const& one = job.streams[i];
    stamps.push_back(example::to_device(one.stamps, one.rows));
    values.push_back(example::to_device(one.values, one.rows * one.channels));
    streams.push_back(demo::view(one, stamps.back().get(), values.back().get()));
    channels += one.channels;
  }
  auto const results = example::device_allocate<float>(job.targets * channels);
  auto const valid = example::device_allocate<std::uint8_t>(job.targets * job.count);
  auto const all_valid = example::device_allocate<std::uint8_t>(job.targets);

  rc::compiled::any_fused_output const out{results.get(), rc::dtype::float32, valid.get(), all_valid.get()};
  example::stream const cuda_stream = example::make_stream();
  auto const fuse = [&] {
    rc::compiled::fuse(rc::compiled::place::device, {streams.data(), job.count}, targets_of(job), out,
                       cuda_stream.get());
  };
  double const microseconds = demo::time_calls(fuse, [] { example::check(cudaDeviceSynchronize()); });
  example::to_host(results, job.targets * channels, job.results);
  example::to_host(valid, job.targets * job.count, job.valid);
  example::to_host(all_valid, job.targets, job.all_valid);
  return microseconds;
}

template <class Stamp>
int fuse(demo_job<Stamp> const* job, double* microseconds, char* message, std::size_t capacity) {
  auto const work = [&] { *microseconds = job->on_gpu != 0 ? fuse_on_gpu(*job) : fuse_on_host(*job); };
  return demo::run_and_report(work, message, capacity);
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

/// The name of the method with this number; null if there is none.
char const* robocache_demo_method(std::int32_t number) {
  auto const method = static_cast<rc::interpolation>(number);
  return number >= 0 && number < rc::device::method_count() ? rc::name_of(method) : nullptr;
}

int robocache_demo_fuse_int64(demo_job<std::int64_t> const* job, double* microseconds, char* message,
                              std::size_t capacity) {
  return fuse(job, microseconds, message, capacity);
}

int robocache_demo_fuse_float64(demo_job<double> const* job, double* microseconds, char* message,
                                std::size_t capacity) {
  return fuse(job, microseconds, message, capacity);
}

/// Counts what is odd about quaternions, on the CPU: rows [rows, 4], and the counts in the order of the report.
int robocache_demo_inspect_rotations(float const* quaternions, std::int64_t rows, rc::rotation_report* report,
                                     char* message, std::size_t capacity) {
  auto const when = rc::timeline<std::int64_t>::uniform(0, 1, 1, rows);
  rc::compiled::any_series const source{quaternions, rc::dtype::float32, when, 4};
  auto const work = [&] { rc::compiled::inspect_rotations(rc::compiled::place::host, source, report); };
  return demo::run_and_report(work, message, capacity);
}

}  // extern "C"
