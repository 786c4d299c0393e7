// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "support/bounds/bounds.hpp"
#include "support/catch.hpp"
#include "support/cells/scene.hpp"
#include "support/skip.hpp"
#include "support/voxels/filter_scene.hpp"
#include "support/voxels/scene.hpp"

// Real point clouds, from the folder that ROBOCACHE_DATA names: two sweeps of a lidar and a frame of a depth camera.
using namespace test;

namespace {

/// A file of floats; empty after printing that `what` is skipped.
std::vector<float> read_floats(char const* what, std::string const& name) {
  char const* const folder = data_folder(what);
  if (folder == nullptr) { return {}; }
  std::ifstream file(std::string(folder) + "/points/" + name, std::ios::binary);
  std::vector<char> const bytes{std::istreambuf_iterator<char>(file), {}};
  REQUIRE(!bytes.empty());
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(float));
  return numbers;
}

/// A grid of cells of `size` that holds all finite points.
robocache::grid grid_around(cloud_data const& clouds, float size) {
  cloud_bounds const box = find_bounds(clouds).bounds.at(0);
  robocache::grid lattice;
  for (int axis = 0; axis < 3; ++axis) {
    lattice.origin[axis] = box.low[axis];
    lattice.size[axis] = size;
    lattice.cells[axis] = std::int64_t(std::floor((box.high[axis] - box.low[axis]) / size)) + 1;
  }
  return lattice;
}

/// Everything of a cloud, its height as a feature, against the oracle; every finite point is in a cell.
void check_cloud(cloud_data clouds, std::vector<float> features, std::int64_t channels, float size,
                 std::int64_t not_finite) {
  voxel_problem p;
  p.lattice = grid_around(clouds, size);
  p.clouds = std::move(clouds);
  p.set_features(features, channels);
  p.want_all();
  CAPTURE(p.lattice.cells[0], p.lattice.cells[1], p.lattice.cells[2]);
  CHECK(verify(p) == "");
  CHECK(result_of(p, voxel_result::dropped) == numbers{double(not_finite)});
  CHECK(total_of(p, voxel_result::count) == double(p.clouds.total() - not_finite));
  CHECK(find_bounds(p.clouds).bounds.at(0).points == p.clouds.total() - not_finite);
  p.want({voxel_result::count, voxel_result::occupied, voxel_result::occupied_bits, voxel_result::dropped});
  CHECK(verify(p) == "");
}

/// Voxels without a grid around them, of one size for all axes, and the clouds' coordinates as features, against the
/// oracle. Gives how many voxels the filter has; its voxels begin at multiples of their size.
std::int64_t check_voxels(cloud_data const& clouds, float size, std::int64_t not_finite) {
  std::int64_t filtered = 0;
  for (auto call : voxel_calls) {
    sparse_problem p;
    p.call = call;
    p.from.lattice = grid_around(clouds, size);
    if (call == voxel_call::filter) { std::fill_n(p.from.lattice.origin, 3, 0.0f); }
    set_clouds(p, clouds);
    p.from.set_features(clouds.xyz, 3);
    p.max_points = 20;
    p.want_all();
    CAPTURE(name_of(call), p.from.lattice.cells[0], p.from.lattice.cells[1], p.from.lattice.cells[2]);
    CHECK(verify(p) == "");
    CHECK(result_of(p, sparse_result::dropped) == numbers{double(not_finite)});
    filtered = std::int64_t(result_of(p, sparse_result::voxel_offsets).back());
    if (call == voxel_call::sparse) {
      p.order = voxel_order::cell;
      CHECK(verify(p) == "");
    }
    p.capacity = p.max_voxels = filtered / 2;
    CHECK(verify(p) == "");
  }
  return filtered;
}

}  // namespace

