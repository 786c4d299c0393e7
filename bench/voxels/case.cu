// SPDX-License-Identifier: Apache-2.0
#include "voxels/case.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <robocache/filter_voxels.cuh>
#include <robocache/host.hpp>
#include <robocache/voxelize_gathered.cuh>
#include <robocache/voxelize_sparse.cuh>

#include "support/baselines.cuh"
#include "support/counting.hpp"
#include "support/device_case.cuh"
#include "support/harness.cuh"
#include "voxels/calls.hpp"
#include "voxels/inputs.hpp"

namespace robocache::bench {

namespace {

/// One call, on the device or on the host.
struct sparse_call {
  voxels_inputs in;
  sparse_output<float> out;
  sparse_options options;

  sparse_call(voxels_case const& one, voxels_inputs const& from, voxels_places const& to) : in(from) {
    out.capacity = to.capacity;
    out.coordinates = to.coordinates;
    out.count = to.count;
    out.mean = to.values;
    out.voxel_offsets = to.voxel_offsets;
    out.point_voxels = to.point_voxels;
    options.order = one.order;
  }
  std::int64_t scratch_bytes() const {
    return voxelize_sparse_scratch(in.clouds, in.features, in.lattice, out, options);
  }
  status enqueue(scratch const& memory, cudaStream_t cuda_stream) const {
    return voxelize_sparse(in.clouds, in.features, in.lattice, out, options, memory, cuda_stream);
  }
  status run_on_host() const { return host::voxelize_sparse(in.clouds, in.features, in.lattice, out, options); }
};

/// Asked for the voxel of each point it would give slots, which no case wants.
struct gathered_call {
  voxels_inputs in;
  gathered_output<float> out;
  gather_options options;

  gathered_call(voxels_case const& one, voxels_inputs const& from, voxels_places const& to) : in(from) {
    out.capacity = to.capacity;
    out.max_points = one.max_points;
    out.values = to.values;
    out.coordinates = to.coordinates;
    out.count = to.count;
    out.voxel_offsets = to.voxel_offsets;
    options.max_voxels = one.max_voxels;
  }
  std::int64_t scratch_bytes() const {
    return voxelize_gathered_scratch(in.clouds, in.features, in.lattice, out, options);
  }
  status enqueue(scratch const& memory, cudaStream_t cuda_stream) const {
    return voxelize_gathered(in.clouds, in.features, in.lattice, out, options, memory, cuda_stream);
  }
  status run_on_host() const { return host::voxelize_gathered(in.clouds, in.features, in.lattice, out, options); }
};

struct filter_call {
  voxels_inputs in;
  filtered_output<float> out;
  filter_options options;

