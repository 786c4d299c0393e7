// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "support/backend.hpp"
#include "support/backward/fuse.hpp"
#include "support/catch.hpp"
#include "support/fuse/fusion.hpp"
#include "support/scenario.hpp"

// What `fuse_backward` refuses: each check names its argument, says what was found and what is wanted, and nothing is
// written.
using namespace test;

namespace {

/// Two streams of two channels each, and all gradients of them.
fuse_backward_problem<float> sound() {
  auto s = one_stream<float>({0, 1, 2}, {1, 2, 3});
  s.series.channels = 2;
  s.series.set_values({1, 2, 3, 4, 5, 6});
  s.scale = {1, 1};
  fuse_backward_problem<float> p;
  p.forward = fusion<float>({s, s}, {0, 1});
  p.out.assign(2, {true, true, true});
  p.wants_targets = true;
  p.set_results({1, 2, 3, 4, 5, 6, 7, 8});
  REQUIRE(verify(p) == "");
  return p;
}

}  // namespace

TEST_CASE("Gradients of a fusion, refused: what fuse refuses", "[fuse_backward]") {
  auto p = sound();
  p.forward.streams[1].series.options.max_gap = -1;
  CHECK(refused(p, "streams[1].options.max_gap", {"found -1", "want 0 or more"}) == "");
  p = sound();
  p.forward.streams[1].latency = std::nanf("");
  CHECK(refused(p, "streams[1].latency", {"want a finite time"}) == "");
  p = sound();
  p.forward.streams[1].first_channel = 1;
  CHECK(refused(p, "streams[1].first_channel", {"found channels 1 to 2", "streams[0]"}) == "");
  p = sound();
  p.forward.streams[1].series.place = value_place::pinned;
  CHECK(refused(p, "streams[1].place", {"found value_place::pinned", "want value_place::device"}) == "");
  p = sound();
  p.forward.target = windows<float>({1}, {0, 1}, {}, {1});
  CHECK(refused(p, "target.as_of", {"found a pointer", "want null"}) == "");
  p = sound();
  p.forward.target = dense<float>({0, 1}, 2);
  CHECK(refused(p, "target.batch", {"found 2", "want the 1 of streams[0].when"}) == "");
}

TEST_CASE("Gradients of a fusion, refused: methods without a gradient", "[fuse_backward]") {
  for (auto method : {interpolation::angle, interpolation::catmull_rom, interpolation::pchip, interpolation::akima}) {
    for (wanted_gradients const& asked : {wanted_gradients{true, false, false}, wanted_gradients{false, true, false},
                                          wanted_gradients{false, false, true}}) {
      auto p = sound();
      p.wants_targets = false;
      p.out = {{}, asked};
      p.forward.streams[1].series.options.method = method;
      CHECK(refused(p, "streams[1].options.method",
                    {std::string("found ") + robocache::name_of(method), "want previous, next, nearest or linear"}) ==
            "");
      CHECK(fuse_backward(p).state.code() == status_code::unsupported);
    }
  }
}

TEST_CASE("Gradients of a fusion, refused: target times unless all streams are linear", "[fuse_backward]") {
  for (auto method : {interpolation::previous, interpolation::next, interpolation::nearest, interpolation::akima}) {
    auto p = sound();
    p.out = {{}, {false, false, false}};
    p.forward.streams[1].series.options.method = method;
    CHECK(refused(p, "targets",
                  {std::string("found a pointer with ") + robocache::name_of(method), "streams[1]", "linear alone"}) ==
          "");
    CHECK(fuse_backward(p).state.code() == status_code::unsupported);
    p.wants_targets = false;
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Gradients of a fusion, refused: a stream too wide for a grid, before another's gradients are written",
          "[fuse_backward]") {
  using when = timeline<float>;
  float const stamps[1] = {0};
  float const numbers[4] = {1, 2, 3, 4};
  float gradients[4] = {-5, -5, -5, -5};
  robocache::stream<float> streams[2] = {
      robocache::series<float, float>{numbers, when::dense(stamps, 1, 1), 4},
      robocache::series<float, float>{numbers, when::dense(stamps, 1, 1), 67'107'841}};
  robocache::stream_gradients out[2];
  out[0].values = out[1].values = gradients;
  status const s = fuse_backward_views(streams, 2, when::dense(stamps, 1, 1), {numbers}, out, nullptr);
  CHECK(s.code() == status_code::unsupported);
  CHECK(std::string(s.message()) == "streams[1].channels: found 67107841, want at most 67107840");
  CHECK(std::all_of(gradients, gradients + 4, [](float g) { return g == -5; }));
}

TEST_CASE("Gradients of a fusion, refused: order and strides", "[fuse_backward]") {
  auto p = sound();
  p.order = target_order(9);
  CHECK(refused(p, "order", {"found 9", "want a target_order"}) == "");
  p = sound();
  p.out[1].row_stride = 1;
  CHECK(refused(p, "out[1].row_stride", {"2 channels", "want rows that do not overlap"}) == "");
  p.out[1].row_stride = -2;
  p.out[1].first = 4;
  CHECK(refused(p, "out[1].row_stride", {"found -2", "want 0 or more"}) == "");
  p = sound();
  p.forward.result_row_stride = -4;
  p.forward.result_first = 4;
  CHECK(refused(p, "results.row_stride", {"found -4", "want 0 or more"}) == "");
}

TEST_CASE("Gradients of a fusion, refused: scratch that is too small, misaligned or null", "[fuse_backward]") {
  if (std::string(backend_name()) == "host") { return; }  // the host takes none
  auto p = sound();
  std::vector<float> const many(100, 0.5f);
  p.forward.target = dense(many, 1);
  p.set_results(numbers(400, 1.0));
  REQUIRE(verify(p) == "");
  p.scratch_missing = 1;
  CHECK(refused(p, "memory.bytes", {"found", "want", "fuse_backward_scratch"}) == "");
  p.scratch_missing = 1 << 20;
  CHECK(refused(p, "memory.bytes", {"found 0", "want"}) == "");
  p.scratch_missing = 0;
  p.scratch_offset = 4;
  CHECK(refused(p, "memory.memory", {"found address", "want a multiple of 16 bytes"}) == "");
  p.scratch_offset = 0;
  p.scratch_null = true;
  CHECK(refused(p, "memory.memory", {"found a null pointer", "want"}) == "");
  // Values and target times take none.
  p.out.assign(2, {true, false, false});
  CHECK(verify(p) == "");
}
