// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/cells/oracle.hpp"
#include "support/cells/scene.hpp"

// The semantics' chapter "Cells", sentence by sentence: which cell a point is in, what is dropped, and where results
// go. `verify` compares every bit with the oracle.
using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
float const not_a_number = std::numeric_limits<float>::quiet_NaN();

/// The cell along x of a point, or -1 where it is dropped.
std::int64_t cell_along_x(float x, float origin, float size, std::int64_t cells) {
  auto p = voxels_of(along_x({x}), {cells, 1, 1});
  p.lattice.origin[0] = origin;
  p.lattice.size[0] = size;
  CHECK(verify(p) == "");
  auto const count = result_of(p, voxel_result::count);
  auto const at = std::find(count.begin(), count.end(), 1.0);
  CHECK(total_of(p, voxel_result::dropped) == (at == count.end() ? 1 : 0));
  return at == count.end() ? -1 : at - count.begin();
}

}  // namespace

TEST_CASE("Cells: a point on the face between two cells is in the upper one, on the grid's upper face in none",
          "[voxelize][cells]") {
  CHECK(cell_along_x(0, 0, 1, 4) == 0);
  CHECK(cell_along_x(1, 0, 1, 4) == 1);
  CHECK(cell_along_x(3, 0, 1, 4) == 3);
  CHECK(cell_along_x(4, 0, 1, 4) == -1);
  CHECK(cell_along_x(std::nextafter(1.0f, 0.0f), 0, 1, 4) == 0);
  CHECK(cell_along_x(std::nextafter(4.0f, 0.0f), 0, 1, 4) == 3);
  for (int axis = 0; axis < 3; ++axis) {  // each axis has its own size and number of cells
    for (int face = 0; face <= 3 + axis; ++face) {
      std::vector<float> xyz{0.5f, 0.5f, 0.5f};
      auto p = voxels_of(xyz, {3, 4, 5});
      p.lattice.size[axis] = 0.25f;
      p.lattice.origin[axis] = -1;
      p.clouds.xyz[std::size_t(axis)] = -1 + 0.25f * float(face);
      CAPTURE(axis, face);
      CHECK(verify(p) == "");
      CHECK(total_of(p, voxel_result::count) == (face < 3 + axis ? 1 : 0));
    }
  }
}

TEST_CASE("Cells: below the origin is outside, and so is a little below", "[voxelize][cells]") {
  CHECK(cell_along_x(-1, 0, 1, 4) == -1);
  CHECK(cell_along_x(-0.25f, 0, 1, 4) == -1);
  CHECK(cell_along_x(-1e-45f, 0, 1, 4) == -1);
  CHECK(cell_along_x(-3.5f, -4, 1, 4) == 0);
  CHECK(cell_along_x(-3, -4, 1, 4) == 1);
  CHECK(cell_along_x(std::nextafter(-3.0f, -4.0f), -4, 1, 4) == 0);
}

TEST_CASE("Cells: -0 is 0", "[voxelize][cells]") {
  CHECK(cell_along_x(-0.0f, 0, 1, 4) == 0);
  CHECK(cell_along_x(-0.0f, -2, 1, 4) == 2);
  CHECK(cell_along_x(0, -0.0f, 1, 4) == 0);
  // Below the origin by so little that the quotient rounds to -0.
  CHECK(cell_along_x(-1e-45f, 0, 4, 4) == 0);
  CHECK(cell_along_x(-1e-40f, 0, 1e30f, 4) == 0);
  CHECK(cell_along_x(-1e-40f, 0, 1e-30f, 4) == -1);
}

TEST_CASE("Cells: difference and quotient are rounded once each, in FP32", "[voxelize][cells]") {
  // 0.3f / 0.1f is 3.0000000447 in real numbers and 3 in FP32; 0.7f / 0.1f is 6.99999988 and 7.
  CHECK(cell_along_x(0.3f, 0, 0.1f, 10) == 3);
  CHECK(cell_along_x(0.7f, 0, 0.1f, 10) == 7);
  CHECK(std::floor(double(0.7f) / double(0.1f)) == 6);
  // A product with 1 / 0.1f would give 6 for 0.6f, where the quotient is 6 too, but other cells elsewhere.
  generator random(2000);
  int products_differ = 0;
  int doubles_differ = 0;
  for (int round = 0; round < 60; ++round) {
    auto p = voxels_of({}, {64, 64, 64});
    for (int axis = 0; axis < 3; ++axis) {
      p.lattice.size[axis] = float(0.01 + random.unit());
      p.lattice.origin[axis] = float(10 * random.unit() - 5);
    }
    std::vector<float> xyz;
    for (int i = 0; i < 300; ++i) {  // at faces, as a rounded product finds them, and beside them
      int const axis = i % 3;
      float x = p.lattice.origin[axis] + float(random.between(0, 64)) * p.lattice.size[axis];
      if (random.chance(0.6)) { x = std::nextafter(x, random.chance(0.5) ? infinity : -infinity); }
      xyz.push_back(x);
      float const quotient = oracle::cells_along(x, p.lattice.origin[axis], p.lattice.size[axis]);
      products_differ += std::floor((x - p.lattice.origin[axis]) * (1 / p.lattice.size[axis])) != quotient;
      doubles_differ += std::floor((double(x) - p.lattice.origin[axis]) / p.lattice.size[axis]) != quotient;
    }
    p.clouds = dense_clouds(xyz);
    REQUIRE(verify(p) == "");
  }
  CHECK(products_differ > 100);  // for these points it matters
  CHECK(doubles_differ > 100);
}

