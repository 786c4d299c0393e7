// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include <robocache/device/rotation_formats.cuh>

#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/policy_input/rotations.hpp"
#include "support/random.hpp"

// The semantics' chapter "Rotation formats", on the host; policy inputs compare the device's bits with these.
using namespace test;
using namespace test::oracle;
namespace device = robocache::device;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();
constexpr double pi = 3.14159265358979323846;

using numbers = std::array<double, 9>;

numbers in_double(device::rotation_channels const& row) {
  numbers out{};
  for (std::size_t i = 0; i < 9; ++i) { out[i] = double(row.c[i]); }
  return out;
}

matrix3 matrix_of_quaternion(device::quaternion const& q) {
  return oracle::matrix_of({rotation_format::wxyz, {}},
                           {double(q.q[0]), double(q.q[1]), double(q.q[2]), double(q.q[3])});
}

device::rotation_channels draw_channels(generator& random, rotation_layout const& layout) {
  auto const drawn = oracle::draw_row(random, layout);
  device::rotation_channels row{};
  for (std::size_t i = 0; i < 9; ++i) { row.c[i] = float(drawn[i]); }
  if (layout.format == rotation_format::vector && random.chance(0.3)) {
    float const scale = float(std::pow(10, -10 * random.unit()));
    for (float& x : row.c) { x *= scale; }
  }
  return row;
}

/// How ill the two vectors of a 6-D row define a rotation: 1 over the sine of the angle between them.
double illness(rotation_layout const& layout, numbers const& r) {
  if (layout.format != rotation_format::columns && layout.format != rotation_format::rows) { return 1; }
  auto const dot = [&](std::size_t i, std::size_t j) {
    return r[i] * r[j] + r[i + 1] * r[j + 1] + r[i + 2] * r[j + 2];
  };
  double const cosine = dot(0, 3) / std::sqrt(dot(0, 0) * dot(3, 3));
  return 1 / std::sqrt(1 - cosine * cosine);
}

double length_of(device::quaternion const& q) {
  return std::sqrt(double(q.q[0]) * double(q.q[0]) + double(q.q[1]) * double(q.q[1]) + double(q.q[2]) * double(q.q[2]) +
                   double(q.q[3]) * double(q.q[3]));
}

device::quaternion read(std::string const& name, std::array<float, 9> const& row) {
  device::rotation_channels channels{};
  std::memcpy(channels.c, row.data(), sizeof channels.c);
  return device::read_rotation(layout_of(name), channels);
}

bool is_nan(device::quaternion const& q) {
  return std::isnan(q.q[0]) && std::isnan(q.q[1]) && std::isnan(q.q[2]) && std::isnan(q.q[3]);
}

bool same(device::rotation_channels const& row, std::initializer_list<float> wanted, float tolerance = 0) {
  std::size_t i = 0;
  for (float x : wanted) {
    if (!(std::fabs(row.c[i++] - x) <= tolerance)) { return false; }
  }
  return true;
}

}  // namespace

TEST_CASE("Rotation formats, error: reading and writing turn by at most 1e-6", "[rotation_formats]") {
  generator random(1);
  for (auto const& name : all_layouts()) {
    CAPTURE(name);
    auto const layout = layout_of(name);
    for (int i = 0; i < 300; ++i) {
      auto const row = draw_channels(random, layout);
      auto const q = device::read_rotation(layout, row);
      auto const wanted = oracle::matrix_of(layout, in_double(row));
      REQUIRE(angle_between(wanted, matrix_of_quaternion(q)) <= 1e-6 * illness(layout, in_double(row)));
      REQUIRE(std::fabs(length_of(q) - 1) <= 3e-7);
      auto const back = device::write_rotation(layout, q);
      REQUIRE(angle_between(matrix_of_quaternion(q), oracle::matrix_of(layout, in_double(back))) <= 1e-6);
    }
  }
}

TEST_CASE("Rotation formats, golden: those of SciPy, per component", "[golden]") {
  auto const cases = read_golden("xyzw");
  REQUIRE(cases.size() == 1);
  auto const& c = cases.begin()->second;
  auto const rows = c.at("xyzw").size() / 4;
  for (auto const& name : all_layouts()) {
    if (c.count(name) == 0) { continue; }
    CAPTURE(name);
    auto const layout = layout_of(name);
    auto const width = std::size_t(robocache::channels_of(layout.format));
    for (std::size_t row = 0; row < rows; ++row) {
      device::rotation_channels from{}, scipy{};
      for (std::size_t i = 0; i < 4; ++i) { from.c[i] = float(c.at("xyzw")[4 * row + i]); }
      auto const q = device::read_rotation({rotation_format::xyzw, {}}, from);
      auto const found = device::write_rotation(layout, q);
      double near = 1;  // how near a singularity of Euler angles is
      if (layout.format == rotation_format::euler) {
        double const middle = c.at(name)[3 * row + 1];
        near = std::fabs(layout.order.axes[0] == layout.order.axes[2] ? std::sin(middle) : std::cos(middle));
      }
      for (std::size_t i = 0; i < width; ++i) {
        double const wanted = c.at(name)[width * row + i];
        scipy.c[i] = float(wanted);
        double error = std::fabs(double(found.c[i]) - wanted);
        if (layout.format == rotation_format::euler) { error = std::min(error, std::fabs(error - 2 * pi)); }
        if (layout.format != rotation_format::xyzw) { CHECK(error <= 1e-6 / near); }
      }
      auto const back = device::read_rotation(layout, scipy);
      CHECK(angle_between(matrix_of_quaternion(q), matrix_of_quaternion(back)) <= 1e-6);
    }
  }
}

