// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/cells/scene.hpp"
#include "support/guarded.hpp"
#include "support/scenario.hpp"

// Clouds, features and results in every layout that views can describe, and results asked for alone and together.
// `verify` compares every bit with the oracle.
using namespace test;

namespace {

/// Points in a small grid, features and all results.
voxel_problem everything(generator& random, cloud_data (*shaped)(std::vector<float>), std::int64_t points,
                         std::int64_t channels) {
  auto p = voxels_of({}, {6, 5, 3});
  p.clouds = shaped(draw_points(random, p.lattice, points, 0.05));
  p.draw_features(random, channels);
  p.want_all();
  return p;
}

cloud_data as_one(std::vector<float> xyz) { return dense_clouds(std::move(xyz)); }
cloud_data as_three(std::vector<float> xyz) { return dense_clouds(std::move(xyz), 3); }
cloud_data as_padded(std::vector<float> xyz) {
  auto const length = std::int64_t(xyz.size()) / 12;
  return padded_clouds(std::move(xyz), {length, 0, length / 2, 1});
}
cloud_data as_ragged(std::vector<float> xyz) {
  auto const rows = std::int64_t(xyz.size()) / 3;
  return ragged_clouds(std::move(xyz), {0, rows / 5, rows / 5, rows / 2, rows});
}

}  // namespace

