// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <robocache/fuse.cuh>
#include <robocache/fuse_backward.cuh>

#include "support/backward/fuse.hpp"
#include "support/catch.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"

// `fuse` and `fuse_backward` as a user instantiates them, and what a call does besides its results: as
// package/header_api.cu and resample/contract_gpu.cu for `resample`.
using namespace test;

namespace {

template <class Result, class Stamp>
std::string fuse_as_host(fuse_problem<Stamp> p) {
  p.result_type = robocache::dtype_of<Result>::value;
  fused const o = run_fuse<device_space>(p, [](fuse_arguments<Stamp> const& a) {
    status const s = robocache::fuse(a.streams.data(), std::int64_t(a.streams.size()), a.target,
                                     a.template output<Result>(), device_space::stream());
    check_cuda(cudaStreamSynchronize(device_space::stream()), "the call's work");
    return s;
  });
  return o.trouble + difference(p, o, fuse_on_host(p));
}

template <class Result, class Stamp>
std::string backward_as_host(fuse_backward_problem<Stamp> p) {
  using arguments = fuse_backward_arguments<Stamp>;
  p.forward.result_type = robocache::dtype_of<Result>::value;
  generator random(42);
  p.draw_results(random);
  fused_gradients const o = run_fuse_backward<device_space>(
      p,
      [](arguments const& a) {
        return robocache::fuse_backward_scratch(a.streams.data(), a.count(), a.target, a.out.data());
      },
      [](arguments const& a) {
        status const s =
            robocache::fuse_backward(a.streams.data(), a.count(), a.target, a.template gradients<Result>(),
                                     a.out.data(), a.targets, a.of.order, a.memory, device_space::stream());
        check_cuda(cudaStreamSynchronize(device_space::stream()), "the call's work");
        return s;
      });
  return o.trouble + difference(p, o, fuse_backward_on_host(p));
}

/// 20 streams, which are two launches, that read the same rows: stream i gives i times their value, plus 1.
class fuse_job {
 public:
  static constexpr std::int64_t streams = 20;
  static constexpr std::int64_t rows = 64;
  static constexpr std::int64_t channels = 4;
  static constexpr std::int64_t targets = 300;

  device_floats values{rows * channels};
  device_floats results{targets * streams * channels};
  device_floats scale{streams * channels};
  device_floats shift{channels};

