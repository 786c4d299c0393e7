// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/typed.hpp"
#include "support/voxels/compiled.hpp"

// The backward passes of voxels through the compiled API, on host memory.
using namespace test;
using namespace test::compiled_voxels;
using robocache::sparse_voxels;
using robocache::compiled::any_feature_gradients;
using robocache::compiled::any_point_features;
using robocache::compiled::any_voxel_gradients;
using robocache::compiled::place;

TEST_CASE("Compiled API: voxelize_sparse_backward gives the header API's gradients, for every pair of types",
          "[compiled]") {
  for_each_pair([](dtype value, dtype result) {
    two_clouds given(value);
    all_gradients from(result);
    typed_array compiled(value, numbers(18, -5));
    typed_array direct = compiled;
    robocache::compiled::voxelize_sparse_backward(place::host, given.clouds, given.any(), from.voxels(), from.any(),
                                                  {compiled.data(), robocache::contiguous, 3});
    auto const s = with_float_types(value, result, [&](auto v, auto r) {
      using Value = typename decltype(v)::type;
      robocache::feature_gradients<Value> const to{direct.as<Value>(), robocache::contiguous, 3};
      return robocache::host::voxelize_sparse_backward(given.clouds, given.typed<Value>(), from.voxels(),
                                                       from.typed<typename decltype(r)::type>(), to);
    });
    REQUIRE(s.ok());
    CHECK(compiled.bytes == direct.bytes);
    // Sum, the mean's share, the maximum and the minimum where a point holds them; what follows the two channels
    // is not touched.
    CHECK(compiled.numbers() == numbers{3 + 3 - 3, 4 + 4 + 64, -5, 1 + 2 + 16 - 1, 2 + 4 + 32 - 2, -5, 3 + 3 + 48,
                                        4 + 4 - 4, -5, 5 + 5 + 80, 6 + 6 + 96, -5, 0, 0, -5, 5 + 5 - 5, 6 + 6 - 6, -5});
  });
}

TEST_CASE("Compiled API: voxelize_gathered_backward gives the header API's gradients, for every pair of types",
          "[compiled]") {
  int64s const slots{0, 2, 1, 4, -1, 5};
  numbers given_gradients;
  for (int i = 0; i < 2 * room * max_points; ++i) { given_gradients.push_back(i + 1); }
  for_each_pair([&](dtype value, dtype result) {
    two_clouds const given(value);
    typed_array from(result, given_gradients), compiled(value, numbers(18, -5));
    typed_array direct = compiled;
    robocache::compiled::voxelize_gathered_backward(place::host, given.clouds, 2, slots.data(), from.data(), result,
                                                    {compiled.data(), robocache::contiguous, 3}, value);
    auto const s = with_float_types(value, result, [&](auto v, auto r) {
      using Value = typename decltype(v)::type;
      using Result = typename decltype(r)::type;
      robocache::feature_gradients<Value> const to{direct.as<Value>(), robocache::contiguous, 3};
      return robocache::host::voxelize_gathered_backward<Value, Result>(given.clouds, 2, slots.data(),
                                                                        from.as<Result>(), to);
    });
    REQUIRE(s.ok());
    CHECK(compiled.bytes == direct.bytes);
    CHECK(compiled.numbers() == numbers{1, 2, -5, 5, 6, -5, 3, 4, -5, 9, 10, -5, 0, 0, -5, 11, 12, -5});
  });
}

TEST_CASE("Compiled API: the backward passes of voxels throw the header API's text and have written nothing",
          "[compiled]") {
  two_clouds given(dtype::float32);
  all_gradients from(dtype::float32);
  int64s const slots(6, -1);
  typed_array out(dtype::float32, numbers(12, -5));
  any_feature_gradients const to{out.data()};
  auto const sparse = [&](dtype features, dtype gradients, sparse_voxels const& voxels) {
    any_point_features read = given.any();
    read.type = features;
    any_voxel_gradients taken = from.any();
    taken.type = gradients;
    return message_of(
        [&] { robocache::compiled::voxelize_sparse_backward(place::host, given.clouds, read, voxels, taken, to); });
  };
  CHECK(sparse(dtype::int64, dtype::float32, from.voxels()).find("features.type: found int64") == 0);
  CHECK(sparse(dtype::float32, dtype::int32, from.voxels()).find("gradients.type: found int32") == 0);
  CHECK(sparse(dtype::float32, dtype::float32, {room, nullptr, from.count.data()}) ==
        robocache::host::voxelize_sparse_backward(given.clouds, given.typed<float>(),
                                                  {room, nullptr, from.count.data()}, from.typed<float>(),
                                                  robocache::feature_gradients<float>{out.as<float>()})
            .message());

  auto const gathered = [&](std::int64_t channels, dtype gradients, dtype features) {
    return message_of([&] {
      robocache::compiled::voxelize_gathered_backward(place::host, given.clouds, channels, slots.data(),
                                                      from.sum.data(), gradients, to, features);
    });
  };
  CHECK(gathered(2, dtype::uint8, dtype::float32).find("gradients.type: found uint8") == 0);
  CHECK(gathered(2, dtype::float32, dtype::int32).find("out.type: found int32") == 0);
  CHECK(gathered(0, dtype::float32, dtype::float32) ==
        robocache::host::voxelize_gathered_backward(given.clouds, 0, slots.data(), from.sum.as<float>(),
                                                    robocache::feature_gradients<float>{out.as<float>()})
            .message());
  CHECK(out.numbers() == numbers(12, -5));
}
