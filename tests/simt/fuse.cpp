// SPDX-License-Identifier: Apache-2.0
#include "support/fuse/fuse.hpp"

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/catch.hpp"
#include "support/host_space.hpp"
#include "support/typed.hpp"

#include <robocache/fuse.cuh>

namespace test {

template <class Stamp>
fused fuse(fuse_problem<Stamp> const& p) {
  fused o = run_fuse<host_space>(p, [](fuse_arguments<Stamp> const& a) {
    return with_float_types(dtype::float32, a.of.result_type, [&](auto, auto result) {
      return robocache::fuse(a.streams.data(), std::int64_t(a.streams.size()), a.target,
                             a.template output<typename decltype(result)::type>(), nullptr);
    });
  });
  if (p.ascends) { o.trouble += difference(p, o, fuse_on_host(p)); }
  return o;
}

template <class Stamp>
status fuse_views(robocache::stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                  robocache::fused_output<float> const& out) {
  return robocache::fuse(streams, count, target, out, nullptr);
}

template fused fuse(fuse_problem<float> const&);
template fused fuse(fuse_problem<double> const&);
template fused fuse(fuse_problem<std::int64_t> const&);
template status fuse_views(robocache::stream<float> const*, std::int64_t, timeline<float> const&,
                           robocache::fused_output<float> const&);

namespace {

/// Launches of a fusion of `count` streams of one channel, and channels behind them that none writes.
int launches_of(std::int64_t count, std::int64_t gap) {
  float const samples[] = {1, 2, 3};
  robocache::series<float, float> const one{samples, timeline<float>::uniform(0, 1, 1, 3), 1};
  std::vector<robocache::stream<float>> const streams(std::size_t(count), one);
  std::vector<float> results(std::size_t(2 * (count + gap)), -1.0f);
  robocache::fused_output<float> out{results.data()};
  out.channels = count + gap;
  int const before = robocache::detail::launch_count;
  auto const target = timeline<float>::uniform(0.5f, 1, 1, 2);
  REQUIRE(robocache::fuse(streams.data(), count, target, out, nullptr).ok());
  for (std::int64_t i = 0; i < std::int64_t(results.size()); ++i) {
    std::int64_t const channel = i % (count + gap);
    CHECK(results[std::size_t(i)] == (channel < count ? 1.5f + float(i / (count + gap)) : 0.0f));
  }
  return robocache::detail::launch_count - before;
}

}  // namespace

TEST_CASE("Fusion, launches: 16 streams are one, a gap between channels counts as a stream", "[fuse]") {
  CHECK(launches_of(1, 0) == 1);
  CHECK(launches_of(16, 0) == 1);
  CHECK(launches_of(15, 3) == 1);
  CHECK(launches_of(16, 3) == 2);
  CHECK(launches_of(17, 0) == 2);
  CHECK(launches_of(33, 0) == 3);
}

}  // namespace test
