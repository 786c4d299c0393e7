// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <robocache/neighbours.cuh>
#include <robocache/sample_farthest.cuh>
#include <robocache/sample_uniform.cuh>

#include "support/catch.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"

// What calls for samples and neighbours do besides their results: as resample/contract_gpu.cu for `resample`.
using namespace test;

namespace {

enum class which : std::uint8_t { small, resident, in_memory, uniform, nearest, radius };

/// Points that all have one x, which a job is given; y and z are 0.
class sampling_job {
 public:
  static constexpr std::int64_t samples = 40;

  explicit sampling_job(which one)
      : x(points_of(one)), one_(one), zeros_(points_of(one)), indices_(2 * samples), points_(3 * samples) {
    zeros_.fill(0, nullptr);
    seed_.fill(0, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  device_floats x;

  robocache::status call(cudaStream_t stream, std::int64_t count = samples, std::int64_t missing = 0) const {
    std::int64_t const points = points_of(one_);
    auto const clouds = robocache::point_clouds::separate(x.data(), zeros_.data(), zeros_.data(), 1, points);
    auto const queries = robocache::point_clouds::separate(x.data(), zeros_.data(), zeros_.data(), 1, 1);
    auto* const indices = reinterpret_cast<std::int64_t*>(indices_.data());
    robocache::sample_output const out{indices, nullptr, points_.data()};
    robocache::neighbour_output const near{indices, points_.data()};
    robocache::uniform_options drawn;
    drawn.seed = reinterpret_cast<std::uint64_t const*>(seed_.data());
    switch (one_) {
      case which::uniform: return robocache::sample_uniform(clouds, count, out, drawn, stream);
      case which::nearest: return robocache::nearest_neighbours(queries, clouds, count, near, stream);
      case which::radius: return robocache::within_radius(queries, clouds, 1.0f, count, near, stream);
      default: break;
    }
    std::int64_t const bytes = robocache::sample_farthest_scratch(clouds, count);
    return robocache::sample_farthest(clouds, count, out, {}, {memory_.data(), bytes - missing}, stream);
  }

  /// All points are equal, so samples and neighbours are the first ones, but for those drawn at random.
  void check(float factor, cudaStream_t stream) const {
    auto const raw = indices_.read(stream);
    std::vector<std::int64_t> indices(samples);
    std::memcpy(indices.data(), raw.data(), samples * sizeof(std::int64_t));
    for (std::int64_t k = 0; k < samples; ++k) { CHECK((one_ == which::uniform || indices[std::size_t(k)] == k)); }
    bool const near = one_ == which::nearest || one_ == which::radius;
    CHECK(points_.read(stream).front() == (near ? 0.0f : factor));
  }

  bool untouched(cudaStream_t stream) const {
    auto const now = indices_.read(stream);
    auto const* const bytes = reinterpret_cast<unsigned char const*>(now.data());
    return std::all_of(bytes, bytes + now.size() * sizeof(float), [](unsigned char b) { return b == poison; });
  }

 private:
  static std::int64_t points_of(which one) {
    return one == which::resident ? 9000 : one == which::in_memory ? 150'000 : 1000;
  }

  which one_;
  device_floats zeros_, indices_, points_;
  device_floats seed_{2};
  device_floats memory_{1 << 20};
};

}  // namespace

TEST_CASE("A call for samples or neighbours: its stream alone, captured, no allocation", "[contract]") {
  for (auto one : {which::small, which::resident, which::in_memory, which::uniform, which::nearest, which::radius}) {
    CAPTURE(int(one));
    sampling_job const job(one);
    keeps_its_contract(job, job.x);
  }
}

TEST_CASE("A call for samples or neighbours: when a check fails nothing is enqueued or written", "[contract]") {
  own_stream const stream;
  sampling_job const job(which::resident);
  CHECK(std::string(job.call(stream, -1).argument()) == "samples");
  CHECK(std::string(job.call(stream, 40, 1).argument()) == "memory.bytes");
  CHECK_FALSE(stream.busy());
  CHECK(job.untouched(stream));
}
