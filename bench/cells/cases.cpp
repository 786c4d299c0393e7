// SPDX-License-Identifier: Apache-2.0
#include "cells/cases.hpp"

namespace robocache::bench {

namespace {

constexpr std::int64_t thousand = 1'000, million = 1'000'000;

/// A goal in microseconds.
requirement over_naive(double must, double goal_us) { return {yardstick::over_naive, must, 0.0, goal_us}; }
requirement over_in_turn(double must) { return {yardstick::over_in_turn, must}; }

char const* name_of(operation what) {
  switch (what) {
    case operation::voxelize: return "voxelize";
    case operation::voxelize_backward: return "voxelize_backward";
    case operation::find_bounds: return "find_bounds";
  }
  return "?";
}

voxelize_case count_of(scene from, std::int64_t points, std::int64_t cells, requirement const& required = {}) {
  return {from, points, cells, {result::count}, 0, required};
}

voxelize_case mean_of(std::int64_t channels, std::int64_t cells, summation sums, requirement const& required = {}) {
  voxelize_case one{scene::inside, million, cells, {result::mean}, channels, required};
  one.sums = sums;
  return one;
}

/// The shapes that have a requirement.
std::vector<voxelize_case> shapes() {
  return {
      count_of(scene::uniform, million, 128, over_naive(1.0, 13)),
      count_of(scene::scan, million, 128, over_naive(0.42, 6.5)),
      count_of(scene::uniform, 16 * million, 256, over_naive(0.50, 200)),
      count_of(scene::scan, 16 * million, 256, over_naive(0.34, 95)),
      {scene::scan, 16 * million, 256, {result::occupied}, 0, over_naive(0.21, 70)},
      mean_of(16, 64, summation::unordered, over_naive(0.27, 45)),
      mean_of(16, 64, summation::ordered, over_naive(0.55, 90)),
      mean_of(4, 64, summation::unordered, over_naive(0.52, 25)),
      mean_of(4, 64, summation::ordered, over_naive(1.4, 75)),
      mean_of(16, 200, summation::unordered, over_naive(0.68, 280)),
      mean_of(16, 200, summation::ordered, over_naive(0.68, 280)),
  };
}

/// Many clouds in one call, beside one call per cloud.
void add_batches(std::vector<voxelize_case>& cases) {
  cases.push_back(count_of(scene::scan, 100 * thousand, 128, over_in_turn(1.0)));
  cases.back().batch = 16;
  for (scene from : {scene::inside, scene::scan}) {
    cases.push_back(mean_of(4, 64, summation::ordered, over_in_turn(1.0)));
    cases.back().from = from;
    cases.back().points = 100 * thousand;
    cases.back().batch = 16;
  }
}

void add_recordings(std::vector<voxelize_case>& cases) {
  for (scene from : {scene::table, scene::lidar, scene::lidar_wide}) {
    voxelize_case one;
    one.from = from;
    one.cell_size = from == scene::table ? 0.02f : 0.25f;
    for (result kind : {result::count, result::occupied_bits, result::mean}) {
      one.wanted = {kind};
      one.one_by_one = kind != result::occupied_bits;
      cases.push_back(one);
    }
    one = {};
    one.from = from;
    one.what = operation::find_bounds;
    cases.push_back(one);
  }
}

/// One thing changed at a time.
void add_variants(std::vector<voxelize_case>& cases) {
  voxelize_case one = count_of(scene::scan, million, 128);
  for (result kind : {result::occupied, result::occupied_bits}) {
    one.wanted = {kind};
    cases.push_back(one);
  }
  one.wanted = {result::count, result::dropped};
  cases.push_back(one);
  one = count_of(scene::scan, 16 * million, 256);
  one.wanted = {result::occupied_bits};
  cases.push_back(one);
  for (dtype value : {dtype::float16, dtype::bfloat16}) {
    one = mean_of(16, 64, summation::ordered);
    one.value = value;
    cases.push_back(one);
  }
  one = mean_of(16, 64, summation::ordered);
  one.order = channel_order::first;
  cases.push_back(one);
  for (std::int64_t channels : {4, 16}) {
    one = mean_of(channels, 64, summation::ordered);
    one.wanted = {result::max, result::min};
    cases.push_back(one);
  }
  one = mean_of(4, 64, summation::ordered);
  one.wanted = {result::count, result::mean, result::max, result::min};
  one.split = true;
  cases.push_back(one);
}

void add_backward(std::vector<voxelize_case>& cases) {
  for (result kind : {result::mean, result::max}) {
    for (std::int64_t channels : {4, 16}) {
      voxelize_case one = mean_of(channels, 64, summation::ordered);
      one.wanted = {kind};
      one.what = operation::voxelize_backward;
      cases.push_back(one);
    }
  }
}

/// Grids and points of which much stays in the L2 cache from call to call.
bool fits_cache(voxelize_case const& one) { return one.points <= million && one.cells <= 128; }

/// The shapes that fit in a cache have their requirements on the hot variants, since the figures behind them were taken
/// that way. Cold ones are listed beside them for information.
void add_shapes(std::vector<voxelize_case>& cases) {
  for (voxelize_case one : shapes()) {
    if (fits_cache(one)) { one.required = {}; }
    cases.push_back(one);
  }
  for (voxelize_case one : shapes()) {
    if (!fits_cache(one)) { continue; }
    one.hot = true;
    cases.push_back(one);
  }
}

}  // namespace

char const* name_of(scene from) {
  switch (from) {
    case scene::uniform: return "uniform";
    case scene::inside: return "inside";
    case scene::scan: return "scan";
    case scene::street: return "street";
    case scene::square: return "square";
    case scene::table: return "table";
    case scene::lidar: return "lidar";
    case scene::lidar_wide: return "lidar_wide";
  }
  return "?";
}

std::string short_number(std::int64_t n) {
  if (n % million == 0) { return std::to_string(n / million) + "M"; }
  return n % thousand == 0 ? std::to_string(n / thousand) + "k" : std::to_string(n);
}

voxelize_case small_count() { return count_of(scene::scan, 20 * thousand, 64); }

std::string name_of(voxelize_case const& one) {
  std::string name = name_of(one.what);
  char const* separator = "/";
  for (result kind : one.wanted) {
    name += separator + std::string(name_of(kind));
    separator = "+";
  }
  if (one.reduces()) { name += std::string("/") + robocache::name_of(one.value); }
  if (one.batch > 1) { name += "/B:" + std::to_string(one.batch); }
  if (!one.recorded()) { name += "/N:" + short_number(one.points); }
  if (one.channels > 0) { name += "/C:" + std::to_string(one.channels); }
  name += std::string("/") + name_of(one.from);
  if (one.cells > 0) {
    std::string const n = std::to_string(one.cells);
    name += "/G:" + n + "x" + n + "x" + n;
  }
  if (one.sums == summation::unordered) { name += "/unordered"; }
  if (one.order == channel_order::first) { name += "/channels:first"; }
  return name + (one.hot ? "/hot" : "/cold");
}

std::vector<voxelize_case> all_voxelize_cases() {
  std::vector<voxelize_case> cases;
  add_shapes(cases);
  add_batches(cases);
  add_recordings(cases);
  add_variants(cases);
  add_backward(cases);
  voxelize_case bounds;
  bounds.points = 16 * million;
  bounds.what = operation::find_bounds;
  cases.push_back(bounds);
  return cases;
}

}  // namespace robocache::bench
