// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "support/cells/backward.hpp"
#include "support/voxels/memory.hpp"
#include "support/voxels/oracle.hpp"

/// `voxelize_sparse_backward` and `voxelize_gathered_backward` under test: as cells/backward.hpp is for
/// `voxelize_backward`.
namespace test {

/// One call: the `voxelize_sparse` or `voxelize_gathered` whose backward pass it is. The reductions that the forward
/// call wants are those whose gradients come in, in the type of its results.
struct sparse_backward_problem : gradient_place {
  sparse_problem forward{};
  sparse_bytes incoming{};              ///< NaN behind the voxels that are kept
  bool with_count = false;              ///< gives the counts where no mean asks for them
  bool null_incoming = false;           ///< gathered: null for gradients, where no point has a slot
  std::vector<std::int32_t> numbers{};  ///< sparse: given as the voxels of points, in place of those of `forward`

  row_layout out_layout() const { return layout_for(forward.from); }
  std::vector<sparse_result> gradients() const {
    using r = sparse_result;
    if (forward.call == voxel_call::gathered) { return {r::values}; }
    return {r::sum, r::mean, r::max, r::min};
  }
  bool needs_values() const { return forward.wants[sparse_result::max] || forward.wants[sparse_result::min]; }
  bool needs_count() const { return forward.wants[sparse_result::mean]; }

  float gradient(sparse_result r, std::int64_t element) const {
    auto const type = forward.from.result_type;
    return float(decode(type, load_bits(type, incoming[r].data(), element)));
  }

  /// Random gradients in (-4, 4) of what `forward` wants.
  void draw_incoming(generator& random, double odd_chance = 0);
};

/// On the side under test; on a device it also compares every bit with the host's.
feature_gradients voxelize_backward(sparse_backward_problem const& p);

/// The host's call, in guarded memory.
feature_gradients voxelize_backward_on_host(sparse_backward_problem const& p);

/// The calls alone, with views that a test made by hand: for calls that are refused.
status sparse_backward_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                             robocache::sparse_voxels const& voxels, robocache::voxel_gradients<float> const& gradients,
                             robocache::feature_gradients<float> const& out);
status gathered_backward_views(robocache::point_clouds const& clouds, std::int64_t channels,
                               std::int64_t const* point_slots, float const* gradients,
                               robocache::feature_gradients<float> const& out);

/// Two sides' gradients of one problem, as `difference` of compare.hpp.
std::string difference(sparse_backward_problem const& p, feature_gradients const& a, feature_gradients const& b);

/// Makes the call and compares every bit with the formula of the semantics.
std::string verify(sparse_backward_problem const& p);

/// The call fails as it should, as `refused` of compare.hpp.
std::string refused(sparse_backward_problem const& p, std::string const& argument,
                    std::vector<std::string> const& words);

/// What `draw_sparse` draws, made into something that has gradients.
sparse_backward_problem draw_sparse_backward(generator& random, voxel_limits const& limits = {});

std::string describe(sparse_backward_problem const& p);

/// The gradients of all points, padding included, as numbers; fails the test where the call fails.
std::vector<double> gradients_of(sparse_backward_problem const& p);

/// The arguments of one call, in the memory of one side.
struct sparse_backward_arguments {
  sparse_backward_problem const& of;
  voxel_arguments view;  ///< clouds, features, scratch
  void const* point_voxels = nullptr;
  void const* point_slots = nullptr;
  void const* count = nullptr;
  each_sparse_result<void const*> incoming{};
  void* out = nullptr;

  robocache::sparse_voxels voxels() const {
    return {of.forward.capacity, static_cast<std::int32_t const*>(point_voxels),
            static_cast<std::int32_t const*>(count)};
  }
  std::int64_t const* slots() const { return static_cast<std::int64_t const*>(point_slots); }
  /// `Gradients` is `voxel_gradients<Result>` or `compiled::any_voxel_gradients`.
  template <class Gradients, class Result>
  Gradients gradients() const {
    Gradients g;
    g.sum = static_cast<Result const*>(incoming[sparse_result::sum]);
    g.mean = static_cast<Result const*>(incoming[sparse_result::mean]);
    g.max = static_cast<Result const*>(incoming[sparse_result::max]);
    g.min = static_cast<Result const*>(incoming[sparse_result::min]);
    return g;
  }
  template <class Value>
  robocache::feature_gradients<Value> output() const {
    return {static_cast<Value*>(out), of.out_batch_stride, of.out_stride};
  }
};