TEST_CASE("Cells: at 1,000,000 m points are 62.5 mm apart; the grid adds next to nothing", "[voxelize][cells]") {
  float const origin = 1'000'000;
  CHECK(std::nextafter(origin, 2 * origin) - origin == 0.0625f);
  generator random(2001);
  for (float size : {0.0625f, 0.1f, 0.5f, 1.0f}) {
    auto p = voxels_of({}, {400, 400, 8});
    std::vector<float> xyz;
    for (int axis = 0; axis < 3; ++axis) {
      p.lattice.origin[axis] = origin;
      p.lattice.size[axis] = size;
    }
    int moved = 0;
    for (int i = 0; i < 3000; ++i) {
      double const real = 1e6 + 400 * random.unit() * double(size);  // where the point is
      float const x = float(real);                                   // what FP32 makes of it, before the call
      CHECK(std::fabs(double(x) - real) <= 0.03125);
      xyz.push_back(x);
      // The difference is exact, so the position in cells errs by a rounding of the quotient alone.
      double const place = (double(x) - 1e6) / double(size);
      float const cell = oracle::cells_along(x, origin, size);
      CHECK(double(cell) <= place * (1 + std::ldexp(1.0, -24)));
      CHECK(double(cell) + 1 > place * (1 - std::ldexp(1.0, -24)));
      CHECK(std::fabs(place * std::ldexp(1.0, -24)) < 0.01);
      moved += std::floor((real - 1e6) / double(size)) != double(cell);
    }
    CHECK(moved > 0);  // FP32 moved points across faces before RoboCache saw them
    p.clouds = dense_clouds(xyz);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Cells, dropped: NaN and infinity in any coordinate", "[voxelize][cells]") {
  for (float odd : {not_a_number, -not_a_number, infinity, -infinity}) {
    for (int axis = 0; axis < 3; ++axis) {
      auto p = voxels_of({0.5f, 0.5f, 0.5f, 1.5f, 1.5f, 1.5f}, {2, 2, 2});
      p.clouds.xyz[std::size_t(3 + axis)] = odd;
      CAPTURE(odd, axis);
      CHECK(verify(p) == "");
      CHECK(result_of(p, voxel_result::count) == numbers{1, 0, 0, 0, 0, 0, 0, 0});
      CHECK(result_of(p, voxel_result::dropped) == numbers{1});
    }
  }
}

TEST_CASE("Cells, dropped: outside on each side of each axis, however far", "[voxelize][cells]") {
  float const largest = std::numeric_limits<float>::max();
  for (int axis = 0; axis < 3; ++axis) {
    for (float x : {-0.5f, 2.0f, 100.0f, -1e9f, 3e9f, 1e19f, -1e19f, largest, -largest}) {
      auto p = voxels_of({0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f}, {2, 2, 2});
      p.clouds.xyz[std::size_t(3 + axis)] = x;
      p.lattice.size[axis] = x == largest || x == -largest ? 1e-3f : 1;  // the quotient overflows
      CAPTURE(axis, x);
      CHECK(verify(p) == "");
      CHECK(total_of(p, voxel_result::dropped) >= 1);
    }
  }
  auto p = voxels_of({-1, 0, 0, 0, -1, 0, 0, 0, -1, 2, 2, 2}, {1, 1, 1});  // all outside
  CHECK(verify(p) == "");
  CHECK(result_of(p, voxel_result::count) == numbers{0});
  CHECK(result_of(p, voxel_result::dropped) == numbers{4});
}

TEST_CASE("Cells: whole numbers up to 2^31 - 1 cells along an axis", "[voxelize][cells]") {
  constexpr std::int64_t many = INT32_MAX;
  auto p = voxels_of(along_x({0, 2147483520.0f, 2147483648.0f, 16777217.0f}), {many, 1, 1});
  p.want({voxel_result::dropped});
  CHECK(verify(p) == "");
  CHECK(result_of(p, voxel_result::dropped) == numbers{1});
}

TEST_CASE("Cells, results: of cell x y z at ((b nz + z) ny + y) nx + x", "[voxelize][cells]") {
  auto p = voxels_of({}, {3, 4, 5});
  std::vector<float> xyz;
  std::vector<double> wanted(2 * 60, 0.0);
  for (int b = 0; b < 2; ++b) {
    for (int i = 0; i < 60; ++i) {
      int const x = i % 3, y = i / 3 % 4, z = i / 12;
      bool const there = (x + 2 * y + 3 * z + b) % 4 == 0;
      xyz.insert(xyz.end(), {there ? float(x) + 0.5f : -1, float(y) + 0.5f, float(z) + 0.5f});
      wanted[std::size_t(((b * 5 + z) * 4 + y) * 3 + x)] = there ? 1 : 0;
    }
  }
  p.clouds = dense_clouds(xyz, 2);
  CHECK(result_of(p, voxel_result::count) == wanted);
  CHECK(verify(p) == "");
}

TEST_CASE("Cells, results: occupied is 1 or 0 in every type", "[voxelize][cells]") {
  for (auto type : {dtype::uint8, dtype::int32, dtype::int64, dtype::float32, dtype::float16, dtype::bfloat16}) {
    auto p = voxels_of(along_x({0.5f, 2.5f, 2.6f, 2.7f, 9}), {4, 1, 1});
    p.want({voxel_result::occupied});
    p.occupied_type = type;
    CAPTURE(robocache::name_of(type));
    CHECK(result_of(p, voxel_result::occupied) == numbers{1, 0, 1, 0});
    CHECK(verify(p) == "");
    p.misaligned = 1;
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Cells, results: bit x % 32 of word x / 32, rows of x padded with zeros", "[voxelize][cells]") {
  auto p = voxels_of({0.5f, 0.5f, 0.5f, 31.5f, 0.5f, 0.5f, 32.5f, 0.5f, 0.5f, 1.5f, 1.5f, 0.5f}, {33, 2, 1});
  p.want({voxel_result::occupied_bits});
  CHECK(result_of(p, voxel_result::occupied_bits) == numbers{double(std::int32_t(0x80000001)), 1, 2, 0});
  CHECK(verify(p) == "");
  generator random(2002);
  for (std::int64_t nx : {1, 2, 31, 32, 33, 63, 64, 65, 100, 257}) {
    auto q = voxels_of({}, {nx, 3, 2});
    q.want({voxel_result::occupied_bits, voxel_result::occupied, voxel_result::count});
    q.clouds = dense_clouds(draw_points(random, q.lattice, 4 * nx, 0.1), 2);
    CAPTURE(nx);
    CHECK(verify(q) == "");
    for (auto r : {voxel_result::occupied_bits, voxel_result::occupied, voxel_result::count}) {
      q.want({r});
      CHECK(verify(q) == "");
    }
  }
}

TEST_CASE("Cells: no points, an empty batch, one point per cell", "[voxelize][cells]") {
  for (bool packed : {false, true}) {
    auto p = voxels_of({}, {5, 6, 7});
    p.want({voxel_result::count, voxel_result::occupied, voxel_result::occupied_bits, voxel_result::dropped});
    p.clouds = packed ? ragged_clouds({}, {0, 0, 0}) : dense_clouds({}, 2);
    CHECK(verify(p) == "");
    CHECK(total_of(p, voxel_result::count) == 0);
    CHECK(result_of(p, voxel_result::dropped) == numbers{0, 0});
    p.clouds = packed ? ragged_clouds({}, {0}) : dense_clouds({}, 0);
    CHECK(verify(p) == "");
  }
  auto p = voxels_of({}, {5, 6, 7});
  std::vector<float> xyz;
  for (int i = 0; i < 210; ++i) {
    int const cell = i * 11 % 210;
    xyz.insert(xyz.end(), {float(cell % 5) + 0.5f, float(cell / 5 % 6) + 0.5f, float(cell / 30) + 0.5f});
  }
  p.clouds = dense_clouds(xyz);
  CHECK(verify(p) == "");
  CHECK(result_of(p, voxel_result::count) == numbers(210, 1.0));
}

TEST_CASE("Cells: all points in one cell", "[voxelize][cells]") {
  for (std::int64_t count : {1, 2, 31, 32, 33, 63, 64, 65, 1000, 4095, 4096, 4097, 100'000}) {
    auto p = voxels_of(std::vector<float>(std::size_t(3 * count), 1.5f), {3, 3, 3});
    p.want({voxel_result::count, voxel_result::occupied, voxel_result::occupied_bits, voxel_result::dropped});
    CAPTURE(count);
    CHECK(verify(p) == "");
    CHECK(result_of(p, voxel_result::count)[13] == double(count));
  }
}
