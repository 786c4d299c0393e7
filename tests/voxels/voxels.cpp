// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/voxels/scene.hpp"

// The semantics' chapter "Voxels": their order, for how many there is room, what is written of them and of
// points. `verify` compares every bit with the oracle, poison where nothing is to be written included.
using namespace test;

namespace {

using result = sparse_result;

/// Two clouds of points along x: cells 3 1 3 0 and, far from them, 2 2 5.
sparse_problem two_rows(voxel_call call) {
  auto p = listed(call, {}, {8, 1, 1});
  set_clouds(p, ragged_clouds(along_x({3.5f, 1.5f, 3.25f, 0.5f, 2.5f, 2.25f, 5.5f}), {0, 4, 7}));
  p.from.set_features(numbers{1, 2, 4, 8, 16, 32, 64}, 1);
  p.want_all();
  return p;
}

/// Points in a few cells of a small grid, in a batch, and features.
sparse_problem crowded(generator& random, voxel_call call, std::int64_t points, std::int64_t channels) {
  auto p = listed(call, {}, {5, 4, 3});
  set_clouds(p, as_ragged(draw_points(random, p.from.lattice, points, 0.1)));
  p.max_points = 5;
  draw_features(p, random, channels);
  return p;
}

}  // namespace

TEST_CASE("Voxels, order: clouds one after the other, in each in the order of their first points", "[voxels]") {
  auto p = two_rows(voxel_call::sparse);
  CHECK(verify(p) == "");
  CHECK(result_of(p, result::coordinates) == numbers{0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 2, 1, 0, 0, 5});
  CHECK(result_of(p, result::voxel_offsets) == numbers{0, 3, 5});
  CHECK(result_of(p, result::count) == numbers{2, 1, 1, 2, 1});
  CHECK(result_of(p, result::sum) == numbers{5, 2, 8, 48, 64});
  CHECK(result_of(p, result::mean) == numbers{2.5, 2, 8, 24, 64});
  CHECK(result_of(p, result::max) == numbers{4, 2, 8, 32, 64});
  CHECK(result_of(p, result::min) == numbers{1, 2, 8, 16, 64});
  CHECK(result_of(p, result::point_voxels) == numbers{0, 1, 0, 2, 3, 3, 4});
  CHECK(result_of(p, result::dropped) == numbers{0, 0});
  CHECK(result_of(p, result::overflow) == numbers{0, 0});
}

TEST_CASE("Voxels, order: by cell, in the order z, y, x of their cells", "[voxels]") {
  auto p = two_rows(voxel_call::sparse);
  p.order = voxel_order::cell;
  CHECK(verify(p) == "");
  CHECK(result_of(p, result::coordinates) == numbers{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 1, 0, 0, 2, 1, 0, 0, 5});
  CHECK(result_of(p, result::point_voxels) == numbers{2, 1, 2, 0, 3, 3, 4});
  CHECK(result_of(p, result::sum) == numbers{8, 2, 5, 48, 64});
  // z before y before x.
  auto q =
      listed(voxel_call::sparse, {0.5f, 0.5f, 1.5f, 1.5f, 1.5f, 0.5f, 2.5f, 0.5f, 0.5f, 0.5f, 1.5f, 0.5f}, {3, 2, 2});
  q.order = voxel_order::cell;
  CHECK(verify(q) == "");
  CHECK(result_of(q, result::point_voxels) == numbers{3, 2, 0, 1});
}

TEST_CASE("Voxels: two clouds have voxels of their own in the same cells", "[voxels]") {
  for (auto call : voxel_calls) {
    for (std::int64_t batch : {2, 3, 40}) {
      auto p = listed(call, {}, {4, 4, 4});
      std::vector<float> xyz;
      for (std::int64_t i = 0; i < 3 * batch; ++i) { xyz.insert(xyz.end(), {1.5f, 2.5f, 3.5f}); }
      set_clouds(p, dense_clouds(xyz, batch));
      p.max_points = 2;
      CAPTURE(name_of(call), batch);
      CHECK(verify(p) == "");
      CHECK(result_of(p, result::count) == numbers(std::size_t(batch), call == voxel_call::gathered ? 2 : 3));
      make_large(p.from.lattice);
      if (batch <= 16) { CHECK(verify(p) == ""); }
    }
  }
}

