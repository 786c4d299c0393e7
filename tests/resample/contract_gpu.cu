// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include <robocache/inspect.cuh>
#include <robocache/resample.cuh>

#include "support/catch.hpp"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"
#include "support/problem.hpp"

// What a call does besides its results (semantics, "A call"): only on the given stream, no synchronisation, no
// allocation, capturable, the current device and the last error untouched.
using namespace test;

namespace {

/// FP32 rows 0, 1, 2, ... (times `factor`) on a uniform timeline, resampled half-way between the samples.
class job {
 public:
  static constexpr std::int64_t rows = 64;
  static constexpr std::int64_t channels = 48;
  static constexpr std::int64_t targets = rows - 1;

  job() {
    check_cuda(cudaMalloc(&values_, rows * channels * 4), "cudaMalloc");
    check_cuda(cudaMalloc(&results_, targets * channels * 4), "cudaMalloc");
    check_cuda(cudaMalloc(&valid_, targets), "cudaMalloc");
    check_cuda(cudaMallocHost(&staging_, rows * channels * 4), "cudaMallocHost");
    check_cuda(cudaMemset(values_, 0, rows * channels * 4), "cudaMemset");
    clear();
  }
  ~job() {
    cudaFree(values_);
    cudaFree(results_);
    cudaFree(valid_);
    cudaFreeHost(staging_);
  }
  job(job const&) = delete;
  job& operator=(job const&) = delete;

