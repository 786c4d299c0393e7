// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "support/backward/resample.hpp"
#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/host_call.hpp"
#include "support/host_space.hpp"
#include "support/scenario.hpp"
#include "support/thrown.hpp"

// The compiled API on host memory: types as values, exceptions with the status's text. Its device side is what
// test_gpu's backend calls.
using namespace test;
using robocache::compiled::any_output;
using robocache::compiled::any_series;
using robocache::compiled::place;

namespace {

/// The bytes that the compiled API makes of a dense problem with a mask.
template <class Stamp>
outcome compiled_resample(problem<Stamp> const& p) {
  timeline_pointers<Stamp> from;
  timeline_pointers<Stamp> to;
  from.stamps = p.source.stamps.data();
  to.stamps = p.target.stamps.data();
  outcome o;
  o.results.assign(std::size_t(p.result_layout().extent()) * robocache::size_of(p.result_type), std::byte(poison));
  o.valid.assign(std::size_t(p.target.total()), poison);
  any_series const source{p.values.data(), p.value_type, view_of(p.source, from), p.channels};
  any_output const out{o.results.data(), p.result_type, o.valid.data()};
  robocache::compiled::resample(place::host, source, view_of(p.target, to), out, p.options);
  return o;
}

template <class Stamp>
problem<Stamp> dense_problem(generator& random, dtype value, dtype result) {
  problem<Stamp> p;
  p.source = dense(draw_stamps<Stamp>(random, 40, Stamp(0), Stamp(8)), 2);
  p.target = dense(draw_stamps<Stamp>(random, 60, Stamp(-8), Stamp(5)), 2);
  p.value_type = value;
  p.result_type = result;
  p.channels = 5;
  p.options.method = is_integer(value) ? interpolation::nearest : interpolation::linear;
  p.draw_values(random);
  return p;
}

}  // namespace

TEST_CASE("Compiled API: every pair of types gives the header API's bits", "[compiled]") {
  generator random(30);
  auto const check = [&](auto tag, dtype value, dtype result) {
    auto const p = dense_problem<decltype(tag)>(random, value, result);
    CAPTURE(robocache::name_of(value), robocache::name_of(result));
    CHECK(difference(p, compiled_resample(p), resample_on_host(p)) == "");
  };
  auto const check_stamps = [&](dtype value, dtype result) {
    check(float{}, value, result);
    check(double{}, value, result);
    check(std::int64_t{}, value, result);
  };
  for (auto value : float_types) {
    for (auto result : float_types) { check_stamps(value, result); }
  }
  for (auto type : integer_types) { check_stamps(type, type); }
}

TEST_CASE("Compiled API: locate gives the header API's records", "[compiled]") {
  generator random(31);
  auto const p = dense_problem<double>(random, dtype::float32, dtype::float32);
  timeline_pointers<double> from;
  timeline_pointers<double> to;
  from.stamps = p.source.stamps.data();
  to.stamps = p.target.stamps.data();
  located_outcome o;
  o.rows.resize(std::size_t(2 * p.target.total()));
  o.weights.resize(std::size_t(p.target.total()));
  o.valid.resize(std::size_t(p.target.total()));
  robocache::compiled::locate(place::host, view_of(p.source, from), view_of(p.target, to),
                              {o.rows.data(), o.weights.data(), o.valid.data()}, p.options);
  CHECK(difference(o, locate_on_host(p)) == "");
}

TEST_CASE("Compiled API: it throws the header API's text", "[compiled]") {
  generator random(32);
  auto p = dense_problem<float>(random, dtype::bfloat16, dtype::float32);
  p.options.max_gap = -2;
  auto const e = error_of([&] { compiled_resample(p); });
  status const s = resample_on_host(p).state;
  CHECK(std::string(e.what()) == s.message());
  CHECK(e.argument() == s.argument());
  CHECK(e.code() == s.code());
  CHECK(std::string(e.what()).find("options.max_gap: found -2") == 0);
}

