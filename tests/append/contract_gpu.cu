// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <robocache/append.cuh>

#include "support/catch.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"

// What calls of `append` do besides their results: as resample/contract_gpu.cu for `resample`.
using namespace test;

namespace {

/// Rows that are all the same number and fill the rings of three streams, whatever was in them.
class append_job {
 public:
  static constexpr std::int64_t batch = 40;
  static constexpr std::int64_t capacity = 30;
  static constexpr std::int64_t channels = 7;

  device_floats x{batch * capacity * channels};
  device_floats new_stamps{batch * capacity};
  device_floats stamps{3 * batch * capacity};
  device_floats values{3 * batch * capacity * channels};
  device_floats written{3 * batch * 2};

  append_job() {
    new_stamps.fill(1, nullptr);
    written.fill(0, nullptr);
    x.fill(1, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  robocache::status call(cudaStream_t stream, std::int64_t rows = capacity) const {
    robocache::append_stream<float> streams[3];
    for (int i = 0; i < 3; ++i) {
      auto& one = streams[i];
      one.stamps = stamps.data() + i * batch * capacity;
      one.values = values.data() + i * batch * capacity * channels;
      one.written = reinterpret_cast<std::int64_t*>(written.data()) + i * batch;
      one.capacity = capacity;
      one.channels = channels;
      one.new_stamps = new_stamps.data();
      one.new_values = x.data();
      one.rows = rows;
    }
    return robocache::append(streams, 3, batch, nullptr, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    auto const all = values.read(stream);
    CHECK(std::all_of(all.begin(), all.end(), [factor](float v) { return v == factor; }));
    auto const counts = written.read(stream);
    std::int64_t first;
    std::memcpy(&first, counts.data(), sizeof first);
    CHECK(first % capacity == 0);
  }

  bool untouched(cudaStream_t stream) const {
    auto const now = values.read(stream);
    auto const* const bytes = reinterpret_cast<unsigned char const*>(now.data());
    return std::all_of(bytes, bytes + now.size() * sizeof(float), [](unsigned char b) { return b == poison; });
  }
};

}  // namespace

TEST_CASE("A call of append: its stream alone, captured, no allocation, errors of others left alone", "[contract]") {
  append_job const job;
  keeps_its_contract(job, job.x);
}

TEST_CASE("A call of append: when a check fails nothing is enqueued or written", "[contract]") {
  own_stream const stream;
  append_job const job;
  CHECK(std::string(job.call(stream, -1).argument()) == "streams[0].rows");
  CHECK_FALSE(stream.busy());
  CHECK(job.untouched(stream));
}
