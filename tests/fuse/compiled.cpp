// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/fuse/fuse.hpp"
#include "support/host_space.hpp"
#include "support/scenario.hpp"
#include "support/thrown.hpp"

// Fusing through the compiled API on host memory, as resample/compiled.cpp is for resampling.
using namespace test;
using robocache::scratch;
using robocache::stream;
using robocache::stream_gradients;
using robocache::target_order;
using robocache::compiled::any_fused_output;
using robocache::compiled::any_result_gradients;
using robocache::compiled::any_streams;
using robocache::compiled::place;

namespace {

template <class Stamp>
fused compiled_fuse(fuse_problem<Stamp> const& p) {
  return run_fuse<host_space>(p, [&](fuse_arguments<Stamp> const& a) {
    any_fused_output const out{
        a.results, p.result_type, a.valid, a.all_valid, p.channels, p.fill, p.result_batch_stride, p.result_row_stride};
    robocache::compiled::fuse(place::host, any_streams{a.streams.data(), p.count()}, a.target, out);
    return status{};
  });
}

/// Two FP32 streams with three samples each, two channels and one, the first with a scale and a shift.
template <class Stamp>
struct two_streams {
  std::vector<Stamp> stamps = {0, 2, 4};
  std::vector<float> values = {1, 2, 3, 4, 5, 6};
  std::vector<float> factors = {2, 3};
  stream<Stamp> streams[2];
  std::vector<Stamp> times = {0, 1, 4, 4};
  timeline<Stamp> target = timeline<Stamp>::dense(times.data(), 1, 4);

  two_streams() {
    auto const when = timeline<Stamp>::dense(stamps.data(), 1, 3);
    streams[0] = robocache::series<float, Stamp>{values.data(), when, 2};
    streams[0].scale = factors.data();
    streams[0].shift = factors.data();
    streams[1] = robocache::series<float, Stamp>{values.data(), when, 1};
  }
  two_streams(two_streams const&) = delete;
  two_streams& operator=(two_streams const&) = delete;
};

/// All gradients of `two_streams`.
struct all_gradients {
  std::vector<float> first = std::vector<float>(6, -5.0f);
  std::vector<float> second = std::vector<float>(3, -5.0f);
  std::vector<float> scale = std::vector<float>(2, -5.0f);
  std::vector<float> shift = std::vector<float>(2, -5.0f);
  std::vector<float> targets = std::vector<float>(4, -5.0f);
  stream_gradients out[2];

  all_gradients() {
    out[0] = {first.data(), scale.data(), shift.data()};
    out[1] = {second.data()};
  }
  all_gradients(all_gradients const&) = delete;
  all_gradients& operator=(all_gradients const&) = delete;

  std::vector<float> numbers() const {
    std::vector<float> all;
    for (auto const* part : {&first, &second, &scale, &shift, &targets}) {
      all.insert(all.end(), part->begin(), part->end());
    }
    return all;
  }
};

template <class Stamp>
void check_gradients() {
  two_streams<Stamp> const given;
  std::vector<float> const results = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  all_gradients compiled;
  robocache::compiled::fuse_backward(place::host, any_streams{given.streams, 2}, given.target,
                                     any_result_gradients{results.data(), dtype::float32}, compiled.out,
                                     compiled.targets.data(), target_order::ascending);
  all_gradients direct;
  REQUIRE(robocache::host::fuse_backward(given.streams, 2, given.target,
                                         robocache::result_gradients<float>{results.data()}, direct.out,
                                         direct.targets.data(), target_order::ascending)
              .ok());
  CHECK(compiled.numbers() == direct.numbers());
  // Samples 0, half of 0 and 1, and 2 twice.
  CHECK(compiled.first == std::vector<float>{6, 13.5f, 4, 7.5f, 34, 57});
  CHECK(compiled.second == std::vector<float>{6, 3, 21});
  CHECK(compiled.scale == std::vector<float>{1 * 1 + 4 * 2 + 7 * 5 + 10 * 5, 2 * 2 + 5 * 3 + 8 * 6 + 11 * 6});
  CHECK(compiled.shift == std::vector<float>{22, 26});
}

}  // namespace

TEST_CASE("Compiled API: fuse gives the header API's bits, for every stamp and result type", "[compiled]") {
  generator random(35);
  auto const check = [&](auto tag, dtype result) {
    auto p = draw_fuse<decltype(tag)>(random, shape::windows_trajectory, 6);
    p.result_type = result;
    CAPTURE(robocache::name_of(result));
    CHECK(difference(p, compiled_fuse(p), fuse_on_host(p)) == "");
  };
  for (int round = 0; round < 10; ++round) {
    for (auto result : float_types) {
      check(float{}, result);
      check(double{}, result);
      check(std::int64_t{}, result);
    }
  }
}

