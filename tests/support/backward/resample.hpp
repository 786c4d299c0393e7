// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/draw.hpp"
#include "support/problem.hpp"
#include "support/runner.hpp"

/// `resample_backward` under test: as backend.hpp and compare.hpp are for `resample`.
namespace test {

using robocache::target_order;

constexpr std::initializer_list<interpolation> methods_with_gradients = {interpolation::previous, interpolation::next,
                                                                         interpolation::nearest, interpolation::linear};

/// One call of `resample_backward`: the call of `resample` whose backward pass it is; the results of that are the
/// incoming gradients.
template <class Stamp>
struct backward_problem {
  problem<Stamp> forward{};
  std::vector<std::byte> results{};  ///< gradients, in the layout of the forward results
  std::int64_t out_first = 0;
  std::int64_t out_batch_stride = contiguous;
  std::int64_t out_row_stride = contiguous;
  target_order order = target_order::any;
  bool wants_values = true;
  bool wants_targets = false;

  row_layout out_layout() const {
    return {forward.source, forward.channels, out_first, out_batch_stride, out_row_stride};
  }

  /// Random gradients in (-4, 4); what no row owns is NaN.
  void draw_results(generator& random, double odd_chance = 0);
  /// One number for each element of each row, in order.
  void set_results(std::vector<double> const& numbers);
};

/// What one call left behind.
struct gradients {
  status state{};
  std::vector<std::byte> values{};  ///< the whole buffer, what lies between rows included
  std::vector<float> targets{};
  std::string trouble{};  ///< memory written that was not to be, or bits unlike the host's; else empty
};

/// On the side under test; on a device it also compares every bit with the host's.
template <class Stamp>
gradients resample_backward(backward_problem<Stamp> const& p);

/// `host::resample_backward`, in guarded memory.
template <class Stamp>
gradients backward_on_host(backward_problem<Stamp> const& p);

/// Two sides' gradients of one problem, as `difference` of compare.hpp.
template <class Stamp>
std::string difference(backward_problem<Stamp> const& p, gradients const& a, gradients const& b);

/// Makes the call with every promise that holds of its targets, and compares all bits with a replay of the semantics.
template <class Stamp>
std::string verify(backward_problem<Stamp> const& p);

/// The call fails as it should, as `refused` of compare.hpp.
template <class Stamp>
std::string refused(backward_problem<Stamp> const& p, std::string const& argument,
                    std::vector<std::string> const& words);

/// The gradient of element `c` of source row `row`, as a number.
template <class Stamp>
double gradient_at(backward_problem<Stamp> const& p, gradients const& o, std::int64_t row, std::int64_t c = 0) {
  auto const bits = load_bits(p.forward.value_type, o.values.data(), p.out_layout().begin(row) + c);
  return decode(p.forward.value_type, bits);
}

/// True if the targets of each row of the batch ascend.
template <class Stamp>
bool targets_ascend(problem<Stamp> const& p);

/// What `draw_problem` draws, made into something that has a gradient.
template <class Stamp>
backward_problem<Stamp> draw_backward(generator& random, shape source, shape target, draw_limits const& limits = {});

/// The arguments of one call, in the memory of one side.
template <class Stamp>
struct backward_arguments {
  backward_problem<Stamp> const& of;
  timeline<Stamp> source;
  timeline<Stamp> target;
  void const* values;
  void const* results;
  void* out_values;
  float* out_targets;
};

/// Puts the problem into guarded memory of `Space`, makes the call, and reads back what it left.
/// @param call  `status(backward_arguments<Stamp> const&)`, which returns when the gradients are written
template <class Space, class Stamp, class Call>
gradients run_backward(backward_problem<Stamp> const& p, Call call) {
  problem<Stamp> const& f = p.forward;
  auto const value_size = std::int64_t(robocache::size_of(f.value_type));
  auto const result_size = std::int64_t(robocache::size_of(f.result_type));
  timeline_memory<Space, Stamp> const source(f.source);
  timeline_memory<Space, Stamp> const target(f.target);
  static std::byte const nothing{};
  auto const input = [](std::vector<std::byte> const& bytes) { return bytes.empty() ? &nothing : bytes.data(); };
  guarded<Space> const values(input(f.values), f.values.size(), std::size_t(f.misaligned * value_size));
  guarded<Space> const results(input(p.results), p.results.size(), std::size_t(f.misaligned * result_size));
  guarded<Space> const out(nullptr, std::size_t(p.out_layout().extent() * value_size),
                           std::size_t(f.misaligned * value_size));
  guarded<Space> const times(nullptr, std::size_t(f.target.total()) * sizeof(float),
                             std::size_t(f.misaligned) * sizeof(float));
  backward_arguments<Stamp> const arguments{
      p, source.view(), target.view(),
      // Values are read for target times only.
      p.wants_targets ? static_cast<std::byte const*>(values.data()) + f.first_channel * value_size : nullptr,
      static_cast<std::byte const*>(results.data()) + f.result_first * result_size,
      p.wants_values ? static_cast<std::byte*>(out.data()) + p.out_first * value_size : nullptr,
      p.wants_targets ? static_cast<float*>(times.data()) : nullptr};
  gradients o;
  o.state = call(arguments);
  o.values = out.read("out.values", o.trouble);
  auto const bytes = times.read("out.targets", o.trouble);
  o.targets.resize(bytes.size() / sizeof(float));
  if (!bytes.empty()) { std::memcpy(o.targets.data(), bytes.data(), bytes.size()); }
  values.read("values", o.trouble);
  results.read("results", o.trouble);
  source.check("source.when", o.trouble);
  target.check("target", o.trouble);
  return o;
}

/// The call with C++ types: of the header API, on either side.
/// @param function  called as `function(source, target, results, out, options, order)`
template <class Value, class Result, class Stamp, class Function>
status call_backward(backward_arguments<Stamp> const& a, Function function) {
  problem<Stamp> const& f = a.of.forward;
  return function(robocache::series<Value, Stamp>{static_cast<Value const*>(a.values), a.source, f.channels,
                                                  f.batch_stride, f.row_stride, f.place},
                  a.target,
                  robocache::result_gradients<Result>{static_cast<Result const*>(a.results), f.result_batch_stride,
                                                      f.result_row_stride},
                  robocache::source_gradients<Value>{static_cast<Value*>(a.out_values), a.out_targets,
                                                     a.of.out_batch_stride, a.of.out_row_stride},
                  f.options, a.of.order);
}

}  // namespace test
