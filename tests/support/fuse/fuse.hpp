// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/draw.hpp"
#include "support/fuse/problem.hpp"

/// `fuse` under test: as backend.hpp and compare.hpp are for `resample`.
namespace test {

/// What one call left behind.
struct fused {
  status state{};
  std::vector<std::byte> results{};  ///< the whole buffer, what lies between rows included
  std::vector<std::uint8_t> valid{};
  std::vector<std::uint8_t> all_valid{};
  std::string trouble{};  ///< memory written that was not to be, or bits unlike the host's; else empty
};

/// On the side under test; on a device it also compares every bit with the host's.
template <class Stamp>
fused fuse(fuse_problem<Stamp> const& p);

/// `host::fuse`, in guarded memory.
template <class Stamp>
fused fuse_on_host(fuse_problem<Stamp> const& p);

/// The call alone, with views that a test made by hand: for calls that are refused.
template <class Stamp>
status fuse_views(robocache::stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                  robocache::fused_output<float> const& out);

/// Two sides' results of one problem, as `difference` of compare.hpp.
template <class Stamp>
std::string difference(fuse_problem<Stamp> const& p, fused const& a, fused const& b);

/// Makes the call and compares every bit, both masks and what lies between the rows with the oracle.
template <class Stamp>
std::string verify(fuse_problem<Stamp> const& p);

/// Makes the call and compares every bit with a `resample` of each stream by itself, on the same side, whose FP32
/// results are scaled, shifted and rounded here.
template <class Stamp>
std::string verify_separately(fuse_problem<Stamp> const& p);

/// The call fails as it should, as `refused` of compare.hpp.
template <class Stamp>
std::string refused(fuse_problem<Stamp> const& p, std::string const& argument, std::vector<std::string> const& words);

/// Streams with sources of any kind, types, rules, slices of one buffer, places, latencies, scales and shifts.
template <class Stamp>
fuse_problem<Stamp> draw_fuse(generator& random, shape target, std::int64_t count, draw_limits const& limits = {});

/// As `describe` of draw.hpp.
template <class Stamp>
std::string describe(fuse_problem<Stamp> const& p);

/// The result for channel `c` of target row `row`, as a number.
template <class Stamp>
double result_at(fuse_problem<Stamp> const& p, fused const& o, std::int64_t row, std::int64_t c) {
  return decode(p.result_type, load_bits(p.result_type, o.results.data(), p.result_layout().begin(row) + c));
}

/// The arguments of one call, in the memory of one side.
template <class Stamp>
struct fuse_arguments {
  fuse_problem<Stamp> const& of;
  std::vector<robocache::stream<Stamp>> const& streams;
  timeline<Stamp> target;
  void* results;
  std::uint8_t* valid;
  std::uint8_t* all_valid;

  template <class Result>
  robocache::fused_output<Result> output() const {
    return {static_cast<Result*>(results), valid, all_valid, of.channels, of.fill, of.result_batch_stride,
            of.result_row_stride};
  }
};

/// Puts the problem into guarded memory of `Space`, makes the call, and reads back what it left.
/// @param call  `status(fuse_arguments<Stamp> const&)`, which returns when the results are written
template <class Space, class Stamp, class Call>
fused run_fuse(fuse_problem<Stamp> const& p, Call call) {
  auto const size = std::int64_t(robocache::size_of(p.result_type));
  auto const rows = std::size_t(std::max<std::int64_t>(0, p.target.total()));
  streams_memory<Space, Stamp> const streams(p.streams);
  timeline_memory<Space, Stamp> const target(p.target);
  guarded<Space> const results(nullptr, std::size_t(p.result_layout().extent() * size),
                               std::size_t(p.misaligned * size));
  guarded<Space> const valid(nullptr, rows * p.streams.size(), std::size_t(p.misaligned));
  guarded<Space> const all_valid(nullptr, rows, std::size_t(p.misaligned));
  fuse_arguments<Stamp> const arguments{p,
                                        streams.views(),
                                        target.view(),
                                        static_cast<std::byte*>(results.data()) + p.result_first * size,
                                        p.mask ? static_cast<std::uint8_t*>(valid.data()) : nullptr,
                                        p.all_mask ? static_cast<std::uint8_t*>(all_valid.data()) : nullptr};
  fused o;
  o.state = call(arguments);
  o.results = results.read("results", o.trouble);
  auto const mask_of = [&](guarded<Space> const& from, char const* name) {
    std::vector<std::uint8_t> mask;
    for (auto byte : from.read(name, o.trouble)) { mask.push_back(std::uint8_t(byte)); }
    return mask;
  };
  o.valid = mask_of(valid, "valid");
  o.all_valid = mask_of(all_valid, "all_valid");
  streams.check(o.trouble);
  target.check("target", o.trouble);
  return o;
}

}  // namespace test