  void clear() const {
    check_cuda(cudaMemset(results_, poison, targets * channels * 4), "cudaMemset");
    check_cuda(cudaMemset(valid_, poison, targets), "cudaMemset");
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  /// Enqueues the copy of the values; nothing may be using them.
  void upload(float factor, cudaStream_t stream) const {
    for (std::int64_t i = 0; i < rows * channels; ++i) { staging_[i] = factor * float(i / channels); }
    check_cuda(cudaMemcpyAsync(values_, staging_, rows * channels * 4, cudaMemcpyHostToDevice, stream), "upload");
  }

  status call(cudaStream_t stream, float max_gap = robocache::unlimited_gap<float>()) const {
    auto const when = robocache::timeline<float>::uniform(0, 1, 1, rows);
    auto const target = robocache::timeline<float>::uniform(0.5f, 1, 1, targets);
    resample_options<float> options;
    options.max_gap = max_gap;
    return robocache::resample(robocache::series<float, float>{values_, when, channels}, target,
                               robocache::output<float>{results_, valid_}, options, stream);
  }

  /// Results as they are now; waits for `stream` alone.
  std::vector<float> results(cudaStream_t stream) const {
    std::vector<float> copy(targets * channels);
    check_cuda(cudaMemcpyAsync(copy.data(), results_, copy.size() * 4, cudaMemcpyDeviceToHost, stream), "download");
    check_cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    return copy;
  }

  static std::vector<float> expected(float factor) {
    std::vector<float> wanted(targets * channels);
    for (std::int64_t i = 0; i < targets * channels; ++i) {
      wanted[std::size_t(i)] = 0.5f * (factor * float(i / channels)) + 0.5f * (factor * float(i / channels + 1));
    }
    return wanted;
  }

  static bool untouched(std::vector<float> const& results) {
    auto const* bytes = reinterpret_cast<unsigned char const*>(results.data());
    return std::all_of(bytes, bytes + results.size() * 4, [](unsigned char b) { return b == poison; });
  }

 private:
  float* values_ = nullptr;
  float* results_ = nullptr;
  std::uint8_t* valid_ = nullptr;
  float* staging_ = nullptr;
};

/// The first call loads the kernels: CUDA does that, and it is not tested.
void warm_up(job const& j) {
  REQUIRE(j.call(cudaStreamPerThread).ok());
  check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  j.clear();
}

}  // namespace

TEST_CASE("A call: only on the given stream, and without synchronisation", "[contract]") {
  job const j;
  warm_up(j);
  own_stream const stream;
  own_stream const other;
  delay<<<1, 1, 0, stream>>>(200);
  j.upload(3, stream);
  REQUIRE(j.call(stream).ok());
  CHECK(stream.busy());  // the call came back before the work before it was done
  CHECK(cudaStreamQuery(cudaStreamLegacy) == cudaSuccess);
  CHECK(cudaStreamQuery(cudaStreamPerThread) == cudaSuccess);
  auto const early = j.results(other);
  bool const still_busy = stream.busy();
  stream.wait();
  // Work on another stream would have run by now, and on values that were not there yet.
  if (still_busy) { CHECK(job::untouched(early)); }
  CHECK(j.results(stream) == job::expected(3));
}

TEST_CASE("A call: the default streams are streams like any other", "[contract]") {
  job const j;
  warm_up(j);
  for (cudaStream_t stream : {cudaStream_t(nullptr), cudaStreamLegacy, cudaStreamPerThread}) {
    j.clear();
    j.upload(2, stream);
    REQUIRE(j.call(stream).ok());
    CHECK(j.results(stream) == job::expected(2));
  }
}

TEST_CASE("A call: capturable in a CUDA graph, and replayed on new values", "[contract]") {
  job const j;
  own_stream const stream;
  captured_call const captured(stream, [&](cudaStream_t on) { return j.call(on); });
  REQUIRE(captured.made());
  for (float factor : {1.0f, -4.0f, 0.5f}) {
    j.clear();
    j.upload(factor, stream);
    captured.replay(stream);
    CHECK(j.results(stream) == job::expected(factor));
  }
}

TEST_CASE("A call: no allocation", "[contract]") {
  job const j;
  warm_up(j);
  own_stream const stream;
  std::size_t before = 0;
  std::size_t after = 0;
  std::size_t total = 0;
  check_cuda(cudaMemGetInfo(&before, &total), "cudaMemGetInfo");
  for (int i = 0; i < 100; ++i) { REQUIRE(j.call(stream).ok()); }
  stream.wait();
  check_cuda(cudaMemGetInfo(&after, &total), "cudaMemGetInfo");
  CHECK(after == before);
}

TEST_CASE("A call: the current device is untouched", "[contract]") {
  int count = 0;
  check_cuda(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
  for (int device = 0; device < count; ++device) {
    check_cuda(cudaSetDevice(device), "cudaSetDevice");
    job const j;
    REQUIRE(j.call(nullptr).ok());
    CHECK_FALSE(j.call(nullptr, -1).ok());
    int now = -1;
    check_cuda(cudaGetDevice(&now), "cudaGetDevice");
    CHECK(now == device);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }
  check_cuda(cudaSetDevice(0), "cudaSetDevice");
}

TEST_CASE("A call: the last error is untouched on success and never cleared", "[contract]") {
  job const j;
  own_stream const stream;
  warm_up(j);
  CHECK(cudaGetLastError() == cudaSuccess);
  REQUIRE(j.call(stream).ok());
  CHECK(cudaPeekAtLastError() == cudaSuccess);
  CHECK_FALSE(j.call(stream, -1).ok());
  CHECK(cudaPeekAtLastError() == cudaSuccess);

  REQUIRE(cudaSetDevice(12345) == cudaErrorInvalidDevice);  // somebody else's error, left for them
  j.upload(7, stream);
  status const s = j.call(stream);
  CHECK(s.ok());
  CHECK(cudaPeekAtLastError() == cudaErrorInvalidDevice);
  CHECK_FALSE(j.call(stream, -1).ok());
  CHECK(cudaGetLastError() == cudaErrorInvalidDevice);
  CHECK(cudaGetLastError() == cudaSuccess);
  CHECK(j.results(stream) == job::expected(7));
}

TEST_CASE("A call: when a check fails nothing is enqueued or written", "[contract]") {
  job const j;
  own_stream const stream;
  warm_up(j);
  status const s = j.call(stream, -1);
  CHECK(std::string(s.argument()) == "options.max_gap");
  CHECK_FALSE(stream.busy());
  CHECK(job::untouched(j.results(stream)));
}

TEST_CASE("A call: from several threads at once, each on its own stream", "[contract]") {
  constexpr int count = 4;
  std::vector<int> right(count, 0);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&right, i] {
      job const j;
      own_stream const stream;
      for (int round = 0; round < 50; ++round) {
        j.upload(float(i + 1), stream);
        bool const ok = j.call(stream).ok();
        right[std::size_t(i)] += ok && j.results(stream) == job::expected(float(i + 1)) ? 1 : 0;
      }
    });
  }
  for (auto& t : threads) { t.join(); }
  CHECK(right == std::vector<int>(count, 50));
}

