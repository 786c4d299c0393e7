// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <robocache/scratch.hpp>

#include "support/cells/problem.hpp"
#include "support/guarded.hpp"

namespace test {

/// A guarded copy in `Space` that the call must leave alone.
template <class Space, class T>
std::unique_ptr<guarded<Space>> put(std::vector<T> const& data, std::size_t misaligned_bytes = 0) {
  static std::byte const nothing{};
  void const* const from = data.empty() ? static_cast<void const*>(&nothing) : data.data();
  return std::make_unique<guarded<Space>>(from, data.size() * sizeof(T), misaligned_bytes);
}

/// A feature's bits: of an integer type it is a whole number, and its lowest bytes count.
inline std::uint64_t feature_bits(dtype type, float x) {
  if (!is_integer(type)) { return encode(type, double(x)); }
  return std::uint64_t(std::int64_t(x)) & ~std::uint64_t(0) >> (64 - 8 * robocache::size_of(type));
}

/// Points and features in the memory of `Space`, strides and all; what belongs to no point is NaN.
template <class Space>
class cloud_memory {
 public:
  explicit cloud_memory(voxel_problem const& p) {
    cloud_data const& c = p.clouds;
    row_layout const points = c.layout();
    row_layout const features = p.feature_layout();
    auto const size = std::int64_t(robocache::size_of(p.value_type));
    auto const point_bytes = points.extent() * 4;
    auto const feature_bytes = p.features.empty() ? 0 : features.extent() * size;
    auto const shared_bytes = p.interleaved() ? (std::max(point_bytes, feature_bytes) + 3) / 4 * 4 : point_bytes;
    std::vector<std::byte> arrays[3];
    for (int i = 0; i < (c.separate ? 3 : 1); ++i) { arrays[i].assign(std::size_t(shared_bytes), std::byte(0xFF)); }
    for (std::int64_t row = 0; row < c.total(); ++row) {
      for (int axis = 0; axis < 3; ++axis) {
        std::int64_t const at = points.begin(row) + (c.separate ? 0 : axis);
        float const* const from = &c.xyz[std::size_t(3 * row + axis)];
        std::memcpy(arrays[c.separate ? axis : 0].data() + 4 * at, from, 4);
      }
    }
    std::vector<std::byte> apart(std::size_t(p.interleaved() ? 0 : feature_bytes), std::byte(0xFF));
    auto& holder = p.interleaved() ? arrays[0] : apart;
    for (std::int64_t row = 0; row < (p.features.empty() ? 0 : c.total()); ++row) {
      for (std::int64_t i = 0; i < p.channels; ++i) {
        auto const bits = feature_bits(p.value_type, p.feature(row, i));
        store_bits(p.value_type, holder.data(), features.begin(row) + i, bits);
      }
    }
    float const* coordinates[3] = {};
    for (int i = 0; i < (c.separate ? 3 : 1); ++i) {
      parts_.push_back(put<Space>(arrays[i], std::size_t(c.misaligned * 4)));
      coordinates[i] = static_cast<float const*>(parts_.back()->data()) + c.first;
    }
    auto const* const shared = static_cast<std::byte const*>(parts_.front()->data());
    parts_.push_back(put<Space>(apart, std::size_t(p.misaligned * size)));
    features_ =
        (p.interleaved() ? shared : static_cast<std::byte const*>(parts_.back()->data())) + features.first * size;
    make_view(c, coordinates);
  }

  robocache::point_clouds const& clouds() const { return view_; }
  void const* features() const { return features_; }

  void check(std::string& trouble) const {
    for (auto const& part : parts_) { part->read("the points or their features", trouble); }
  }

 private:
  void make_view(cloud_data const& c, float const* const (&from)[3]) {
    using robocache::point_clouds;
    auto const indices = [&](std::vector<std::int64_t> const& of) {
      parts_.push_back(put<Space>(of));
      return static_cast<std::int64_t const*>(parts_.back()->data());
    };
    std::int64_t const* const lengths = c.lengths.empty() ? nullptr : indices(c.lengths);
    std::int64_t const* const offsets = c.packed ? indices(c.offsets) : nullptr;
    std::int64_t const stride = c.layout().row_stride;
    if (c.separate) {
      view_ = c.packed ? point_clouds::separate_ragged(from[0], from[1], from[2], offsets, c.batch, c.rows)
                       : point_clouds::separate(from[0], from[1], from[2], c.batch, c.length, lengths);
      view_.point_stride = stride;
    } else {
      view_ = c.packed ? point_clouds::ragged(from[0], offsets, c.batch, c.rows, stride)
                       : point_clouds::dense(from[0], c.batch, c.length, stride, lengths);
    }
    view_.batch_stride = c.batch_stride;
  }

