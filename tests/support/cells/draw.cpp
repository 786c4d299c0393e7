// SPDX-License-Identifier: Apache-2.0
#include "support/cells/draw.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/bits.hpp"
#include "support/scenario.hpp"

namespace test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// One coordinate.
/// @param spread  0: in the middle of the grid, 1: all over it
float draw_coordinate(generator& random, robocache::grid const& lattice, int axis, double spread) {
  float const origin = lattice.origin[axis];
  float const size = lattice.size[axis];
  auto const cells = double(lattice.cells[axis]);
  if (random.chance(0.25)) {  // a face, or the float beside it
    float const face = origin + float(random.between(0, lattice.cells[axis])) * size;
    return random.one_of({face, face, std::nextafter(face, infinity), std::nextafter(face, -infinity)});
  }
  if (random.chance(0.01)) {
    return random.one_of({infinity, -infinity, std::nanf(""), 3e38f, -3e38f, 1e10f, -0.0f, 0.0f, 1e-45f, -1e-45f});
  }
  double const part = spread * (1.1 * random.unit() - 0.55) + 0.5;
  return float(double(origin) + part * cells * double(size));
}

std::vector<float> draw_xyz(generator& random, robocache::grid const& lattice, std::int64_t count) {
  std::vector<float> xyz;
  double const spread = random.one_of({1.0, 1.0, 0.3, 0.05, 0.0});
  double const repeats = random.one_of({0.0, 0.0, 0.5, 0.95});  // points beside the one before, as those of a scan
  for (std::int64_t i = 0; i < count; ++i) {
    bool const again = i > 0 && random.chance(repeats);
    for (int axis = 0; axis < 3; ++axis) {
      xyz.push_back(again ? xyz[xyz.size() - 3] : draw_coordinate(random, lattice, axis, spread));
    }
  }
  return xyz;
}

/// What results hold before a call that accumulates.
void draw_before(generator& random, voxel_problem& p) {
  for (auto r : all_voxel_results) {
    if (!p.wants[r]) { continue; }
    dtype const type = p.type_of(r);
    p.before[r].resize(p.bytes_of(r));
    for (std::int64_t i = 0; i < p.elements_of(r); ++i) {
      std::uint64_t bits = r == voxel_result::occupied ? random.next() % 2 : random.next();
      if (!is_integer(type)) {
        double const number =
            random.chance(0.02) ? random.one_of({0.0, -0.0, double(infinity), std::nan("")}) : 8 * random.unit() - 4;
        bits = encode(type, double(float(number)));
      }
      store_bits(type, p.before[r].data(), i, bits);
    }
  }
}

void draw_options(generator& random, voxel_problem& p) {
  p.options.channels = random.one_of({channel_order::last, channel_order::first});
  p.options.sums = random.chance(0.25) ? summation::unordered : summation::ordered;
  p.options.accumulate = random.chance(0.2);
  p.options.max_fill = random.one_of({0.0, -1.5, double(infinity), std::nan(""), 1e-6, -double(infinity)});
  p.options.min_fill = random.one_of({0.0, 2.25, double(infinity), -0.0, 70000.0});
  for (auto r : all_voxel_results) { p.wants[r] = random.chance(0.5); }
  if (random.chance(0.2)) { p.want_all(); }
  if (p.channels == 0) {
    for (auto r : reductions) { p.wants[r] = false; }
  }
  if (p.options.accumulate) { p.wants[voxel_result::mean] = false; }
}

/// Strides, and features in the points' own memory.
void draw_layout(generator& random, voxel_problem& p) {
  cloud_data& c = p.clouds;
  c.separate = random.chance(0.3);
  c.misaligned = random.between(0, 3);
  std::int64_t const width = c.separate ? 1 : 3;
  std::int64_t point = width;
  if (random.chance(0.4)) { point = c.point_stride = width + random.between(0, 6); }
  if (random.chance(0.2)) { c.first = random.between(0, point - width); }
  if (!c.packed && random.chance(0.2)) { c.batch_stride = c.length * point + random.between(0, 9); }
  p.misaligned = random.chance(0.4) ? random.between(0, 9) : 0;
  auto const size = std::int64_t(robocache::size_of(p.value_type));
  if (p.channels > 0 && !c.separate && random.chance(0.2)) {
    p.interleaved_at = 12 + 4 * random.between(0, 2);
    c.first = 0;
    c.point_stride = (p.interleaved_at + p.channels * size + 3) / 4 + random.between(0, 2);
    c.batch_stride = contiguous;
    return;
  }
  if (random.chance(0.3)) {
    p.feature_first = random.between(0, 9);
    p.feature_stride = p.channels + random.between(0, 9);
    if (random.chance(0.5)) { p.feature_batch_stride = c.length * p.feature_stride + random.between(0, 9); }
  }
}

}  // namespace