TEST_CASE("Real clouds: a lidar sweep with intensities between its coordinates", "[.][real]") {
  auto const xyzi = read_floats("lidar sweep with intensities", "small_gicp_source_xyzi.bin");
  if (xyzi.empty()) { return; }
  REQUIRE(xyzi.size() == 4 * 69'792);
  std::vector<float> xyz;
  std::vector<float> intensity;
  for (std::size_t i = 0; i < xyzi.size(); i += 4) {
    xyz.insert(xyz.end(), {xyzi[i], xyzi[i + 1], xyzi[i + 2]});
    intensity.push_back(xyzi[i + 3]);
  }
  check_cloud(dense_clouds(xyz), intensity, 1, 0.5f, 0);
}

TEST_CASE("Real clouds: a lidar sweep in cells of a metre, alone and four times in a batch", "[.][real]") {
  auto const xyz = read_floats("lidar sweep", "cupcl_sample_xyz.bin");
  if (xyz.empty()) { return; }
  REQUIRE(xyz.size() == 3 * 119'978);
  check_cloud(dense_clouds(xyz), xyz, 3, 1, 0);
  // The same sweep, cut in four: the cells of the parts are those of the whole.
  auto const part = std::int64_t(xyz.size()) / 3 / 4;
  voxel_problem p;
  p.clouds = dense_clouds(xyz);
  p.lattice = grid_around(p.clouds, 1);
  p.want({voxel_result::count});
  auto const whole = result_of(p, voxel_result::count);
  p.clouds = ragged_clouds(xyz, {0, part, 2 * part, 3 * part, std::int64_t(xyz.size()) / 3});
  CHECK(verify(p) == "");
  auto const parts = result_of(p, voxel_result::count);
  numbers sums(whole.size(), 0.0);
  for (std::size_t i = 0; i < parts.size(); ++i) { sums[i % whole.size()] += parts[i]; }
  CHECK(sums == whole);
}

TEST_CASE("Real clouds: a frame of a depth camera; its 97,920 points that are NaN are dropped, and counted",
          "[.][real]") {
  auto const xyz = read_floats("depth camera frame", "pcl_table_scene_xyz_640x480.bin");
  if (xyz.empty()) { return; }
  REQUIRE(xyz.size() == 3 * 640 * 480);
  check_cloud(dense_clouds(xyz), xyz, 3, 0.02f, 97'920);
}

TEST_CASE("Real clouds: voxels of a lidar sweep with intensities, and of a depth camera's frame", "[.][real]") {
  auto const xyzi = read_floats("voxels of a lidar sweep with intensities", "small_gicp_source_xyzi.bin");
  if (xyzi.empty()) { return; }
  std::vector<float> xyz;
  for (std::size_t i = 0; i < xyzi.size(); i += 4) { xyz.insert(xyz.end(), {xyzi[i], xyzi[i + 1], xyzi[i + 2]}); }
  CHECK(check_voxels(dense_clouds(xyz), 0.25f, 0) == 6167);
  auto const frame = read_floats("voxels of a depth camera frame", "pcl_table_scene_xyz_640x480.bin");
  CHECK(check_voxels(dense_clouds(frame), 0.01f, 97'920) == 9387);
}

TEST_CASE("Real clouds: a lidar sweep through the filter, in voxels of a metre", "[.][real]") {
  auto const xyz = read_floats("voxel filter of a lidar sweep", "cupcl_sample_xyz.bin");
  if (xyz.empty()) { return; }
  // What NVIDIA publishes for cuPCL's and PCL's filter on this sweep: voxels begin at multiples of their size there
  // too.
  CHECK(check_voxels(dense_clouds(xyz), 1, 0) == 3440);
}

TEST_CASE("Real clouds: a lidar sweep where UTM would have it, through the filter", "[.][real]") {
  auto xyz = read_floats("voxel filter of a lidar sweep in UTM", "cupcl_sample_xyz.bin");
  if (xyz.empty()) { return; }
  double const utm[] = {500'000, 5'400'000, 300};
  for (std::size_t i = 0; i < xyz.size(); ++i) { xyz[i] = float(double(xyz[i]) + utm[i % 3]); }
  sparse_problem p;
  p.call = voxel_call::filter;
  set_clouds(p, dense_clouds(xyz));
  begin_at_corner(p);
  p.want_all();
  for (auto const& [size, voxels] : {std::pair(0.5f, 9042.0), std::pair(2.0f, 1272.0), std::pair(6.0f, 203.0)}) {
    std::fill_n(p.from.lattice.size, 3, size);
    CAPTURE(size);
    CHECK(verify(p) == "");
    CHECK(misplaced_points(p) == "");
    CHECK(result_of(p, sparse_result::dropped) == numbers{0});
    CHECK(result_of(p, sparse_result::voxel_offsets) == numbers{0, voxels});
  }
}
