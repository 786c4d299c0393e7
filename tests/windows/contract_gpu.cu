// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/sample_windows.cuh>

#include "support/catch.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"

// What a call of `sample_windows` does besides its results: as resample/contract_gpu.cu for `resample`.
using namespace test;

namespace {

/// Windows at samples whose stamps are all the same: two floats are the bits of one.
class window_job {
 public:
  static constexpr std::int64_t rows = 5000;

  device_floats stamps{2 * rows};
  device_floats plan{2 * 6};
  device_floats anchors{2 * rows};
  device_floats trajectory{2 * rows};

  window_job() {
    // offsets, starts, set_offsets, draws, step; the last one is not used
    std::vector<std::int64_t> const numbers{0, rows, 0, 1, 0, 0};
    check_cuda(cudaMemcpy(plan.data(), numbers.data(), numbers.size() * 8, cudaMemcpyHostToDevice), "upload");
    stamps.fill(1, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  robocache::status call(cudaStream_t stream, std::int64_t ranks = 1) const {
    auto const* const numbers = reinterpret_cast<std::int64_t const*>(plan.data());
    robocache::window_plan of;
    of.episodes = 1;
    of.offsets = of.draws = numbers;  // 0, rows
    of.starts = numbers + 2;          // 0
    of.set_offsets = numbers + 2;     // 0, 1
    of.stamps = reinterpret_cast<std::int64_t const*>(stamps.data());
    of.rows = rows;
    robocache::window_draw draw;
    draw.step = numbers + 4;
    draw.batch = rows;
    draw.ranks = ranks;
    return robocache::sample_windows(
        of, draw, {reinterpret_cast<std::int64_t*>(trajectory.data()), reinterpret_cast<std::int64_t*>(anchors.data())},
        stream);
  }

  void check(float factor, cudaStream_t stream) const {
    CHECK(anchors.read(stream) == std::vector<float>(2 * rows, factor));
    CHECK(trajectory.read(stream) == std::vector<float>(2 * rows, 0.0f));
  }
};

}  // namespace

TEST_CASE("A call for windows: its stream alone, captured, no allocation, errors of others left alone", "[contract]") {
  window_job const job;
  keeps_its_contract(job, job.stamps);
}

TEST_CASE("A call for windows: when a check fails nothing is enqueued or written", "[contract]") {
  own_stream const stream;
  window_job const job;
  CHECK(std::string(job.call(stream, 3).argument()) == "draw.batch");
  CHECK_FALSE(stream.busy());
  auto const now = job.anchors.read(stream);
  auto const* const bytes = reinterpret_cast<unsigned char const*>(now.data());
  CHECK(std::all_of(bytes, bytes + 4 * now.size(), [](unsigned char b) { return b == poison; }));
}
