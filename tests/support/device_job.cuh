// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "support/catch.hpp"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"
#include "support/problem.hpp"

// What a call does besides its results: the stream contract, for any job on the device.
namespace test {

/// Floats on the device, filled and read back on a given stream.
class device_floats {
 public:
  explicit device_floats(std::int64_t count) : count_(count) {
    check_cuda(cudaMalloc(&data_, std::size_t(count) * 4), "cudaMalloc");
    check_cuda(cudaMallocHost(&staging_, std::size_t(count) * 4), "cudaMallocHost");
    check_cuda(cudaMemset(data_, poison, std::size_t(count) * 4), "cudaMemset");
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }
  ~device_floats() {
    cudaFree(data_);
    cudaFreeHost(staging_);
  }
  device_floats(device_floats const&) = delete;
  device_floats& operator=(device_floats const&) = delete;

  float* data() const { return data_; }

  /// Enqueues the copy; nothing may be using them.
  void fill(float x, cudaStream_t stream) const {
    std::fill_n(staging_, count_, x);
    check_cuda(cudaMemcpyAsync(data_, staging_, std::size_t(count_) * 4, cudaMemcpyHostToDevice, stream), "upload");
  }

  /// What they are now; waits for `stream` alone.
  std::vector<float> read(cudaStream_t stream) const {
    std::vector<float> copy(static_cast<std::size_t>(count_));
    check_cuda(cudaMemcpyAsync(copy.data(), data_, copy.size() * 4, cudaMemcpyDeviceToHost, stream), "download");
    check_cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    return copy;
  }

 private:
  std::int64_t count_;
  float* data_ = nullptr;
  float* staging_ = nullptr;
};

/// What `memory` holds, as numbers of another type.
template <class T>
std::vector<T> read_as(device_floats const& memory, cudaStream_t stream, std::size_t count) {
  auto const floats = memory.read(stream);
  REQUIRE(count * sizeof(T) <= floats.size() * sizeof(float));
  std::vector<T> numbers(count);
  std::memcpy(numbers.data(), floats.data(), count * sizeof(T));
  return numbers;
}

template <class T>
T* as(device_floats const& memory) {
  return reinterpret_cast<T*>(memory.data());
}

/// What a call does to streams, to a graph and to errors, by a job that is given `input`.
/// @param check  `check(factor, stream)`: the results are those of `factor`
template <class Job, class Check>
void keeps_to_its_stream(Job const& job, device_floats const& input, Check check) {
  REQUIRE(job.call(cudaStreamPerThread).ok());  // loads the kernels
  check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  own_stream const stream;
  delay<<<1, 1, 0, stream>>>(200);
  input.fill(3, stream);
  REQUIRE(job.call(stream).ok());
  CHECK(stream.busy());  // the call came back before the work before it was done
  CHECK(cudaStreamQuery(cudaStreamLegacy) == cudaSuccess);
  CHECK(cudaStreamQuery(cudaStreamPerThread) == cudaSuccess);
  check(3.0f, stream);
}

template <class Job, class Check>
void can_be_captured(Job const& job, device_floats const& input, Check check) {
  own_stream const stream;
  captured_call const captured(stream, [&](cudaStream_t on) { return job.call(on); });
  REQUIRE(captured.made());
  for (float factor : {1.0f, -4.0f, 0.5f}) {
    input.fill(factor, stream);
    captured.replay(stream);
    check(factor, stream);
  }
}

template <class Job, class Check>
void leaves_errors_alone(Job const& job, device_floats const& input, Check check) {
  own_stream const stream;
  REQUIRE(cudaSetDevice(12345) == cudaErrorInvalidDevice);  // somebody else's error, left for them
  input.fill(7, stream);
  CHECK(job.call(stream).ok());
  CHECK(cudaGetLastError() == cudaErrorInvalidDevice);
  CHECK(cudaGetLastError() == cudaSuccess);
  check(7.0f, stream);
}

template <class Job>
void allocates_nothing(Job const& job) {
  own_stream const stream;
  REQUIRE(job.call(stream).ok());
  stream.wait();
  std::size_t before = 0;
  std::size_t after = 0;
  std::size_t total = 0;
  check_cuda(cudaMemGetInfo(&before, &total), "cudaMemGetInfo");
  for (int i = 0; i < 100; ++i) { REQUIRE(job.call(stream).ok()); }
  stream.wait();
  check_cuda(cudaMemGetInfo(&after, &total), "cudaMemGetInfo");
  CHECK(after == before);
}

/// All of the above.
template <class Job>
void keeps_its_contract(Job const& job, device_floats const& input) {
  auto const check = [&](float factor, cudaStream_t stream) { job.check(factor, stream); };
  keeps_to_its_stream(job, input, check);
  can_be_captured(job, input, check);
  leaves_errors_alone(job, input, check);
  allocates_nothing(job);
}

}  // namespace test