/// The call with C++ types: of the header API, on either side.
/// @param sparse, gathered  called with the arguments of the call that they are named after
template <class Value, class Result, class Sparse, class Gathered>
auto call_sparse_backward(sparse_backward_arguments const& a, Sparse sparse, Gathered gathered) {
  if (a.of.forward.call == voxel_call::gathered) {
    return gathered(a.view.clouds, a.of.forward.from.channels, a.slots(),
                    static_cast<Result const*>(a.incoming[sparse_result::values]), a.output<Value>());
  }
  return sparse(a.view.clouds, a.view.features_of<Value>(), a.voxels(),
                a.gradients<robocache::voxel_gradients<Result>, Result>(), a.output<Value>());
}

/// Puts the problem into guarded memory of `Space`, makes the call, and reads back what it left. Voxels of points are
/// the oracle's unless the problem gives them; slots are the oracle's.
/// @param scratch_bytes  `std::int64_t(sparse_backward_arguments const&)`: what the call asks for
/// @param call           `status(sparse_backward_arguments const&)`, which returns when the gradients are written
template <class Space, class ScratchBytes, class Call>
feature_gradients run_sparse_backward(sparse_backward_problem const& p, ScratchBytes scratch_bytes, Call call) {
  voxel_problem from = p.forward.from;
  from.clouds.xyz.assign(from.clouds.xyz.size(), std::numeric_limits<float>::quiet_NaN());  // nobody's business
  cloud_memory<Space> const points(from);
  auto const size = robocache::size_of(from.value_type);
  auto const listed = oracle::list_voxels(p.forward);
  std::vector<std::int32_t> numbers(listed.voxel_of.begin(), listed.voxel_of.end());
  if (!p.numbers.empty()) { numbers = p.numbers; }
  std::vector<std::int32_t> counts(std::size_t(p.forward.capacity), 0);  // behind the voxels anything
  for (auto voxel : numbers) {
    if (voxel >= 0 && voxel < p.forward.capacity) { ++counts[std::size_t(voxel)]; }
  }
  auto const voxels = put<Space>(numbers, std::size_t(from.misaligned) * 4);
  auto const slots = put<Space>(listed.slot_of, std::size_t(from.misaligned) * 8);
  auto const count = put<Space>(counts, std::size_t(from.misaligned) * 4);
  sparse_backward_arguments arguments{
      p, {from, points.clouds(), from.lattice, p.needs_values() ? points.features() : nullptr, {}, {}}};
  arguments.point_voxels = voxels->data();
  arguments.point_slots = slots->data();
  if (p.needs_count() || p.with_count) { arguments.count = count->data(); }
  each_sparse_result<std::unique_ptr<guarded<Space>>> incoming;
  for (auto r : p.gradients()) {
    if (!p.forward.wants[r]) { continue; }
    incoming[r] = put<Space>(p.incoming[r], std::size_t(from.misaligned) * robocache::size_of(from.result_type));
    if (!p.null_incoming) { arguments.incoming[r] = incoming[r]->data(); }
  }
  guarded<Space> const out(nullptr, std::size_t(p.out_layout().extent()) * size, std::size_t(from.misaligned) * size);
  arguments.out = static_cast<std::byte*>(out.data()) + p.out_first * std::int64_t(size);

  feature_gradients o;
  o.scratch_bytes = scratch_bytes(arguments);
  scratch_memory<Space> const scratch(o.scratch_bytes - from.scratch_missing, from.scratch_offset, from.scratch_byte,
                                      from.scratch_null);
  arguments.view.memory = scratch.view();
  o.state = call(arguments);
  o.values = out.read("out.values", o.trouble);
  for (auto r : p.gradients()) {
    if (p.forward.wants[r]) { incoming[r]->read(name_of(r), o.trouble); }
  }
  voxels->read("voxels.point_voxels", o.trouble);
  slots->read("point_slots", o.trouble);
  count->read("voxels.count", o.trouble);
  scratch.check(o.trouble);
  points.check(o.trouble);
  return o;
}

}  // namespace test
