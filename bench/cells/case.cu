// SPDX-License-Identifier: Apache-2.0
#include "cells/case.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/voxelize.cuh>

#include "cells/baselines.cuh"
#include "cells/inputs.hpp"
#include "cells/results.hpp"
#include "support/baselines.cuh"
#include "support/counting.hpp"
#include "support/device_case.cuh"
#include "support/harness.cuh"

namespace robocache::bench {

namespace {

template <class Value>
class voxelization final : public prepared_case {
 public:
  voxelization(voxelize_case const& one, cudaStream_t cuda_stream)
      : case_(one), host_(make_clouds(one)), lattice_(make_grid(one, host_)) {
    channels_ = !one.reduces() ? 0 : one.recorded() ? host_.stride : one.channels;
    options_.channels = one.order;
    options_.sums = one.sums;
    of_one_ = bytes_of_one(one, lattice_, channels_);
    bytes_ = host_.bytes() + host_.batch() * sum_of(of_one_) + feature_bytes();
    checksum_ = sum_of_words(host_.coordinates) % checksum_bound;
    turns_ = rotation_of(bytes_, one.hot);
    int const sets = turns_.sets;

    coordinates_ = rotated_array<float>(host_.coordinates, sets, cuda_stream);
    offsets_ = rotated_array<std::int64_t>(host_.offsets, sets, cuda_stream);
    features_ = rotated_array<Value>(own_features() ? host_.points() * channels_ : 0, sets);
    for (int set = 0; own_features() && set < sets; ++set) {
      enqueue_fill(features_.at(set), features_.size(), content::numbers, cuda_stream);
    }
    for (result kind : all_results) {
      results_[index_of(kind)] = rotated_array<std::byte>(of_one_[index_of(kind)] * host_.batch(), sets);
    }
    if (knows_naive() && !one.wants(result::count)) {
      naive_cells_ = rotated_array<std::int32_t>(lattice_.total(), sets);
    }
    make_calls(sets);
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override { enqueue(together_[set], set, cuda_stream); }

  std::vector<rival> rivals() const override {
    std::vector<rival> found;
    if (knows_naive()) {
      found.push_back({rival_kind::naive, [this](int set, cudaStream_t to) { enqueue_naive(set, to); }});
    }
    if (!in_turn_[0].empty()) {
      found.push_back({rival_kind::in_turn, [this](int set, cudaStream_t to) {
                         for (call const& each : in_turn_[set]) { enqueue(each, set, to); }
                       }});
    }
    return found;
  }

  std::string find_difference(cudaStream_t cuda_stream) const override {
    std::vector<Value> const features = to_host(features_.at(0), features_.size(), cuda_stream);
    host_results<Value> expected(of_one_, host_.batch());
    std::vector<std::int32_t> count(case_.reduces() ? lattice_.total() * host_.batch() : 0);
    voxel_output<Value> out = expected.view();
    if (out.count == nullptr && !count.empty()) { out.count = count.data(); }
    float const* const xyz = host_.coordinates.data();
    require(host::voxelize(host_.together(xyz, host_.offsets.data()), features_at(xyz, features.data(), 0), lattice_,
                           out, options_));

    std::string difference;
    auto const look = [&](char const* what, bool exact, auto&& enqueue_it) {
      if (!difference.empty()) { return; }
      for (rotated_array<std::byte> const& each : results_) { enqueue_poison(each, cuda_stream); }
      enqueue_it();
      check(cudaStreamSynchronize(cuda_stream), what);
      for (result kind : all_results) {
        if (!difference.empty()) { return; }
        std::string const name = std::string(what) + ": " + robocache::bench::name_of(kind) + " as bytes";
        bool const summed = kind == result::mean && !exact;
        difference =
            summed ? find_far(out.mean, out.count, features, name, cuda_stream)
                   : find_unlike(expected.memory[index_of(kind)], results_[index_of(kind)], name.c_str(), cuda_stream);
      }
    };
    bool const ordered = case_.sums == summation::ordered;
    look("voxelize", ordered, [&] { enqueue(0, cuda_stream); });
    for (rival const& other : rivals()) {
      bool const naive = other.kind == rival_kind::naive;
      if (naive && case_.wants(result::occupied)) {
        if (difference.empty()) { difference = find_naive_occupied(out, cuda_stream); }
        continue;
      }
      look(robocache::bench::name_of(other.kind), ordered && !naive, [&] { other.enqueue(0, cuda_stream); });
    }
    return difference;
  }

 private:
  struct call {
    point_clouds clouds;
    point_features<Value> features;
    voxel_output<Value> out;
  };

  /// Drawn features are stored separately; those of a recording are the numbers of its points.
  bool own_features() const { return channels_ > 0 && !case_.recorded(); }

  /// Beside the coordinates.
  std::int64_t feature_bytes() const {
    std::int64_t const a_point =
        own_features() ? channels_ * static_cast<std::int64_t>(sizeof(Value))
                       : std::max<std::int64_t>(0, channels_ - 3) * static_cast<std::int64_t>(sizeof(float));
    return host_.points() * a_point;
  }

  /// From the first point of cloud `b` on.
  point_features<Value> features_at(float const* xyz, Value const* own, std::int64_t b) const {
    if (own_features()) { return {own + host_.offsets[b] * channels_, channels_}; }
    if constexpr (std::is_same_v<Value, float>) {
      if (channels_ > 0) { return {xyz + host_.offsets[b] * host_.stride, channels_, contiguous, host_.stride}; }
    }
    return {};
  }

  void make_calls(int sets) {
    together_.resize(sets);
    in_turn_.resize(sets);
    std::int64_t bytes = 0;
    for (int set = 0; set < sets; ++set) {
      float const* const xyz = coordinates_.at(set);
      auto const place = [&](std::int64_t b) {
        return [this, set, b](result kind) {
          std::byte* const all = results_[index_of(kind)].at(set);
          return all == nullptr ? nullptr : all + b * of_one_[index_of(kind)];
        };
      };
      together_[set] = {host_.together(xyz, offsets_.at(set)), features_at(xyz, features_.at(set), 0),
                        output_at<Value>(place(0))};
      for (std::int64_t b = 0; host_.batch() > 1 && b < host_.batch(); ++b) {
        in_turn_[set].push_back(
            {host_.cloud(xyz, b), features_at(xyz, features_.at(set), b), output_at<Value>(place(b))});
      }
      for (result kind : case_.wanted) {
        if (!case_.split) { break; }
        auto const one_of_them = [&](result k) { return k == kind ? place(0)(k) : nullptr; };
        in_turn_[set].push_back({together_[set].clouds, together_[set].features, output_at<Value>(one_of_them)});
      }
      bytes = std::max(bytes, scratch_bytes(together_[set]));
      for (call const& each : in_turn_[set]) { bytes = std::max(bytes, scratch_bytes(each)); }
    }
    scratch_ = rotated_array<std::byte>(bytes, sets);
  }

  std::int64_t scratch_bytes(call const& one) const {
    return voxelize_scratch(one.clouds, one.features, lattice_, one.out, options_);
  }

  void enqueue(call const& one, int set, cudaStream_t cuda_stream) const {
    scratch const memory{scratch_.at(set), scratch_.bytes()};
    require(voxelize(one.clouds, one.features, lattice_, one.out, options_, memory, cuda_stream));
  }

  bool knows_naive() const {
    bool const one_result = case_.wanted.size() == 1 &&
                            (case_.wants(result::count) || case_.wants(result::occupied) || case_.wants(result::mean));
    return one_result && host_.batch() == 1 && std::is_same_v<Value, float> && case_.order == channel_order::last;
  }

  void enqueue_naive(int set, cudaStream_t cuda_stream) const {
    if constexpr (std::is_same_v<Value, float>) {
      call const& one = together_[set];
      naive_cloud const cloud{one.clouds.x,
                              static_cast<int>(host_.points()),
                              static_cast<int>(host_.stride),
                              one.features.values,
                              static_cast<int>(channels_),
                              static_cast<int>(own_features() ? channels_ : host_.stride)};
      if (case_.wants(result::mean)) {
        enqueue_naive_mean(cloud, lattice_, naive_cells_.at(set), one.out.mean, cuda_stream);
      } else if (case_.wants(result::occupied)) {
        enqueue_naive_occupied(cloud, lattice_, naive_cells_.at(set), cuda_stream);
      } else {
        enqueue_naive_count(cloud, lattice_, one.out.count, cuda_stream);
      }
    }
  }

  /// Means whose sums have another order than those of the host side. Any two orders of n terms differ by at most
  /// 2 (n - 1) 2^-24 times the sum of magnitudes, to first order; a division adds a rounding to each.
  std::string find_far(Value const* expected, std::int32_t const* count, std::vector<Value> const& features,
                       std::string const& what, cudaStream_t cuda_stream) const {
    if constexpr (std::is_same_v<Value, float>) {
      float largest = 0.0f;
      for (float x : own_features() ? features : host_.coordinates) {
        if (std::isfinite(x)) { largest = std::max(largest, std::fabs(x)); }
      }
      rotated_array<std::byte> const& means = results_[index_of(result::mean)];
      std::vector<float> const found =
          to_host(reinterpret_cast<float const*>(means.at(0)), lattice_.total() * channels_, cuda_stream);
      for (std::size_t i = 0; i < found.size(); ++i) {
        float const bound = 2.0f * static_cast<float>(count[i / channels_]) * 0x1p-24f * largest;
        if (!(std::fabs(found[i] - expected[i]) <= bound)) {
          return what + " is too far from that of the host side at element " + std::to_string(i);
        }
      }
      return {};
    }
    throw std::logic_error("unordered sums are compared in FP32");
  }

  /// The naive grid has four bytes per cell.
  std::string find_naive_occupied(voxel_output<Value> const& expected, cudaStream_t cuda_stream) const {
    enqueue_poison(naive_cells_, cuda_stream);
    enqueue_naive(0, cuda_stream);
    std::vector<std::int32_t> const found = to_host(naive_cells_.at(0), naive_cells_.size(), cuda_stream);
    auto const* const bytes = static_cast<std::uint8_t const*>(expected.occupied);
    return std::equal(found.begin(), found.end(), bytes) ? "" : "naive: occupied differs from the host side's";
  }

  voxelize_case case_;
  stored_clouds host_;
  grid lattice_;
  std::int64_t channels_ = 0;
  voxel_options options_;
  result_bytes of_one_{};

  rotated_array<float> coordinates_;
  rotated_array<std::int64_t> offsets_;
  rotated_array<Value> features_;
  std::array<rotated_array<std::byte>, result_kinds> results_;
  rotated_array<std::int32_t> naive_cells_;
  rotated_array<std::byte> scratch_;
  std::vector<call> together_;              // of each set
  std::vector<std::vector<call>> in_turn_;  // the same work as several calls; empty where there are none
};

}  // namespace

std::unique_ptr<prepared_case> prepare(voxelize_case const& one, cudaStream_t cuda_stream) {
  switch (one.what) {
    case operation::voxelize: break;
    case operation::voxelize_backward: return prepare_voxelize_backward(one, cuda_stream);
    case operation::find_bounds: return prepare_find_bounds(one, cuda_stream);
  }
  switch (one.value) {
    case dtype::float32: return std::make_unique<voxelization<float>>(one, cuda_stream);
    case dtype::float16: return std::make_unique<voxelization<__half>>(one, cuda_stream);
    case dtype::bfloat16: return std::make_unique<voxelization<__nv_bfloat16>>(one, cuda_stream);
    default: break;
  }
  throw std::logic_error("no instantiation for " + name_of(one));
}

}  // namespace robocache::bench
