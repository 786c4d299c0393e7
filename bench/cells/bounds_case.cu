// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <robocache/bounds.cuh>
#include <robocache/host.hpp>

#include "cells/case.hpp"
#include "cells/inputs.hpp"
#include "support/device_case.cuh"
#include "support/harness.cuh"

namespace robocache::bench {

namespace {

class bounds_case final : public prepared_case {
 public:
  bounds_case(voxelize_case const& one, cudaStream_t cuda_stream) : host_(make_clouds(one)) {
    bytes_ = host_.bytes() + host_.batch() * static_cast<std::int64_t>(sizeof(cloud_bounds));
    turns_ = rotation_of(bytes_, one.hot);
    coordinates_ = rotated_array<float>(host_.coordinates, turns_.sets, cuda_stream);
    offsets_ = rotated_array<std::int64_t>(host_.offsets, turns_.sets, cuda_stream);
    bounds_ = rotated_array<cloud_bounds>(host_.batch(), turns_.sets);
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override {
    require(find_bounds(host_.together(coordinates_.at(set), offsets_.at(set)), bounds_.at(set), cuda_stream));
  }

  std::string find_difference(cudaStream_t cuda_stream) const override {
    std::vector<cloud_bounds> expected(host_.batch());
    require(host::find_bounds(host_.together(host_.coordinates.data(), host_.offsets.data()), expected.data()));
    enqueue_poison(bounds_, cuda_stream);
    enqueue(0, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "bounds");
    return find_unlike(expected, bounds_, "bounds", cuda_stream);
  }

 private:
  stored_clouds host_;
  rotated_array<float> coordinates_;
  rotated_array<std::int64_t> offsets_;
  rotated_array<cloud_bounds> bounds_;
};

}  // namespace

std::unique_ptr<prepared_case> prepare_find_bounds(voxelize_case const& one, cudaStream_t cuda_stream) {
  return std::make_unique<bounds_case>(one, cuda_stream);
}

}  // namespace robocache::bench