TEST_CASE("Compiled API: types that do not match", "[compiled]") {
  generator random(33);
  auto integers_to_float = dense_problem<float>(random, dtype::int32, dtype::int32);
  integers_to_float.result_type = dtype::float32;
  CHECK(std::string(error_of([&] { compiled_resample(integers_to_float); }).what()).find("int32") != std::string::npos);
  auto to_integers = dense_problem<float>(random, dtype::float32, dtype::float32);
  to_integers.result_type = dtype::uint8;
  CHECK(std::string(error_of([&] { compiled_resample(to_integers); }).what()).find("uint8") != std::string::npos);
  auto no_type = dense_problem<float>(random, dtype::float32, dtype::float32);
  no_type.value_type = dtype(99);
  CHECK_THROWS_AS(compiled_resample(no_type), robocache::error);

  float const stamps[2] = {0, 1};
  double const other[2] = {0, 1};
  float const values[2] = {1, 2};
  float results[2] = {-5, -5};
  any_series const source{values, dtype::float32, timeline<float>::dense(stamps, 1, 2), 1};
  any_output const out{results, dtype::float32};
  auto const same = timeline<float>::dense(stamps, 1, 2);
  auto const unlike = timeline<double>::dense(other, 1, 2);
  using robocache::compiled::resample;
  resample_options<float> const options;
  auto const target = error_of([&] { resample(place::host, source, unlike, out, options); });
  CHECK(std::string(target.what()) == "target: found fp64 stamps, want fp32 as source.when has: one stamp type a call");
  auto const rules = error_of([&] { resample(place::host, source, same, out, resample_options<double>{}); });
  CHECK(std::string(rules.what()) == "options: found fp64 stamps, want fp32 as source.when has: one stamp type a call");
  CHECK(results[0] == -5);
  resample(place::host, source, same, out, options);
  CHECK(results[1] == 2);
}

TEST_CASE("Compiled API: the data check counts, and throws the header API's text", "[compiled]") {
  double const stamps[6] = {0, 1, 1, 5, 4, 3};
  robocache::trajectory_report reports[2] = {};
  robocache::compiled::inspect(place::host, timeline<double>::dense(stamps, 2, 3), reports);
  CHECK(reports[0].duplicated == 1);
  CHECK(reports[1].unsorted == 2);
  std::int64_t const named[2] = {1, 2};
  auto const windows = timeline<double>::windows(stamps, stamps, 2, 3, named);
  robocache::compiled::inspect(place::host, windows, 2, reports);
  CHECK(reports[0].out_of_range == 0);
  CHECK(reports[1].out_of_range == 1);
  auto const e = error_of([&] { robocache::compiled::inspect(place::host, windows, reports); });
  CHECK(e.argument() == "when.trajectory");
  auto const null = error_of([&] { robocache::compiled::inspect(place::host, windows, 2, nullptr); });
  CHECK(std::string(null.what()) == "reports: found a null pointer, want 2 elements");
}

TEST_CASE("Compiled API: quaternions are counted, and others are refused by name", "[compiled]") {
  float const rows[8] = {1, 0, 0, 0, -1, 0.1f, 0, 0};
  auto const when = timeline<std::int64_t>::uniform(0, 1, 1, 2);
  robocache::rotation_report report{};
  any_series source{rows, dtype::float32, when, 4};
  using robocache::compiled::inspect_rotations;
  inspect_rotations(place::host, source, &report);
  CHECK(report.not_unit == 1);
  CHECK(report.not_a_rotation == 0);
  CHECK(report.turned == 1);
  auto const null = error_of([&] { inspect_rotations(place::host, source, nullptr); });
  CHECK(std::string(null.what()) == "reports: found a null pointer, want 1 elements");
  any_series nowhere = source;
  nowhere.place = robocache::value_place(7);
  auto const place_error = error_of([&] { inspect_rotations(place::host, nowhere, &report); });
  CHECK(std::string(place_error.what()) == "source.place: found 7, want a value_place");
  source.values = nullptr;
  auto const none = error_of([&] { inspect_rotations(place::host, source, &report); });
  CHECK(std::string(none.what()) == "source.values: found a null pointer, want 8 elements");
  source.type = dtype::uint8;
  auto const bytes = error_of([&] { inspect_rotations(place::host, source, &report); });
  CHECK(std::string(bytes.what()) == "source.type: found uint8, want fp32, fp16 or bf16");
}

TEST_CASE("Compiled API: the number of devices is known everywhere", "[compiled]") {
  CHECK(robocache::compiled::device_count() >= 0);
}