cloud_data draw_clouds(generator& random, voxel_limits const& limits, robocache::grid const& lattice) {
  std::int64_t const batch = random.between(0, limits.batch);
  std::int64_t const each = random.between(0, limits.points / std::max<std::int64_t>(1, batch));
  auto const xyz = draw_xyz(random, lattice, batch * each);
  if (random.chance(0.3)) { return dense_clouds(xyz, batch); }
  if (random.chance(0.4)) {
    std::vector<std::int64_t> lengths;
    for (std::int64_t b = 0; b < batch; ++b) { lengths.push_back(random.between(-1, each + 1)); }
    cloud_data c = padded_clouds(xyz, lengths);
    c.length = batch == 0 ? each : c.length;
    return c;
  }
  std::vector<std::int64_t> offsets;
  for (std::int64_t b = 0; b <= batch; ++b) { offsets.push_back(random.between(-2, batch * each + 2)); }
  std::sort(offsets.begin(), offsets.end());
  if (random.chance(0.5)) { offsets.front() = 0; }
  if (random.chance(0.5)) { offsets.back() = batch * each; }
  if (batch == 0) { offsets = {0}; }
  return ragged_clouds(xyz, offsets);
}

robocache::grid draw_grid(generator& random) {
  robocache::grid lattice;
  for (int axis = 0; axis < 3; ++axis) {
    lattice.cells[axis] = random.chance(0.1) ? random.between(1, 200) : random.between(1, 9);
    lattice.size[axis] = random.one_of({1.0f, 0.1f, 0.25f, 0.3f, 7.3f, float(0.01 + random.unit()), 1e-38f, 1e35f});
    lattice.origin[axis] =
        random.one_of({0.0f, -1.0f, -0.35f, 1e6f, -123456.7f, -0.5f * lattice.size[axis] * float(lattice.cells[axis]),
                       float(20 * random.unit() - 10)});
    // There are such small cells only near 0.
    if (lattice.size[axis] < 1e-30f) { lattice.origin[axis] = random.one_of({0.0f, -3e-38f}); }
  }
  return lattice;
}

voxel_problem draw_voxels(generator& random, voxel_limits const& limits) {
  voxel_problem p;
  p.lattice = draw_grid(random);
  p.clouds = draw_clouds(random, limits, p.lattice);
  if (random.chance(0.25)) {
    for (std::int64_t i = 0; i < 3 * p.clouds.batch; ++i) {
      float const own = p.lattice.origin[i % 3];
      p.origins.push_back(random.chance(0.02) ? std::nanf("") : random.chance(0.5) ? own : own + p.lattice.size[i % 3]);
    }
  }
  p.value_type = random.one_of(float_types);
  p.result_type = random.one_of(float_types);
  p.occupied_type =
      random.one_of({dtype::uint8, dtype::int32, dtype::int64, dtype::float32, dtype::float16, dtype::bfloat16});
  std::int64_t const channels = random.chance(0.3)   ? 0
                                : random.chance(0.4) ? 4 * random.between(1, 5)
                                                     : random.between(1, limits.channels);
  p.draw_features(random, channels, random.chance(0.5) ? 0.03 : 0);
  draw_layout(random, p);
  draw_options(random, p);
  if (p.options.accumulate) { draw_before(random, p); }
  p.scratch_byte = random.one_of<unsigned char>({poison, 0, 0xFF, 1});
  return p;
}

std::string describe(voxel_problem const& p) {
  std::string text = text_of(
      p.clouds.packed            ? "packed"
      : p.clouds.lengths.empty() ? "dense"
                                 : "padded",
      ", batch ", p.clouds.batch, ", points ", p.clouds.total(), ", cells ", p.lattice.cells[0], " x ",
      p.lattice.cells[1], " x ", p.lattice.cells[2], ", size ", p.lattice.size[0], " ", p.lattice.size[1], " ",
      p.lattice.size[2], ", origin ", p.lattice.origin[0], " ", p.lattice.origin[1], " ", p.lattice.origin[2],
      p.origins.empty() ? "" : " and others", "\nfeatures ", p.channels, " of ", robocache::name_of(p.value_type),
      ", results ", robocache::name_of(p.result_type), ", channels ",
      p.options.channels == channel_order::last ? "last" : "first",
      p.options.sums == summation::unordered ? ", unordered" : "", p.options.accumulate ? ", accumulate" : "", ":");
  for (auto r : all_voxel_results) {
    if (p.wants[r]) { text += text_of(" ", name_of(r)); }
  }
  return text;
}

}  // namespace test
