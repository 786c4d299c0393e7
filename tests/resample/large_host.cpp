// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <robocache/host.hpp>

#include "support/address_space.hpp"
#include "support/catch.hpp"
#include "support/problem.hpp"
#include "support/skip.hpp"

// Strides whose products pass 2^31 and 2^32 elements, in address space of which a few pages are touched.
using namespace test;

TEST_CASE("Large: strides beyond 2^31 and 2^32 elements, of values and of results", "[large]") {
  constexpr std::int64_t batch = 2;
  constexpr std::int64_t rows = 3;
  constexpr std::int64_t row_stride = (std::int64_t(1) << 31) - 8;
  constexpr std::int64_t batch_stride = (std::int64_t(1) << 33) + 24;
  constexpr std::int64_t extent = (batch - 1) * batch_stride + (rows - 1) * row_stride + 1;
  address_space const values(extent * 4);
  address_space const results(extent * 4);
  if (!values.usable() || !results.usable()) {
    skip("large strides: the system gives no 100 GiB of address space");
    return;
  }
  float const stamps[rows] = {0, 1, 2};
  float const targets[rows] = {0.5f, 1, 1.5f};
  auto* const from = values.as<float>();
  auto* const to = results.as<float>();
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t i = 0; i < rows; ++i) { from[b * batch_stride + i * row_stride] = float(10 * b + 4 * i); }
  }
  auto const when = timeline<float>::shared(stamps, batch, rows);
  auto const target = timeline<float>::shared(targets, batch, rows);
  robocache::series<float, float> const source{from, when, 1, batch_stride, row_stride};
  robocache::output<float> const out{to, nullptr, batch_stride, row_stride};
  status const s = robocache::host::resample(source, target, out, {});
  INFO(s.message());
  REQUIRE(s.ok());
  for (std::int64_t b = 0; b < batch; ++b) {
    CHECK(to[b * batch_stride] == float(10 * b + 2));
    CHECK(to[b * batch_stride + row_stride] == float(10 * b + 4));
    CHECK(to[b * batch_stride + 2 * row_stride] == float(10 * b + 6));
  }
}

TEST_CASE("Large: more than 2^31 cells and feature elements on the CPU", "[large]") {
  constexpr std::int64_t side = 2048;  // 2^33 cells
  constexpr std::int64_t cells = side * side * side;
  constexpr std::int64_t channels = 3;
  address_space const count(cells * 4);
  address_space const bits(cells / 8);
  address_space const sum(cells * channels * 4);
  if (!count.usable() || !bits.usable() || !sum.usable()) {
    skip("large grids: the system gives no 140 GiB of address space");
    return;
  }
  // Accumulated, so that nothing is cleared.
  float const xyz[] = {0.5f, 0.5f, 0.5f, 2047.5f, 2047.5f, 2047.5f, 2047.25f, 2047, 2047, 7.5f, 1024.5f, 511.5f};
  float const features[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  robocache::grid lattice;
  for (auto& n : lattice.cells) { n = side; }
  robocache::voxel_output<float> out;
  out.count = count.as<std::int32_t>();
  out.occupied_bits = bits.as<std::uint32_t>();
  out.sum = sum.as<float>();
  robocache::voxel_options options;
  options.accumulate = true;
  auto const clouds = robocache::point_clouds::dense(xyz, 1, 4);
  status const s =
      robocache::host::voxelize(clouds, robocache::point_features{features, channels}, lattice, out, options);
  INFO(s.message());
  REQUIRE(s.ok());
  std::int64_t const middle = (511 * side + 1024) * side + 7;
  CHECK(out.count[0] == 1);
  CHECK(out.count[middle] == 1);
  CHECK(out.count[cells - 1] == 2);
  CHECK(out.count[cells - 2] == 0);
  CHECK(out.occupied_bits[0] == 1);
  CHECK(out.occupied_bits[middle / 32] == 1u << 7);
  CHECK(out.occupied_bits[cells / 32 - 1] == 0x80000000);
  CHECK(out.sum[2] == 3);
  CHECK(out.sum[middle * channels + 1] == 11);
  CHECK(out.sum[(cells - 1) * channels] == 11);
}
