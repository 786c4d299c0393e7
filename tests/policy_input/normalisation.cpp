// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <robocache/normalisation.hpp>

#include "support/catch.hpp"
#include "support/random.hpp"

// How each project normalises a value, in double and as documented there, against one product and one sum.
using namespace test;
using robocache::channel_normalisation;
using robocache::normalisation_rule;

namespace {

bool agrees(channel_normalisation const& n, double v, double wanted) {
  float const scaled = float(v) * n.scale;
  float const found = scaled + n.shift;
  double const size = std::max(1.0, std::fabs(double(n.scale)) * std::max(std::fabs(v), 1.0));
  return std::fabs(double(found) - wanted) <= 1e-6 * size;
}

}  // namespace

TEST_CASE("Normalisation: mean and deviation, range and quantiles, by each project's formula", "[policy_input]") {
  generator random(41);
  for (int i = 0; i < 200; ++i) {
    double const low = double(float(4 * random.unit() - 2));
    double const width = std::pow(10, 3 * random.unit() - 2);
    double const high = low + width;
    double const v = double(float(low + width * (1.5 * random.unit() - 0.25)));
    double const to_one = 2 * (v - low) / width - 1;
    CHECK(agrees(robocache::from_range(low, high, normalisation_rule::gr00t), v, to_one));
    CHECK(agrees(robocache::from_range(low, high, normalisation_rule::lerobot), v, to_one));
    CHECK(agrees(robocache::from_range(low, high, normalisation_rule::diffusion_policy), v, to_one));
    double const openpi = (v - low) / (width + 1e-6) * 2 - 1;
    CHECK(agrees(robocache::from_range(low, high, normalisation_rule::openpi), v, openpi));
    CHECK(agrees(robocache::from_quantiles(low, high, normalisation_rule::openpi), v, openpi));
    CHECK(agrees(robocache::from_quantiles(low, high, normalisation_rule::gr00t), v, to_one));
    using robocache::from_mean_and_deviation;
    CHECK(agrees(from_mean_and_deviation(low, width, normalisation_rule::gr00t), v, (v - low) / width));
    CHECK(agrees(from_mean_and_deviation(low, width, normalisation_rule::lerobot), v, (v - low) / (width + 1e-8)));
    CHECK(agrees(from_mean_and_deviation(low, width, normalisation_rule::openpi), v, (v - low) / (width + 1e-6)));
    CHECK(agrees(from_mean_and_deviation(low, width, normalisation_rule::diffusion_policy), v, (v - low) / width));
  }
}

TEST_CASE("Normalisation: channels that do not vary, by each project's rule", "[policy_input]") {
  using robocache::from_mean_and_deviation;
  using robocache::from_quantiles;
  using robocache::from_range;
  // The value that all samples had, and of GR00T and Diffusion Policy any other.
  CHECK(agrees(from_range(0.5, 0.5, normalisation_rule::gr00t), 0.5, 0));
  CHECK(agrees(from_range(0.5, 0.5, normalisation_rule::gr00t), 7, 0));
  CHECK(agrees(from_quantiles(0.5, 0.5, normalisation_rule::gr00t), 7, 7));
  CHECK(agrees(from_mean_and_deviation(0.5, 0, normalisation_rule::gr00t), 7, 7));
  CHECK(agrees(from_range(0.5, 0.5, normalisation_rule::lerobot), 0.5, -1));
  CHECK(agrees(from_quantiles(0.5, 0.5, normalisation_rule::openpi), 0.5, -1));
  CHECK(agrees(from_mean_and_deviation(0.5, 0, normalisation_rule::lerobot), 0.5, 0));
  CHECK(agrees(from_mean_and_deviation(0.5, 0, normalisation_rule::openpi), 0.5, 0));
  CHECK(agrees(from_range(0.5, 0.5, normalisation_rule::diffusion_policy), 0.75, 0.25));
  CHECK(agrees(from_mean_and_deviation(0.5, 1e-5, normalisation_rule::diffusion_policy), 0.75, 0.25));
}