TEST_CASE("Voxels, room: the first in order are kept, each cloud's others counted, nothing of them written",
          "[voxels]") {
  for (auto call : {voxel_call::sparse, voxel_call::filter}) {
    auto p = two_rows(call);
    CAPTURE(name_of(call));
    p.capacity = 4;
    CHECK(result_of(p, result::voxel_offsets) == numbers{0, 3, 4});
    CHECK(result_of(p, result::overflow) == numbers{0, 1});
    CHECK(result_of(p, result::point_voxels) == numbers{0, 1, 0, 2, 3, 3, -1});
    p.capacity = 2;  // less than the first cloud's
    CHECK(result_of(p, result::voxel_offsets) == numbers{0, 2, 2});
    CHECK(result_of(p, result::overflow) == numbers{1, 2});
    CHECK(result_of(p, result::point_voxels) == numbers{0, 1, 0, -1, -1, -1, -1});
    p.capacity = 0;
    CHECK(result_of(p, result::voxel_offsets) == numbers{0, 0, 0});
    CHECK(result_of(p, result::overflow) == numbers{3, 2});
    for (std::int64_t room : {0, 1, 2, 3, 4, 5, 6, 7, 300}) {
      for (auto order : {voxel_order::first_point, voxel_order::cell}) {
        p.capacity = room;
        p.order = order;
        CAPTURE(room, int(order));
        CHECK(verify(p) == "");
      }
    }
  }
  auto p = two_rows(voxel_call::sparse);
  p.order = voxel_order::cell;
  p.capacity = 2;
  CHECK(result_of(p, result::point_voxels) == numbers{-1, 1, -1, 0, -1, -1, -1});
}

