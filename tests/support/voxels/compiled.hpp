// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/problem.hpp"
#include "support/scenario.hpp"
#include "support/thrown.hpp"
#include "support/typed_array.hpp"

// Two clouds for the tests of voxels through the compiled API, and the gradients of their voxels.
namespace test::compiled_voxels {

using numbers = std::vector<double>;
using int32s = std::vector<std::int32_t>;
using int64s = std::vector<std::int64_t>;

inline constexpr std::int64_t room = 4;        // voxels; there are three
inline constexpr std::int64_t max_points = 2;  // of a gathered one

/// Two clouds of three points with two features each, in three of four cells, the later cell of the first cloud first;
/// a point of the second cloud is NaN. Features are four numbers apart.
struct two_clouds {
  float xyz[18] = {2.25f, 0, 0, 0.5f, 0, 0, 2.75f, 0, 0, 1.5f, 0, 0, std::numeric_limits<float>::quiet_NaN(),
                   0,     0, 1, 0,    0};
  typed_array features;
  robocache::point_clouds clouds = robocache::point_clouds::dense(xyz, 2, 3);
  robocache::grid lattice{{0, 0, 0}, {1, 1, 1}, {4, 1, 1}};

  explicit two_clouds(dtype type)
      : features(type, {1, 2, 0, 0, 3, 4, 0, 0, 5, -6, 0, 0, 7, 8, 0, 0, 9, 9, 0, 0, -1, 2, 0, 0}) {}
  two_clouds(two_clouds const&) = delete;
  two_clouds& operator=(two_clouds const&) = delete;

  robocache::compiled::any_point_features any() {
    return {features.data(), features.type, 2, robocache::contiguous, 4};
  }
  template <class Value>
  robocache::point_features<Value> typed() {
    return {features.as<Value>(), 2, robocache::contiguous, 4};
  }
};

/// The four gradients of voxels in the order of their cells, and what the forward call said of them.
struct all_gradients {
  typed_array sum, mean, max, min;
  int32s point_voxels{1, 0, 1, 2, -1, 2}, count{1, 2, 2, 0};

  explicit all_gradients(dtype type)
      : sum(type, {1, 2, 3, 4, 5, 6, 7, 8}),
        mean(type, {2, 4, 6, 8, 10, 12, 14, 16}),
        max(type, {16, 32, 48, 64, 80, 96, 112, 128}),
        min(type, {-1, -2, -3, -4, -5, -6, -7, -8}) {}

  robocache::sparse_voxels voxels() const { return {room, point_voxels.data(), count.data()}; }
  robocache::compiled::any_voxel_gradients any() { return {sum.type, sum.data(), mean.data(), max.data(), min.data()}; }
  template <class Result>
  robocache::voxel_gradients<Result> typed() {
    return {sum.as<Result>(), mean.as<Result>(), max.as<Result>(), min.as<Result>()};
  }
};

/// Calls `check(value, result)` for every pair of types of features and results.
template <class Check>
void for_each_pair(Check check) {
  for (auto value : float_types) {
    for (auto result : float_types) {
      CAPTURE(robocache::name_of(value), robocache::name_of(result));
      check(value, result);
    }
  }
}

/// The text of what `call` throws.
template <class Call>
std::string message_of(Call call) {
  return error_of(call).what();
}

}  // namespace test::compiled_voxels