  filter_call(voxels_case const& one, voxels_inputs const& from, voxels_places const& to) : in(from) {
    out.capacity = to.capacity;
    out.points = to.points;
    out.features = to.values;
    out.count = to.count;
    out.voxel_offsets = to.voxel_offsets;
    out.point_voxels = to.point_voxels;
    std::fill_n(options.size, 3, one.leaf);
  }
  std::int64_t scratch_bytes() const { return filter_voxels_scratch(in.clouds, in.features, options, out); }
  status enqueue(scratch const& memory, cudaStream_t cuda_stream) const {
    return filter_voxels(in.clouds, in.features, options, out, memory, cuda_stream);
  }
  status run_on_host() const { return host::filter_voxels(in.clouds, in.features, options, out); }
};

/// How the work of a case is done: one call for all clouds, or one call per cloud.
enum class calling : std::uint8_t { together, in_turn };

template <class Call>
class voxels_preparation final : public prepared_case {
 public:
  voxels_preparation(voxels_case const& one, cudaStream_t cuda_stream)
      : case_(one),
        host_(make_clouds(one)),
        lattice_(one.what == voxels_operation::filter ? grid{} : make_grid(one)),
        channels_(one.what == voxels_operation::filter ? host_.stride - 3 : one.channels),
        sizes_(one, channels_, room_of(0, host_.batch()).capacity, host_.points(), 2 * host_.batch()) {
    bool const own = channels_ <= host_.stride;  // a point's numbers are its features
    host_features_.resize(own ? 0 : host_.points() * channels_);
    for (std::size_t i = 0; i < host_features_.size(); ++i) {
      host_features_[i] = random_unit(seed::values, static_cast<std::uint32_t>(i));
    }
    voxels_ = run_on_host(calling::together).offset(host_.batch());
    bytes_ = fewest_bytes();
    checksum_ = sum_of_words(host_.coordinates) % checksum_bound;
    turns_ = rotation_of(bytes_, one.hot);
    int const sets = turns_.sets;

    coordinates_ = rotated_array<float>(host_.coordinates, sets, cuda_stream);
    offsets_ = rotated_array<std::int64_t>(host_.offsets, sets, cuda_stream);
    features_ = rotated_array<float>(host_features_, sets, cuda_stream);
    for (voxels_result kind : all_voxels_results) {
      results_[index_of(kind)] = rotated_array<std::byte>(sizes_.bytes[index_of(kind)], sets);
    }
    for (int set = 0; set < sets; ++set) {
      source const from{coordinates_.at(set), offsets_.at(set), features_.at(set)};
      auto const place = [&](voxels_result kind) { return results_[index_of(kind)].at(set); };
      together_.push_back(calls_of(calling::together, from, place));
      in_turn_.push_back(host_.batch() == 1 ? std::vector<Call>{} : calls_of(calling::in_turn, from, place));
    }
    std::int64_t bytes = together_[0][0].scratch_bytes();
    for (Call const& each : in_turn_[0]) { bytes = std::max(bytes, each.scratch_bytes()); }
    scratch_ = rotated_array<std::byte>(bytes, sets);
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override { enqueue(together_[set], set, cuda_stream); }

  std::vector<rival> rivals() const override {
    if (host_.batch() == 1) { return {}; }
    return {{rival_kind::in_turn, [this](int set, cudaStream_t to) { enqueue(in_turn_[set], set, to); }}};
  }

  /// Compares the whole capacity: what is behind the last voxel must be unchanged.
  std::string find_difference(cudaStream_t cuda_stream) const override {
    std::string difference = find_difference(calling::together, cuda_stream);
    if (!difference.empty() || host_.batch() == 1) { return difference; }
    difference = find_difference(calling::in_turn, cuda_stream);
    return difference.empty() ? "" : "in turn: " + difference;
  }

 private:
  /// Where calls read.
  struct source {
    float const* xyz;
    std::int64_t const* offsets;
    float const* features;
  };

  /// Of clouds `b` up to `end`. There are never more voxels than points.
  voxels_room room_of(std::int64_t b, std::int64_t end) const {
    voxels_room room;
    room.point = host_.offsets[b];
    bool const gathers = case_.max_voxels > 0;
    room.voxel = gathers ? b * case_.max_voxels : room.point;
    room.capacity = gathers ? (end - b) * case_.max_voxels : host_.offsets[end] - room.point;
    room.offset = 2 * b;
    return room;
  }

  /// From the first point of cloud `b` on. Means and gathered values of a point's own numbers begin with x; what a
  /// filter has beside the coordinates follows them.
  point_features<float> features_at(source const& from, std::int64_t b) const {
    if (!host_features_.empty()) { return {from.features + host_.offsets[b] * channels_, channels_}; }
    if (channels_ == 0) { return {}; }
    float const* const point = from.xyz + host_.offsets[b] * host_.stride;
    return {point + host_.stride - channels_, channels_, contiguous, host_.stride};
  }

  template <class Place>
  std::vector<Call> calls_of(calling how, source const& from, Place const& place) const {
    std::vector<Call> calls;
    if (how == calling::together) {
      voxels_inputs const in{host_.together(from.xyz, from.offsets), features_at(from, 0), lattice_};
      calls.emplace_back(case_, in, places_at(place, sizes_, room_of(0, host_.batch())));
      return calls;
    }
    for (std::int64_t b = 0; b < host_.batch(); ++b) {
      voxels_inputs const in{host_.cloud(from.xyz, b), features_at(from, b), lattice_};
      calls.emplace_back(case_, in, places_at(place, sizes_, room_of(b, b + 1)));
    }
    return calls;
  }

  host_voxels run_on_host(calling how) const {
    host_voxels results(sizes_, std::byte{poison});
    source const from{host_.coordinates.data(), host_.offsets.data(), host_features_.data()};
    auto const place = [&](voxels_result kind) { return results.at(kind); };
    for (Call const& each : calls_of(how, from, place)) { require(each.run_on_host()); }
    return results;
  }

  void enqueue(std::vector<Call> const& calls, int set, cudaStream_t cuda_stream) const {
    scratch const memory{scratch_.at(set), scratch_.bytes()};
    for (Call const& each : calls) { require(each.enqueue(memory, cuda_stream)); }
  }

  std::string find_difference(calling how, cudaStream_t cuda_stream) const {
    host_voxels const expected = run_on_host(how);
    for (rotated_array<std::byte> const& each : results_) { enqueue_poison(each, cuda_stream); }
    enqueue(how == calling::together ? together_[0] : in_turn_[0], 0, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "voxels");
    for (voxels_result kind : all_voxels_results) {
      std::string const name = std::string(robocache::bench::name_of(kind)) + " as bytes";
      std::string difference =
          find_unlike(expected.memory[index_of(kind)], results_[index_of(kind)], name.c_str(), cuda_stream);
      if (!difference.empty()) { return difference; }
    }
    return {};
  }

  /// Coordinates, offsets and features once; of the results the rows of the voxels found.
  std::int64_t fewest_bytes() const {
    std::int64_t const word = sizeof(float);
    std::int64_t const beside = host_features_.empty() ? host_.stride - 3 : channels_;
    std::int64_t bytes = host_.bytes() + host_.points() * beside * word;
    for (voxels_result kind : all_voxels_results) {
      if (!case_.wants(kind)) { continue; }
      std::int64_t const rows = kind == voxels_result::voxel_offsets  ? host_.batch() + 1
                                : kind == voxels_result::point_voxels ? host_.points()
                                                                      : voxels_;
      bytes += rows * sizes_.bytes_a_row(kind);
    }
    return bytes;
  }

  voxels_case case_;
  stored_clouds host_;
  std::vector<float> host_features_;  // empty where points have their own
  grid lattice_;
  std::int64_t channels_;
  voxels_sizes sizes_;

  rotated_array<float> coordinates_;
  rotated_array<std::int64_t> offsets_;
  rotated_array<float> features_;
  std::array<rotated_array<std::byte>, voxels_result_kinds> results_;
  rotated_array<std::byte> scratch_;
  std::vector<std::vector<Call>> together_, in_turn_;  // of each set; the latter empty where there is one cloud
};

}  // namespace

std::unique_ptr<prepared_case> prepare(voxels_case const& one, cudaStream_t cuda_stream) {
  switch (one.what) {
    case voxels_operation::sparse: return std::make_unique<voxels_preparation<sparse_call>>(one, cuda_stream);
    case voxels_operation::gathered: return std::make_unique<voxels_preparation<gathered_call>>(one, cuda_stream);
    case voxels_operation::filter: return std::make_unique<voxels_preparation<filter_call>>(one, cuda_stream);
  }
  throw std::logic_error("no such operation: " + name_of(one));
}

}  // namespace robocache::bench