TEST_CASE("Voxels, sums: so many crowds that warps take the small ones", "[voxels]") {
  generator random(3120);
  for (auto call : {voxel_call::sparse, voxel_call::filter}) {
    auto p = listed(call, {}, {40, 30, 1});
    std::vector<float> xyz;
    for (int i = 0; i < 66 * 1100; ++i) {
      int const cell = i % 1100;
      auto const inside = [&] { return 0.95f * float(random.unit()); };
      xyz.insert(xyz.end(), {float(cell % 40) + inside(), float(cell / 40) + inside(), inside()});
    }
    for (int i = 0; i < 700; ++i) { xyz.insert(xyz.end(), {i % 10 < 7 ? 7.5f : 27.25f, 0.5f, 0.25f}); }
    set_clouds(p, dense_clouds(xyz));
    if (call == voxel_call::sparse) { draw_features(p, random, 4); }
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Voxels, room: around the number of voxels, in crowds and scattered", "[voxels]") {
  generator random(3100);
  for (auto call : voxel_calls) {
    for (std::int64_t points : {40, 1300}) {
      auto p = crowded(random, call, points, 2);
      std::int64_t const voxels = oracle::count_voxels(p);
      for (bool scattered : {false, true}) {
        for (std::int64_t room : {std::int64_t(0), std::int64_t(1), voxels / 3, voxels - 1, voxels, voxels + 1}) {
          p.capacity = room;
          p.order = random.one_of({voxel_order::first_point, voxel_order::cell});
          CAPTURE(name_of(call), points, scattered, room, int(p.order));
          CHECK(verify(p) == "");
        }
        make_large(p.from.lattice);
        set_clouds(p, as_three(draw_points(random, p.from.lattice, points / 3 * 3)));
        draw_features(p, random, 2);
      }
    }
  }
}

TEST_CASE("Voxels, room: for more voxels than there can be, free where no result has a row for each", "[voxels]") {
  generator random(3101);
  for (auto call : voxel_calls) {
    auto p = crowded(random, call, 300, 0);
    p.capacity = INT32_MAX;
    p.want({result::voxel_offsets, call == voxel_call::gathered ? result::point_slots : result::point_voxels,
            result::dropped, result::overflow});
    CAPTURE(name_of(call));
    CHECK(verify(p) == "");
    auto bytes = voxelize(p).scratch_bytes;
    p.capacity = p.from.clouds.total();
    CHECK(bytes <= voxelize(p).scratch_bytes);
  }
}

TEST_CASE("Voxels: no points, an empty batch, clouds without points", "[voxels]") {
  for (auto call : voxel_calls) {
    for (bool huge : {false, true}) {
      auto p = listed(call, {}, {5, 6, 7});
      if (huge) { make_large(p.from.lattice); }
      p.from.channels = 2;
      CAPTURE(name_of(call), huge);
      for (auto const& clouds : {dense_clouds({}, 0), dense_clouds({}, 1), dense_clouds({}, 7), ragged_clouds({}, {0}),
                                 ragged_clouds({}, {0, 0, 0}), ragged_clouds({0.5f, 0.5f, 0.5f, 1.5f, 1.5f, 1.5f}, {0}),
                                 ragged_clouds({0.5f, 0.5f, 0.5f, 1.5f, 1.5f, 1.5f}, {1, 1, 1, 1}),
                                 padded_clouds({0.5f, 0.5f, 0.5f, 1.5f, 1.5f, 1.5f}, {0, 0})}) {
        set_clouds(p, clouds);
        p.from.features.assign(std::size_t(2 * clouds.total()), 1.0f);
        p.want_all();
        for (std::int64_t room : {0, 3}) {
          p.capacity = room;
          CAPTURE(clouds.batch, clouds.total(), room);
          CHECK(verify(p) == "");
          CHECK(result_of(p, result::voxel_offsets) == numbers(std::size_t(clouds.batch) + 1, 0));
        }
      }
    }
  }
}

TEST_CASE("Voxels: an empty batch is success without any scratch", "[voxels]") {
  for (auto call : voxel_calls) {
    auto p = listed(call, {}, {5, 6, 7});
    set_clouds(p, dense_clouds({}, 0));
    p.from.scratch_null = true;
    CHECK(verify(p) == "");
    CHECK(voxelize(p).scratch_bytes == 0);
  }
}

TEST_CASE("Voxels: one or two points", "[voxels]") {
  for (auto call : voxel_calls) {
    for (bool huge : {false, true}) {
      auto p = listed(call, {1.5f, 2.5f, 3.5f}, {4, 4, 4});
      if (huge) { make_huge(p.from.lattice); }
      p.max_points = 2;
      CHECK(verify(p) == "");
      CHECK(result_of(p, result::count) == numbers{1});
      for (float second : {1.25f, 2.5f, -1.0f, float(NAN)}) {
        set_clouds(p, dense_clouds({1.5f, 2.5f, 3.5f, second, 2.5f, 3.5f}));
        CAPTURE(name_of(call), huge, second);
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Voxels: no point in any cell", "[voxels]") {
  for (auto call : voxel_calls) {
    for (std::int64_t count : {1, 32, 33, 2049}) {
      float const odd = call == voxel_call::filter ? 3e38f : -1.0f;
      auto p = listed(call, std::vector<float>(std::size_t(3 * count), odd), {5, 6, 7});
      p.from.set_features(std::vector<float>(std::size_t(count), 1.0f), 1);
      p.want_all();
      CAPTURE(name_of(call), count);
      CHECK(verify(p) == "");
      CHECK(result_of(p, result::dropped) == numbers{double(count)});
      CHECK(result_of(p, result::voxel_offsets) == numbers{0, 0});
      make_huge(p.from.lattice);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Voxels: all points in one cell", "[voxels]") {
  generator random(3102);
  for (auto call : voxel_calls) {
    for (std::int64_t count : {1, 2, 31, 32, 33, 63, 64, 65, 4096, 4097}) {
      auto p = listed(call, std::vector<float>(std::size_t(3 * count), 1.5f), {3, 3, 3});
      for (auto& x : p.from.clouds.xyz) { x += float(0.4 * random.unit()); }
      p.max_points = random.one_of<std::int64_t>({1, 2, 32, 100, count});
      draw_features(p, random, random.one_of<std::int64_t>({1, 3, 4}), 0.001);
      CAPTURE(name_of(call), count);
      CHECK(verify(p) == "");
      CHECK(result_of(p, result::voxel_offsets) == numbers{0, 1});
      make_huge(p.from.lattice);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Voxels: 70,000 points in one cell, and as many other voxels", "[voxels]") {
  generator random(3103);
  for (auto call : voxel_calls) {
    auto p = listed(call, {}, {128, 128, 64});
    std::vector<float> xyz;
    for (int i = 0; i < 142'000; ++i) {
      bool const crowd = i % 2 == 0 && i >= 2000;
      for (auto cells : p.from.lattice.cells) { xyz.push_back(float(crowd ? 17.5 : double(cells) * random.unit())); }
    }
    set_clouds(p, ragged_clouds(xyz, {0, 20'000, 142'000}));
    p.max_points = 32;
    draw_features(p, random, 1);
    CAPTURE(name_of(call));
    CHECK(verify(p) == "");
    if (call != voxel_call::sparse) { continue; }
    p.order = voxel_order::cell;
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Voxels: one point per cell", "[voxels]") {
  for (auto call : voxel_calls) {
    for (auto order : {voxel_order::first_point, voxel_order::cell}) {
      for (std::int64_t count : {1, 32, 33, 1024, 2049, 4097}) {
        auto p = listed(call, {}, {17, 18, 19});
        std::vector<float> xyz;
        for (std::int64_t i = 0; i < count; ++i) {
          std::int64_t const cell = i * 1009 % (17 * 18 * 19);
          xyz.insert(xyz.end(),
                     {float(cell % 17) + 0.5f, float(cell / 17 % 18) + 0.5f, float(cell / (17 * 18)) + 0.5f});
        }
        set_clouds(p, dense_clouds(xyz));
        p.from.set_features(xyz, 3);
        p.want_all();
        p.order = order;
        CAPTURE(name_of(call), int(order), count);
        CHECK(verify(p) == "");
        CHECK(result_of(p, result::count) == numbers(std::size_t(count), 1.0));
        make_huge(p.from.lattice);
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Voxels: numbers of points at the borders of warps and tiles", "[voxels]") {
  generator random(3104);
  for (auto call : voxel_calls) {
    for (std::int64_t count : border_counts) {
      for (double per_cell : {1.5, 40.0}) {
        auto const side = std::int64_t(std::ceil(std::cbrt(double(count + 1) / per_cell)));
        auto p = listed(call, {}, {side, side, side});
        set_clouds(p, dense_clouds(draw_points(random, p.from.lattice, count, 0.02)));
        p.order = random.one_of({voxel_order::first_point, voxel_order::cell});
        p.max_points = random.between(1, 20);
        draw_features(p, random, random.between(1, 5));
        if (random.chance(0.5)) { make_huge(p.from.lattice); }
        CAPTURE(name_of(call), count, per_cell);
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Voxels: each result is the same alone and together with others", "[voxels]") {
  generator random(3105);
  for (auto call : voxel_calls) {
    for (bool huge : {false, true}) {
      auto p = crowded(random, call, 260, 4);
      if (huge) { make_large(p.from.lattice); }
      for (double chance : {0.2, 0.5, 0.8}) {
        for (int round = 0; round < 5; ++round) {
          for (auto r : results_of(call)) { p.wants[r] = random.chance(chance); }
          p.capacity = random.chance(0.3) ? 40 : p.from.clouds.total();
          CHECK(verify(p) == "");
        }
      }
      for (auto r : results_of(call)) {
        CAPTURE(name_of(call), huge, name_of(r));
        p.want({r});
        CHECK(verify(p) == "");
        p.want_all();
        p.wants[r] = false;
        CHECK(verify(p) == "");
      }
      p.want({});
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Voxels: the same bits from one call to the next, whatever scratch holds", "[voxels]") {
  generator random(3106);
  for (auto call : voxel_calls) {
    for (bool huge : {false, true}) {
      auto p = crowded(random, call, 3000, 3);
      if (huge) { make_large(p.from.lattice); }
      p.order = random.one_of({voxel_order::first_point, voxel_order::cell});
      auto const first = voxelize(p);
      CAPTURE(name_of(call), huge);
      CHECK(verify(p) == "");
      for (int byte : {0x00, 0x01, 0xFF, 0x7F, 0x80}) {
        p.from.scratch_byte = static_cast<unsigned char>(byte);
        auto const again = voxelize(p);
        for (auto r : results_of(call)) { CHECK(first.results[r] == again.results[r]); }
      }
    }
  }
}

TEST_CASE("Voxels, the grid: as in cells: faces, origins, NaN, far away", "[voxels]") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (auto call : {voxel_call::sparse, voxel_call::gathered}) {
    auto p = listed(call, {}, {4, 1, 1});
    auto const cells = [&](std::vector<float> const& xs) {
      set_clouds(p, dense_clouds(along_x(xs)));
      p.from.features.clear();
      p.want_all();
      CHECK(verify(p) == "");
      auto const found = result_of(p, result::coordinates);
      numbers along;
      for (std::size_t i = 3; i < found.size(); i += 4) { along.push_back(found[i]); }
      return along;
    };
    CHECK(cells({3.5f, 1, std::nextafter(2.0f, 0.0f), 4, 2, 0, -0.0f}) == numbers{3, 1, 2, 0});
    CHECK(cells({NAN, infinity, -infinity, -1e-45f, 3e38f, -NAN, std::nextafter(4.0f, 0.0f)}) == numbers{3});
    CHECK(result_of(p, result::dropped) == numbers{6});
    p.from.lattice.size[0] = 0.1f;
    CHECK(cells({0.3f, 0.1f, 0.2f, 0.39999998f, 0.4f}) == numbers{3, 1, 2});
    p.from.lattice.size[0] = 1e30f;
    CHECK(cells({-1e-40f, 2e30f}) == numbers{0, 2});  // the quotient rounds to -0
    p.from.lattice.size[0] = 0.5f;
    p.from.lattice.origin[0] = 1e6f;
    CHECK(cells({1e6f, 1000001.9f, 1000000.5f, 999999.9f}) == numbers{0, 3, 1});
  }
}
