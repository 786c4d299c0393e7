// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/typed.hpp"
#include "support/voxels/compiled.hpp"

// Voxels through the compiled API on host memory, as cells/compiled.cpp is for grids.
using namespace test;
using namespace test::compiled_voxels;
using robocache::feature_reductions;
using robocache::filter_options;
using robocache::gather_options;
using robocache::point_clouds;
using robocache::sparse_options;
using robocache::voxel_order;
using robocache::compiled::any_filtered_output;
using robocache::compiled::any_gathered_output;
using robocache::compiled::any_point_features;
using robocache::compiled::any_sparse_output;
using robocache::compiled::place;

namespace {

/// Room for the results of all operations on `two_clouds`.
struct all_results {
  std::int64_t capacity = room;
  int32s coordinates = int32s(4 * room, -5), count = int32s(room, -5);
  typed_array sum, mean, max, min, values;
  std::vector<float> points = std::vector<float>(3 * room, -5);
  int64s voxel_offsets = int64s(3, -5), point_slots = int64s(6, -5);
  int32s point_voxels = int32s(6, -5), dropped = int32s(2, -5), overflow = int32s(2, -5);

  explicit all_results(dtype type)
      : sum(type, numbers(2 * room, -5)),
        mean(type, numbers(2 * room, -5)),
        max(type, numbers(2 * room, -5)),
        min(type, numbers(2 * room, -5)),
        values(type, numbers(2 * room * max_points, -5)) {}
  all_results(all_results const&) = delete;
  all_results& operator=(all_results const&) = delete;

  any_sparse_output sparse() {
    return {sum.type,
            feature_reductions<void>{sum.data(), mean.data(), max.data(), min.data()},
            capacity,
            coordinates.data(),
            count.data(),
            voxel_offsets.data(),
            point_voxels.data(),
            dropped.data(),
            overflow.data()};
  }
  any_gathered_output gathered() {
    return {sum.type,           capacity,       max_points,           values.data(),
            coordinates.data(), count.data(),   voxel_offsets.data(), point_slots.data(),
            dropped.data(),     overflow.data()};
  }
  any_filtered_output filtered() {
    return {sum.type,
            capacity,
            points.data(),
            mean.data(),
            count.data(),
            voxel_offsets.data(),
            point_voxels.data(),
            dropped.data(),
            overflow.data()};
  }
  template <class Result>
  robocache::sparse_output<Result> typed_sparse() {
    return {{sum.as<Result>(), mean.as<Result>(), max.as<Result>(), min.as<Result>()},
            capacity,
            coordinates.data(),
            count.data(),
            voxel_offsets.data(),
            point_voxels.data(),
            dropped.data(),
            overflow.data()};
  }
  template <class Result>
  robocache::gathered_output<Result> typed_gathered() {
    return {capacity,           max_points,     values.as<Result>(),
            coordinates.data(), count.data(),   voxel_offsets.data(),
            point_slots.data(), dropped.data(), overflow.data()};
  }
  template <class Result>
  robocache::filtered_output<Result> typed_filtered() {
    return {capacity,       points.data(),  mean.as<Result>(), count.data(), voxel_offsets.data(), point_voxels.data(),
            dropped.data(), overflow.data()};
  }
  bool operator==(all_results const& o) const {
    return coordinates == o.coordinates && count == o.count && sum.bytes == o.sum.bytes && mean.bytes == o.mean.bytes &&
           max.bytes == o.max.bytes && min.bytes == o.min.bytes && values.bytes == o.values.bytes &&
           points == o.points && voxel_offsets == o.voxel_offsets && point_slots == o.point_slots &&
           point_voxels == o.point_voxels && dropped == o.dropped && overflow == o.overflow;
  }
};

/// With `call(features, out)`: types that are not floats are refused.
template <class Output, class Call>
void check_types(any_point_features const& features, Output const& out, Call call) {
  any_point_features integers = features;
  integers.type = dtype::int32;
  auto const e = error_of([&] { call(integers, out); });
  CHECK(std::string(e.what()) == "features.type: found int32, want fp32, fp16 or bf16");
  CHECK(e.code() == robocache::status_code::unsupported);
  Output bytes = out;
  bytes.type = dtype::uint8;
  CHECK(message_of([&] { call(features, bytes); }) == "out.type: found uint8, want fp32, fp16 or bf16");
}

}  // namespace

