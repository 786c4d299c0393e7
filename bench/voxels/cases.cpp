// SPDX-License-Identifier: Apache-2.0
#include "voxels/cases.hpp"

#include <cstdio>

namespace robocache::bench {

namespace {

constexpr std::int64_t thousand = 1'000, million = 1'000'000;

requirement microseconds(double must, double goal) { return {yardstick::microseconds, must, goal}; }

voxels_case mean_of(scene from, std::int64_t points, std::int64_t channels, requirement const& required = {}) {
  return {voxels_operation::sparse, from, points, channels, required};
}

voxels_case gathered_of(scene from, std::int64_t points, std::int64_t max_points, std::int64_t max_voxels,
                        requirement const& required = {}) {
  voxels_case one{voxels_operation::gathered, from, points, 4, required};
  one.max_points = max_points;
  one.max_voxels = max_voxels;
  return one;
}

voxels_case filter_of(scene from, std::int64_t points, float leaf) {
  voxels_case one{voxels_operation::filter, from, points};
  one.leaf = leaf;
  return one;
}

/// The shapes that have a requirement.
std::vector<voxels_case> shapes() {
  return {
      gathered_of(scene::street, 20 * thousand, 32, 40 * thousand, microseconds(27, 15)),
      gathered_of(scene::square, 250 * thousand, 10, 160 * thousand, microseconds(80, 45)),
      gathered_of(scene::inside, million, 5, million, microseconds(265, 160)),
      mean_of(scene::street, 20 * thousand, 4, microseconds(30, 14)),
      mean_of(scene::square, 250 * thousand, 4, microseconds(60, 38)),
      mean_of(scene::inside, million, 4, microseconds(110, 95)),
      mean_of(scene::street, 20 * thousand, 16, microseconds(32, 15)),
      mean_of(scene::square, 250 * thousand, 16, microseconds(75, 50)),
      mean_of(scene::inside, million, 16, microseconds(165, 130)),
  };
}

/// Requirements are on the hot ones, since the figures behind them were taken with one input, repeatedly. Cold ones are
/// listed beside them for information.
void add_shapes(std::vector<voxels_case>& cases) {
  for (voxels_case one : shapes()) {
    one.hot = true;
    one.one_by_one = one.from == scene::street && one.channels == 4;
    cases.push_back(one);
  }
  for (voxels_case one : shapes()) {
    one.required = {};
    cases.push_back(one);
  }
}

/// One thing changed at a time.
void add_variants(std::vector<voxels_case>& cases) {
  for (voxels_case one : {mean_of(scene::street, 20 * thousand, 4), mean_of(scene::square, 250 * thousand, 4),
                          mean_of(scene::inside, million, 4)}) {
    one.hot = true;
    one.order = voxel_order::cell;
    cases.push_back(one);
    one.order = voxel_order::first_point;
    one.point_voxels = true;
    cases.push_back(one);
  }
}

/// Many clouds in one call, beside one call per cloud.
void add_batches(std::vector<voxels_case>& cases) {
  for (voxels_case one :
       {mean_of(scene::square, 100 * thousand, 4), gathered_of(scene::square, 100 * thousand, 10, 160 * thousand)}) {
    one.batch = 16;
    one.required = {yardstick::over_in_turn, 1.0};
    cases.push_back(one);
  }
}

void add_filters(std::vector<voxels_case>& cases) {
  for (voxels_case one :
       {filter_of(scene::lidar, 0, 0.1f), filter_of(scene::lidar, 0, 1.0f), filter_of(scene::lidar_wide, 0, 0.1f),
        filter_of(scene::lidar_wide, 0, 1.0f), filter_of(scene::table, 0, 0.01f),
        filter_of(scene::inside, million, 0.005f), filter_of(scene::inside, million, 0.05f)}) {
    for (bool hot : {true, false}) {
      one.hot = hot;
      one.one_by_one = !hot && one.recorded();
      cases.push_back(one);
    }
  }
}

char const* name_of(voxels_operation what) {
  switch (what) {
    case voxels_operation::sparse: return "voxelize_sparse/mean";
    case voxels_operation::gathered: return "voxelize_gathered";
    case voxels_operation::filter: return "filter_voxels";
  }
  return "?";
}

std::string shortest(float number) {
  char text[16];
  std::snprintf(text, sizeof text, "%g", static_cast<double>(number));
  return text;
}

}  // namespace

voxels_case small_sparse() { return mean_of(scene::street, 20 * thousand, 4); }

std::string name_of(voxels_case const& one) {
  std::string name = name_of(one.what) + std::string("/fp32");
  if (one.batch > 1) { name += "/B:" + std::to_string(one.batch); }
  if (!one.recorded()) { name += "/N:" + short_number(one.points); }
  if (one.channels > 0) { name += "/C:" + std::to_string(one.channels); }
  if (one.max_points > 0) { name += "/P:" + std::to_string(one.max_points); }
  name += std::string("/") + name_of(one.from);
  if (one.leaf > 0.0f) { name += "/leaf:" + shortest(one.leaf); }
  if (one.order == voxel_order::cell) { name += "/order:cell"; }
  if (one.point_voxels) { name += "/point_voxels"; }
  return name + (one.hot ? "/hot" : "/cold");
}

std::vector<voxels_case> all_voxels_cases() {
  std::vector<voxels_case> cases;
  add_shapes(cases);
  add_variants(cases);
  add_batches(cases);
  add_filters(cases);
  return cases;
}

}  // namespace robocache::bench
