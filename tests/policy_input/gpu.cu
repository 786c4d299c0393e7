// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <robocache/policy_input.cuh>

#include "support/catch.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/policy_input/policy_input.hpp"

// `policy_input` as a user instantiates it, and what a call does beside its results: as fuse/gpu.cu for `fuse`.
using namespace test;

namespace {

template <class Stamp>
std::string as_host(policy_problem<Stamp> const& p) {
  policy_outcome const o = run_policy_input<device_space>(p, [](auto const* fusions, std::int64_t count) {
    status const s = robocache::policy_input(fusions, count, device_space::stream());
    check_cuda(cudaStreamSynchronize(device_space::stream()), "the call's work");
    return s;
  });
  return o.trouble + difference(p, o, policy_input_on_host(p));
}

/// A fusion of 18 streams of one row's values, which are two launches: stream i gives i times their value, plus 1. And
/// one of a stream that is relative to itself, plus 1.
class input_job {
 public:
  static constexpr std::int64_t streams = 18;
  static constexpr std::int64_t rows = 64;
  static constexpr std::int64_t channels = 4;
  static constexpr std::int64_t windows = 30;
  static constexpr std::int64_t targets = 10;

  device_floats values{rows * channels};
  device_floats results{windows * targets * streams * channels};
  device_floats differences{windows * targets * channels};
  device_floats scale{streams * channels};
  device_floats shift{channels};
  device_floats anchors{windows};
  device_floats deltas{targets};

  input_job() {
    std::vector<float> factors;
    for (std::int64_t i = 0; i < streams * channels; ++i) { factors.push_back(float(i / channels)); }
    check_cuda(cudaMemcpy(scale.data(), factors.data(), factors.size() * 4, cudaMemcpyHostToDevice), "upload");
    shift.fill(1, nullptr);
    anchors.fill(20, nullptr);
    deltas.fill(0.5f, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  status call(cudaStream_t stream, float latency = 0.25f) const {
    auto const when = robocache::timeline<float>::uniform(0, 1, 1, rows);
    auto target = robocache::timeline<float>::windows(anchors.data(), deltas.data(), windows, targets, trajectories());
    std::vector<robocache::policy_stream<float>> all(streams,
                                                     robocache::series<float, float>{values.data(), when, channels});
    for (std::int64_t i = 0; i < streams; ++i) {
      all[std::size_t(i)].scale = scale.data() + i * channels;
      all[std::size_t(i)].shift = shift.data();
    }
    all.back().latency = latency;
    robocache::policy_stream<float> relative = robocache::series<float, float>{values.data(), when, channels};
    relative.shift = shift.data();
    relative.relative.wanted = true;
    robocache::policy_fusion<float> const fusions[] = {
        {all.data(), streams, target, robocache::fused_output{results.data()}},
        {&relative, 1, target, robocache::fused_output{differences.data()}}};
    return robocache::policy_input(fusions, 2, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    std::vector<float> wanted;
    for (std::int64_t i = 0; i < windows * targets * streams * channels; ++i) {
      wanted.push_back(factor * float(i / channels % streams) + 1);
    }
    CHECK(results.read(stream) == wanted);
    CHECK(differences.read(stream) == std::vector<float>(std::size_t(windows * targets * channels), 1.0f));
  }

  bool untouched(cudaStream_t stream) const {
    auto const now = results.read(stream);
    auto const* bytes = reinterpret_cast<unsigned char const*>(now.data());
    return std::all_of(bytes, bytes + now.size() * 4, [](unsigned char b) { return b == poison; });
  }

 private:
  /// All windows read trajectory 0: floats that are 0 are integers that are 0.
  std::int64_t const* trajectories() const { return reinterpret_cast<std::int64_t const*>(zeros_.data()); }

  struct zeroed : device_floats {
    zeroed() : device_floats(2 * windows) { fill(0, nullptr); }
  } zeros_{};
};

}  // namespace

TEST_CASE("Header API: policy_input gives the host's bits", "[header_api]") {
  generator random(1800);
  for (int round = 0; round < 4; ++round) {
    CAPTURE(round);
    CHECK(as_host(draw_policy_input<float>(random, 3, 4)) == "");
    CHECK(as_host(draw_policy_input<double>(random, 2, 3)) == "");
    CHECK(as_host(draw_policy_input<std::int64_t>(random, 2, 9)) == "");
  }
}

TEST_CASE("A call of policy_input: its stream alone, captured, no allocation, errors of others left alone",
          "[contract]") {
  input_job const j;
  keeps_its_contract(j, j.values);
}

TEST_CASE("A call of policy_input: when a check of its last stream fails nothing is enqueued or written",
          "[contract]") {
  input_job const j;
  own_stream const stream;
  status const s = j.call(stream, std::numeric_limits<float>::infinity());
  CHECK(std::string(s.argument()) == "fusions[0].streams[17].latency");
  CHECK_FALSE(stream.busy());
  CHECK(j.untouched(stream));
}
