// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/cells/oracle.hpp"
#include "support/cells/scene.hpp"
#include "support/scenario.hpp"

// The semantics' chapter "Cells", sentence by sentence: sums, means, maxima and minima of features, unordered sums, and
// accumulating. `verify` compares every bit with the oracle.
using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
float const not_a_number = std::numeric_limits<float>::quiet_NaN();

/// One point for each feature, all in the first of two cells.
voxel_problem one_cell(std::vector<double> const& features, dtype value_type = dtype::float32) {
  auto p = voxels_of(std::vector<float>(3 * features.size(), 0.5f), {2, 1, 1});
  p.value_type = value_type;
  p.set_features(features, 1);
  p.want(reductions);
  return p;
}

/// The four reductions of the cell that has points.
numbers reduced(voxel_problem const& p) {
  CHECK(verify(p) == "");
  numbers all;
  for (auto r : reductions) { all.push_back(result_of(p, r).at(0)); }
  return all;
}

/// The sum of a single cell's features, and whether it is -0.
std::pair<double, bool> sum_of(std::vector<double> const& features) {
  double const sum = reduced(one_cell(features))[0];
  return {sum, std::signbit(sum)};
}

/// `count` points, most of them in one cell, the others scattered; features of an awkward mix of sizes.
voxel_problem crowded(generator& random, std::int64_t count, std::int64_t channels) {
  auto p = voxels_of({}, {7, 5, 3});
  std::int64_t const others = 200;
  std::vector<float> xyz = draw_points(random, p.lattice, others, 0.05);
  std::int64_t left = count;
  std::vector<float> mixed;
  for (std::int64_t i = 0; i < others; ++i) {  // the crowd is in runs between the others
    std::int64_t const run = i + 1 == others ? left : std::min(left, random.between(0, 2 * count / others + 1));
    for (std::int64_t k = 0; k < run; ++k) { mixed.insert(mixed.end(), {3.5f, 2.5f, 1.5f}); }
    left -= run;
    mixed.insert(mixed.end(), xyz.begin() + 3 * i, xyz.begin() + 3 * i + 3);
  }
  p.clouds = dense_clouds(mixed);
  p.draw_features(random, channels);
  p.want_all();
  return p;
}

}  // namespace

TEST_CASE("Cells, sums: points in the order of the cloud, from +0, left to right", "[voxelize][sums]") {
  CHECK(reduced(one_cell({1, 2, 4})) == numbers{7, 7.0f / 3, 4, 1});
  CHECK(sum_of({1e8, 1, -1e8}).first == 0);  // (1e8 + 1) rounds to 1e8
  CHECK(sum_of({1e8, -1e8, 1}).first == 1);
  CHECK(sum_of({1, 1e8, -1e8}).first == 0);
  CHECK(sum_of({-0.0, -0.0}) == std::pair{0.0, false});  // +0 + -0 is +0
  CHECK(sum_of({1e-45, 1e-45}).first == 2 * double(1e-45f));
}

TEST_CASE("Cells, sums: groups of 64 points, then groups of 64 sums", "[voxelize][sums]") {
  // 2^24 swallows single ones; it does not swallow the sum of another group.
  double const big = 16'777'216;
  for (std::int64_t count : {63, 64, 65, 128, 129, 4096, 4097, 4160, 4161, 8192}) {
    std::vector<double> features(std::size_t(count), 1.0);
    features[0] = big;
    double groups = 0;  // by hand: the first group is 2^24, each group of groups adds up its own
    for (std::int64_t outer = 0; outer < count; outer += 4096) {
      double sum = 0;
      for (std::int64_t begin = outer; begin < std::min(outer + 4096, count); begin += 64) {
        sum = double(float(sum + (begin == 0 ? big : double(std::min<std::int64_t>(64, count - begin)))));
      }
      groups = double(float(groups + sum));
    }
    CAPTURE(count);
    CHECK(sum_of(features).first == groups);
  }
}

