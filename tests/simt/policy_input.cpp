// SPDX-License-Identifier: Apache-2.0
#include "support/policy_input/policy_input.hpp"

#include <vector>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/catch.hpp"
#include "support/host_space.hpp"

#include <robocache/policy_input.cuh>

namespace test {

template <class Stamp>
policy_outcome policy_input(policy_problem<Stamp> const& p) {
  policy_outcome o = run_policy_input<host_space>(
      p, [](auto const* fusions, std::int64_t count) { return robocache::policy_input(fusions, count, nullptr); });
  o.trouble += difference(p, o, policy_input_on_host(p));
  return o;
}

status policy_input_views(robocache::policy_fusion<float> const* fusions, std::int64_t count) {
  return robocache::policy_input(fusions, count, nullptr);
}

namespace {

/// Launches of some fusions of one stream, with windows of so many targets each; all of them are 1.5.
/// @param anchors  how many different memories the anchors are in
int launches_of(std::vector<std::int64_t> const& targets, std::size_t anchors = 1) {
  float const samples[] = {1, 2}, stamps[] = {0, 1}, starts[] = {0.5f, 0.5f};
  std::vector<float> const deltas(20, 0.0f);
  robocache::policy_stream<float> const one =
      robocache::series<float, float>{samples, timeline<float>::shared(stamps, 1, 2), 1};
  std::vector<std::vector<float>> results;
  std::vector<robocache::policy_fusion<float>> fusions;
  for (std::size_t f = 0; f < targets.size(); ++f) {
    results.emplace_back(std::size_t(targets[f]), -1.0f);
    auto const when = timeline<float>::windows(starts + f % anchors, deltas.data(), 1, targets[f]);
    fusions.push_back({&one, 1, when, robocache::fused_output<float>{results.back().data()}});
  }
  int const before = robocache::detail::launch_count;
  REQUIRE(robocache::policy_input(fusions.data(), std::int64_t(fusions.size()), nullptr).ok());
  for (auto const& of_fusion : results) {
    for (float x : of_fusion) { CHECK(x == 1.5f); }
  }
  return robocache::detail::launch_count - before;
}

}  // namespace

TEST_CASE("Policy input, launches: windows with the same anchors are one, others one each", "[policy_input]") {
  CHECK(launches_of({2, 16}) == 1);
  CHECK(launches_of({1, 16}) == 1);
  CHECK(launches_of({1, 1}) == 1);
  CHECK(launches_of({1}) == 1);
  CHECK(launches_of({16, 0, 3}) == 1);
  CHECK(launches_of({2, 16}, 2) == 2);
  CHECK(launches_of({1, 1}, 2) == 1);  // few rows: together, by the kernel for all
  CHECK(launches_of({2, 1, 2, 1}) == 1);
  CHECK(launches_of({2, 1, 2, 1, 3}) == 2);
}

template policy_outcome policy_input(policy_problem<float> const&);
template policy_outcome policy_input(policy_problem<double> const&);
template policy_outcome policy_input(policy_problem<std::int64_t> const&);

}  // namespace test
