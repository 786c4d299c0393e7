// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/device_memory.hpp"
#include "support/device_space.hpp"
#include "support/numbers.hpp"
#include "support/problem.hpp"
#include "support/random.hpp"
#include "support/skip.hpp"

// Voxelizing with more than 2^31 cells, feature elements and points. Expected results are known without an oracle: a
// few places are read back, among them those on both sides of each power of two.
using namespace test;
using namespace robocache::compiled;

namespace {

/// Points in the middle of given cells of a grid of unit cells, the last one twice.
class points_in_cells {
 public:
  points_in_cells(robocache::grid const& lattice, std::vector<std::int64_t> const& cells)
      : count_(std::int64_t(cells.size()) + 1), xyz_(count_ * 12) {
    std::vector<float> xyz;
    for (std::int64_t i = 0; i < count_; ++i) {
      std::int64_t const cell = cells[std::size_t(std::min(i, count_ - 2))];
      xyz.push_back(float(cell % lattice.cells[0]) + 0.5f);
      xyz.push_back(float(cell / lattice.cells[0] % lattice.cells[1]) + 0.5f);
      xyz.push_back(float(cell / lattice.cells[0] / lattice.cells[1]) + 0.5f);
    }
    device_space::write(xyz_.as<void>(), xyz.data(), xyz.size() * 4);
    check_cuda(cudaStreamSynchronize(device_space::stream()), "cudaStreamSynchronize");
  }

  std::int64_t count() const { return count_; }
  robocache::point_clouds view() const { return robocache::point_clouds::dense(xyz_.as<float>(), 1, count_); }

 private:
  std::int64_t count_;
  device_memory xyz_;
};

robocache::grid grid_of(std::int64_t nx, std::int64_t ny, std::int64_t nz) {
  robocache::grid lattice;
  lattice.cells[0] = nx;
  lattice.cells[1] = ny;
  lattice.cells[2] = nz;
  return lattice;
}

/// Places next to those that hold something, and anywhere.
template <class Use>
void at_empty_places(std::vector<std::int64_t> const& taken, std::int64_t count, Use use) {
  generator random(3000);
  std::vector<std::int64_t> places;
  for (std::int64_t place : taken) { places.insert(places.end(), {place - 1, place + 1}); }
  for (int i = 0; i < 100; ++i) { places.push_back(random.between(0, count - 1)); }
  for (std::int64_t place : places) {
    if (place >= 0 && place < count && std::find(taken.begin(), taken.end(), place) == taken.end()) { use(place); }
  }
}

void fill(device_memory const& memory, int byte, std::int64_t bytes) {
  check_cuda(cudaMemsetAsync(memory.as<void>(), byte, std::size_t(bytes), device_space::stream()), "memset");
}

}  // namespace

TEST_CASE("Large: counts and occupancy of more than 2^31 cells", "[large]") {
  auto const lattice = grid_of(2048, 1024, 1536);  // 1.5 * 2^31
  std::int64_t const cells = lattice.total();
  device_memory const count(cells * 4);
  device_memory const occupied(cells);
  device_memory const bits(cells / 8);
  if (!count.usable() || !occupied.usable() || !bits.usable()) {
    skip("a large grid: the device has no 16 GiB to give");
    return;
  }
  std::vector<std::int64_t> const taken{0, 31, 32, two_to_31 - 1, two_to_31, two_to_31 + 77, cells - 1};
  points_in_cells const points(lattice, taken);
  any_voxel_output out;
  out.count = count.as<std::int32_t>();
  out.occupied = occupied.as<void>();
  out.occupied_bits = bits.as<std::uint32_t>();
  for (bool together : {true, false}) {
    fill(count, poison, cells * 4);
    fill(occupied, poison, cells);
    fill(bits, poison, cells / 8);
    if (together) {
      voxelize(place::device, points.view(), {}, lattice, out, {}, {}, device_space::stream());
    } else {
      for (int i = 0; i < 3; ++i) {
        any_voxel_output one;
        if (i == 0) { one.count = out.count; }
        if (i == 1) { one.occupied = out.occupied; }
        if (i == 2) { one.occupied_bits = out.occupied_bits; }
        voxelize(place::device, points.view(), {}, lattice, one, {}, {}, device_space::stream());
      }
    }
    auto const bit = [&](std::int64_t cell) { return fetch(out.occupied_bits + cell / 32) >> cell % 32 & 1; };
    for (std::int64_t cell : taken) {
      CAPTURE(cell);
      CHECK(fetch(out.count + cell) == (cell == cells - 1 ? 2 : 1));
      CHECK(int(fetch(occupied.as<std::uint8_t>() + cell)) == 1);
      CHECK(bit(cell) == 1);
    }
    at_empty_places(taken, cells, [&](std::int64_t cell) {
      CAPTURE(cell);
      CHECK(fetch(out.count + cell) == 0);
      CHECK(int(fetch(occupied.as<std::uint8_t>() + cell)) == 0);
      CHECK(bit(cell) == 0);
    });
  }
}

