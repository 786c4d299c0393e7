// SPDX-License-Identifier: Apache-2.0
#include "support/policy_input/rotations.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace test::oracle {
namespace {

using vector = std::array<double, 3>;

vector unit(vector v) {
  double const length = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  for (double& x : v) { x /= length; }
  return v;
}

vector cross(vector const& a, vector const& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

/// Rodrigues' formula.
matrix3 about(vector const& axis, double angle) {
  double const s = std::sin(angle), c = std::cos(angle), rest = 1 - c;
  auto const [x, y, z] = axis;
  return {c + x * x * rest,     x * y * rest - z * s, x * z * rest + y * s,  //
          y * x * rest + z * s, c + y * y * rest,     y * z * rest - x * s,  //
          z * x * rest - y * s, z * y * rest + x * s, c + z * z * rest};
}

matrix3 of_quaternion(double w, double x, double y, double z) {
  double const sine = std::sqrt(x * x + y * y + z * z);
  return sine == 0 ? about({1, 0, 0}, 0) : about({x / sine, y / sine, z / sine}, 2 * std::atan2(sine, w));
}

/// The matrix whose rows these are.
matrix3 of_rows(vector const& first, vector second) {
  vector const a = unit(first);
  double const share = a[0] * second[0] + a[1] * second[1] + a[2] * second[2];
  for (std::size_t i = 0; i < 3; ++i) { second[i] -= share * a[i]; }
  vector const b = unit(second);
  vector const c = cross(a, b);
  return {a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]};
}

}  // namespace

matrix3 multiplied(matrix3 const& a, matrix3 const& b) {
  matrix3 r{};
  for (std::size_t i = 0; i < 9; ++i) {
    for (std::size_t k = 0; k < 3; ++k) { r[i] += a[i / 3 * 3 + k] * b[k * 3 + i % 3]; }
  }
  return r;
}

matrix3 transposed(matrix3 const& a) { return {a[0], a[3], a[6], a[1], a[4], a[7], a[2], a[5], a[8]}; }

matrix3 matrix_of(rotation_layout const& layout, std::array<double, 9> const& row) {
  switch (layout.format) {
    case rotation_format::wxyz: return of_quaternion(row[0], row[1], row[2], row[3]);
    case rotation_format::xyzw: return of_quaternion(row[3], row[0], row[1], row[2]);
    case rotation_format::vector: {
      double const angle = std::sqrt(row[0] * row[0] + row[1] * row[1] + row[2] * row[2]);
      return angle == 0 ? about({1, 0, 0}, 0) : about({row[0] / angle, row[1] / angle, row[2] / angle}, angle);
    }
    case rotation_format::matrix: return row;
    case rotation_format::rows: return of_rows({row[0], row[1], row[2]}, {row[3], row[4], row[5]});
    case rotation_format::columns: return transposed(of_rows({row[0], row[1], row[2]}, {row[3], row[4], row[5]}));
    case rotation_format::euler: break;
  }
  matrix3 all = about({1, 0, 0}, 0);
  for (std::size_t i = 0; i < 3; ++i) {
    vector axis{};
    axis[layout.order.axes[i]] = 1;
    matrix3 const one = about(axis, row[i]);
    all = layout.order.intrinsic ? multiplied(all, one) : multiplied(one, all);
  }
  return all;
}

double angle_between(matrix3 const& a, matrix3 const& b) {
  matrix3 const r = multiplied(transposed(a), b);
  vector const v{r[7] - r[5], r[2] - r[6], r[3] - r[1]};
  double const sine = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  return std::atan2(sine, r[0] + r[4] + r[8] - 1);
}

matrix3 between(matrix3 const& a, matrix3 const& b, double weight) {
  matrix3 const r = multiplied(transposed(a), b);
  vector const v{r[7] - r[5], r[2] - r[6], r[3] - r[1]};
  double const sine = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  double const angle = std::atan2(sine, r[0] + r[4] + r[8] - 1);
  return sine == 0 ? a : multiplied(a, about({v[0] / sine, v[1] / sine, v[2] / sine}, weight * angle));
}

std::array<double, 9> draw_row(generator& random, rotation_layout const& layout) {
  constexpr double tau = 6.28318530717958647692;
  std::array<double, 9> row{};
  for (;;) {
    for (double& x : row) { x = std::sqrt(-2 * std::log(1 - random.unit())) * std::cos(tau * random.unit()); }
    vector const one = unit({row[0], row[1], row[2]}), other = unit({row[3], row[4], row[5]});
    if (std::fabs(one[0] * other[0] + one[1] * other[1] + one[2] * other[2]) < 0.9) { break; }
  }
  if (layout.format == rotation_format::matrix) { row = matrix_of({rotation_format::rows, {}}, row); }
  for (double& x : row) { x = double(float(x)); }
  return row;
}

rotation_layout layout_of(std::string const& name) {
  for (int i = 0; i <= int(rotation_format::euler); ++i) {
    auto const format = rotation_format(i);
    if (name == robocache::name_of(format)) { return {format, {}}; }
  }
  rotation_layout layout{rotation_format::euler, {}};
  layout.order.intrinsic = std::isupper(name[0]) != 0;
  for (std::size_t i = 0; i < 3; ++i) {
    layout.order.axes[i] = static_cast<unsigned char>(std::tolower(name[i]) - 'x');
  }
  return layout;
}

std::vector<std::string> const& all_layouts() {
  static std::vector<std::string> const names = {"wxyz", "xyzw", "vector", "matrix", "columns", "rows", "xyz", "xzy",
                                                 "yxz",  "yzx",  "zxy",    "zyx",    "xyx",     "xzx",  "yxy", "yzy",
                                                 "zxz",  "zyz",  "XYZ",    "XZY",    "YXZ",     "YZX",  "ZXY", "ZYX",
                                                 "XYX",  "XZX",  "YXY",    "YZY",    "ZXZ",     "ZYZ"};
  return names;
}

}  // namespace test::oracle
