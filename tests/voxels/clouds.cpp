// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/guarded.hpp"
#include "support/scenario.hpp"
#include "support/voxels/scene.hpp"

// Clouds, features and results of `voxelize_sparse`, `voxelize_gathered` and `filter_voxels` in every layout that views
// can describe, and cells wherever a grid can have them. `verify` compares every bit with the oracle.
using namespace test;

namespace {

using result = sparse_result;

/// Points in a small grid, features and all results.
sparse_problem everything(generator& random, voxel_call call, cloud_data (*shaped)(std::vector<float>),
                          std::int64_t points, std::int64_t channels) {
  auto p = listed(call, {}, {6, 5, 3});
  set_clouds(p, shaped(draw_points(random, p.from.lattice, points, 0.05)));
  p.max_points = random.between(1, 9);
  p.order = random.one_of({voxel_order::first_point, voxel_order::cell});
  draw_features(p, random, channels);
  return p;
}

voxel_call any_call(generator& random) { return random.one_of(voxel_calls); }

}  // namespace

TEST_CASE("Voxels, clouds: points of any stride, x y z anywhere in them, or three arrays", "[voxels]") {
  generator random(3200);
  for (auto call : voxel_calls) {
    for (auto shaped : {as_one, as_three, as_padded, as_ragged}) {
      for (std::int64_t stride : {3, 4, 5, 8}) {
        auto p = everything(random, call, shaped, 120, 2);
        p.from.clouds.point_stride = stride;
        p.from.clouds.first = random.between(0, stride - 3);
        p.from.clouds.misaligned = stride % 4;
        CAPTURE(name_of(call), stride, p.from.clouds.first);
        CHECK(verify(p) == "");
        p.from.clouds.separate = true;
        p.from.clouds.first = 0;
        p.from.clouds.point_stride = stride - 2;
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Voxels, clouds: a batch stride of any size, also 0", "[voxels]") {
  generator random(3201);
  for (auto call : voxel_calls) {
    auto p = everything(random, call, as_three, 300, 3);
    CAPTURE(name_of(call));
    p.from.clouds.batch_stride = 311;
    p.from.feature_batch_stride = 317;
    CHECK(verify(p) == "");
    // [N, B, 3]: clouds side by side.
    p.from.clouds.batch_stride = 4;
    p.from.clouds.point_stride = 12;
    p.from.feature_batch_stride = 3;
    p.from.feature_stride = 10;
    CHECK(verify(p) == "");
    // One cloud three times, in grids of their own.
    p.from.clouds.point_stride = 3;
    p.from.clouds.batch_stride = p.from.feature_batch_stride = 0;
    p.from.feature_stride = contiguous;
    for (std::size_t i = 0; i < 600; ++i) {
      p.from.clouds.xyz[300 + i] = p.from.clouds.xyz[i];
      p.from.features[300 + i] = p.from.features[i];
    }
    p.from.origins = {0, 0, 0, 1, 2, 0.5f, -1, -3, 0.25f};
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Voxels, clouds: padding and rows that nobody owns have no voxel, whatever they hold", "[voxels]") {
  generator random(3202);
  for (auto call : voxel_calls) {
    auto const check = [&](cloud_data clouds) {
      auto p = listed(call, {}, {4, 3, 2});
      set_clouds(p, std::move(clouds));
      draw_features(p, random, 2);
      CHECK(verify(p) == "");
      return result_of(p, call == voxel_call::gathered ? result::point_slots : result::point_voxels);
    };
    CAPTURE(name_of(call));
    auto const points = draw_points(random, voxels_of({}, {4, 3, 2}).lattice, 50, 0.1);
    check(padded_clouds(points, {3, 25}));
    check(padded_clouds(points, {-5, 4, 100, INT64_MIN, 2}));
    check(padded_clouds(points, {INT64_MAX}));
    check(ragged_clouds(points, {0, 20, 50}));
    check(ragged_clouds(points, {-9, 10, 400, 900}));
    check(ragged_clouds(points, {50, 50}));
    check(ragged_clouds(points, {INT64_MIN, INT64_MAX}));
    auto const found = check(ragged_clouds(points, {7, 20, 20, 41}));
    for (std::size_t row = 0; row < found.size(); ++row) {
      if (row < 7 || row >= 41) { CHECK(found[row] == -1); }
    }
  }
}

TEST_CASE("Voxels, clouds: offsets that descend leave rows to no cloud", "[voxels]") {
  generator random(3203);
  for (auto call : voxel_calls) {
    for (int round = 0; round < 20; ++round) {
      auto p = listed(call, {}, {4, 3, 2});
      std::vector<std::int64_t> offsets;
      std::int64_t const clouds = round < 18 ? 9 : 1100;
      for (std::int64_t b = 0; b < clouds; ++b) { offsets.push_back(random.between(-20, 120)); }
      set_clouds(p, ragged_clouds(draw_points(random, p.from.lattice, 100, 0.1), offsets));
      draw_features(p, random, 3);
      p.capacity = random.one_of<std::int64_t>({100, 30, 5});
      p.order = random.one_of({voxel_order::first_point, voxel_order::cell});
      p.max_voxels = random.one_of<std::int64_t>({INT32_MAX, 2});
      if (random.chance(0.5)) { p.from.lattice.cells[0] = p.from.lattice.cells[1] = 1 << 20; }
      CAPTURE(name_of(call), round, int(p.order), p.capacity, p.max_voxels);
      exact_memory const exact;
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Voxels, clouds: an origin for each; one that is NaN drops all its points", "[voxels]") {
  generator random(3204);
  for (auto call : {voxel_call::sparse, voxel_call::gathered}) {
    for (auto shaped : {as_three, as_padded, as_ragged}) {
      auto p = everything(random, call, shaped, 480, 4);
      p.from.lattice.origin[0] = 1e6f;  // not used
      for (std::int64_t i = 0; i < 3 * p.from.clouds.batch; ++i) {
        p.from.origins.push_back(float(2 * random.unit() - 1));
      }
      CHECK(verify(p) == "");
      make_large(p.from.lattice);
      CHECK(verify(p) == "");
      p.from.origins[2] = std::numeric_limits<float>::quiet_NaN();
      p.from.origins[4] = -std::numeric_limits<float>::infinity();
      CHECK(verify(p) == "");
      auto const [begin, end] = p.from.clouds.rows_of(0);
      CHECK(result_of(p, result::dropped)[0] == double(end - begin));
    }
  }
}

TEST_CASE("Voxels, clouds: 300 tiny ones, many of them empty; more clouds than points", "[voxels]") {
  generator random(3205);
  for (auto call : voxel_calls) {
    for (std::int64_t most : {1, 3, 40}) {
      for (double empty : {0.0, 0.5, 0.97}) {
        std::vector<std::int64_t> offsets{0};
        for (int b = 0; b < 300; ++b) {
          offsets.push_back(offsets.back() + (random.chance(empty) ? 0 : random.between(1, most)));
        }
        auto p = listed(call, {}, {3, 2, 2});
        set_clouds(p, ragged_clouds(draw_points(random, p.from.lattice, offsets.back(), 0.2), offsets));
        draw_features(p, random, 2);
        p.order = random.one_of({voxel_order::first_point, voxel_order::cell});
        p.max_points = random.between(1, 3);
        p.max_voxels = random.one_of<std::int64_t>({INT32_MAX, 1, 3});
        for (int i = 0; i < 900; ++i) { p.from.origins.push_back(float(random.between(-1, 1))); }
        CAPTURE(name_of(call), most, empty);
        CHECK(verify(p) == "");
        p.capacity = p.capacity / 2;
        p.from.lattice.cells[0] = 1 << 24;
        p.from.lattice.cells[1] = 1 << 20;
        CHECK(verify(p) == "");
      }
    }
    auto p = listed(call, {}, {3, 2, 2});
    set_clouds(p, dense_clouds(draw_points(random, p.from.lattice, 900, 0.2), 300));
    draw_features(p, random, 2);
    CHECK(verify(p) == "");
    // Thousands of them, some before the first row, some behind the last.
    std::vector<std::int64_t> offsets;
    for (int b = 0; b <= 5000; ++b) { offsets.push_back(b < 3000 ? -3000 + b : random.between(0, 950)); }
    std::sort(offsets.begin(), offsets.end());
    set_clouds(p, ragged_clouds(draw_points(random, p.from.lattice, 900, 0.2), offsets));
    draw_features(p, random, 2);
    CHECK(verify(p) == "");
    offsets.front() = 0;
    std::fill(offsets.begin(), offsets.begin() + 3000, 0);
    p.from.clouds.offsets = offsets;
    p.capacity = 300;
    CHECK(verify(p) == "");
    set_clouds(p, dense_clouds({}, 5000));
    p.from.channels = 0;
    p.from.features.clear();
    p.want_all();
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Voxels, features: numbers of channels, strides, any alignment", "[voxels]") {
  generator random(3206);
  for (std::int64_t channels : {1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 31, 32, 33, 64, 130, 300}) {
    for (std::int64_t misaligned : {0, 1, 4}) {
      auto const call = any_call(random);
      auto p = everything(random, call, misaligned % 2 == 0 ? as_ragged : as_three, 120, channels);
      p.from.value_type = random.one_of(float_types);
      p.from.result_type = random.one_of(float_types);
      draw_features(p, random, channels, 0.02);
      p.from.misaligned = misaligned;
      CAPTURE(name_of(call), channels, misaligned);
      CHECK(verify(p) == "");
      p.from.feature_first = misaligned;
      p.from.feature_stride = channels + random.between(0, 9);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Voxels, features: every type of values, of results", "[voxels]") {
  generator random(3207);
  for (auto call : voxel_calls) {
    for (auto value : float_types) {
      for (auto result_type : float_types) {
        for (std::int64_t channels : {1, 4, 8}) {
          auto p = everything(random, call, as_padded, 240, channels);
          p.from.value_type = value;
          p.from.result_type = result_type;
          draw_features(p, random, channels, 0.05);
          p.from.misaligned = random.one_of<std::int64_t>({0, 0, 1, 2});
          CAPTURE(name_of(call), robocache::name_of(value), robocache::name_of(result_type), channels);
          CHECK(verify(p) == "");
        }
      }
    }
  }
}

TEST_CASE("Voxels, features: between the coordinates of their points, or the coordinates themselves", "[voxels]") {
  generator random(3208);
  for (auto call : voxel_calls) {
    for (auto shaped : {as_one, as_three, as_ragged}) {
      for (std::int64_t channels : {1, 4, 5}) {
        auto p = everything(random, call, shaped, 120, channels);
        CAPTURE(name_of(call), channels);
        p.from.clouds.point_stride = 3 + channels;  // x y z and features
        p.from.interleaved_at = 12;
        CHECK(verify(p) == "");
        p.from.clouds.first = channels;  // features and x y z
        p.from.interleaved_at = 0;
        CHECK(verify(p) == "");
        p.from.value_type = dtype::float16;  // features of half the size, and something behind them
        p.from.clouds.first = 0;
        p.from.clouds.point_stride = 3 + (channels + 1) / 2 + 1;
        p.from.interleaved_at = 12;
        draw_features(p, random, channels);
        CHECK(verify(p) == "");
      }
      // `{xyzi, 4}`: coordinates are features too.
      auto p = everything(random, call, shaped, 120, 4);
      for (std::size_t i = 0; i < p.from.features.size(); ++i) {
        if (i % 4 < 3) { p.from.features[i] = p.from.clouds.xyz[i / 4 * 3 + i % 4]; }
      }
      p.from.clouds.point_stride = 4;
      p.from.interleaved_at = 0;
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Voxels, grids: cells anywhere in a large grid, also the last one", "[voxels]") {
  generator random(3209);
  for (auto call : {voxel_call::sparse, voxel_call::gathered}) {
    auto const check = [&](robocache::grid const& lattice, std::int64_t batch) {
      std::vector<float> xyz;
      for (int i = 0; i < 300; ++i) {
        for (auto cells : lattice.cells) {  // near the first, near the last, at powers of two
          auto const n = double(cells - 1);
          double const at = random.one_of(
              {0.0, 1.0, n, n - 1, std::ldexp(1.0, int(random.between(0, 17))), std::floor(random.unit() * n)});
          auto const x = float(std::min(n, std::max(0.0, at)));
          xyz.push_back(double(x) > n ? std::nextafter(x, 0.0f) : x);
        }
      }
      auto p = listed(call, {}, {1, 1, 1});
      p.from.lattice = lattice;
      set_clouds(p, dense_clouds(xyz, batch));
      p.order = random.one_of({voxel_order::first_point, voxel_order::cell});
      p.max_points = 3;
      draw_features(p, random, 1);
      CAPTURE(name_of(call), lattice.cells[0], lattice.cells[1], lattice.cells[2], batch, int(p.order));
      CHECK(verify(p) == "");
      CHECK(result_of(p, result::dropped) == numbers(std::size_t(batch), 0));
    };
    robocache::grid lattice;
    make_huge(lattice);
    check(lattice, 1);
    make_large(lattice);
    for (std::int64_t batch : {1, 2, 12}) { check(lattice, batch); }
    for (std::size_t axis = 0; axis < 3; ++axis) {  // as long as an axis can be, and 1 along the others
      for (auto& cells : lattice.cells) { cells = 1; }
      lattice.cells[axis] = INT32_MAX - 127;
      check(lattice, 2);
      lattice.cells[(axis + 1) % 3] = 1 << 20;
      check(lattice, 4);
    }
  }
}

TEST_CASE("Voxels, grids: from a few cells to many, with as many points as cells or far less", "[voxels]") {
  generator random(3210);
  for (auto call : voxel_calls) {
    for (std::int64_t side : {1, 2, 3, 7, 16, 33, 70, 150, 400}) {
      for (std::int64_t points : {20, 900}) {
        auto p = listed(call, {}, {side, side + 1, side});
        set_clouds(p, as_three(draw_points(random, p.from.lattice, points, 0.02)));
        p.order = random.one_of({voxel_order::first_point, voxel_order::cell});
        p.max_points = 4;
        draw_features(p, random, 1);
        CAPTURE(name_of(call), side, points, int(p.order));
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Voxels, clouds: points that are repeated, and runs of neighbours as in a scan", "[voxels]") {
  generator random(3211);
  for (auto call : voxel_calls) {
    for (bool huge : {false, true}) {
      auto p = listed(call, {}, {40, 30, 5});
      auto xyz = draw_points(random, p.from.lattice, 3000, 0.05);
      for (std::size_t i = 24; i < xyz.size(); ++i) {
        if (i / 3 % 8 != 0) { xyz[i] = xyz[i - 3]; }
      }
      std::copy(xyz.begin(), xyz.begin() + 3000, xyz.begin() + 4500);
      if (huge) { make_large(p.from.lattice); }
      set_clouds(p, as_ragged(xyz));
      p.max_points = 10;
      p.order = huge ? voxel_order::cell : voxel_order::first_point;
      draw_features(p, random, 3, 0.01);
      CAPTURE(name_of(call), huge);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Sanitize: voxels without a grid in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  generator random(3212);
  for (auto call : voxel_calls) {
    for (auto shaped : {as_one, as_padded, as_ragged}) {
      for (std::int64_t channels : {1, 8}) {
        auto p = everything(random, call, shaped, 300, channels);
        CHECK(verify(p) == "");
        p.capacity = 17;
        CHECK(verify(p) == "");
        p.capacity = p.from.clouds.total();
        make_large(p.from.lattice);
        for (std::size_t i = 0; i < p.from.clouds.xyz.size() / 2; ++i) { p.from.clouds.xyz[i] = 0.5f; }
        CHECK(verify(p) == "");
      }
    }
  }
}
