// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/problem.hpp"
#include "support/scenario.hpp"
#include "support/thrown.hpp"
#include "support/typed.hpp"
#include "support/typed_array.hpp"

// Voxelizing through the compiled API on host memory, as resample/compiled.cpp is for resampling.
using namespace test;
using robocache::channel_order;
using robocache::cloud_bounds;
using robocache::feature_reductions;
using robocache::grid;
using robocache::point_clouds;
using robocache::voxel_options;
using robocache::compiled::any_feature_gradients;
using robocache::compiled::any_point_features;
using robocache::compiled::any_voxel_gradients;
using robocache::compiled::any_voxel_output;
using robocache::compiled::place;

namespace {

using numbers = std::vector<double>;

/// Two clouds of three points with two features each, on two cells; a point of the second cloud is NaN. Features are
/// four numbers apart.
struct two_clouds {
  float xyz[18] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, std::numeric_limits<float>::quiet_NaN(), 0, 0, 1, 0, 0};
  typed_array features;
  point_clouds clouds = point_clouds::dense(xyz, 2, 3);
  grid lattice{{-0.5f, -0.5f, -0.5f}, {1, 1, 1}, {2, 1, 1}};

  explicit two_clouds(dtype type)
      : features(type, {1, 2, 0, 0, 3, 4, 0, 0, 5, -6, 0, 0, 7, 8, 0, 0, 9, 9, 0, 0, -1, 2, 0, 0}) {}
  two_clouds(two_clouds const&) = delete;
  two_clouds& operator=(two_clouds const&) = delete;

  any_point_features any() { return {features.data(), features.type, 2, robocache::contiguous, 4}; }
  template <class Value>
  robocache::point_features<Value> typed() {
    return {features.as<Value>(), 2, robocache::contiguous, 4};
  }
};

/// Room for all results of `two_clouds`.
struct all_results {
  std::vector<std::int32_t> count = std::vector<std::int32_t>(4, -5);
  std::vector<std::int64_t> occupied = std::vector<std::int64_t>(4, -5);
  std::vector<std::uint32_t> bits = std::vector<std::uint32_t>(2, 0xAAAAAAAAu);
  std::vector<std::int32_t> dropped = std::vector<std::int32_t>(2, -5);
  typed_array sum, mean, max, min;

  explicit all_results(dtype type)
      : sum(type, numbers(8, -5)), mean(type, numbers(8, -5)), max(type, numbers(8, -5)), min(type, numbers(8, -5)) {}
  all_results(all_results const&) = delete;
  all_results& operator=(all_results const&) = delete;

  any_voxel_output any() {
    return {sum.type,      feature_reductions<void>{sum.data(), mean.data(), max.data(), min.data()},
            count.data(),  occupied.data(),
            dtype::int64,  bits.data(),
            dropped.data()};
  }
  template <class Result>
  robocache::voxel_output<Result> typed() {
    return {{sum.as<Result>(), mean.as<Result>(), max.as<Result>(), min.as<Result>()},
            count.data(),
            occupied.data(),
            dtype::int64,
            bits.data(),
            dropped.data()};
  }
  bool operator==(all_results const& o) const {
    return count == o.count && occupied == o.occupied && bits == o.bits && dropped == o.dropped &&
           sum.bytes == o.sum.bytes && mean.bytes == o.mean.bytes && max.bytes == o.max.bytes &&
           min.bytes == o.min.bytes;
  }
};

voxel_options filled_options() {
  voxel_options options;
  options.channels = channel_order::first;
  options.max_fill = -8;
  options.min_fill = 16;
  return options;
}

/// The four gradients of `two_clouds`' results, in the same layout.
struct all_gradients {
  typed_array sum, mean, max, min;

  explicit all_gradients(dtype type)
      : sum(type, {1, 2, 3, 4, 5, 6, 7, 8}),
        mean(type, {2, 4, 6, 8, 10, 12, 14, 16}),
        max(type, {16, 32, 48, 64, 80, 96, 112, 128}),
        min(type, {-1, -2, -3, -4, -5, -6, -7, -8}) {}

  any_voxel_gradients any() { return {sum.type, sum.data(), mean.data(), max.data(), min.data()}; }
  template <class Result>
  robocache::voxel_gradients<Result> typed() {
    return {{sum.as<Result>(), mean.as<Result>(), max.as<Result>(), min.as<Result>()}};
  }
};

