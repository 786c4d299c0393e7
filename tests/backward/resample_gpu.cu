// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/resample_backward.cuh>

#include "support/backward/resample.hpp"
#include "support/catch.hpp"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"

// `resample_backward` as a user instantiates it, and what a call does besides its gradients: as package/header_api.cu
// and resample/contract_gpu.cu for `resample`.
using namespace test;

namespace {

template <class Value, class Result, class Stamp>
std::string compare_with_host(backward_problem<Stamp> p) {
  p.forward.value_type = robocache::dtype_of<Value>::value;
  p.forward.result_type = robocache::dtype_of<Result>::value;
  generator random(41);
  p.forward.draw_values(random);
  p.draw_results(random);
  gradients const o = run_backward<device_space>(p, [](backward_arguments<Stamp> const& a) {
    status const s = call_backward<Value, Result>(
        a, [](auto const&... arguments) { return robocache::resample_backward(arguments..., device_space::stream()); });
    check_cuda(cudaStreamSynchronize(device_space::stream()), "the call's work");
    return s;
  });
  return o.trouble + difference(p, o, backward_on_host(p));
}

/// Gradients `factor` of every result half-way between FP32 samples: `factor` for every row but the outermost, half of
/// it for them.
class job {
 public:
  static constexpr std::int64_t rows = 64;
  static constexpr std::int64_t channels = 48;
  static constexpr std::int64_t targets = rows - 1;

  job() {
    check_cuda(cudaMalloc(&results_, targets * channels * 4), "cudaMalloc");
    check_cuda(cudaMalloc(&values_, rows * channels * 4), "cudaMalloc");
    check_cuda(cudaMallocHost(&staging_, targets * channels * 4), "cudaMallocHost");
    check_cuda(cudaMemset(results_, 0, targets * channels * 4), "cudaMemset");
    check_cuda(cudaMemset(values_, poison, rows * channels * 4), "cudaMemset");
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }
  ~job() {
    cudaFree(results_);
    cudaFree(values_);
    cudaFreeHost(staging_);
  }
  job(job const&) = delete;
  job& operator=(job const&) = delete;

  /// Enqueues the copy of the results' gradients; nothing may be using them.
  void upload(float factor, cudaStream_t stream) const {
    std::fill(staging_, staging_ + targets * channels, factor);
    check_cuda(cudaMemcpyAsync(results_, staging_, targets * channels * 4, cudaMemcpyHostToDevice, stream), "upload");
  }

  status call(cudaStream_t stream, float max_gap = robocache::unlimited_gap<float>()) const {
    resample_options<float> options;
    options.max_gap = max_gap;
    auto const when = robocache::timeline<float>::uniform(0, 1, 1, rows);
    return robocache::resample_backward(robocache::series<float, float>{nullptr, when, channels},
                                        robocache::timeline<float>::uniform(0.5f, 1, 1, targets),
                                        robocache::result_gradients{results_}, robocache::source_gradients{values_},
                                        options, target_order::any, stream);
  }

  /// Gradients as they are now; waits for `stream` alone.
  std::vector<float> gradients_now(cudaStream_t stream) const {
    std::vector<float> copy(rows * channels);
    check_cuda(cudaMemcpyAsync(copy.data(), values_, copy.size() * 4, cudaMemcpyDeviceToHost, stream), "download");
    check_cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    return copy;
  }

  static std::vector<float> expected(float factor) {
    std::vector<float> wanted(rows * channels, factor);
    std::fill_n(wanted.begin(), channels, factor / 2);
    std::fill_n(wanted.end() - channels, channels, factor / 2);
    return wanted;
  }

 private:
  float* results_ = nullptr;
  float* values_ = nullptr;
  float* staging_ = nullptr;
};

}  // namespace

TEST_CASE("Header API: resample_backward gives the host's bits", "[header_api]") {
  for (auto source : backward_source_shapes) {
    for (auto target : backward_target_shapes) {
      generator random(950 + 16 * std::uint64_t(source) + std::uint64_t(target));
      CAPTURE(int(source), int(target));
      CHECK(compare_with_host<__nv_bfloat16, __nv_bfloat16>(draw_backward<float>(random, source, target)) == "");
      CHECK(compare_with_host<float, __half>(draw_backward<std::int64_t>(random, source, target)) == "");
    }
  }
}

TEST_CASE("A call of resample_backward: only on the given stream, and without synchronisation", "[contract]") {
  job const j;
  REQUIRE(j.call(cudaStreamPerThread).ok());  // loads the kernels
  check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  own_stream const stream;
  delay<<<1, 1, 0, stream>>>(200);
  j.upload(3, stream);
  REQUIRE(j.call(stream).ok());
  CHECK(stream.busy());  // the call came back before the work before it was done
  CHECK(cudaStreamQuery(cudaStreamLegacy) == cudaSuccess);
  CHECK(cudaStreamQuery(cudaStreamPerThread) == cudaSuccess);
  CHECK(j.gradients_now(stream) == job::expected(3));
}

TEST_CASE("A call of resample_backward: capturable in a CUDA graph, and replayed on new gradients", "[contract]") {
  job const j;
  own_stream const stream;
  captured_call const captured(stream, [&](cudaStream_t on) { return j.call(on); });
  REQUIRE(captured.made());
  for (float factor : {1.0f, -4.0f, 0.5f}) {
    j.upload(factor, stream);
    captured.replay(stream);
    CHECK(j.gradients_now(stream) == job::expected(factor));
  }
}

TEST_CASE("A call of resample_backward: the last error is untouched, and a failed check writes nothing", "[contract]") {
  job const j;
  own_stream const stream;
  auto const before = j.gradients_now(stream);
  status const s = j.call(stream, -1);
  CHECK(std::string(s.argument()) == "options.max_gap");
  auto const after = j.gradients_now(stream);
  CHECK(std::equal(before.begin(), before.end(), after.begin(),
                   [](float a, float b) { return a == b || (a != a && b != b); }));
  REQUIRE(cudaSetDevice(12345) == cudaErrorInvalidDevice);  // somebody else's error, left for them
  j.upload(7, stream);
  CHECK(j.call(stream).ok());
  CHECK(cudaGetLastError() == cudaErrorInvalidDevice);
  CHECK(cudaGetLastError() == cudaSuccess);
  CHECK(j.gradients_now(stream) == job::expected(7));
}
