// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/fuse/fuse.hpp"
#include "support/scenario.hpp"

/// Small fusions, and their results as plain numbers: what most sentences of the semantics are about.
namespace test {

using numbers = std::vector<double>;
using rows = std::vector<numbers>;
using mask = std::vector<int>;
using masks = std::vector<mask>;

/// One trajectory of one FP32 channel.
template <class Stamp>
stream_data<Stamp> one_stream(std::vector<Stamp> samples, std::vector<double> const& values,
                              interpolation method = interpolation::linear) {
  stream_data<Stamp> s;
  s.series.source = dense(std::move(samples), 1);
  s.series.options.method = method;
  s.series.set_values(values);
  return s;
}

template <class Stamp>
fuse_problem<Stamp> fusion(std::vector<stream_data<Stamp>> streams, std::vector<Stamp> targets) {
  fuse_problem<Stamp> p;
  p.streams = std::move(streams);
  p.target = dense(std::move(targets), 1);
  return p;
}

/// Makes the call, which must succeed, and gives its results.
template <class Stamp>
fused fuse_well(fuse_problem<Stamp> const& p) {
  fused const o = fuse(p);
  REQUIRE(o.trouble + o.state.message() == "");
  return o;
}

/// All channels of each target row.
template <class Stamp>
rows rows_of(fuse_problem<Stamp> const& p) {
  fused const o = fuse_well(p);
  rows found;
  for (std::int64_t row = 0; row < p.target.total(); ++row) {
    found.emplace_back();
    for (std::int64_t c = 0; c < p.width(); ++c) { found.back().push_back(result_at(p, o, row, c)); }
  }
  return found;
}

template <class Stamp>
numbers column_of(fuse_problem<Stamp> const& p, std::int64_t c) {
  fused const o = fuse_well(p);
  numbers found;
  for (std::int64_t row = 0; row < p.target.total(); ++row) { found.push_back(result_at(p, o, row, c)); }
  return found;
}

/// The mask of each target row, a byte per stream.
template <class Stamp>
masks masks_of(fuse_problem<Stamp> const& p) {
  fused const o = fuse_well(p);
  masks found;
  for (std::int64_t row = 0; row < p.target.total(); ++row) {
    auto const begin = o.valid.begin() + row * p.count();
    found.emplace_back(begin, begin + p.count());
  }
  return found;
}

template <class Stamp>
mask all_valid_of(fuse_problem<Stamp> const& p) {
  fused const o = fuse_well(p);
  return {o.all_valid.begin(), o.all_valid.end()};
}

}  // namespace test