std::string message_of(robocache::error const& e) { return e.what(); }

}  // namespace

TEST_CASE("Compiled API: voxelize gives the header API's results, for every pair of types", "[compiled]") {
  for (auto value : float_types) {
    for (auto result : float_types) {
      CAPTURE(robocache::name_of(value), robocache::name_of(result));
      two_clouds given(value);
      all_results compiled(result);
      robocache::compiled::voxelize(place::host, given.clouds, given.any(), given.lattice, compiled.any(),
                                    filled_options());
      all_results direct(result);
      auto const s = with_float_types(value, result, [&](auto v, auto r) {
        return robocache::host::voxelize(given.clouds, given.typed<typename decltype(v)::type>(), given.lattice,
                                         direct.typed<typename decltype(r)::type>(), filled_options());
      });
      REQUIRE(s.ok());
      CHECK(compiled == direct);
      CHECK(compiled.count == std::vector<std::int32_t>{2, 1, 0, 2});
      CHECK(compiled.occupied == std::vector<std::int64_t>{1, 1, 0, 1});
      CHECK(compiled.bits == std::vector<std::uint32_t>{3, 2});
      CHECK(compiled.dropped == std::vector<std::int32_t>{0, 1});
      CHECK(compiled.sum.numbers() == numbers{6, 3, -4, 4, 0, 6, 0, 10});
      CHECK(compiled.mean.numbers() == numbers{3, 3, -2, 4, 0, 3, 0, 5});
      CHECK(compiled.max.numbers() == numbers{5, 3, 2, 4, -8, 7, -8, 8});
      CHECK(compiled.min.numbers() == numbers{1, 3, -6, 4, 16, -1, 16, 2});
    }
  }
}

TEST_CASE("Compiled API: voxelize throws the header API's text and has written nothing", "[compiled]") {
  two_clouds given(dtype::float32);
  all_results out(dtype::float32);
  auto const call = [&](any_point_features const& features, any_voxel_output const& to, voxel_options const& options) {
    robocache::compiled::voxelize(place::host, given.clouds, features, given.lattice, to, options);
  };
  voxel_options adds;
  adds.accumulate = true;
  auto const e = error_of([&] { call(given.any(), out.any(), adds); });
  auto const s = robocache::host::voxelize(given.clouds, given.typed<float>(), given.lattice, out.typed<float>(), adds);
  CHECK(message_of(e) == s.message());
  CHECK(e.argument() == "out.mean");
  CHECK(e.code() == s.code());

  any_point_features integers = given.any();
  integers.type = dtype::int32;
  auto const features = error_of([&] { call(integers, out.any(), {}); });
  CHECK(message_of(features) == "features.type: found int32, want fp32, fp16 or bf16");
  CHECK(features.code() == robocache::status_code::unsupported);
  any_voxel_output bytes = out.any();
  bytes.type = dtype::uint8;
  CHECK(message_of(error_of([&] { call(given.any(), bytes, {}); })) ==
        "out.type: found uint8, want fp32, fp16 or bf16");
  CHECK(error_of([&] { call({}, out.any(), {}); }).argument() == "features.channels");
  any_voxel_output no_type = out.any();
  no_type.occupied_type = dtype(9);
  CHECK(message_of(error_of([&] { call(given.any(), no_type, {}); })) == "out.occupied_type: found 9, want a dtype");
  given.lattice.size[1] = 0;
  CHECK(error_of([&] { call(given.any(), out.any(), {}); }).argument() == "lattice.size");
  CHECK(out == all_results(dtype::float32));
}