TEST_CASE("Cells, sums: crowds of every size beside scattered points", "[voxelize][sums]") {
  generator random(2100);
  for (std::int64_t count :
       {1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000, 2047, 2048, 2049, 4097, 9000}) {
    CAPTURE(count);
    CHECK(verify(crowded(random, count, 1)) == "");
    CHECK(verify(crowded(random, count, 4)) == "");
  }
  for (auto const& [count, channels] : {std::pair{70, 37}, {130, 24}, {513, 8}, {700, 3}, {2048, 11}}) {
    CAPTURE(count, channels);
    CHECK(verify(crowded(random, count, channels)) == "");
  }
  CHECK(verify(crowded(random, 100'000, 2)) == "");
  auto p = crowded(random, 70'000, 1);
  p.clouds.xyz.assign(p.clouds.xyz.size(), 0.5f);  // nothing but the crowd
  CHECK(verify(p) == "");
}

TEST_CASE("Cells, sums: several crowds at once", "[voxelize][sums]") {
  generator random(2101);
  for (std::int64_t each : {64, 65, 200, 1025, 4097}) {
    auto p = voxels_of({}, {4, 4, 2});
    std::vector<float> xyz;
    for (std::int64_t i = 0; i < 9 * each; ++i) {
      auto const cell = float(random.between(0, 8));
      xyz.insert(xyz.end(), {std::fmod(cell, 4.0f) + 0.5f, std::floor(cell / 4) + 0.5f, 1.5f});
    }
    p.clouds = dense_clouds(xyz);
    p.draw_features(random, 3);
    p.want_all();
    CAPTURE(each);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Cells, sums: two huge crowds among 300,000 points", "[voxelize][sums]") {
  generator random(2106);
  auto p = voxels_of({}, {5, 2, 1});
  std::vector<float> xyz;
  for (int i = 0; i < 300'000; ++i) {
    float const cell = random.chance(0.02) ? float(random.between(0, 4)) : i / 1000 % 7 < 3 ? 1.0f : 4.0f;
    xyz.insert(xyz.end(), {cell + 0.5f, 1.5f, 0.5f});
  }
  p.clouds = dense_clouds(xyz);
  p.draw_features(random, 1);
  p.want({voxel_result::sum, voxel_result::min});
  CHECK(verify(p) == "");
}

TEST_CASE("Cells, sums: more points side by side than a block lists, some of them in crowds", "[voxelize][sums]") {
  generator random(2117);
  auto p = voxels_of({}, {64, 64, 1});
  std::vector<float> xyz;
  for (std::int64_t i = 0; i < 9000; ++i) {  // a row of cells is a bin, and a third of all points are in one
    bool const crowds = random.chance(0.1);
    bool const beside = random.chance(0.33);
    auto const y = float(crowds ? 32 : beside ? 0 : random.between(0, 63));
    float const x = crowds ? 5.5f : float(random.unit() * 64);
    xyz.insert(xyz.end(), {x, y + 0.5f, 0.5f});
  }
  p.clouds = dense_clouds(xyz);
  p.want(all_voxel_results);
  for (std::int64_t channels : {1, 4}) {
    p.draw_features(random, channels);
    CHECK(verify(p) == "");
  }
  p.want({voxel_result::mean});
  CHECK(verify(p) == "");
}

TEST_CASE("Cells, mean: of the sum before its rounding, one division by float(count)", "[voxelize][sums]") {
  auto p = one_cell({1, 1, 1.0078125}, dtype::bfloat16);
  p.result_type = dtype::bfloat16;
  // The sum 3.0078125 would round to 3 in BF16, whose third is 1; its own third, 1.0026, rounds to 1 as well.
  CHECK(reduced(p) == numbers{3, 1, 1.0078125, 1});
  // 65504 + 65504 is beyond FP16, their mean is not.
  auto q = one_cell({65504, 65504}, dtype::float16);
  q.result_type = dtype::float16;
  CHECK(reduced(q) == numbers{double(infinity), 65504, 65504, 65504});
  CHECK(reduced(one_cell({1, 0, 0}))[1] == double(1.0f / 3.0f));
  generator random(2102);
  for (std::int64_t count : {3, 5, 7, 11, 100, 999}) {
    std::vector<double> features;
    for (std::int64_t i = 0; i < count; ++i) { features.push_back(random.unit()); }
    CHECK(verify(one_cell(features)) == "");
  }
}

TEST_CASE("Cells, max and min: -0 is below +0, NaN among the features gives NaN, order does not matter",
          "[voxelize][sums]") {
  auto const signs = [](std::vector<double> const& features) {
    numbers const all = reduced(one_cell(features));
    return std::pair{std::signbit(all[2]), std::signbit(all[3])};
  };
  CHECK(signs({0.0, -0.0}) == std::pair{false, true});
  CHECK(signs({-0.0, 0.0}) == std::pair{false, true});
  CHECK(signs({-0.0, -0.0}) == std::pair{true, true});
  CHECK(reduced(one_cell({-double(infinity), 3, double(infinity)}))[2] == double(infinity));
  CHECK(reduced(one_cell({-double(infinity), 3, double(infinity)}))[3] == -double(infinity));
  for (float odd : {not_a_number, -not_a_number}) {
    for (std::size_t at : {0, 1, 2, 70, 5000}) {
      std::vector<double> features(std::max<std::size_t>(at + 1, 3), 2.0);
      features[at] = double(odd);
      features[(at + 1) % features.size()] = double(infinity);
      numbers const all = reduced(one_cell(features));
      for (double x : all) { CHECK(std::isnan(x)); }
    }
  }
}

TEST_CASE("Cells: empty ones have sum and mean +0, max and min their fill", "[voxelize][sums]") {
  auto p = one_cell({5});
  p.options.max_fill = -7.3;
  p.options.min_fill = double(infinity);
  CHECK(verify(p) == "");
  CHECK(result_of(p, voxel_result::max) == numbers{5, double(-7.3f)});
  CHECK(result_of(p, voxel_result::min) == numbers{5, double(infinity)});
  CHECK(result_of(p, voxel_result::sum) == numbers{5, 0});
  CHECK_FALSE(std::signbit(result_of(p, voxel_result::sum)[1]));
  CHECK_FALSE(std::signbit(result_of(p, voxel_result::mean)[1]));
  for (double fill : {0.0, -0.0, double(not_a_number), -1e30, 1e-8, 65520.0, 1.00390625001}) {
    for (auto type : float_types) {
      p.result_type = type;
      p.options.max_fill = fill;
      p.options.min_fill = -fill;
      CAPTURE(fill, robocache::name_of(type));
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Cells, unordered: any order of the terms, one rounding at the end; everything else keeps its bits",
          "[voxelize][unordered]") {
  generator random(2103);
  for (std::int64_t channels : {1, 4, 8, 12, 16, 20, 3}) {
    for (auto type : float_types) {
      for (std::int64_t count : {50, 700}) {
        auto p = crowded(random, count, channels);
        p.options.sums = summation::unordered;
        p.result_type = type;
        p.value_type = random.one_of(float_types);
        p.draw_features(random, channels);
        CAPTURE(channels, count, robocache::name_of(type));
        CHECK(verify(p) == "");
        for (auto r : reductions) {
          p.want({r});
          CHECK(verify(p) == "");
        }
        p.want({voxel_result::sum, voxel_result::mean, voxel_result::count, voxel_result::occupied_bits});
        CHECK(verify(p) == "");
        p.options.channels = channel_order::first;
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Cells, unordered: NaN, infinities and zeros are the same in any order", "[voxelize][unordered]") {
  for (auto const& features : std::vector<std::vector<double>>{{double(not_a_number), 1},
                                                               {double(infinity), 1, -5},
                                                               {double(infinity), -double(infinity)},
                                                               {-0.0, -0.0},
                                                               {3}}) {
    for (std::int64_t channels : {1, 4}) {
      auto p = one_cell(features);
      std::vector<double> all;
      for (double x : features) { all.insert(all.end(), std::size_t(channels), x); }
      p.set_features(all, channels);
      p.options.sums = summation::unordered;
      CHECK(verify(p) == "");
      p.want({voxel_result::sum, voxel_result::mean});
      CHECK(verify(p) == "");
    }
  }
}

namespace {

/// Three scans, each added to what the one before left. The first begins with what `draw_before` draws.
void accumulate_three(generator& random, voxel_problem p, std::int64_t points) {
  p.options.accumulate = true;
  p.want_all();
  p.clouds.batch = 2;
  for (auto r : all_voxel_results) {
    p.before[r].resize(p.wants[r] ? p.bytes_of(r) : 0);
    dtype const type = p.type_of(r);
    for (std::int64_t i = 0; p.wants[r] && i < p.elements_of(r); ++i) {
      auto const number = 8 * random.unit() - 4;
      bool const plain = r == voxel_result::occupied || r == voxel_result::count || r == voxel_result::dropped;
      auto const bits = is_reduction(r)              ? encode(type, number)
                        : plain && !is_integer(type) ? encode(type, 1.0)
                        : plain                      ? random.next() % 2
                                                     : random.next();
      store_bits(type, p.before[r].data(), i, bits);
    }
  }
  for (int scan = 0; scan < 3; ++scan) {
    p.clouds = dense_clouds(draw_points(random, p.lattice, 2 * points, 0.1), 2);
    p.draw_features(random, p.channels, 0.02);
    CAPTURE(scan);
    REQUIRE(verify(p) == "");  // each step follows from the one before by the formula
    p.before = voxelize(p).results;
  }
}

}  // namespace

TEST_CASE("Cells, accumulate: adds to what the results hold, over three scans", "[voxelize][accumulate]") {
  generator random(2104);
  for (auto type : float_types) {
    for (auto order : {channel_order::last, channel_order::first}) {
      for (std::int64_t channels : {1, 4, 5}) {
        auto p = voxels_of({}, {9, 4, 2});
        p.channels = channels;
        p.result_type = type;
        p.value_type = random.one_of(float_types);
        p.occupied_type = random.one_of({dtype::uint8, dtype::int32, dtype::int64, type});
        p.options.channels = order;
        p.options.max_fill = 3;  // not used for cells that stay as they are
        accumulate_three(random, p, 60);
        p.options.sums = summation::unordered;
        accumulate_three(random, p, 60);
      }
    }
  }
}

TEST_CASE("Cells, accumulate: three scans of counts are the counts of all, whatever their features",
          "[voxelize][accumulate]") {
  generator random(2105);
  auto whole = voxels_of({}, {6, 5, 4});
  whole.want({voxel_result::count, voxel_result::occupied, voxel_result::occupied_bits, voxel_result::dropped});
  auto const xyz = draw_points(random, whole.lattice, 900, 0.1);
  whole.clouds = dense_clouds(xyz);
  auto part = whole;
  part.options.accumulate = true;
  for (auto r : all_voxel_results) { part.before[r].resize(part.wants[r] ? part.bytes_of(r) : 0); }
  for (int scan = 0; scan < 3; ++scan) {
    part.clouds = dense_clouds({xyz.begin() + 900 * scan, xyz.begin() + 900 * (scan + 1)});
    part.before = voxelize(part).results;
  }
  auto const at_once = voxelize(whole).results;
  for (auto r : all_voxel_results) { CHECK(part.before[r] == at_once[r]); }
}

TEST_CASE("Cells, accumulate: counts wrap around, bits and bytes lose nothing", "[voxelize][accumulate]") {
  auto p = voxels_of(along_x({0.5f, 0.6f, 9, 9}), {3, 1, 1});
  p.want({voxel_result::count, voxel_result::occupied, voxel_result::occupied_bits, voxel_result::dropped});
  p.options.accumulate = true;
  auto const set = [&](voxel_result r, std::vector<std::uint64_t> const& bits) {
    p.before[r].resize(p.bytes_of(r));
    for (std::size_t i = 0; i < bits.size(); ++i) {
      store_bits(p.type_of(r), p.before[r].data(), std::int64_t(i), bits[i]);
    }
  };
  set(voxel_result::count, {INT32_MAX, 5, std::uint32_t(-3)});
  set(voxel_result::occupied, {0, 200, 1});
  set(voxel_result::occupied_bits, {0xFFFF0004});
  set(voxel_result::dropped, {INT32_MAX});
  CHECK(verify(p) == "");
  CHECK(result_of(p, voxel_result::count) == numbers{double(INT32_MIN) + 1, 5, -3});
  CHECK(result_of(p, voxel_result::occupied) == numbers{1, 200, 1});
  CHECK(result_of(p, voxel_result::occupied_bits) == numbers{double(std::int32_t(0xFFFF0005))});
  CHECK(result_of(p, voxel_result::dropped) == numbers{double(INT32_MIN) + 1});
}

TEST_CASE("Cells, accumulate: sum is old + new, max and min compare with the old value", "[voxelize][accumulate]") {
  auto const after = [](double old, std::vector<double> const& features) {
    auto p = one_cell(features);
    p.want({voxel_result::sum, voxel_result::max, voxel_result::min});
    p.options.accumulate = true;
    for (auto r : {voxel_result::sum, voxel_result::max, voxel_result::min}) {
      p.before[r].resize(p.bytes_of(r));
      for (int i : {0, 1}) { store_bits(dtype::float32, p.before[r].data(), i, encode(dtype::float32, old)); }
    }
    CHECK(verify(p) == "");
    numbers all;
    for (auto r : {voxel_result::sum, voxel_result::max, voxel_result::min}) {
      numbers const found = result_of(p, r);
      CHECK((found[1] == old || std::isnan(old)));  // a cell without points
      all.push_back(found[0]);
    }
    return all;
  };
  CHECK(after(10, {1, 2}) == numbers{13, 10, 1});
  CHECK(after(-10, {1, 2}) == numbers{-7, 2, -10});
  CHECK(after(16'777'216, {1, 1}) == numbers{16'777'218, 16'777'216, 1});  // old + (1 + 1), not (old + 1) + 1
  CHECK(std::signbit(after(-0.0, {0.0})[2]));
  CHECK_FALSE(std::signbit(after(-0.0, {0.0})[1]));
  for (double x : after(double(not_a_number), {1})) { CHECK(std::isnan(x)); }
}
