// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

// Samples and neighbours through the compiled API on host memory.
using namespace test;
using robocache::point_clouds;
using robocache::compiled::place;
namespace compiled = robocache::compiled;

TEST_CASE("Compiled API: samples and neighbours", "[compiled]") {
  float const xyz[] = {0, 0, 0, 1, 0, 0, 5, 0, 0};
  auto const clouds = point_clouds::dense(xyz, 1, 3);
  std::int64_t indices[3] = {};
  CHECK(compiled::sample_farthest_scratch(place::host, clouds, 3) == 0);
  compiled::sample_farthest(place::host, clouds, 3, {indices});
  CHECK(std::vector<std::int64_t>(indices, indices + 3) == std::vector<std::int64_t>{0, 2, 1});
  std::uint64_t const seed = 0;
  robocache::uniform_options options;
  options.seed = &seed;
  compiled::sample_uniform(place::host, clouds, 3, {indices}, options);
  CHECK(indices[2] == 2);
  auto const query = point_clouds::dense(xyz + 6, 1, 1);
  compiled::nearest_neighbours(place::host, query, clouds, 3, {indices});
  CHECK(std::vector<std::int64_t>(indices, indices + 3) == std::vector<std::int64_t>{2, 1, 0});
  compiled::within_radius(place::host, query, clouds, 4, 3, {indices});
  CHECK(std::vector<std::int64_t>(indices, indices + 3) == std::vector<std::int64_t>{1, 2, -1});
}

TEST_CASE("Compiled API: refusals of samples are thrown", "[compiled]") {
  auto const clouds = point_clouds::dense(nullptr, 1, 1);
  CHECK(std::string(error_of([&] { compiled::sample_farthest(place::host, clouds, 1, {}); }).what()) ==
        "clouds.x: found a null pointer, want 1 elements");
}
