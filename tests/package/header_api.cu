// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/resample.cuh>

#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/device_space.hpp"
#include "support/draw.hpp"
#include "support/host_call.hpp"
#include "support/runner.hpp"
#include "support/scenario.hpp"

// The templates as a user instantiates them, in a file of their own: the same bits as the host's, and with that as
// the compiled API's, which all other tests of the device call. Few instantiations: each costs seconds to compile.
using namespace test;

namespace {

template <class Value, class Result, class Stamp>
std::string compare_with_host(problem<Stamp> p) {
  p.value_type = robocache::dtype_of<Value>::value;
  p.result_type = robocache::dtype_of<Result>::value;
  if (std::is_integral_v<Value>) {
    if (!is_hold(p.options.method)) { p.options.method = interpolation::nearest; }
    p.options.fill = 3;
  }
  generator random(40);
  p.draw_values(random);
  outcome const o = run_resample<device_space>(p, [](call_arguments<Stamp> const& a) {
    status const s = robocache::resample(a.template series<Value>(), a.target, a.template output<Result>(),
                                         a.of.options, device_space::stream());
    check_cuda(cudaStreamSynchronize(device_space::stream()), "the call's work");
    return s;
  });
  return o.trouble + difference(p, o, resample_on_host(p));
}

}  // namespace

TEST_CASE("Header API: resample gives the host's bits", "[header_api]") {
  for (auto source : source_shapes) {
    for (auto target : target_shapes) {
      generator random(700 + 16 * std::uint64_t(source) + std::uint64_t(target));
      CAPTURE(int(source), int(target));
      CHECK(compare_with_host<__nv_bfloat16, __nv_bfloat16>(draw_problem<float>(random, source, target)) == "");
      CHECK(compare_with_host<float, __half>(draw_problem<std::int64_t>(random, source, target)) == "");
      CHECK(compare_with_host<std::uint8_t, std::uint8_t>(draw_problem<double>(random, source, target)) == "");
    }
  }
}

TEST_CASE("Header API: long long is taken for int64, and a mask of bool", "[header_api]") {
  generator random(42);
  auto p = draw_problem<std::int64_t>(random, shape::dense, shape::dense);
  p.value_type = dtype::float32;
  p.result_type = dtype::float16;
  p.draw_values(random);
  auto const other = [](robocache::timeline<std::int64_t> const& when) {
    robocache::timeline<long long> same;
    std::memcpy(static_cast<void*>(&same), &when, sizeof same);
    return same;
  };
  outcome const o = run_resample<device_space>(p, [&](call_arguments<std::int64_t> const& a) {
    auto const from = a.series<float>();
    auto out = a.output<__half>();
    out.valid = reinterpret_cast<bool*>(static_cast<std::uint8_t*>(out.valid));
    status const s = robocache::resample(
        robocache::series{from.values, other(from.when), from.channels, from.batch_stride, from.row_stride},
        other(a.target), out, a.of.options, device_space::stream());
    check_cuda(cudaStreamSynchronize(device_space::stream()), "the call's work");
    return s;
  });
  CHECK(o.trouble + difference(p, o, resample_on_host(p)) == "");
}

TEST_CASE("Header API: locate gives the host's records", "[header_api]") {
  for (auto source : source_shapes) {
    for (auto target : target_shapes) {
      generator random(800 + 16 * std::uint64_t(source) + std::uint64_t(target));
      auto const p = draw_problem<double>(random, source, target);
      located_outcome const o =
          run_locate<device_space>(p, [](call_arguments<double> const& a, robocache::located const& out) {
            status const s = robocache::locate(a.source, a.target, out, a.of.options, device_space::stream());
            check_cuda(cudaStreamSynchronize(device_space::stream()), "the call's work");
            return s;
          });
      CHECK(o.trouble + difference(o, locate_on_host(p)) == "");
    }
  }
}

TEST_CASE("Header API: each of locate's pointers may be null", "[header_api]") {
  generator random(41);
  auto const p = draw_problem<float>(random, shape::dense, shape::shared);
  auto const whole = locate_on_host(p);
  for (int kept = 0; kept < 3; ++kept) {
    located_outcome const o = run_locate<device_space>(p, [&](call_arguments<float> const& a, robocache::located out) {
      if (kept != 0) { out.rows = nullptr; }
      if (kept != 1) { out.weights = nullptr; }
      if (kept != 2) { out.valid = nullptr; }
      status const s = robocache::locate(a.source, a.target, out, a.of.options, device_space::stream());
      check_cuda(cudaStreamSynchronize(device_space::stream()), "the call's work");
      return s;
    });
    REQUIRE(o.state.ok());
    CHECK((o.rows == whole.rows) == (kept == 0 || whole.rows.empty()));
    CHECK((o.weights == whole.weights) == (kept == 1 || whole.rows.empty()));
    CHECK((o.valid == whole.valid) == (kept == 2 || whole.rows.empty()));
  }
}