TEST_CASE("Compiled API: fuse throws the header API's text and has written nothing", "[compiled]") {
  two_streams<double> given;
  std::vector<float> results(12, -5.0f);
  auto const call = [&](dtype type, robocache::compiled::any_timeline const& target) {
    robocache::compiled::fuse(place::host, any_streams{given.streams, 2}, target,
                              any_fused_output{results.data(), type});
  };
  given.streams[1].options.max_gap = -2;
  auto const e = error_of([&] { call(dtype::float32, given.target); });
  auto const s = robocache::host::fuse(given.streams, 2, given.target, robocache::fused_output<float>{results.data()});
  CHECK(std::string(e.what()) == s.message());
  CHECK(e.argument() == "streams[1].options.max_gap");
  CHECK(e.code() == s.code());
  given.streams[1].options = {};

  auto const integers = error_of([&] { call(dtype::int32, given.target); });
  CHECK(std::string(integers.what()).find("out.type: found int32") == 0);
  CHECK(integers.code() == robocache::status_code::unsupported);
  float const times[] = {0, 1, 2, 3};
  auto const stamps = error_of([&] { call(dtype::float32, timeline<float>::dense(times, 1, 4)); });
  CHECK(std::string(stamps.what()) == "target: found fp32 stamps, want fp64 as streams has: one stamp type a call");
  any_streams no_type{given.streams, 2};
  robocache::compiled::any_timeline target = given.target;
  no_type.type = target.type = robocache::stamp_dtype(9);
  auto const unknown = error_of([&] {
    robocache::compiled::fuse(place::host, no_type, target, any_fused_output{results.data(), dtype::float32});
  });
  CHECK(std::string(unknown.what()) == "streams.type: found 9, want a stamp_dtype");
  CHECK(results == std::vector<float>(12, -5.0f));
}

TEST_CASE("Compiled API: fuse_backward gives the header API's gradients", "[compiled]") {
  check_gradients<float>();
  check_gradients<double>();
  check_gradients<std::int64_t>();
}

TEST_CASE("Compiled API: fuse_backward throws the header API's text and has written nothing", "[compiled]") {
  two_streams<double> given;
  all_gradients out;
  std::vector<float> const results(12, 1.0f);
  auto const message = [&](dtype type, timeline<double> const& target, float* targets) {
    return std::string(error_of([&] {
                         robocache::compiled::fuse_backward(place::host, any_streams{given.streams, 2}, target,
                                                            any_result_gradients{results.data(), type}, out.out,
                                                            targets);
                       }).what());
  };
  CHECK(message(dtype::int64, given.target, nullptr).find("results.type: found int64") == 0);
  CHECK(message(dtype::float32, timeline<double>::uniform(0, 1, 2, 4), nullptr).find("target.batch: found 2") == 0);
  given.streams[1].options.method = interpolation::nearest;
  CHECK(message(dtype::float32, given.target, out.targets.data()).find("targets: found a pointer with nearest") == 0);
  given.streams[1].options.method = interpolation::akima;
  CHECK(message(dtype::float32, given.target, nullptr).find("streams[1].options.method: found akima") == 0);
  CHECK(out.numbers() == all_gradients{}.numbers());
}

TEST_CASE("Compiled API: the scratch of fuse_backward grows with target rows, and is the device's alone",
          "[compiled]") {
  two_streams<float> const given;
  all_gradients const out;
  auto const bytes = [&](place where, std::int64_t rows, stream_gradients const* wanted) {
    return robocache::compiled::fuse_backward_scratch(where, any_streams{given.streams, 2},
                                                      timeline<float>::uniform(0, 1, 1, rows), wanted);
  };
  CHECK(bytes(place::host, 100'000, out.out) == 0);
  CHECK(bytes(place::device, 0, out.out) == 0);
  std::int64_t const few = bytes(place::device, 1000, out.out);
  CHECK(few > 0);
  CHECK(bytes(place::device, 100'000, out.out) > 50 * few);
  stream_gradients const values_alone[2] = {out.out[1], out.out[1]};
  CHECK(bytes(place::device, 100'000, values_alone) == 0);
  CHECK(error_of([&] {
          robocache::compiled::fuse_backward_scratch(place::device, any_streams{given.streams, 2},
                                                     timeline<double>::uniform(0, 1, 1, 9), out.out);
        }).argument() == "target");
}
