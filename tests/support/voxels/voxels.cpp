// SPDX-License-Identifier: Apache-2.0
#include "support/voxels/voxels.hpp"

#include <cstring>

#include <robocache/host.hpp>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/host_space.hpp"
#include "support/typed.hpp"
#include "support/voxels/oracle.hpp"

namespace test {
namespace {

/// Elements of a result that the call must write, or all where it has no row for each voxel.
std::vector<double> numbers_of(sparse_problem const& p, sparse_voxelized const& o, sparse_result r, std::int64_t kept) {
  dtype const type = p.type_of(r);
  std::int64_t const count = is_of_voxels(r) ? kept * p.width_of(r) : p.elements_of(r);
  std::vector<double> numbers;
  for (std::int64_t i = 0; i < count; ++i) {
    auto const bits = load_bits(type, o.results[r].data(), i);
    numbers.push_back(type == dtype::int32   ? double(std::int32_t(bits))
                      : type == dtype::int64 ? double(std::int64_t(bits))
                                             : decode(type, bits));
  }
  return numbers;
}

}  // namespace

sparse_voxelized voxelize_on_host(sparse_problem const& p) {
  return run_sparse<host_space>(
      p, [](sparse_arguments const&) { return std::int64_t(0); },
      [](sparse_arguments const& a) {
        return with_float_types(a.of.from.value_type, a.of.from.result_type, [&](auto value, auto result) {
          return call_sparse<typename decltype(value)::type, typename decltype(result)::type>(
              a, [](auto const&... arguments) { return robocache::host::voxelize_sparse(arguments...); },
              [](auto const&... arguments) { return robocache::host::voxelize_gathered(arguments...); },
              [](auto const&... arguments) { return robocache::host::filter_voxels(arguments...); });
        });
      });
}

std::string difference(sparse_problem const& p, sparse_voxelized const& a, sparse_voxelized const& b) {
  if (std::strcmp(a.state.message(), b.state.message()) != 0) {
    return text_of("status: '", a.state.message(), "' here, '", b.state.message(), "' on the host");
  }
  for (auto r : results_of(p.call)) {
    if (!p.wants[r]) { continue; }
    auto const text = unlike_results(p.type_of(r), a.results[r], b.results[r]);
    if (!text.empty()) { return text_of(name_of(r), ": ", text); }
  }
  return {};
}

std::string verify(sparse_problem const& p) {
  sparse_voxelized const o = voxelize(p);
  if (!o.state.ok()) { return text_of("status: ", o.state.message()); }
  if (!o.trouble.empty()) { return o.trouble; }
  auto const voxels = oracle::list_voxels(p);
  sparse_bytes const wanted = oracle::expected(p, voxels);
  for (auto r : results_of(p.call)) {
    if (!p.wants[r]) { continue; }
    dtype const type = p.type_of(r);
    if (o.results[r].size() != wanted[r].size()) { return text_of(name_of(r), " has another size"); }
    for (std::int64_t i = 0; i < p.elements_of(r); ++i) {
      auto const found = load_bits(type, o.results[r].data(), i);
      auto const bits = load_bits(type, wanted[r].data(), i);
      if (!same(type, found, bits)) {
        std::int64_t const width = p.width_of(r);
        return text_of(name_of(r), " ", i / width, ", element ", i % width, ": ", bits_text(type, found), ", wanted ",
                       bits_text(type, bits), "; kept are ", voxels.kept.size(), " voxels");
      }
    }
  }
  return {};
}

std::string refused(sparse_problem const& p, std::string const& argument, std::vector<std::string> const& words) {
  sparse_voxelized const o = voxelize(p);
  if (auto text = unlike_refusal(o.state, argument, words); !text.empty()) { return text; }
  if (!o.trouble.empty()) { return o.trouble; }
  for (auto r : results_of(p.call)) {
    if (!all_poison(o.results[r])) { return text_of(name_of(r), " was written"); }
  }
  return {};
}

std::vector<double> result_of(sparse_problem p, sparse_result r) {
  p.wants[r] = p.wants[sparse_result::voxel_offsets] = true;
  sparse_voxelized const o = voxelize(p);
  INFO(o.state.message() << o.trouble);
  REQUIRE(o.state.ok());
  REQUIRE(o.trouble.empty());
  auto const kept = std::int64_t(numbers_of(p, o, sparse_result::voxel_offsets, 0).back());
  REQUIRE(kept <= p.capacity);
  return numbers_of(p, o, r, kept);
}

}  // namespace test
