// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/cells/refusal.hpp"
#include "support/points/sampling.hpp"

// Which calls for samples and neighbours are refused: the argument is named, and nothing is written.
using namespace test;

namespace {

/// Views on memory of the host that nothing reads: the calls are refused.
struct call {
  float xyz[12] = {};
  std::uint64_t number = 0;
  std::vector<std::byte> results = std::vector<std::byte>(1000, std::byte(poison));
  point_clouds queries = point_clouds::dense(xyz, 2, 2);
  point_clouds clouds = point_clouds::dense(xyz, 2, 2);
  std::int64_t count = 3;
  float radius = 1;
  sample_output out{at<std::int64_t>(0), at<std::int64_t>(400), at<float>(600)};
  neighbour_output near{at<std::int64_t>(0), at<float>(400), at<std::int64_t>(600)};
  farthest_options farthest{};
  uniform_options uniform{};

  call() { uniform.seed = &number; }
  template <class T>
  T* at(std::size_t byte) {
    return reinterpret_cast<T*>(results.data() + byte);
  }
};

enum class which : std::uint8_t { farthest, uniform, nearest, radius };

std::string refusal(which one, std::function<void(call&)> const& change) {
  call c;
  change(c);
  status s;
  switch (one) {
    case which::farthest: s = sample_farthest_views(c.clouds, c.count, c.out, c.farthest, {}); break;
    case which::uniform: s = sample_uniform_views(c.clouds, c.count, c.out, c.uniform); break;
    case which::nearest: s = nearest_neighbours_views(c.queries, c.clouds, c.count, c.near); break;
    case which::radius: s = within_radius_views(c.queries, c.clouds, c.radius, c.count, c.near); break;
  }
  CHECK_FALSE(s.ok());
  CHECK(all_poison(c.results));
  return s.message();
}

}  // namespace

TEST_CASE("Samples: which calls are refused", "[sampling]") {
  for (auto one : {which::farthest, which::uniform}) {
    CHECK(refusal(one, [](call& c) { c.clouds.batch = -1; }) == "clouds.batch: found -1, want 0 or more");
    CHECK(refusal(one, [](call& c) { c.clouds.y = nullptr; }) == "clouds.y: found a null pointer, want 4 elements");
    CHECK(refusal(one, [](call& c) { c.count = -1; }) == "samples: found -1, want 0 or more and less than 2^31");
    CHECK(refusal(one, [](call& c) { c.count = std::int64_t{1} << 31; }) ==
          "samples: found 2147483648, want 0 or more and less than 2^31");
    CHECK(refusal(one, [](call& c) { c.out.indices = nullptr; }) ==
          "out.indices: found a null pointer, want 6 elements");
    CHECK(refusal(one, [](call& c) { c.out.indices = odd(c.out.indices); }).find("out.indices: found address") == 0);
    CHECK(refusal(one, [](call& c) { c.out.counts = odd(c.out.counts); }).find("out.counts: found address") == 0);
    CHECK(refusal(one, [](call& c) { c.out.points = odd(c.out.points); }).find("out.points: found address") == 0);
    CHECK(refusal(one, [](call& c) { c.farthest.shortage = c.uniform.shortage = static_cast<shortage_rule>(2); }) ==
          "options.shortage: found 2, want a shortage_rule");
    CHECK(refusal(one, [](call& c) { c.clouds = point_clouds::dense(c.xyz, 1 << 10, 1 << 22); }) ==
          "clouds.length: found 4294967296 points in all, want less than 2^31");
  }
  CHECK(refusal(which::farthest, [](call& c) { c.farthest.starts = odd(&c.count); }).find("options.starts: found") ==
        0);
  CHECK(refusal(which::uniform, [](call& c) { c.uniform.seed = nullptr; }) ==
        "options.seed: found a null pointer, want 1 elements");
  CHECK(refusal(which::uniform, [](call& c) { c.uniform.cloud_ids = odd(&c.count); }).find("options.cloud_ids: ") == 0);
}

TEST_CASE("Neighbours: which calls are refused", "[neighbours]") {
  for (auto one : {which::nearest, which::radius}) {
    CHECK(refusal(one, [](call& c) { c.clouds.z = nullptr; }) == "clouds.z: found a null pointer, want 4 elements");
    CHECK(refusal(one, [](call& c) { c.queries.z = nullptr; }) == "queries.z: found a null pointer, want 4 elements");
    CHECK(refusal(one, [](call& c) { c.queries.point_stride = -3; }) ==
          "queries.point_stride: found -3, want 0 or more");
    CHECK(refusal(one, [](call& c) { c.queries.batch = 1; }) == "queries.batch: found 1, want 2, as many as clouds");
    CHECK(refusal(one, [](call& c) { c.count = -1; }) == "k: found -1, want 0 or more and less than 2^31");
    CHECK(refusal(one, [](call& c) { c.near.indices = nullptr; }) ==
          "out.indices: found a null pointer, want 12 elements");
    CHECK(refusal(one, [](call& c) { c.near.distances = odd(c.near.distances); }).find("out.distances: found") == 0);
    CHECK(refusal(one, [](call& c) { c.near.counts = odd(c.near.counts); }).find("out.counts: found") == 0);
  }
  CHECK(refusal(which::nearest, [](call& c) { c.count = 65; }) == "k: found 65, want at most 64");
  CHECK(refusal(which::radius, [](call& c) { c.radius = -1; }) == "radius: found -1, want 0 or more");
  CHECK(refusal(which::radius, [](call& c) {
          c.radius = std::numeric_limits<float>::quiet_NaN();
        }).find("radius: found ") == 0);
}
