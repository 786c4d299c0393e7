// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "support/backend.hpp"
#include "support/compare.hpp"
#include "support/problem.hpp"

namespace test {

/// One trajectory of one FP32 channel, dense, with the mask: what most sentences of the semantics are about.
template <class Stamp>
problem<Stamp> one_trajectory(std::vector<Stamp> samples, std::vector<double> const& values, std::vector<Stamp> targets,
                              interpolation method = interpolation::linear) {
  problem<Stamp> p;
  p.source = dense(std::move(samples), 1);
  p.target = dense(std::move(targets), 1);
  p.options.method = method;
  p.set_values(values);
  return p;
}

/// Results of all target rows in channel 0.
template <class Stamp>
std::vector<double> results_of(problem<Stamp> const& p) {
  outcome const o = resample(p);
  std::vector<double> found;
  for (std::int64_t row = 0; row < p.target.total(); ++row) { found.push_back(result_at(p, o, row)); }
  return found;
}

/// Masks of all target rows.
template <class Stamp>
std::vector<int> valid_of(problem<Stamp> const& p) {
  outcome const o = resample(p);
  return {o.valid.begin(), o.valid.end()};
}

constexpr std::initializer_list<interpolation> all_methods = {
    interpolation::previous, interpolation::next,  interpolation::nearest,
    interpolation::linear,   interpolation::angle, interpolation::catmull_rom,
    interpolation::pchip,    interpolation::akima, interpolation::slerp};
/// Those that give a sample as it is and take any number of channels.
constexpr std::initializer_list<interpolation> plain_methods = {
    interpolation::previous,    interpolation::next,  interpolation::nearest, interpolation::linear,
    interpolation::catmull_rom, interpolation::pchip, interpolation::akima};
constexpr std::initializer_list<interpolation> curved_methods = {interpolation::catmull_rom, interpolation::pchip,
                                                                 interpolation::akima};
constexpr bool is_hold(interpolation method) {
  return method == interpolation::previous || method == interpolation::next || method == interpolation::nearest;
}
/// Slerp takes four channels, however many others take.
constexpr std::int64_t channels_for(interpolation method, std::int64_t otherwise) {
  return method == interpolation::slerp ? 4 : otherwise;
}
constexpr std::initializer_list<edge> all_edges = {edge::clamp, edge::fill, edge::extrapolate};
constexpr std::initializer_list<dtype> float_types = {dtype::float32, dtype::float16, dtype::bfloat16};
constexpr std::initializer_list<dtype> integer_types = {dtype::uint8, dtype::int32, dtype::int64};

}  // namespace test