TEST_CASE("Large: reductions of more than 2^31 elements, in both orders of channels", "[large]") {
  auto const lattice = grid_of(512, 256, 200);
  std::int64_t const cells = lattice.total();
  constexpr std::int64_t channels = 88;  // 1.07 * 2^31 elements
  std::int64_t const elements = cells * channels;
  device_memory const sum(elements * 2);
  std::vector<std::int64_t> const taken{0, 511, two_to_31 / channels, cells / 2, cells - 1};
  points_in_cells const points(lattice, taken);
  std::vector<float> numbers;
  for (std::int64_t i = 0; i < points.count() * channels; ++i) { numbers.push_back(float(i % 97)); }
  device_memory const values(std::int64_t(numbers.size()) * 4);
  any_point_features const features{values.as<void>(), dtype::float32, channels};
  any_voxel_output out;
  out.type = dtype::bfloat16;
  out.sum = sum.as<void>();
  robocache::voxel_options options;
  std::int64_t const bytes = voxelize_scratch(place::device, points.view(), features, lattice, out, options);
  device_memory const memory(bytes);
  if (!sum.usable() || !values.usable() || !memory.usable()) {
    skip("large reductions: the device has no 5 GiB to give");
    return;
  }
  device_space::write(values.as<void>(), numbers.data(), numbers.size() * 4);
  for (auto order : {robocache::channel_order::last, robocache::channel_order::first}) {
    options.channels = order;
    fill(sum, poison, elements * 2);
    voxelize(place::device, points.view(), features, lattice, out, options, {memory.as<void>(), bytes},
             device_space::stream());
    auto const place = [&](std::int64_t cell, std::int64_t c) {
      return order == robocache::channel_order::last ? cell * channels + c : c * cells + cell;
    };
    auto const found = [&](std::int64_t at) { return fetch(sum.as<std::uint16_t>() + at); };
    std::vector<std::int64_t> places;
    for (std::size_t i = 0; i < taken.size(); ++i) {
      for (std::int64_t c : {std::int64_t(0), std::int64_t(1), std::int64_t(50), channels - 1}) {
        float wanted = numbers[i * channels + std::size_t(c)];
        if (i + 1 == taken.size()) { wanted += numbers[(i + 1) * channels + std::size_t(c)]; }
        CAPTURE(int(order), i, c);
        CHECK(found(place(taken[i], c)) == encode(dtype::bfloat16, double(wanted)));
      }
      for (std::int64_t c = 0; c < channels; ++c) { places.push_back(place(taken[i], c)); }
    }
    at_empty_places(places, elements, [&](std::int64_t at) {
      CAPTURE(int(order), at);
      CHECK(found(at) == 0);
    });
  }
}

