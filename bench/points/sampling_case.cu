// SPDX-License-Identifier: Apache-2.0
#include "points/sampling_case.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/neighbours.cuh>
#include <robocache/sample_farthest.cuh>
#include <robocache/sample_uniform.cuh>

#include "support/device_case.cuh"
#include "support/harness.cuh"

namespace robocache::bench {

namespace {

constexpr float near_radius = 0.05f;

class sampling_on_device final : public prepared_case {
 public:
  sampling_on_device(sampling_case const& one, cudaStream_t cuda_stream)
      : one_(one), xyz_(draw_points(one)), results_(one.batch * std::max<std::int64_t>(one.queries, 1) * one.samples) {
    for (std::int64_t b = 0; b <= one.batch; ++b) { host_offsets_.push_back(b * one.points); }
    points_ = rotated_array<float>(xyz_, 1, cuda_stream);
    offsets_ = rotated_array<std::int64_t>(host_offsets_, 1, cuda_stream);
    seed_ = rotated_array<std::uint64_t>(host_seed_, 1, cuda_stream);
    indices_ = rotated_array<std::int64_t>(results_, 1);
    bool const finds = one.queries > 0;
    distances_ = rotated_array<float>(finds ? results_ : 0, 1);
    scratch_bytes_ = one.call == sampling_call::farthest
                         ? sample_farthest_scratch(clouds(points_.at(0), offsets_.at(0)), one.samples)
                         : 0;
    memory_ = rotated_array<char>(scratch_bytes_, 1);
    std::int64_t const read =
        one.call == sampling_call::uniform ? 0 : static_cast<std::int64_t>(xyz_.size()) + 3 * one.batch * one.queries;
    bytes_ = read * 4 + results_ * (finds ? 12 : 8);
    for (float x : xyz_) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &x, sizeof bits);
      checksum_ = (checksum_ + bits) % (std::uint64_t{1} << 52);
    }
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int, cudaStream_t cuda_stream) const override {
    point_clouds const from = clouds(points_.at(0), offsets_.at(0));
    point_clouds const asking = queries(points_.at(0));
    sample_output const out{indices_.at(0)};
    neighbour_output const near{indices_.at(0), distances_.at(0)};
    uniform_options drawn;
    drawn.seed = seed_.at(0);
    scratch const memory{memory_.at(0), scratch_bytes_};
    switch (one_.call) {
      case sampling_call::farthest: return require(sample_farthest(from, one_.samples, out, {}, memory, cuda_stream));
      case sampling_call::uniform: return require(sample_uniform(from, one_.samples, out, drawn, cuda_stream));
      case sampling_call::nearest: return require(nearest_neighbours(asking, from, one_.samples, near, cuda_stream));
      case sampling_call::radius:
        return require(within_radius(asking, from, near_radius, one_.samples, near, cuda_stream));
    }
  }

  std::string find_difference(cudaStream_t cuda_stream) const override {
    std::vector<std::int64_t> indices(static_cast<std::size_t>(results_));
    std::vector<float> distances(static_cast<std::size_t>(distances_.size()));
    point_clouds const from = clouds(xyz_.data(), host_offsets_.data());
    point_clouds const asking = queries(xyz_.data());
    sample_output const out{indices.data()};
    neighbour_output const near{indices.data(), distances.data()};
    uniform_options drawn;
    drawn.seed = host_seed_.data();
    switch (one_.call) {
      case sampling_call::farthest: require(host::sample_farthest(from, one_.samples, out)); break;
      case sampling_call::uniform: require(host::sample_uniform(from, one_.samples, out, drawn)); break;
      case sampling_call::nearest: require(host::nearest_neighbours(asking, from, one_.samples, near)); break;
      case sampling_call::radius: require(host::within_radius(asking, from, near_radius, one_.samples, near)); break;
    }
    enqueue_poison(indices_, cuda_stream);
    enqueue_poison(distances_, cuda_stream);
    enqueue(0, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "sampling");
    std::string const unlike = find_unlike(indices, indices_, "indices", cuda_stream);
    return unlike.empty() ? find_unlike(distances, distances_, "distances", cuda_stream) : unlike;
  }

 private:
  point_clouds clouds(float const* xyz, std::int64_t const* offsets) const {
    return one_.packed ? point_clouds::ragged(xyz, offsets, one_.batch, one_.batch * one_.points)
                       : point_clouds::dense(xyz, one_.batch, one_.points);
  }
  point_clouds queries(float const* xyz) const {
    point_clouds first = point_clouds::dense(xyz, one_.batch, one_.queries);
    first.batch_stride = 3 * one_.points;
    return first;
  }

  sampling_case one_;
  std::vector<float> xyz_;
  std::vector<std::int64_t> host_offsets_;
  std::vector<std::uint64_t> host_seed_{42};
  std::int64_t results_;
  std::int64_t scratch_bytes_ = 0;
  rotated_array<float> points_, distances_;
  rotated_array<std::int64_t> offsets_, indices_;
  rotated_array<std::uint64_t> seed_;
  rotated_array<char> memory_;
};

}  // namespace

std::unique_ptr<prepared_case> prepare(sampling_case const& one, cudaStream_t cuda_stream) {
  return std::make_unique<sampling_on_device>(one, cuda_stream);
}

}  // namespace robocache::bench
