// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <robocache/summarize.cuh>
#include <robocache/summarize_policy_input.cuh>

#include "support/catch.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"

// What calls of `summarize_policy_input` do besides their results: as summarize/contract_gpu.cu for `summarize`.
using namespace test;

namespace {

/// Windows over one trajectory whose values are all the same number, and a stream that is relative to itself.
class chunk_job {
 public:
  static constexpr std::int64_t samples = 64;
  static constexpr std::int64_t windows = 5000;
  static constexpr std::int64_t steps = 2;
  static constexpr std::int64_t channels = 2 * steps;

  device_floats x{samples};
  device_floats anchors{windows};
  device_floats deltas{steps};
  device_floats summaries{channels * 14};
  device_floats ranks{channels * 2 * 6};
  device_floats counters{channels * 2 * robocache::summary_digits * 2};
  device_floats values{channels * 2};
  device_floats memory{1 << 14};

  /// @param in_parts  by `add_policy_input_to_summary`, whose state the call clears first
  explicit chunk_job(bool in_parts) : in_parts_(in_parts) {
    x.fill(1, nullptr);
    anchors.fill(20, nullptr);
    deltas.fill(0.5f, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  robocache::status call(cudaStream_t stream, float latency = 0.25f) const {
    auto const when = robocache::timeline<float>::uniform(0, 1, 1, samples);
    robocache::policy_stream<float> streams[2] = {robocache::series<float, float>{x.data(), when, 1},
                                                  robocache::series<float, float>{x.data(), when, 1}};
    streams[1].relative.wanted = true;
    streams[1].latency = latency;
    robocache::policy_fusion<float> fusion;
    fusion.streams = streams;
    fusion.count = 2;
    fusion.target = robocache::timeline<float>::windows(anchors.data(), deltas.data(), windows, steps, trajectories());
    robocache::policy_rows<float> const rows{&fusion, 1, 0, true};
    robocache::summary_state<float> const state{as<robocache::channel_summary>(summaries),
                                                1,
                                                channels,
                                                1,
                                                {0.5},
                                                as<robocache::quantile_rank>(ranks),
                                                as<std::int64_t>(counters),
                                                as<double>(values)};
    robocache::scratch const extra{memory.data(), std::int64_t{1 << 14} * 4};
    if (!in_parts_) { return robocache::summarize_policy_input(rows, state, extra, stream); }
    cudaMemsetAsync(summaries.data(), 0, channels * 14 * 4, stream);
    cudaMemsetAsync(ranks.data(), 0, channels * 2 * 6 * 4, stream);
    cudaMemsetAsync(counters.data(), 0, channels * 2 * robocache::summary_digits * 8, stream);
    for (int pass = 0; pass < 3; ++pass) {
      auto s = robocache::add_policy_input_to_summary(rows, state, pass, extra, stream);
      if (s.ok()) { s = robocache::end_summary_pass(state, pass, stream); }
      if (!s.ok()) { return s; }
    }
    return {};
  }

  void check(float factor, cudaStream_t stream) const {
    CHECK(read_as<double>(values, stream, channels) == std::vector<double>{factor, 0, factor, 0});
    auto const found = read_as<robocache::channel_summary>(summaries, stream, channels);
    for (std::size_t c = 0; c < channels; ++c) {
      CHECK(found[c].count == windows);
      CHECK(found[c].mean == (c % 2 == 0 ? factor : 0));
      CHECK(found[c].m2 == 0);
    }
  }

  bool untouched(cudaStream_t stream) const {
    for (auto word : read_as<std::uint32_t>(values, stream, 2 * channels)) {
      if (word != 0x01010101u * poison) { return false; }
    }
    return true;
  }

 private:
  /// All windows read trajectory 0: floats that are 0 are integers that are 0.
  std::int64_t const* trajectories() const { return reinterpret_cast<std::int64_t const*>(zeros_.data()); }

  struct zeroed : device_floats {
    zeroed() : device_floats(2 * windows) { fill(0, nullptr); }
  } zeros_{};

  bool in_parts_;
};

}  // namespace

TEST_CASE("A call for a policy input's summary: its stream alone, captured, no allocation, errors of others left alone",
          "[contract]") {
  for (bool in_parts : {false, true}) {
    chunk_job const job(in_parts);
    keeps_its_contract(job, job.x);
  }
}

TEST_CASE("A call for a policy input's summary: when a check of its last stream fails nothing is enqueued or written",
          "[contract]") {
  chunk_job const job(false);
  own_stream const stream;
  robocache::status const s = job.call(stream, std::numeric_limits<float>::infinity());
  CHECK(std::string(s.argument()) == "fusions[0].streams[1].latency");
  CHECK_FALSE(stream.busy());
  CHECK(job.untouched(stream));
}
