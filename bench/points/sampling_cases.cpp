// SPDX-License-Identifier: Apache-2.0
#include "points/sampling_cases.hpp"

#include <cmath>

#include "support/random.cuh"

namespace robocache::bench {

namespace {

constexpr std::int64_t thousand = 1'000, million = 1'000'000;

std::string short_count(std::int64_t n) {
  if (n >= million && n % million == 0) { return std::to_string(n / million) + "M"; }
  return n >= thousand && n % thousand == 0 ? std::to_string(n / thousand) + "k" : std::to_string(n);
}

char const* name_of(sampling_call call) {
  switch (call) {
    case sampling_call::farthest: return "sample_farthest";
    case sampling_call::uniform: return "sample_uniform";
    case sampling_call::nearest: return "nearest_neighbours";
    case sampling_call::radius: return "within_radius";
  }
  return "?";
}

/// @param goal  0: none
requirement within(double must_us, double goal_us) { return {yardstick::microseconds, must_us, goal_us}; }

}  // namespace

std::string name_of(sampling_case const& one) {
  std::string name = std::string(name_of(one.call)) + "/B:" + std::to_string(one.batch);
  if (one.queries > 0) { name += "/M:" + short_count(one.queries); }
  name += "/N:" + short_count(one.points) + "/K:" + std::to_string(one.samples);
  name += one.surface ? "/sphere" : "/uniform";
  return name + (one.packed ? "/packed" : "") + "/hot";
}

std::vector<float> draw_points(sampling_case const& one) {
  std::vector<float> xyz(static_cast<std::size_t>(3 * one.batch * one.points));
  for (std::size_t i = 0; i < xyz.size(); ++i) { xyz[i] = random_unit(seed::points, static_cast<std::uint32_t>(i)); }
  for (std::size_t i = 0; one.surface && i < xyz.size(); i += 3) {
    float const x = xyz[i] - 0.5f;
    float const y = xyz[i + 1] - 0.5f;
    float const z = xyz[i + 2] - 0.5f;
    float const length = std::sqrt(x * x + y * y + z * z) + 1e-6f;
    xyz[i] = x / length;
    xyz[i + 1] = y / length;
    xyz[i + 2] = z / length;
  }
  return xyz;
}

std::vector<sampling_case> all_sampling_cases() {
  using call = sampling_call;
  std::vector<sampling_case> cases;
  cases.push_back({call::farthest, 128, 3 * thousand, 128, within(70, 50)});
  cases.push_back({call::farthest, 32, 20 * thousand, 1024, within(1600, 1000)});
  cases.push_back({call::farthest, 1, 20 * thousand, 1024, within(1200, 800)});
  cases.push_back({call::farthest, 1, 300 * thousand, 1024, within(4000, 2000)});
  for (std::int64_t batch : {1, 32}) {
    cases.push_back({call::farthest, batch, 20 * thousand, 1024});
    cases.back().packed = true;
    cases.push_back({call::farthest, batch, 20 * thousand, 1024});
    cases.back().surface = true;
  }
  cases.push_back({call::farthest, 32, 4096, 512});
  cases.push_back({call::farthest, 1, 100 * thousand, 1024});
  cases.push_back({call::farthest, 1, million, 128});
  cases.push_back({call::uniform, 32, 20 * thousand, 1024});
  cases.push_back({call::uniform, 1, 300 * thousand, 1024});
  for (auto one : {call::nearest, call::radius}) {
    for (std::int64_t batch : {1, 32}) {
      cases.push_back({one, batch, 20 * thousand, 16});
      cases.back().queries = 1024;
    }
  }
  return cases;
}

sampling_case small_sampling() { return {sampling_call::farthest, 1, 1024, 16}; }

}  // namespace robocache::bench
