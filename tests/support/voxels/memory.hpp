// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "support/cells/memory.hpp"
#include "support/voxels/problem.hpp"

namespace test {

/// The arguments of one call, in the memory of one side.
struct sparse_arguments {
  sparse_problem const& of;
  voxel_arguments view;  ///< clouds, grid, features, scratch
  each_sparse_result<void*> out{};

  /// `Output` is `sparse_output<Result>` or `compiled::any_sparse_output`.
  template <class Output, class Result>
  Output sparse() const {
    auto o = common<Output>();
    o.coordinates = at<std::int32_t>(sparse_result::coordinates);
    o.sum = at<Result>(sparse_result::sum);
    o.mean = at<Result>(sparse_result::mean);
    o.max = at<Result>(sparse_result::max);
    o.min = at<Result>(sparse_result::min);
    o.point_voxels = at<std::int32_t>(sparse_result::point_voxels);
    return o;
  }
  template <class Output, class Result>
  Output gathered() const {
    auto o = common<Output>();
    o.max_points = of.max_points;
    o.values = at<Result>(sparse_result::values);
    o.coordinates = at<std::int32_t>(sparse_result::coordinates);
    o.point_slots = at<std::int64_t>(sparse_result::point_slots);
    return o;
  }
  template <class Output, class Result>
  Output filtered() const {
    auto o = common<Output>();
    o.points = at<float>(sparse_result::points);
    o.features = at<Result>(sparse_result::features);
    o.point_voxels = at<std::int32_t>(sparse_result::point_voxels);
    return o;
  }

  robocache::sparse_options sparse_rules() const { return {of.order}; }
  robocache::gather_options gather_rules() const { return {of.max_voxels}; }
  robocache::filter_options filter_rules() const {
    robocache::filter_options rules;
    std::copy_n(of.from.lattice.size, 3, rules.size);
    std::copy_n(of.from.lattice.origin, 3, rules.origin);
    return rules;
  }

 private:
  template <class T>
  T* at(sparse_result r) const {
    return static_cast<T*>(out[r]);
  }
  template <class Output>
  Output common() const {
    Output o;
    o.capacity = of.capacity;
    o.count = at<std::int32_t>(sparse_result::count);
    o.voxel_offsets = at<std::int64_t>(sparse_result::voxel_offsets);
    o.dropped = at<std::int32_t>(sparse_result::dropped);
    o.overflow = at<std::int32_t>(sparse_result::overflow);
    return o;
  }
};

/// The call with C++ types: of the header API, on either side, or what it asks for as scratch.
/// @param sparse, gathered, filter  called with the arguments of the call that they are named after
template <class Value, class Result, class Sparse, class Gathered, class Filter>
auto call_sparse(sparse_arguments const& a, Sparse sparse, Gathered gathered, Filter filter) {
  auto const& clouds = a.view.clouds;
  auto const features = a.view.features_of<Value>();
  switch (a.of.call) {
    case voxel_call::gathered:
      return gathered(clouds, features, a.view.lattice, a.gathered<robocache::gathered_output<Result>, Result>(),
                      a.gather_rules());
    case voxel_call::filter:
      return filter(clouds, features, a.filter_rules(), a.filtered<robocache::filtered_output<Result>, Result>());
    default:
      return sparse(clouds, features, a.view.lattice, a.sparse<robocache::sparse_output<Result>, Result>(),
                    a.sparse_rules());
  }
}

/// Puts the problem into guarded memory of `Space`, makes the call, and reads back what it left.
/// @param scratch_bytes  `std::int64_t(sparse_arguments const&)`: what the call asks for
/// @param call           `status(sparse_arguments const&)`, which returns when the results are written
template <class Space, class ScratchBytes, class Call>
sparse_voxelized run_sparse(sparse_problem const& p, ScratchBytes scratch_bytes, Call call) {
  voxel_problem const& from = p.from;
  cloud_memory<Space> const points(from);
  auto const origins = put<Space>(from.origins);
  sparse_arguments arguments{p, {from, points.clouds(), from.lattice, points.features()}};
  if (!from.origins.empty()) { arguments.view.lattice.origins = static_cast<float const*>(origins->data()); }
  each_sparse_result<std::unique_ptr<guarded<Space>>> out;
  for (auto r : results_of(p.call)) {
    if (!p.wants[r]) { continue; }
    auto const beside = std::size_t(from.misaligned) * robocache::size_of(p.type_of(r));
    out[r] = std::make_unique<guarded<Space>>(nullptr, p.bytes_of(r), beside);
    arguments.out[r] = out[r]->data();
  }
  sparse_voxelized o;
  o.scratch_bytes = scratch_bytes(arguments);
  scratch_memory<Space> const scratch(o.scratch_bytes - from.scratch_missing, from.scratch_offset, from.scratch_byte,
                                      from.scratch_null);
  arguments.view.memory = scratch.view();
  o.state = call(arguments);
  for (auto r : results_of(p.call)) {
    if (p.wants[r]) { o.results[r] = out[r]->read(name_of(r), o.trouble); }
  }
  scratch.check(o.trouble);
  origins->read("lattice.origins", o.trouble);
  points.check(o.trouble);
  return o;
}

}  // namespace test
