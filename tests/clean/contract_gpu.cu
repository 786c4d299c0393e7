// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/clean.cuh>

#include "support/catch.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"

// What calls of `clean` do besides their results: as resample/contract_gpu.cu for `resample`.
using namespace test;

namespace {

/// Quaternions that are all the same number, at stamps of which each occurs twice.
class clean_job {
 public:
  static constexpr std::int64_t rows = 9000;

  device_floats x{rows * 4};
  device_floats stamps{rows};
  device_floats values{rows * 4};
  device_floats out_stamps{rows};
  device_floats offsets{3 * 2};
  device_floats source_rows{rows * 2};
  device_floats reports{2 * 8};
  device_floats memory{1 << 18};

  explicit clean_job(bool sorts) {
    options.backward = sorts ? robocache::backward_rule::sort : robocache::backward_rule::drop;
    options.duplicates = sorts ? robocache::duplicate_rule::last : robocache::duplicate_rule::first;
    options.quaternions = 1;
    std::vector<float> times;
    for (std::int64_t i = 0; i < rows; ++i) { times.push_back(float(i / 2)); }
    check_cuda(cudaMemcpy(stamps.data(), times.data(), times.size() * 4, cudaMemcpyHostToDevice), "upload");
    x.fill(1, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  robocache::status call(cudaStream_t stream, std::int64_t channels = 4, std::int64_t missing = 0) const {
    robocache::series<float, float> const source{
        x.data(), robocache::timeline<float>::dense(stamps.data(), 2, rows / 2), channels};
    robocache::clean_output<float, float> const out{values.data(), out_stamps.data(), as<std::int64_t>(offsets),
                                                    as<std::int64_t>(source_rows),
                                                    as<robocache::clean_report>(reports)};
    std::int64_t const bytes = robocache::clean_scratch(source, options);
    return robocache::clean(source, out, options, robocache::scratch{memory.data(), bytes - missing}, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    CHECK(read_as<std::int64_t>(offsets, stream, 3) == std::vector<std::int64_t>{0, rows / 4, rows / 2});
    CHECK(read_as<float>(values, stream, rows * 2) == std::vector<float>(rows * 2, factor));
    CHECK(read_as<robocache::clean_report>(reports, stream, 2)[1].duplicated == rows / 4);
  }

  bool untouched(cudaStream_t stream) const {
    auto const now = read_as<unsigned char>(values, stream, rows * 16);
    return std::all_of(now.begin(), now.end(), [](unsigned char b) { return b == poison; });
  }

 private:
  robocache::clean_options options{};
};

}  // namespace

TEST_CASE("A call for cleaning: its stream alone, captured, no allocation, errors of others left alone", "[contract]") {
  for (bool sorts : {false, true}) {
    clean_job const job(sorts);
    keeps_its_contract(job, job.x);
  }
}

TEST_CASE("A call for cleaning: when a check fails nothing is enqueued or written", "[contract]") {
  own_stream const stream;
  clean_job const job(true);
  CHECK(std::string(job.call(stream, 3).argument()) == "options.quaternion_channels");
  CHECK(std::string(job.call(stream, 4, 1).argument()) == "memory.bytes");
  CHECK_FALSE(stream.busy());
  CHECK(job.untouched(stream));
}
