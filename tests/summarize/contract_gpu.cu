// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/summarize.cuh>

#include "support/catch.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"

// What calls of `summarize` do besides their results: as resample/contract_gpu.cu for `resample`.
using namespace test;

namespace {

/// Two groups of rows that are all the same number.
class summary_job {
 public:
  static constexpr std::int64_t rows = 10'000;

  device_floats x{rows};
  device_floats offsets{6};
  device_floats summaries{2 * 14};
  device_floats ranks{4 * 6};
  device_floats counters{4 * robocache::summary_digits * 2};
  device_floats values{4};
  device_floats memory{1 << 14};

  /// @param in_parts  by `add_to_summary`, whose state the call clears first
  explicit summary_job(bool in_parts) : in_parts_(in_parts) {
    std::int64_t const groups[] = {0, 3000, rows};
    check_cuda(cudaMemcpy(offsets.data(), groups, sizeof groups, cudaMemcpyHostToDevice), "upload");
    x.fill(1, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  robocache::status call(cudaStream_t stream, double fraction = 0.5, std::int64_t missing = 0) const {
    robocache::value_rows<float> given{x.data(), rows, 1};
    given.offsets = reinterpret_cast<std::int64_t const*>(offsets.data());
    given.groups = 2;
    robocache::summary_state<float> const state{as<robocache::channel_summary>(summaries),
                                                2,
                                                1,
                                                1,
                                                {fraction},
                                                as<robocache::quantile_rank>(ranks),
                                                as<std::int64_t>(counters),
                                                as<double>(values)};
    robocache::scratch const extra{memory.data(), robocache::summarize_scratch(given) - missing};
    if (!in_parts_) { return robocache::summarize(given, state, extra, stream); }
    cudaMemsetAsync(summaries.data(), 0, 2 * 14 * 4, stream);
    cudaMemsetAsync(ranks.data(), 0, 4 * 6 * 4, stream);
    cudaMemsetAsync(counters.data(), 0, 4 * robocache::summary_digits * 8, stream);
    for (int pass = 0; pass < 3; ++pass) {
      auto s = robocache::add_to_summary(given, state, pass, extra, stream);
      if (s.ok()) { s = robocache::end_summary_pass(state, pass, stream); }
      if (!s.ok()) { return s; }
    }
    return {};
  }

  void check(float factor, cudaStream_t stream) const {
    CHECK(read_as<double>(values, stream, 2) == std::vector<double>(2, factor));
    auto const found = read_as<robocache::channel_summary>(summaries, stream, 2);
    CHECK(found[0].count == 3000);
    CHECK(found[1].count == rows - 3000);
    CHECK(found[1].mean == factor);
    CHECK(found[1].m2 == 0);
    CHECK(found[0].min == factor);
  }

  bool untouched(cudaStream_t stream) const {
    for (auto word : read_as<std::uint32_t>(values, stream, 4)) {
      if (word != 0x01010101u * poison) { return false; }
    }
    return true;
  }

 private:
  bool in_parts_;
};

}  // namespace

TEST_CASE("A call for summaries: its stream alone, captured, no allocation, errors of others left alone",
          "[contract]") {
  for (bool in_parts : {false, true}) {
    summary_job const job(in_parts);
    keeps_its_contract(job, job.x);
  }
}

TEST_CASE("A call for summaries: when a check fails nothing is enqueued or written", "[contract]") {
  own_stream const stream;
  summary_job const job(false);
  CHECK(std::string(job.call(stream, 2).argument()) == "state.fractions");
  CHECK(std::string(job.call(stream, 0.5, 1).argument()) == "memory.bytes");
  CHECK_FALSE(stream.busy());
  CHECK(job.untouched(stream));
}