TEST_CASE("Clouds: points of any stride, x y z anywhere in them, or three arrays", "[voxelize][clouds]") {
  generator random(2200);
  for (auto shaped : {as_one, as_three, as_padded, as_ragged}) {
    for (std::int64_t stride : {3, 4, 5, 8, 11}) {
      for (std::int64_t first = 0; first + 3 <= stride; first += 2) {
        auto p = everything(random, shaped, 600, 2);
        p.clouds.point_stride = stride;
        p.clouds.first = first;
        p.clouds.misaligned = stride % 4;
        CAPTURE(stride, first);
        CHECK(verify(p) == "");
        p.clouds.separate = true;
        p.clouds.first = 0;
        p.clouds.point_stride = stride - 2;
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Clouds: a batch stride of any size, also 0", "[voxelize][clouds]") {
  generator random(2201);
  auto p = everything(random, as_three, 300, 3);
  p.clouds.batch_stride = 311;
  p.feature_batch_stride = 317;
  CHECK(verify(p) == "");
  // [N, B, 3]: clouds side by side.
  p.clouds.batch_stride = 4;
  p.clouds.point_stride = 12;
  p.feature_batch_stride = 3;
  p.feature_stride = 10;
  CHECK(verify(p) == "");
  // One cloud in three grids.
  p.clouds.point_stride = 3;
  p.clouds.batch_stride = 0;
  p.feature_stride = contiguous;
  p.feature_batch_stride = 0;
  for (std::int64_t i = 0; i < 2 * 300; ++i) {
    p.clouds.xyz[std::size_t(300 + i)] = p.clouds.xyz[std::size_t(i)];
    p.features[std::size_t(300 + i)] = p.features[std::size_t(i)];
  }
  p.origins = {0, 0, 0, 1, 2, 0.5f, -1, -3, 0.25f};
  CHECK(verify(p) == "");
}

TEST_CASE("Clouds: padding behind lengths is no point, whatever it holds; lengths are clamped", "[voxelize][clouds]") {
  auto const counts = [](std::vector<std::int64_t> lengths) {
    auto p = voxels_of({}, {1, 1, 1});
    p.clouds = padded_clouds(std::vector<float>(9 * lengths.size(), 0.5f), lengths);
    p.clouds.xyz.back() = 7;  // the last point of the last cloud is outside
    CHECK(verify(p) == "");
    CHECK(total_of(p, voxel_result::dropped) == (lengths.back() >= 3 ? 1 : 0));
    return result_of(p, voxel_result::count);
  };
  CHECK(counts({3, 2, 1, 0}) == numbers{3, 2, 1, 0});
  CHECK(counts({-5, 4, 100, INT64_MIN}) == numbers{0, 3, 3, 0});
  CHECK(counts({INT64_MAX}) == numbers{2});
}

TEST_CASE("Clouds, ragged: rows before, between and behind offsets, and offsets out of range", "[voxelize][clouds]") {
  generator random(2202);
  auto const check = [&](std::vector<std::int64_t> const& offsets, std::vector<double> const& owned) {
    for (std::int64_t channels : {0, 1, 4}) {
      auto p = voxels_of({}, {4, 3, 2});
      p.clouds = ragged_clouds(draw_points(random, p.lattice, 50, 0.1), offsets);
      p.draw_features(random, channels);
      p.want_all();
      if (channels == 0) { p.want({voxel_result::count, voxel_result::dropped}); }
      CAPTURE(channels);
      CHECK(verify(p) == "");
      auto const counts = result_of(p, voxel_result::count);
      auto const dropped = result_of(p, voxel_result::dropped);
      for (std::size_t b = 0; b < owned.size(); ++b) {
        double sum = dropped[b];
        for (std::size_t i = 0; i < 24; ++i) { sum += counts[24 * b + i]; }
        CHECK(sum == owned[b]);
      }
    }
  };
  check({0, 20, 50}, {20, 30});
  check({7, 20, 20, 41}, {13, 0, 21});
  check({-9, 10, 400, 900}, {10, 40, 0});
  check({50, 50}, {0});
  check({INT64_MIN, INT64_MAX}, {50});
}

TEST_CASE("Clouds, ragged: offsets that descend leave rows to no cloud", "[voxelize][clouds]") {
  generator random(2203);
  for (int round = 0; round < 40; ++round) {
    auto p = voxels_of({}, {4, 3, 2});
    std::vector<std::int64_t> offsets;
    for (int b = 0; b < 9; ++b) { offsets.push_back(random.between(-20, 120)); }
    p.clouds = ragged_clouds(draw_points(random, p.lattice, 100, 0.1), offsets);
    p.draw_features(random, 3);
    p.want_all();
    exact_memory const exact;
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Clouds: an origin for each; one that is NaN drops all its points", "[voxelize][clouds]") {
  generator random(2204);
  for (auto shaped : {as_three, as_padded, as_ragged}) {
    auto p = everything(random, shaped, 1200, 4);
    p.lattice.origin[0] = 1e6f;  // not used
    for (std::int64_t i = 0; i < 3 * p.clouds.batch; ++i) { p.origins.push_back(float(2 * random.unit() - 1)); }
    CHECK(verify(p) == "");
    p.origins[2] = std::numeric_limits<float>::quiet_NaN();
    CHECK(verify(p) == "");
    auto const [begin, end] = p.clouds.rows_of(0);
    CHECK(result_of(p, voxel_result::dropped)[0] == double(end - begin));
    p.origins[1] = p.origins[5] = -std::numeric_limits<float>::infinity();
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Clouds: 300 tiny ones, and many that are empty", "[voxelize][clouds]") {
  generator random(2205);
  for (std::int64_t most : {1, 3, 40}) {
    for (double empty : {0.0, 0.5, 0.97}) {
      std::vector<std::int64_t> offsets{0};
      for (int b = 0; b < 300; ++b) {
        offsets.push_back(offsets.back() + (random.chance(empty) ? 0 : random.between(1, most)));
      }
      auto p = voxels_of({}, {3, 2, 2});
      p.clouds = ragged_clouds(draw_points(random, p.lattice, offsets.back(), 0.2), offsets);
      p.draw_features(random, 2);
      p.want_all();
      for (int i = 0; i < 900; ++i) { p.origins.push_back(float(random.between(-1, 1))); }
      CAPTURE(most, empty);
      CHECK(verify(p) == "");
      p.want({voxel_result::count, voxel_result::dropped});
      CHECK(verify(p) == "");
      p.clouds = dense_clouds(draw_points(random, p.lattice, 300 * most, 0.2), 300);
      p.draw_features(random, 2);
      p.want_all();
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Features: every number of channels, strides, any alignment", "[voxelize][features]") {
  generator random(2206);
  for (std::int64_t channels : {1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 31, 32, 33, 64, 130, 300}) {
    for (std::int64_t misaligned : {0, 1, 2, 4, 7}) {
      auto p = everything(random, misaligned % 2 == 0 ? as_ragged : as_three, 120, channels);
      p.value_type = random.one_of(float_types);
      p.result_type = random.one_of(float_types);
      p.draw_features(random, channels, 0.02);
      p.misaligned = misaligned;
      p.options.channels = random.one_of({channel_order::last, channel_order::first});
      CAPTURE(channels, misaligned, int(p.options.channels));
      CHECK(verify(p) == "");
      p.feature_first = misaligned;
      p.feature_stride = channels + random.between(0, 9);
      p.want({random.one_of(reductions)});
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Features: every type of values, of results, both orders of channels", "[voxelize][features]") {
  generator random(2207);
  for (auto value : float_types) {
    for (auto result : float_types) {
      for (auto order : {channel_order::last, channel_order::first}) {
        for (std::int64_t channels : {1, 8}) {
          auto p = everything(random, as_padded, 700, channels);
          p.value_type = value;
          p.result_type = result;
          p.options.channels = order;
          p.draw_features(random, channels, 0.05);
          CAPTURE(robocache::name_of(value), robocache::name_of(result), int(order), channels);
          CHECK(verify(p) == "");
        }
      }
    }
  }
}

TEST_CASE("Features: between the coordinates of their points", "[voxelize][features]") {
  generator random(2208);
  for (auto shaped : {as_one, as_three, as_ragged}) {
    for (std::int64_t channels : {1, 2, 4, 5}) {
      auto p = everything(random, shaped, 360, channels);
      p.clouds.point_stride = 3 + channels;  // x y z and features
      p.interleaved_at = 12;
      CHECK(verify(p) == "");
      p.clouds.first = channels;  // features and x y z
      p.interleaved_at = 0;
      CHECK(verify(p) == "");
      p.value_type = dtype::float16;  // features of half the size, and something behind them
      p.clouds.first = 0;
      p.clouds.point_stride = 3 + (channels + 1) / 2 + 1;
      p.interleaved_at = 12;
      p.draw_features(random, channels);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Results: each is the same alone and together with others", "[voxelize][results]") {
  generator random(2209);
  auto p = everything(random, as_ragged, 170, 4);
  p.clouds.xyz.assign(p.clouds.xyz.size(), 2.5f);  // a crowd, and a few beside it
  auto const others = draw_points(random, p.lattice, 30);
  std::copy(others.begin(), others.end(), p.clouds.xyz.begin() + 120);
  for (int mask = 1; mask < 256; ++mask) {
    for (auto r : all_voxel_results) { p.wants[r] = (mask >> int(r) & 1) != 0; }
    CAPTURE(mask);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Results: where nothing is asked for, nothing is written", "[voxelize][results]") {
  generator random(2210);
  auto p = everything(random, as_one, 100, 4);
  p.want({});
  CHECK(verify(p) == "");
}

TEST_CASE("Results: features that nobody asks for may be absent", "[voxelize][results]") {
  auto p = voxels_of(along_x({0.5f, 1.5f}), {2, 1, 1});
  CHECK(p.channels == 0);
  p.want({voxel_result::count, voxel_result::occupied, voxel_result::occupied_bits, voxel_result::dropped});
  CHECK(verify(p) == "");
}

TEST_CASE("Results: the same bits from one call to the next", "[voxelize][results]") {
  generator random(2211);
  auto p = everything(random, as_ragged, 3000, 5);
  p.clouds.xyz.assign(p.clouds.xyz.size(), 1.5f);
  auto const first = voxelize(p);
  for (int round = 0; round < 5; ++round) {
    p.scratch_byte = random.one_of<unsigned char>({0, 1, 0xFF, 0x7F});
    auto const again = voxelize(p);
    for (auto r : all_voxel_results) { CHECK(first.results[r] == again.results[r]); }
  }
}

TEST_CASE("Results: grids that no cache holds, a million points, scattered and side by side", "[voxelize][results]") {
  generator random(2213);
  auto p = voxels_of({}, {300, 250, 235});
  auto xyz = draw_points(random, p.lattice, 1 << 20, 0.02);
  for (std::size_t i = xyz.size() / 2; i < xyz.size(); ++i) {
    if (i / 3 % 8 != 0) { xyz[i] = xyz[i - 3]; }  // runs of eight, as in a scan
  }
  p.clouds = dense_clouds(xyz);
  CHECK(verify(p) == "");
  p.lattice.cells[2] = 120;
  p.want({voxel_result::count, voxel_result::occupied, voxel_result::occupied_bits, voxel_result::dropped});
  CHECK(verify(p) == "");
}

TEST_CASE("Results: large grids with few points", "[voxelize][results]") {
  generator random(2214);
  auto p = voxels_of({}, {160, 120, 130});
  p.clouds = dense_clouds(draw_points(random, p.lattice, 700, 0.02), 1);
  p.draw_features(random, 4);
  for (auto sums : {summation::ordered, summation::unordered}) {
    p.want({voxel_result::mean, voxel_result::count});
    p.options.sums = sums;
    CHECK(verify(p) == "");
  }
  p.options.max_fill = -1;
  p.want({voxel_result::max});
  p.options.channels = channel_order::first;
  CHECK(verify(p) == "");
}

TEST_CASE("Results: a grid of more cells than its bins have at a time", "[voxelize][results]") {
  generator random(2215);
  auto p = voxels_of({}, {260, 200, 170});
  p.clouds = dense_clouds(draw_points(random, p.lattice, 300, 0.02), 1);
  p.draw_features(random, 1);
  p.result_type = dtype::float16;
  p.want({voxel_result::mean});
  CHECK(verify(p) == "");
}

TEST_CASE("Sanitize: voxelizing in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  generator random(2212);
  for (auto shaped : {as_one, as_padded, as_ragged}) {
    for (std::int64_t channels : {1, 8}) {
      auto p = everything(random, shaped, 500, channels);
      CHECK(verify(p) == "");
      for (std::size_t i = 0; i < p.clouds.xyz.size() / 2; ++i) { p.clouds.xyz[i] = 0.5f; }
      CHECK(verify(p) == "");
      p.options.sums = summation::unordered;
      p.want({voxel_result::sum, voxel_result::mean});
      CHECK(verify(p) == "");
      p.want({voxel_result::count, voxel_result::occupied, voxel_result::occupied_bits, voxel_result::dropped});
      CHECK(verify(p) == "");
    }
  }
}
