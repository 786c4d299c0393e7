// SPDX-License-Identifier: Apache-2.0
#include "support/cells/cells.hpp"

#include <cstring>

#include <robocache/host.hpp>

#include "support/backend.hpp"
#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/cells/oracle.hpp"
#include "support/host_space.hpp"
#include "support/typed.hpp"

namespace test {
namespace {

/// Where element `i` of a result is in the grid.
std::string place_text(voxel_problem const& p, voxel_result r, std::int64_t i) {
  if (r == voxel_result::dropped) { return text_of("dropped of cloud ", i); }
  bool const words = r == voxel_result::occupied_bits;
  std::int64_t const channels = is_reduction(r) ? p.channels : 1;
  bool const inside_last = p.options.channels == channel_order::last;
  std::int64_t const c = inside_last ? i % channels : i / p.lattice.total() % channels;
  std::int64_t const nx = words ? (p.lattice.cells[0] + 31) / 32 : p.lattice.cells[0];
  std::int64_t const cells = nx * p.lattice.cells[1] * p.lattice.cells[2];
  std::int64_t const cell = inside_last ? i / channels % cells : i % cells;
  return text_of(name_of(r), " of cloud ", i / (cells * channels), words ? ", word " : ", cell ", cell % nx, " ",
                 cell / nx % p.lattice.cells[1], " ", cell / nx / p.lattice.cells[1], ", channel ", c);
}

std::string against_oracle(voxel_problem const& p, voxelized const& o, oracle::voxels const& sorted) {
  if (!o.state.ok()) { return text_of("status: ", o.state.message()); }
  if (!o.trouble.empty()) { return o.trouble; }
  for (auto r : all_voxel_results) {
    if (!p.wants[r]) { continue; }
    oracle::bounds const wanted = oracle::expected(p, sorted, r);
    dtype const type = p.type_of(r);
    if (o.results[r].size() != wanted.low.size()) { return text_of(name_of(r), " has another size"); }
    for (std::int64_t i = 0; i < p.elements_of(r); ++i) {
      auto const found = load_bits(type, o.results[r].data(), i);
      oracle::expectation const e{load_bits(type, wanted.low.data(), i), load_bits(type, wanted.high.data(), i)};
      if (!meets(type, found, e)) {
        return text_of(place_text(p, r, i), ": ", bits_text(type, found), ", wanted ", bits_text(type, e.low), " to ",
                       bits_text(type, e.high));
      }
    }
  }
  return {};
}

}  // namespace

voxelized voxelize_on_host(voxel_problem const& p) {
  return run_voxelize<host_space>(
      p, [](voxel_arguments const&) { return std::int64_t(0); },
      [](voxel_arguments const& a) {
        return with_float_types(a.of.value_type, a.of.result_type, [&](auto value, auto result) {
          return call_voxelize<typename decltype(value)::type, typename decltype(result)::type>(
              a, [](auto const&... arguments) { return robocache::host::voxelize(arguments...); });
        });
      });
}

std::string difference(voxel_problem const& p, voxelized const& a, voxelized const& b) {
  if (std::strcmp(a.state.message(), b.state.message()) != 0) {
    return text_of("status: '", a.state.message(), "' here, '", b.state.message(), "' on the host");
  }
  for (auto r : all_voxel_results) {
    bool const adds_up = r == voxel_result::sum || r == voxel_result::mean;
    if (!p.wants[r] || (adds_up && p.options.sums == summation::unordered)) { continue; }
    auto const text = unlike_results(p.type_of(r), a.results[r], b.results[r]);
    if (!text.empty()) { return text_of(name_of(r), ": ", text); }
  }
  return {};
}

std::string verify(voxel_problem const& p) {
  auto const sorted = oracle::sort_points(p);
  auto const text = against_oracle(p, voxelize(p), sorted);
  if (!text.empty() || p.reduces() || std::string(backend_name()) == "host") { return text; }
  auto bare = p;
  bare.memory = scratch_use::none;
  auto const without = against_oracle(bare, voxelize(bare), sorted);
  return without.empty() ? without : "without scratch: " + without;
}

std::string refused(voxel_problem const& p, std::string const& argument, std::vector<std::string> const& words) {
  voxelized const o = voxelize(p);
  if (auto text = unlike_refusal(o.state, argument, words); !text.empty()) { return text; }
  if (!o.trouble.empty()) { return o.trouble; }
  for (auto r : all_voxel_results) {
    bool const untouched = p.before[r].empty() ? all_poison(o.results[r]) : o.results[r] == p.before[r];
    if (!untouched) { return text_of(name_of(r), " was written"); }
  }
  return {};
}

std::vector<double> result_of(voxel_problem const& p, voxel_result r) {
  voxelized const o = voxelize(p);
  INFO(o.state.message() << o.trouble);
  REQUIRE(o.state.ok());
  REQUIRE(o.trouble.empty());
  return numbers_of(p, o.results, r);
}

}  // namespace test
