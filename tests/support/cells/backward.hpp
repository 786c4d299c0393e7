// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "support/cells/draw.hpp"
#include "support/cells/memory.hpp"
#include "support/cells/problem.hpp"

/// `voxelize_backward` under test: as cells.hpp is for `voxelize`.
namespace test {

/// Where the gradients of points' features go.
struct gradient_place {
  std::int64_t out_first = 0;
  std::int64_t out_stride = contiguous;
  std::int64_t out_batch_stride = contiguous;

  row_layout layout_for(voxel_problem const& p) const {
    cloud_data const& c = p.clouds;
    return {c.packed ? 0 : c.length, c.total(), p.channels, out_first, out_batch_stride, out_stride};
  }
  /// Rows apart, rows of points before rows of clouds, or neither.
  void draw_place(generator& random, voxel_problem const& p);
};

std::string describe(gradient_place const& place);

/// One call: the backward pass of that of `voxelize`. The reductions that it wants are those whose gradients come in,
/// in the type of its results.
struct voxel_backward_problem : gradient_place {
  voxel_problem forward{};
  voxel_bytes incoming{};

  row_layout out_layout() const { return layout_for(forward); }
  bool needs_values() const { return forward.wants[voxel_result::max] || forward.wants[voxel_result::min]; }

  /// The gradient that comes in for a channel of a cell of cloud b.
  float gradient(voxel_result r, std::int64_t b, std::int64_t cell, std::int64_t c) const {
    auto const bits = load_bits(forward.result_type, incoming[r].data(), forward.place(b, cell, c));
    return float(decode(forward.result_type, bits));
  }

  /// Random gradients in (-4, 4) of what `forward` wants.
  void draw_incoming(generator& random, double odd_chance = 0);
};

/// What one call left behind.
struct feature_gradients {
  status state{};
  std::vector<std::byte> values{};  ///< the whole buffer, what lies between points included
  std::int64_t scratch_bytes = 0;   ///< what the call asked for
  std::string trouble{};            ///< memory written that was not to be, or bits unlike the host's; else empty
};

/// On the side under test; on a device it also compares every bit with the host's.
feature_gradients voxelize_backward(voxel_backward_problem const& p);

/// `host::voxelize_backward`, in guarded memory.
feature_gradients voxelize_backward_on_host(voxel_backward_problem const& p);

/// The call alone, with views that a test made by hand: for calls that are refused.
status voxelize_backward_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                               robocache::grid const& lattice, robocache::voxel_gradients<float> const& gradients,
                               channel_order channels, robocache::feature_gradients<float> const& out);

/// The formula of the semantics for the points of one cell, in one channel.
/// @param terms     their features, in order
/// @param incoming  the gradients of what the cell's results are, of those that `wants` names
std::vector<float> shares_of(std::vector<float> const& terms, each_result<bool> const& wants,
                             each_result<float> const& incoming);

/// Two sides' gradients of one problem, as `difference` of compare.hpp.
std::string difference(voxel_backward_problem const& p, feature_gradients const& a, feature_gradients const& b);

/// Makes the call and compares every bit with the formula of the semantics.
std::string verify(voxel_backward_problem const& p);

/// Empty where gradients are those expected, `[points, C]`, and nothing was written between them.
std::string unlike_expected(feature_gradients const& o, dtype type, row_layout const& layout,
                            std::vector<float> const& expected);

/// Gradients of all points, `[points, C]`, as numbers; fails the test where the call failed.
std::vector<double> numbers_of(feature_gradients const& o, dtype type, row_layout const& layout);

/// Sometimes many equal features in place of what `p` has.
void draw_equal_features(generator& random, voxel_problem& p);

/// Empty where a call was refused as it should be, and nothing was written.
std::string unlike_refusal(feature_gradients const& o, std::string const& argument,
                           std::vector<std::string> const& words);

/// The call fails as it should, as `refused` of compare.hpp.
std::string refused(voxel_backward_problem const& p, std::string const& argument,
                    std::vector<std::string> const& words);