TEST_CASE("Compiled API: voxelize_sparse gives the header API's results, for every pair of types", "[compiled]") {
  for_each_pair([](dtype value, dtype result) {
    two_clouds given(value);
    all_results compiled(result), direct(result);
    sparse_options const by_cell{voxel_order::cell};
    robocache::compiled::voxelize_sparse(place::host, given.clouds, given.any(), given.lattice, compiled.sparse(),
                                         by_cell);
    auto const s = with_float_types(value, result, [&](auto v, auto r) {
      return robocache::host::voxelize_sparse(given.clouds, given.typed<typename decltype(v)::type>(), given.lattice,
                                              direct.typed_sparse<typename decltype(r)::type>(), by_cell);
    });
    REQUIRE(s.ok());
    CHECK(compiled == direct);
    CHECK(compiled.coordinates == int32s{0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 1, -5, -5, -5, -5});
    CHECK(compiled.count == int32s{1, 2, 2, -5});
    CHECK(compiled.sum.numbers() == numbers{3, 4, 6, -4, 6, 10, -5, -5});
    CHECK(compiled.mean.numbers() == numbers{3, 4, 3, -2, 3, 5, -5, -5});
    CHECK(compiled.max.numbers() == numbers{3, 4, 5, 2, 7, 8, -5, -5});
    CHECK(compiled.min.numbers() == numbers{3, 4, 1, -6, -1, 2, -5, -5});
    CHECK(compiled.voxel_offsets == int64s{0, 2, 3});
    CHECK(compiled.point_voxels == int32s{1, 0, 1, 2, -1, 2});
    CHECK(compiled.dropped == int32s{0, 1});
    CHECK(compiled.overflow == int32s{0, 0});
  });
}

TEST_CASE("Compiled API: voxelize_gathered gives the header API's results, for every pair of types", "[compiled]") {
  for_each_pair([](dtype value, dtype result) {
    two_clouds given(value);
    all_results compiled(result), direct(result);
    robocache::compiled::voxelize_gathered(place::host, given.clouds, given.any(), given.lattice, compiled.gathered(),
                                           {});
    auto const s = with_float_types(value, result, [&](auto v, auto r) {
      return robocache::host::voxelize_gathered(given.clouds, given.typed<typename decltype(v)::type>(), given.lattice,
                                                direct.typed_gathered<typename decltype(r)::type>(), {});
    });
    REQUIRE(s.ok());
    CHECK(compiled == direct);
    CHECK(compiled.coordinates == int32s{0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 1, -5, -5, -5, -5});
    CHECK(compiled.count == int32s{2, 1, 2, -5});
    CHECK(compiled.values.numbers() == numbers{1, 2, 5, -6, 3, 4, 0, 0, 7, 8, -1, 2, -5, -5, -5, -5});
    CHECK(compiled.voxel_offsets == int64s{0, 2, 3});
    CHECK(compiled.point_slots == int64s{0, 2, 1, 4, -1, 5});
    CHECK(compiled.dropped == int32s{0, 1});
    CHECK(compiled.overflow == int32s{0, 0});
  });
}

TEST_CASE("Compiled API: filter_voxels gives the header API's results, for every pair of types", "[compiled]") {
  for_each_pair([](dtype value, dtype result) {
    two_clouds given(value);
    all_results compiled(result), direct(result);
    robocache::compiled::filter_voxels(place::host, given.clouds, given.any(), {}, compiled.filtered());
    auto const s = with_float_types(value, result, [&](auto v, auto r) {
      return robocache::host::filter_voxels(given.clouds, given.typed<typename decltype(v)::type>(), {},
                                            direct.typed_filtered<typename decltype(r)::type>());
    });
    REQUIRE(s.ok());
    CHECK(compiled == direct);
    CHECK(compiled.points == std::vector<float>{2.5f, 0, 0, 0.5f, 0, 0, 1.25f, 0, 0, -5, -5, -5});
    CHECK(compiled.mean.numbers() == numbers{3, -2, 3, 4, 3, 5, -5, -5});
    CHECK(compiled.count == int32s{2, 1, 2, -5});
    CHECK(compiled.voxel_offsets == int64s{0, 2, 3});
    CHECK(compiled.point_voxels == int32s{0, 1, 0, 2, -1, 2});
    CHECK(compiled.dropped == int32s{0, 1});
    CHECK(compiled.overflow == int32s{0, 0});
  });
}

TEST_CASE("Compiled API: room, limits, order, size and origin of voxels arrive", "[compiled]") {
  two_clouds given(dtype::float32);
  all_results sparse(dtype::float32), gathered(dtype::float32), filtered(dtype::float32);
  sparse.capacity = 2;
  robocache::compiled::voxelize_sparse(place::host, given.clouds, given.any(), given.lattice, sparse.sparse(), {});
  CHECK(sparse.coordinates == int32s{0, 0, 0, 2, 0, 0, 0, 0, -5, -5, -5, -5, -5, -5, -5, -5});
  CHECK(sparse.point_voxels == int32s{0, 1, 0, -1, -1, -1});
  CHECK(sparse.overflow == int32s{0, 1});

  gather_options one;
  one.max_voxels = 1;
  robocache::compiled::voxelize_gathered(place::host, given.clouds, given.any(), given.lattice, gathered.gathered(),
                                         one);
  CHECK(gathered.voxel_offsets == int64s{0, 1, 2});
  CHECK(gathered.point_slots == int64s{0, -1, 1, 2, -1, 3});
  CHECK(gathered.overflow == int32s{1, 0});

  filtered.capacity = 1;
  robocache::compiled::filter_voxels(place::host, given.clouds, given.any(), filter_options{{4, 1, 1}},
                                     filtered.filtered());
  CHECK(filtered.count == int32s{3, -5, -5, -5});
  CHECK(filtered.voxel_offsets == int64s{0, 1, 1});
  CHECK(filtered.overflow == int32s{0, 1});
  filter_options const beyond{{1, 1, 1}, {0, 0, 2e6f}};
  robocache::compiled::filter_voxels(place::host, given.clouds, given.any(), beyond, filtered.filtered());
  CHECK(filtered.voxel_offsets == int64s{0, 0, 0});
  CHECK(filtered.dropped == int32s{3, 3});
}