  fuse_job() {
    std::vector<float> factors;
    for (std::int64_t i = 0; i < streams * channels; ++i) { factors.push_back(float(i / channels)); }
    check_cuda(cudaMemcpy(scale.data(), factors.data(), factors.size() * 4, cudaMemcpyHostToDevice), "upload");
    shift.fill(1, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  status call(cudaStream_t stream, float latency = 0.25f) const {
    auto const when = robocache::timeline<float>::uniform(0, 1, 1, rows);
    auto const target = robocache::timeline<float>::uniform(0, 0.25f, 1, targets);
    std::vector<robocache::stream<float>> all(
        streams, robocache::stream<float>{robocache::series<float, float>{values.data(), when, channels}});
    for (std::int64_t i = 0; i < streams; ++i) {
      all[std::size_t(i)].scale = scale.data() + i * channels;
      all[std::size_t(i)].shift = shift.data();
    }
    all.back().latency = latency;
    return robocache::fuse(all.data(), streams, target, robocache::fused_output{results.data()}, stream);
  }

  static std::vector<float> expected(float value) {
    std::vector<float> wanted;
    for (std::int64_t i = 0; i < targets * streams * channels; ++i) {
      wanted.push_back(value * float(i / channels % streams) + 1);
    }
    return wanted;
  }

  bool untouched(cudaStream_t stream) const {
    auto const now = results.read(stream);
    auto const* bytes = reinterpret_cast<unsigned char const*>(now.data());
    return std::all_of(bytes, bytes + now.size() * 4, [](unsigned char b) { return b == poison; });
  }
};

/// Gradients `factor` of 200 results, all at the first sample of a stream of ones: in its scale and in its shift 200
/// times as much.
class backward_job {
 public:
  static constexpr std::int64_t rows = 3;
  static constexpr std::int64_t channels = 40;
  static constexpr std::int64_t targets = 200;

  device_floats values{rows * channels};
  device_floats incoming{targets * channels};
  device_floats values_out{rows * channels};
  device_floats scale_out{channels};
  device_floats shift_out{channels};
  device_floats memory{4096};

  backward_job() {
    values.fill(1, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  status call(cudaStream_t stream, std::int64_t missing = 0) const {
    auto const when = robocache::timeline<float>::uniform(0, 1000, 1, rows);
    robocache::stream<float> one{robocache::series<float, float>{values.data(), when, channels}};
    one.options.method = interpolation::previous;
    auto const target = robocache::timeline<float>::uniform(0, 1, 1, targets);
    robocache::stream_gradients const out{values_out.data(), scale_out.data(), shift_out.data()};
    std::int64_t const bytes = robocache::fuse_backward_scratch(&one, 1, target, &out);
    return robocache::fuse_backward(&one, 1, target, robocache::result_gradients{incoming.data()}, &out, nullptr,
                                    target_order::any, robocache::scratch{memory.data(), bytes - missing}, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    std::vector<float> const sums(channels, factor * float(targets));
    CHECK(scale_out.read(stream) == sums);
    CHECK(shift_out.read(stream) == sums);
    std::vector<float> wanted(rows * channels, 0.0f);
    std::copy(sums.begin(), sums.end(), wanted.begin());
    CHECK(values_out.read(stream) == wanted);
  }
};

}  // namespace

TEST_CASE("Header API: fuse gives the host's bits", "[header_api]") {
  for (auto target : target_shapes) {
    generator random(1600 + std::uint64_t(target));
    CAPTURE(int(target));
    CHECK(fuse_as_host<__nv_bfloat16>(draw_fuse<float>(random, target, 7)) == "");
    CHECK(fuse_as_host<__half>(draw_fuse<std::int64_t>(random, target, 18)) == "");
    CHECK(fuse_as_host<float>(draw_fuse<double>(random, target, 3)) == "");
  }
}

TEST_CASE("Header API: fuse_backward gives the host's bits", "[header_api]") {
  for (auto target : backward_target_shapes) {
    generator random(1700 + std::uint64_t(target));
    CAPTURE(int(target));
    CHECK(backward_as_host<__nv_bfloat16>(draw_fuse_backward<float>(random, target, 3)) == "");
    CHECK(backward_as_host<__half>(draw_fuse_backward<std::int64_t>(random, target, 3)) == "");
  }
}

TEST_CASE("A call of fuse: its stream alone, captured, no allocation, errors of others left alone", "[contract]") {
  fuse_job const j;
  auto const check = [&](float factor, cudaStream_t stream) {
    CHECK(j.results.read(stream) == fuse_job::expected(factor));
  };
  keeps_to_its_stream(j, j.values, check);
  can_be_captured(j, j.values, check);
  leaves_errors_alone(j, j.values, check);
  allocates_nothing(j);
}

TEST_CASE("A call of fuse: when a check of its last stream fails nothing is enqueued or written", "[contract]") {
  fuse_job const j;
  own_stream const stream;
  status const s = j.call(stream, std::numeric_limits<float>::infinity());
  CHECK(std::string(s.argument()) == "streams[19].latency");
  CHECK_FALSE(stream.busy());
  CHECK(j.untouched(stream));
}

TEST_CASE("A call of fuse_backward: its stream alone, captured, no allocation, errors of others left alone",
          "[contract]") {
  backward_job const j;
  auto const check = [&](float factor, cudaStream_t stream) { j.check(factor, stream); };
  keeps_to_its_stream(j, j.incoming, check);
  can_be_captured(j, j.incoming, check);
  leaves_errors_alone(j, j.incoming, check);
  allocates_nothing(j);
}

TEST_CASE("A call of fuse_backward: with too little scratch nothing is enqueued or written", "[contract]") {
  backward_job const j;
  own_stream const stream;
  auto const before = j.scale_out.read(stream);
  CHECK(std::string(j.call(stream, 1).argument()) == "memory.bytes");
  CHECK_FALSE(stream.busy());
  auto const after = j.scale_out.read(stream);
  CHECK(std::equal(before.begin(), before.end(), after.begin(),
                   [](float a, float b) { return a == b || (a != a && b != b); }));
}