/// What `draw_voxels` draws, made into something that has gradients.
voxel_backward_problem draw_voxel_backward(generator& random, voxel_limits const& limits = {});

std::string describe(voxel_backward_problem const& p);

/// The gradients of all points, padding included, as numbers; fails the test where the call fails.
std::vector<double> gradients_of(voxel_backward_problem const& p);

/// The arguments of one call, in the memory of one side.
struct voxel_backward_arguments {
  voxel_backward_problem const& of;
  voxel_arguments forward;
  each_result<void const*> incoming{};
  void* out = nullptr;

  /// `Gradients` is `voxel_gradients<Result>` or `compiled::any_voxel_gradients`.
  template <class Gradients, class Result>
  Gradients gradients() const {
    Gradients g;
    g.sum = static_cast<Result const*>(incoming[voxel_result::sum]);
    g.mean = static_cast<Result const*>(incoming[voxel_result::mean]);
    g.max = static_cast<Result const*>(incoming[voxel_result::max]);
    g.min = static_cast<Result const*>(incoming[voxel_result::min]);
    return g;
  }
  template <class Value>
  robocache::feature_gradients<Value> output() const {
    return {static_cast<Value*>(out), of.out_batch_stride, of.out_stride};
  }
};

/// The call with C++ types: of the header API, on either side.
/// @param function  called as `function(clouds, features, lattice, gradients, channels, out)`
template <class Value, class Result, class Function>
status call_voxelize_backward(voxel_backward_arguments const& a, Function function) {
  voxel_arguments const& f = a.forward;
  return function(f.clouds, f.features_of<Value>(), f.lattice,
                  a.gradients<robocache::voxel_gradients<Result>, Result>(), f.of.options.channels, a.output<Value>());
}

/// Puts the problem into guarded memory of `Space`, makes the call, and reads back what it left.
/// @param scratch_bytes  `std::int64_t(voxel_backward_arguments const&)`: what the call asks for
/// @param call           `status(voxel_backward_arguments const&)`, which returns when the gradients are written
template <class Space, class ScratchBytes, class Call>
feature_gradients run_voxelize_backward(voxel_backward_problem const& p, ScratchBytes scratch_bytes, Call call) {
  voxel_problem const& f = p.forward;
  cloud_memory<Space> const points(f);
  auto const origins = put<Space>(f.origins);
  auto const size = robocache::size_of(f.value_type);
  // Values are read for maxima and minima only.
  voxel_backward_arguments arguments{
      p, {f, points.clouds(), f.lattice, p.needs_values() ? points.features() : nullptr, {}, {}}};
  if (!f.origins.empty()) { arguments.forward.lattice.origins = static_cast<float const*>(origins->data()); }
  each_result<std::unique_ptr<guarded<Space>>> incoming;
  for (auto r : reductions) {
    if (!f.wants[r]) { continue; }
    incoming[r] = put<Space>(p.incoming[r], std::size_t(f.misaligned) * robocache::size_of(f.result_type));
    arguments.incoming[r] = incoming[r]->data();
  }
  guarded<Space> const out(nullptr, std::size_t(p.out_layout().extent()) * size, std::size_t(f.misaligned) * size);
  arguments.out = static_cast<std::byte*>(out.data()) + p.out_first * std::int64_t(size);

  feature_gradients o;
  o.scratch_bytes = scratch_bytes(arguments);
  scratch_memory<Space> const scratch(o.scratch_bytes - f.scratch_missing, f.scratch_offset, f.scratch_byte,
                                      f.scratch_null);
  arguments.forward.memory = scratch.view();
  o.state = call(arguments);
  o.values = out.read("out.values", o.trouble);
  for (auto r : reductions) {
    if (f.wants[r]) { incoming[r]->read(name_of(r), o.trouble); }
  }
  scratch.check(o.trouble);
  origins->read("lattice.origins", o.trouble);
  points.check(o.trouble);
  return o;
}

}  // namespace test