TEST_CASE("Compiled API: voxelize_backward gives the header API's gradients, for every pair of types", "[compiled]") {
  for (auto value : float_types) {
    for (auto result : float_types) {
      CAPTURE(robocache::name_of(value), robocache::name_of(result));
      two_clouds given(value);
      all_gradients from(result);
      typed_array compiled(value, numbers(18, -5));
      typed_array direct = compiled;
      robocache::compiled::voxelize_backward(place::host, given.clouds, given.any(), given.lattice, from.any(),
                                             channel_order::first, {compiled.data(), robocache::contiguous, 3});
      auto const s = with_float_types(value, result, [&](auto v, auto r) {
        using Value = typename decltype(v)::type;
        robocache::feature_gradients<Value> const to{direct.as<Value>(), robocache::contiguous, 3};
        return robocache::host::voxelize_backward(given.clouds, given.typed<Value>(), given.lattice,
                                                  from.typed<typename decltype(r)::type>(), channel_order::first, to);
      });
      REQUIRE(s.ok());
      CHECK(compiled.bytes == direct.bytes);
      // Sum, half of the mean where a cell has two points, the maximum and the minimum where a point holds them; what
      // follows the two channels is not touched.
      CHECK(compiled.numbers() == numbers{2 - 1, 6 + 48, -5, 6 + 32 - 2, 12 + 64 - 4, -5, 2 + 16, 6 - 3, -5, 12 + 96,
                                          16 + 128, -5, 0, 0, -5, 12 - 6, 16 - 8, -5});
    }
  }
}

TEST_CASE("Compiled API: voxelize_backward throws the header API's text and has written nothing", "[compiled]") {
  two_clouds given(dtype::float32);
  all_gradients from(dtype::float32);
  typed_array out(dtype::float32, numbers(12, -5));
  auto const call = [&](dtype features, dtype gradients, any_feature_gradients const& to) {
    any_point_features read = given.any();
    read.type = features;
    any_voxel_gradients taken = from.any();
    taken.type = gradients;
    robocache::compiled::voxelize_backward(place::host, given.clouds, read, given.lattice, taken, channel_order::last,
                                           to);
  };
  auto const message = [&](dtype features, dtype gradients, any_feature_gradients const& to) {
    return message_of(error_of([&] { call(features, gradients, to); }));
  };
  any_feature_gradients const to{out.data()};
  CHECK(message(dtype::int64, dtype::float32, to).find("features.type: found int64") == 0);
  CHECK(message(dtype::float32, dtype::int32, to).find("gradients.type: found int32") == 0);
  CHECK(message(dtype::float32, dtype::float32, {}).find("out.values: found a null pointer") == 0);
  CHECK(message(dtype::float32, dtype::float32, {out.data(), robocache::contiguous, 1}).find("out.point_stride") == 0);
  CHECK(out.numbers() == numbers(12, -5));
}

TEST_CASE("Compiled API: find_bounds looks at finite points, and throws the header API's text", "[compiled]") {
  two_clouds const given(dtype::float32);
  cloud_bounds bounds[2] = {};
  robocache::compiled::find_bounds(place::host, given.clouds, bounds);
  CHECK(bounds[0].points == 3);
  CHECK(bounds[1].points == 2);
  CHECK(bounds[0].low[0] == 0);
  CHECK(bounds[1].low[0] == 1);
  CHECK(bounds[1].high[0] == 1);
  auto const e = error_of([&] { robocache::compiled::find_bounds(place::host, given.clouds, nullptr); });
  CHECK(message_of(e) == "bounds: found a null pointer, want 2 elements");
}

TEST_CASE("Compiled API: the scratch of voxelizing grows with the grid, and is the device's alone", "[compiled]") {
  two_clouds given(dtype::float32);
  all_results out(dtype::float32);
  all_gradients from(dtype::float32);
  grid large = given.lattice;
  large.cells[1] = 100000;
  auto const forward = [&](place where, grid const& lattice) {
    return robocache::compiled::voxelize_scratch(where, given.clouds, given.any(), lattice, out.any(), {});
  };
  auto const backward = [&](place where, grid const& lattice) {
    return robocache::compiled::voxelize_backward_scratch(where, given.clouds, given.any(), lattice, from.any());
  };
  for (auto const& bytes : {std::function<std::int64_t(place, grid const&)>(forward),
                            std::function<std::int64_t(place, grid const&)>(backward)}) {
    CHECK(bytes(place::host, large) == 0);
    CHECK(bytes(place::device, given.lattice) > 0);
    CHECK(bytes(place::device, large) > bytes(place::device, given.lattice));
    grid broken = large;
    broken.cells[0] = 0;
    CHECK(bytes(place::device, broken) == 0);
  }
  given.features.type = dtype::int32;
  CHECK(error_of([&] { forward(place::device, large); }).argument() == "features.type");
  CHECK(error_of([&] { backward(place::device, large); }).argument() == "features.type");
}
