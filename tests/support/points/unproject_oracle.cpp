// SPDX-License-Identifier: Apache-2.0
#include "support/points/unproject_oracle.hpp"

#include <cmath>
#include <cstddef>

namespace test::oracle {

namespace {

float sum(float a, float b) { return float(double(a) + double(b)); }
float difference(float a, float b) { return float(double(a) - double(b)); }
float product(float a, float b) { return float(double(a) * double(b)); }
float quotient(float a, float b) { return float(double(a) / double(b)); }

pixel unproject_one(depth_problem const& p, std::int64_t index) {
  std::int64_t const u = index % p.width;
  std::int64_t const v = index / p.width % p.height;
  std::int64_t const camera = index / (p.width * p.height);
  float const* const k = &p.intrinsics[std::size_t(4 * camera)];
  float const x = quotient(difference(float(u), k[2]), k[0]);
  float const y = quotient(difference(float(v), k[3]), k[1]);
  float z = product(float(p.depth_at(index)), p.options.scale);
  if (p.options.kind == depth_kind::ray) {
    float const square = sum(sum(1.0f, product(x, x)), product(y, y));
    z = quotient(z, float(std::sqrt(double(square))));
  }
  pixel one{};
  one.deep = std::isfinite(z) && z != 0.0f && z >= p.options.near && z <= p.options.far;
  float const in_camera[3] = {product(x, z), product(y, z), z};
  if (p.poses.empty()) {
    for (int i = 0; i < 3; ++i) { one.point[i] = in_camera[i]; }
  } else {
    transform(&p.poses[std::size_t(12 * camera)], in_camera, one.point);
  }
  crop_box const* const box = p.boxes.empty() ? nullptr : &p.boxes[std::size_t(camera / p.views)];
  one.kept = one.deep && is_kept(box, one.point);
  return one;
}

}  // namespace

void rotate(float const* pose, float const (&x)[3], float (&out)[3]) {
  for (int i = 0; i < 3; ++i) {
    float const* const row = pose + 4 * i;
    out[i] = sum(sum(product(row[0], x[0]), product(row[1], x[1])), product(row[2], x[2]));
  }
}

void transform(float const* pose, float const (&x)[3], float (&out)[3]) {
  rotate(pose, x, out);
  for (int i = 0; i < 3; ++i) { out[i] = sum(out[i], pose[4 * i + 3]); }
}

bool is_kept(crop_box const* box, float const (&x)[3]) {
  for (int i = 0; i < 3; ++i) {
    if (std::isnan(x[i])) { return false; }
    if (box != nullptr && !(x[i] >= box->low[i] && x[i] < box->high[i])) { return false; }
  }
  return true;
}

std::vector<pixel> unproject(depth_problem const& p) {
  std::vector<pixel> all;
  for (std::int64_t i = 0; i < p.pixels(); ++i) { all.push_back(unproject_one(p, i)); }
  return all;
}

}  // namespace test::oracle