TEST_CASE("Rotation formats, layout: a quarter turn about z in each", "[rotation_formats]") {
  // x goes to y.
  float const h = 0.707106769f;
  device::quaternion const q{{h, 0, 0, h}};
  auto const written = [&](std::string const& name) { return device::write_rotation(layout_of(name), q); };
  float const near = 2e-7f;
  CHECK(same(written("wxyz"), {h, 0, 0, h}));
  CHECK(same(written("xyzw"), {0, 0, h, h}));
  CHECK(same(written("vector"), {0, 0, 1.57079637f}, near));
  CHECK(same(written("matrix"), {0, -1, 0, 1, 0, 0, 0, 0, 1}, near));
  CHECK(same(written("columns"), {0, 1, 0, -1, 0, 0}, near));
  CHECK(same(written("rows"), {0, -1, 0, 1, 0, 0}, near));
  CHECK(same(written("xyz"), {0, 0, 1.57079637f}, near));
  CHECK(same(written("ZYX"), {1.57079637f, 0, 0}, near));
  for (auto const* name : {"wxyz", "xyzw", "vector", "matrix", "columns", "rows", "zyx", "XZX"}) {
    CHECK(robocache::channels_of(layout_of(name).format) > 0);
  }
}

TEST_CASE("Rotation formats, Euler: the names are SciPy's", "[rotation_formats]") {
  auto const fixed = robocache::euler("zyx");
  CHECK((fixed.axes[0] == 2 && fixed.axes[1] == 1 && fixed.axes[2] == 0 && !fixed.intrinsic));
  CHECK(robocache::euler("ZXZ").intrinsic);
  for (auto const* name : {"xyz", "XYX", "zxy"}) { CHECK(robocache::is_euler_order(robocache::euler(name))); }
  for (auto const* name : {"", "x", "xy", "xyzx", "xxy", "xyy", "xYz", "abc", "xy3"}) {
    CAPTURE(name);
    CHECK(!robocache::is_euler_order(robocache::euler(name)));
  }
  CHECK(!robocache::is_euler_order(robocache::euler(nullptr)));
}

TEST_CASE("Rotation formats, singularity: the third Euler angle is 0, the middle one exact", "[rotation_formats]") {
  generator random(2);
  for (auto const& name : all_layouts()) {
    auto const layout = layout_of(name);
    if (layout.format != rotation_format::euler) { continue; }
    CAPTURE(name);
    bool const proper = layout.order.axes[0] == layout.order.axes[2];
    for (double middle : {proper ? 0.0 : pi / 2, proper ? pi : -pi / 2}) {
      for (int i = 0; i < 20; ++i) {
        device::rotation_channels const angles{
            {float(6 * random.unit() - 3), float(middle), float(6 * random.unit() - 3), 0, 0, 0, 0, 0, 0}};
        auto const q = device::read_rotation(layout, angles);
        auto const found = device::write_rotation(layout, q);
        CHECK(found.c[2] == 0);
        CHECK(std::fabs(double(found.c[1]) - middle) <= 1e-7);
        CHECK(angle_between(oracle::matrix_of(layout, in_double(angles)),
                            oracle::matrix_of(layout, in_double(found))) <= 1e-6);
      }
    }
  }
}

TEST_CASE("Rotation formats, not a rotation: NaN in every component", "[rotation_formats]") {
  for (float bad : {not_a_number, infinite, -infinite}) {
    for (auto const& name : all_layouts()) {
      auto const width = std::size_t(robocache::channels_of(layout_of(name).format));
      for (std::size_t c = 0; c < width; ++c) {
        CAPTURE(name, c, bad);
        std::array<float, 9> row = {1, 0.25f, 0, 0, 1, 0.5f, 0, 0, 1};
        row[c] = bad;
        CHECK(is_nan(read(name, row)));
      }
    }
  }
  for (auto const* name : {"wxyz", "xyzw", "matrix", "columns", "rows"}) { CHECK(is_nan(read(name, {}))); }
  for (auto const* name : {"columns", "rows"}) {
    CHECK(is_nan(read(name, {1, 2, 3})));
    CHECK(is_nan(read(name, {0, 0, 0, 1, 2, 3})));
    CHECK(is_nan(read(name, {1, 2, 3, 2, 4, 6})));
    CHECK(is_nan(read(name, {0.1f, 0.2f, 0.7f, -0.3f, -0.6f, -2.1f})));
  }
  // No rotation vector and no Euler angles are zero lengths.
  CHECK(read("vector", {}).q[0] == 1);
  CHECK(read("xyz", {}).q[0] == 1);
}