namespace {

/// A trajectory on the device, of which `broken` samples are stamped as their predecessor, and the report on it.
class check_job {
 public:
  static constexpr std::int64_t length = 4096;

  check_job() {
    check_cuda(cudaMalloc(&stamps_, length * 4), "cudaMalloc");
    check_cuda(cudaMallocHost(&staging_, length * 4), "cudaMallocHost");
    check_cuda(cudaMalloc(&report_, sizeof(robocache::trajectory_report)), "cudaMalloc");
    check_cuda(cudaMalloc(&rotations_, sizeof(robocache::rotation_report)), "cudaMalloc");
    check_cuda(cudaMemset(stamps_, 0, length * 4), "cudaMemset");
    check_cuda(cudaMemset(report_, poison, sizeof(robocache::trajectory_report)), "cudaMemset");
    check_cuda(cudaMemset(rotations_, poison, sizeof(robocache::rotation_report)), "cudaMemset");
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }
  ~check_job() {
    cudaFree(stamps_);
    cudaFreeHost(staging_);
    cudaFree(report_);
    cudaFree(rotations_);
  }
  check_job(check_job const&) = delete;
  check_job& operator=(check_job const&) = delete;

  void upload(std::int64_t broken, cudaStream_t stream) const {
    for (std::int64_t i = 0; i < length; ++i) { staging_[i] = float(i <= broken ? 0 : i); }
    check_cuda(cudaMemcpyAsync(stamps_, staging_, length * 4, cudaMemcpyHostToDevice, stream), "upload");
  }
  status call(cudaStream_t stream) const {
    status const s = robocache::inspect(robocache::timeline<float>::dense(stamps_, 1, length), report_, stream);
    if (!s.ok()) { return s; }
    // The same numbers as quaternions.
    robocache::series const rows{stamps_, robocache::timeline<float>::uniform(0, 1, 1, length / 4), 4};
    return robocache::inspect_rotations(rows, rotations_, stream);
  }
  std::int64_t duplicated(cudaStream_t stream) const {
    robocache::trajectory_report copy{};
    check_cuda(cudaMemcpyAsync(&copy, report_, sizeof copy, cudaMemcpyDeviceToHost, stream), "download");
    check_cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    return copy.duplicated;
  }
  /// Quaternions that are zero.
  std::int64_t zeros(cudaStream_t stream) const {
    robocache::rotation_report copy{};
    check_cuda(cudaMemcpyAsync(&copy, rotations_, sizeof copy, cudaMemcpyDeviceToHost, stream), "download");
    check_cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    return copy.not_a_rotation;
  }

 private:
  float* stamps_ = nullptr;
  float* staging_ = nullptr;
  robocache::trajectory_report* report_ = nullptr;
  robocache::rotation_report* rotations_ = nullptr;
};

}  // namespace

TEST_CASE("A call of inspect: only on the given stream, and without synchronisation", "[contract]") {
  check_job const j;
  own_stream const stream;
  REQUIRE(j.call(stream).ok());  // loads the kernel
  stream.wait();
  for (std::int64_t broken : {7, 4000}) {
    delay<<<1, 1, 0, stream>>>(100);
    j.upload(broken, stream);
    REQUIRE(j.call(stream).ok());
    CHECK(stream.busy());
    CHECK(cudaStreamQuery(cudaStreamLegacy) == cudaSuccess);
    CHECK(j.duplicated(stream) == broken);
    CHECK(j.zeros(stream) == (broken + 1) / 4);
  }
}

TEST_CASE("A call of inspect: capturable in a CUDA graph, and replayed on new stamps", "[contract]") {
  check_job const j;
  own_stream const stream;
  captured_call const captured(stream, [&](cudaStream_t on) { return j.call(on); });
  REQUIRE(captured.made());
  for (std::int64_t broken : {3, 0, 4095}) {
    j.upload(broken, stream);
    captured.replay(stream);
    CHECK(j.duplicated(stream) == broken);  // what the last replay counted is gone
    CHECK(j.zeros(stream) == (broken + 1) / 4);
  }
}
