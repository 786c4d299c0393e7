// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/voxelize_backward.cuh>

#include "cells/case.hpp"
#include "cells/inputs.hpp"
#include "support/baselines.cuh"
#include "support/counting.hpp"
#include "support/device_case.cuh"
#include "support/harness.cuh"

namespace robocache::bench {

namespace {

/// FP32, drawn points, one cloud: the gradients of the features from those of a mean or a maximum.
class voxelize_backward_case final : public prepared_case {
 public:
  voxelize_backward_case(voxelize_case const& one, cudaStream_t cuda_stream)
      : case_(one), host_(make_clouds(one)), lattice_(make_grid(one, host_)) {
    std::int64_t const row = one.channels * static_cast<std::int64_t>(sizeof(float));
    // A gradient is written for each point; features are read only for the maximum; of the results' gradients those of
    // cells with a point are read.
    bytes_ = host_.bytes() + host_.points() * row * (one.wants(result::max) ? 2 : 1) + touched_cells() * row;
    turns_ = rotation_of(bytes_, one.hot);
    int const sets = turns_.sets;

    coordinates_ = rotated_array<float>(host_.coordinates, sets, cuda_stream);
    features_ = rotated_array<float>(host_.points() * one.channels, sets);
    results_ = rotated_array<float>(lattice_.total() * one.channels, sets);
    gradients_ = rotated_array<float>(features_.size(), sets);
    for (int set = 0; set < sets; ++set) {
      enqueue_fill(features_.at(set), features_.size(), content::numbers, cuda_stream);
      enqueue_fill(results_.at(set), results_.size(), content::numbers, cuda_stream);
    }
    scratch_ =
        rotated_array<std::byte>(voxelize_backward_scratch(clouds_at(coordinates_.at(0)), features_at(features_.at(0)),
                                                           lattice_, gradients_of(results_.at(0))),
                                 sets);
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override {
    require(voxelize_backward(clouds_at(coordinates_.at(set)), features_at(features_.at(set)), lattice_,
                              gradients_of(results_.at(set)), case_.order, feature_gradients{gradients_.at(set)},
                              scratch{scratch_.at(set), scratch_.bytes()}, cuda_stream));
  }

  std::string find_difference(cudaStream_t cuda_stream) const override {
    std::vector<float> const features = to_host(features_.at(0), features_.size(), cuda_stream);
    std::vector<float> const results = to_host(results_.at(0), results_.size(), cuda_stream);
    std::vector<float> expected(features.size());
    require(host::voxelize_backward(clouds_at(host_.coordinates.data()), features_at(features.data()), lattice_,
                                    gradients_of(results.data()), case_.order, feature_gradients{expected.data()}));
    enqueue_poison(gradients_, cuda_stream);
    enqueue(0, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "gradients");
    return find_unlike(expected, gradients_, "gradient", cuda_stream);
  }

 private:
  point_clouds clouds_at(float const* xyz) const { return host_.cloud(xyz, 0); }
  point_features<float> features_at(float const* values) const { return {values, case_.channels}; }

  voxel_gradients<float> gradients_of(float const* results) const {
    voxel_gradients<float> made;
    (case_.wants(result::max) ? made.max : made.mean) = results;
    return made;
  }

  std::int64_t touched_cells() const {
    std::vector<std::int32_t> count(lattice_.total());
    voxel_output<float> out;
    out.count = count.data();
    require(host::voxelize(clouds_at(host_.coordinates.data()), lattice_, out, {}));
    return lattice_.total() - std::count(count.begin(), count.end(), 0);
  }

  voxelize_case case_;
  stored_clouds host_;
  grid lattice_;
  rotated_array<float> coordinates_, features_, results_, gradients_;
  rotated_array<std::byte> scratch_;
};

}  // namespace

std::unique_ptr<prepared_case> prepare_voxelize_backward(voxelize_case const& one, cudaStream_t cuda_stream) {
  bool const one_reduction = one.wanted.size() == 1 && (one.wants(result::mean) || one.wants(result::max));
  if (one.value != dtype::float32 || one.recorded() || one.batch != 1 || !one_reduction) {
    throw std::logic_error("no backward pass for " + name_of(one));
  }
  return std::make_unique<voxelize_backward_case>(one, cuda_stream);
}

}  // namespace robocache::bench