TEST_CASE("Rotation formats, length: of any size that is a float's", "[rotation_formats]") {
  for (float size : {1e-38f, 1e-30f, 1.0f, 1e30f, 1e38f}) {
    CAPTURE(size);
    auto const q = read("wxyz", {size, size, -size, size});
    CHECK(same({{q.q[0], q.q[1], q.q[2], q.q[3]}}, {0.5f, 0.5f, -0.5f, 0.5f}));
    auto const six = read("columns", {0, size, 0, -size, 0, 0});
    CHECK(same({{six.q[0], six.q[1], six.q[2], six.q[3]}}, {0.707106769f, 0, 0, 0.707106769f}, 1e-7f));
  }
}

TEST_CASE("Rotation formats, sign: the real part, else the first component that is not 0", "[rotation_formats]") {
  auto const sign = [](device::quaternion const& q) {
    auto const p = device::positive(q);
    return device::rotation_channels{{p.q[0], p.q[1], p.q[2], p.q[3]}};
  };
  CHECK(same(sign({{-0.5f, 0.5f, 0.5f, 0.5f}}), {0.5f, -0.5f, -0.5f, -0.5f}));
  CHECK(same(sign({{0.5f, -0.5f, 0.5f, 0.5f}}), {0.5f, -0.5f, 0.5f, 0.5f}));
  CHECK(same(sign({{0, -1, 0, 0}}), {0, 1, 0, 0}));
  CHECK(same(sign({{-0.0f, 0, -1, 0}}), {0, 0, 1, 0}));
  CHECK(same(sign({{0, 0, 0, -1}}), {0, 0, 0, 1}));
}

TEST_CASE("Rotation formats, rotation vector: its angle is in [0, pi], at pi its axis begins positive",
          "[rotation_formats]") {
  auto const vector_of = [](device::quaternion const& q) { return device::write_rotation(layout_of("vector"), q); };
  CHECK(same(vector_of({{0, -1, 0, 0}}), {3.14159274f, 0, 0}));
  CHECK(same(vector_of({{-0.0f, 0, -1, 0}}), {0, 3.14159274f, 0}));
  CHECK(same(vector_of({{-1, 0, 0, 0}}), {0, 0, 0}));
  CHECK(same(vector_of({{-0.6f, 0.8f, 0, 0}}), {-1.85459f, 0, 0}, 1e-5f));
  CHECK(same(vector_of({{1, 1e-30f, 0, 0}}), {2e-30f, 0, 0}));
}

TEST_CASE("Rotation formats, relative: the inverse of the frame, times what is seen", "[rotation_formats]") {
  generator random(3);
  for (int i = 0; i < 200; ++i) {
    auto const row = draw_channels(random, {rotation_format::wxyz, {}});
    auto const other = draw_channels(random, {rotation_format::wxyz, {}});
    auto const frame = device::read_rotation({rotation_format::wxyz, {}}, row);
    auto const q = device::read_rotation({rotation_format::wxyz, {}}, other);
    auto const back = transposed(matrix_of_quaternion(frame));
    REQUIRE(angle_between(multiplied(back, matrix_of_quaternion(q)),
                          matrix_of_quaternion(device::relative_rotation(frame, q))) <= 1e-6);
    auto const none = device::relative_rotation(frame, frame);
    REQUIRE(same({{none.q[0], none.q[1], none.q[2], none.q[3]}}, {1, 0, 0, 0}));
    device::vector3 const v{row.c[4], row.c[5], row.c[6]};
    auto const seen = device::relative_vector(frame, v);
    double const wanted[3] = {back[0] * double(v.x) + back[1] * double(v.y) + back[2] * double(v.z),
                              back[3] * double(v.x) + back[4] * double(v.y) + back[5] * double(v.z),
                              back[6] * double(v.x) + back[7] * double(v.y) + back[8] * double(v.z)};
    double const most = std::fabs(double(v.x)) + std::fabs(double(v.y)) + std::fabs(double(v.z));
    REQUIRE(std::fabs(double(seen.x) - wanted[0]) <= 1e-6 * most);
    REQUIRE(std::fabs(double(seen.y) - wanted[1]) <= 1e-6 * most);
    REQUIRE(std::fabs(double(seen.z) - wanted[2]) <= 1e-6 * most);
  }
}