  std::vector<std::unique_ptr<guarded<Space>>> parts_{};
  void const* features_ = nullptr;
  robocache::point_clouds view_{};
};

/// Scratch in the memory of `Space`: to the byte, and full of `byte`.
template <class Space>
class scratch_memory {
 public:
  scratch_memory(std::int64_t bytes, std::int64_t offset, unsigned char byte, bool is_null)
      : bytes_(std::max<std::int64_t>(0, bytes)), memory_(nullptr, std::size_t(bytes_), std::size_t(offset)) {
    std::vector<unsigned char> const full(static_cast<std::size_t>(bytes_), byte);
    Space::write(memory_.data(), full.data(), full.size());
    is_null_ = is_null || bytes_ == 0;
  }

  robocache::scratch view() const { return {is_null_ ? nullptr : memory_.data(), bytes_}; }
  void check(std::string& trouble) const { memory_.read("memory", trouble); }

 private:
  std::int64_t bytes_;
  guarded<Space> memory_;
  bool is_null_ = false;
};

/// The arguments of one call, in the memory of one side.
struct voxel_arguments {
  voxel_problem const& of;
  robocache::point_clouds clouds;
  robocache::grid lattice;
  void const* features;
  each_result<void*> out{};
  robocache::scratch memory{};

  template <class Value>
  robocache::point_features<Value> features_of() const {
    row_layout const layout = of.feature_layout();
    bool const strided = of.interleaved();
    return {static_cast<Value const*>(features), of.channels, strided ? layout.batch_stride : of.feature_batch_stride,
            strided ? layout.row_stride : of.feature_stride};
  }
  /// `Output` is `voxel_output<Result>` or `compiled::any_voxel_output`.
  template <class Output, class Result>
  Output output() const {
    Output o;
    o.count = static_cast<std::int32_t*>(out[voxel_result::count]);
    o.occupied = out[voxel_result::occupied];
    o.occupied_type = of.occupied_type;
    o.occupied_bits = static_cast<std::uint32_t*>(out[voxel_result::occupied_bits]);
    o.sum = static_cast<Result*>(out[voxel_result::sum]);
    o.mean = static_cast<Result*>(out[voxel_result::mean]);
    o.max = static_cast<Result*>(out[voxel_result::max]);
    o.min = static_cast<Result*>(out[voxel_result::min]);
    o.dropped = static_cast<std::int32_t*>(out[voxel_result::dropped]);
    return o;
  }
};

/// The call with C++ types: of the header API, on either side.
/// @param function  called as `function(clouds, features, lattice, out, options)`
template <class Value, class Result, class Function>
auto call_voxelize(voxel_arguments const& a, Function function) {
  return function(a.clouds, a.features_of<Value>(), a.lattice, a.output<robocache::voxel_output<Result>, Result>(),
                  a.of.options);
}

/// Puts the problem into guarded memory of `Space`, makes the call, and reads back what it left.
/// @param scratch_bytes  `std::int64_t(voxel_arguments const&)`: what the call asks for
/// @param call           `status(voxel_arguments const&)`, which returns when the results are written
template <class Space, class ScratchBytes, class Call>
voxelized run_voxelize(voxel_problem const& p, ScratchBytes scratch_bytes, Call call) {
  cloud_memory<Space> const points(p);
  auto const origins = put<Space>(p.origins);
  voxel_arguments arguments{p, points.clouds(), p.lattice, points.features()};
  if (!p.origins.empty()) { arguments.lattice.origins = static_cast<float const*>(origins->data()); }
  each_result<std::unique_ptr<guarded<Space>>> out;
  for (auto r : all_voxel_results) {
    if (!p.wants[r]) { continue; }
    auto const beside = std::size_t(p.misaligned) * robocache::size_of(p.type_of(r));
    out[r] = std::make_unique<guarded<Space>>(nullptr, p.bytes_of(r), beside);
    if (!p.before[r].empty()) { Space::write(out[r]->data(), p.before[r].data(), p.before[r].size()); }
    arguments.out[r] = out[r]->data();
  }
  voxelized o;
  o.scratch_bytes = p.memory == scratch_use::none ? 0 : scratch_bytes(arguments);
  scratch_memory<Space> const scratch(o.scratch_bytes - p.scratch_missing, p.scratch_offset, p.scratch_byte,
                                      p.scratch_null);
  arguments.memory = scratch.view();
  o.state = call(arguments);
  for (auto r : all_voxel_results) {
    if (p.wants[r]) { o.results[r] = out[r]->read(name_of(r), o.trouble); }
  }
  scratch.check(o.trouble);
  origins->read("lattice.origins", o.trouble);
  points.check(o.trouble);
  return o;
}

}  // namespace test