TEST_CASE("Large: features and their gradients of more than 2^31 elements, and bounds of their points", "[large]") {
  constexpr std::int64_t channels = 64;
  constexpr std::int64_t points = two_to_31 / channels + 1000;
  device_memory const x(points * 4);
  device_memory const values(points * channels * 2);
  device_memory const gradients(points * channels * 2);
  device_memory const results(8 * channels * 4);
  device_memory const box(sizeof(robocache::cloud_bounds));
  auto const lattice = grid_of(8, 1, 1);
  any_point_features const features{values.as<void>(), dtype::bfloat16, channels};
  any_voxel_output out;
  out.max = results.as<void>();
  auto const clouds = robocache::point_clouds::separate(x.as<float>(), x.as<float>(), x.as<float>(), 1, points);
  any_voxel_gradients incoming;
  incoming.sum = results.as<void>();
  std::int64_t const bytes = std::max(voxelize_scratch(place::device, clouds, features, lattice, out, {}),
                                      voxelize_backward_scratch(place::device, clouds, features, lattice, incoming));
  device_memory const memory(std::max<std::int64_t>(bytes, 16));
  if (!x.usable() || !values.usable() || !gradients.usable() || !memory.usable()) {
    skip("large features: the device has no 10 GiB to give");
    return;
  }
  fill(x, 0xFF, points * 4);  // NaN: dropped, except for a few
  fill(values, 0xFF, points * channels * 2);
  std::vector<std::int64_t> const rows{0, two_to_31 / channels - 1, two_to_31 / channels, points - 1};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    put(x.as<float>() + rows[i], 0.125f * float(i));  // y and z too: all in the first cell
    for (std::int64_t c = 0; c < channels; ++c) {
      put(values.as<std::uint16_t>() + rows[i] * channels + c,
          std::uint16_t(encode(dtype::bfloat16, double((c + std::int64_t(i) * 16) % 64))));
    }
  }
  voxelize(place::device, clouds, features, lattice, out, {}, {memory.as<void>(), bytes}, device_space::stream());
  for (std::int64_t c = 0; c < channels; ++c) {
    std::int64_t largest = 0;
    for (std::int64_t i = 0; i < 4; ++i) { largest = std::max(largest, (c + 16 * i) % 64); }
    CHECK(fetch(results.as<float>() + c) == float(largest));
    CHECK(fetch(results.as<float>() + channels + c) == 0);
  }
  find_bounds(place::device, clouds, box.as<robocache::cloud_bounds>(), device_space::stream());
  auto const found = fetch(box.as<robocache::cloud_bounds>());
  CHECK(found.points == 4);
  CHECK(found.high[1] == 0.375f);

  fill(gradients, poison, points * channels * 2);
  voxelize_backward(place::device, clouds, features, lattice, incoming, robocache::channel_order::last,
                    any_feature_gradients{gradients.as<void>()}, {memory.as<void>(), bytes}, device_space::stream());
  for (std::int64_t c : {0, 1, 63}) {
    auto const wanted = encode(dtype::bfloat16, double(fetch(results.as<float>() + c)));
    for (std::int64_t row : rows) { CHECK(fetch(gradients.as<std::uint16_t>() + row * channels + c) == wanted); }
    at_empty_places(rows, points, [&](std::int64_t row) {
      CAPTURE(row, c);
      CHECK(fetch(gradients.as<std::uint16_t>() + row * channels + c) == 0);
    });
  }
}

TEST_CASE("Large: more than 2^32 points in a batch of clouds of nearly 2^31", "[large]") {
  constexpr std::int64_t batch = 3;
  constexpr std::int64_t length = INT32_MAX;
  device_memory const xyz(3 * 4);
  device_memory const results(batch * 8);
  device_memory const origins(batch * 3 * 4);
  for (int axis = 0; axis < 3; ++axis) {  // one point, as often as a cloud has points
    put(xyz.as<float>() + axis, 0.5f);
    for (int b = 0; b < batch; ++b) { put(origins.as<float>() + 3 * b + axis, b == 1 ? 9.0f : 0.0f); }
  }
  auto clouds = robocache::point_clouds::dense(xyz.as<float>(), batch, length, 0);
  auto lattice = grid_of(1, 1, 1);
  lattice.origins = origins.as<float>();
  any_voxel_output out;
  out.count = results.as<std::int32_t>();
  out.dropped = results.as<std::int32_t>() + batch;
  voxelize(place::device, clouds, {}, lattice, out, {}, {}, device_space::stream());
  for (std::int64_t b = 0; b < batch; ++b) {
    CAPTURE(b);
    CHECK(fetch(out.count + b) == (b == 1 ? 0 : INT32_MAX));
    CHECK(fetch(out.dropped + b) == (b == 1 ? INT32_MAX : 0));
  }
}