TEST_CASE("Compiled API: operations on voxels throw the header API's text and have written nothing", "[compiled]") {
  two_clouds given(dtype::float32);
  auto const features = given.typed<float>();
  all_results out(dtype::float32);
  auto const sparse = [&](any_point_features const& from, any_sparse_output const& to, sparse_options options = {}) {
    robocache::compiled::voxelize_sparse(place::host, given.clouds, from, given.lattice, to, options);
  };
  auto const gathered = [&](any_point_features const& from, any_gathered_output const& to, gather_options rules = {}) {
    robocache::compiled::voxelize_gathered(place::host, given.clouds, from, given.lattice, to, rules);
  };
  auto const filtered = [&](any_point_features const& from, any_filtered_output const& to, filter_options leaf = {}) {
    robocache::compiled::filter_voxels(place::host, given.clouds, from, leaf, to);
  };
  check_types(given.any(), out.sparse(), sparse);
  check_types(given.any(), out.gathered(), gathered);
  check_types(given.any(), out.filtered(), filtered);

  sparse_options const no_order{voxel_order(7)};
  auto const e = error_of([&] { sparse(given.any(), out.sparse(), no_order); });
  auto const s =
      robocache::host::voxelize_sparse(given.clouds, features, given.lattice, out.typed_sparse<float>(), no_order);
  CHECK(std::string(e.what()) == s.message());
  CHECK(e.argument() == "options.order");
  CHECK(e.code() == s.code());

  gather_options less;
  less.max_voxels = -1;
  CHECK(message_of([&] { gathered(given.any(), out.gathered(), less); }) ==
        robocache::host::voxelize_gathered(given.clouds, features, given.lattice, out.typed_gathered<float>(), less)
            .message());
  any_gathered_output no_points = out.gathered();
  no_points.max_points = 0;
  CHECK(error_of([&] { gathered(given.any(), no_points); }).argument() == "out.max_points");

  filter_options const flat{{1, 0, 1}};
  CHECK(message_of([&] { filtered(given.any(), out.filtered(), flat); }) ==
        robocache::host::filter_voxels(given.clouds, features, flat, out.typed_filtered<float>()).message());
  CHECK(error_of([&] { filtered({}, out.filtered()); }).argument() == "features.channels");

  out.capacity = -1;
  CHECK(error_of([&] { sparse(given.any(), out.sparse()); }).argument() == "out.capacity");
  CHECK(error_of([&] { gathered(given.any(), out.gathered()); }).argument() == "out.capacity");
  CHECK(error_of([&] { filtered(given.any(), out.filtered()); }).argument() == "out.capacity");
  CHECK(out == all_results(dtype::float32));
}

TEST_CASE("Compiled API: the scratch of voxels depends on the points, and only the device needs it", "[compiled]") {
  two_clouds given(dtype::float32);
  all_results out(dtype::float32);
  all_gradients from(dtype::float32);
  using call = std::function<std::int64_t(place, point_clouds const&, any_point_features const&)>;
  call const calls[] = {
      [&](place where, point_clouds const& clouds, any_point_features const& features) {
        return robocache::compiled::voxelize_sparse_scratch(where, clouds, features, given.lattice, out.sparse(), {});
      },
      [&](place where, point_clouds const& clouds, any_point_features const& features) {
        return robocache::compiled::voxelize_gathered_scratch(where, clouds, features, given.lattice, out.gathered(),
                                                              {});
      },
      [&](place where, point_clouds const& clouds, any_point_features const& features) {
        return robocache::compiled::filter_voxels_scratch(where, clouds, features, {}, out.filtered());
      },
      [&](place where, point_clouds const& clouds, any_point_features const& features) {
        return robocache::compiled::voxelize_sparse_backward_scratch(where, clouds, features, from.voxels(),
                                                                     from.any());
      }};
  point_clouds longer = given.clouds, broken = given.clouds;
  longer.length = 100'000;
  broken.length = -1;
  for (auto const& bytes : calls) {
    CHECK(bytes(place::host, longer, given.any()) == 0);
    CHECK(bytes(place::device, given.clouds, given.any()) > 0);
    CHECK(bytes(place::device, longer, given.any()) > bytes(place::device, given.clouds, given.any()));
    CHECK(bytes(place::device, broken, given.any()) == 0);
    any_point_features integers = given.any();
    integers.type = dtype::int32;
    CHECK(error_of([&] { bytes(place::device, longer, integers); }).argument() == "features.type");
  }
}