TEST_CASE("Compiled API: without a device a call for one says that there is none", "[compiled]") {
  if (robocache::compiled::device_count() > 0) { return; }
  float const numbers[2] = {0, 1};
  float result = -5;
  auto const when = timeline<float>::dense(numbers, 1, 2);
  auto const e = error_of([&] {
    robocache::compiled::resample(place::device, any_series{numbers, dtype::float32, when, 1}, when,
                                  any_output{&result, dtype::float32}, resample_options<float>{});
  });
  CHECK(e.code() == robocache::status_code::cuda_error);
  CAPTURE(e.what());
  bool const no_driver = std::string(e.what()).find("device: found neither a CUDA device nor a driver") == 0;
  CHECK((no_driver || std::string(e.what()).find("device: found no CUDA device") == 0));
}

TEST_CASE("Compiled API: long long is taken for int64, and a mask of bool", "[compiled]") {
  long long const stamps[3] = {0, 10, 20};
  long long const times[2] = {5, 15};
  float const values[6] = {0, 1, 2, 3, 4, 5};
  long long const numbers[3] = {7, 8, 9};
  auto const when = timeline<long long>::dense(stamps, 1, 3);
  auto const target = timeline<long long>::dense(times, 1, 2);
  resample_options<long long> options;
  float results[4] = {};
  long long held[2] = {};
  bool valid[2] = {};
  bool all_valid[2] = {};
  auto const middle = [&] {
    bool const right = results[0] == 1 && results[1] == 2 && results[2] == 3 && results[3] == 4 && valid[0] && valid[1];
    std::fill(results, results + 4, -5.0f);
    std::fill(valid, valid + 2, false);
    return right;
  };
  robocache::series const source{values, when, 2};
  CHECK(robocache::host::resample(source, target, robocache::output{results, valid}, options).ok());
  CHECK(middle());
  any_series const any_source{values, dtype::float32, when, 2};
  robocache::compiled::resample(place::host, any_source, target, any_output{results, dtype::float32, valid}, options);
  CHECK(middle());
  robocache::stream<long long> const streams[] = {{source, options}};
  CHECK(robocache::host::fuse(streams, 1, target, robocache::fused_output{results, valid, all_valid}).ok());
  CHECK((middle() && all_valid[0] && all_valid[1]));
  robocache::compiled::fuse(place::host, {streams, 1}, target,
                            robocache::compiled::any_fused_output{results, dtype::float32, valid, all_valid});
  CHECK(middle());
  // Types of the same numbers match, and their options may come as `{}`.
  auto const std_target = timeline<std::int64_t>::uniform(5, 10, 1, 2);
  CHECK(robocache::host::resample(source, std_target, robocache::output{results, valid}, {}).ok());
  CHECK(middle());
  options.method = robocache::interpolation::previous;
  CHECK(robocache::host::resample(robocache::series{numbers, when, 1}, target, robocache::output{held}, options).ok());
  CHECK((held[0] == 7 && held[1] == 8));
}

TEST_CASE("Compiled API: resample_backward gives the header API's bits", "[compiled]") {
  using robocache::compiled::any_result_gradients;
  using robocache::compiled::any_source_gradients;
  generator random(34);
  for (auto value : float_types) {
    for (auto result : float_types) {
      backward_problem<std::int64_t> p;
      p.forward = dense_problem<std::int64_t>(random, value, result);
      p.draw_results(random);
      p.wants_targets = true;
      gradients const o = run_backward<host_space>(p, [&](backward_arguments<std::int64_t> const& a) {
        robocache::compiled::resample_backward(place::host, any_series{a.values, value, a.source, p.forward.channels},
                                               a.target, any_result_gradients{a.results, result},
                                               any_source_gradients{a.out_values, a.out_targets}, p.forward.options);
        return status{};
      });
      CHECK(o.trouble + difference(p, o, backward_on_host(p)) == "");
    }
  }
  auto const p = dense_problem<float>(random, dtype::int32, dtype::int32);
  any_series const integers{p.values.data(), dtype::int32, timeline<float>::uniform(0, 1, 1, 2), 1};
  float out[2] = {-5, -5};
  auto const call = [&](dtype type) {
    any_series source = integers;
    source.type = type;
    robocache::compiled::resample_backward(place::host, source, timeline<float>::uniform(0, 1, 1, 2),
                                           any_result_gradients{p.values.data(), dtype::uint8},
                                           any_source_gradients{out}, resample_options<float>{});
  };
  CHECK(std::string(error_of([&] { call(dtype::int32); }).what()).find("source.type: found int32") == 0);
  CHECK(std::string(error_of([&] { call(dtype::float32); }).what()).find("results.type: found uint8") == 0);
  CHECK(out[0] == -5);
}
