// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/policy_input/policy_input.hpp"

// What `policy_input` refuses: each check names its argument, says what was found and what is wanted, and nothing is
// written.
using namespace test;

namespace {

using robocache::policy_fusion;
using robocache::policy_stream;
using robocache::rotation_format;

/// Two fusions: of a position, a rotation and a vector of two; and of an action like each of them.
struct sound_call {
  float values[64] = {};
  float stamps[4] = {0, 1, 2, 3};
  float deltas[2] = {0, 1};
  float results[128];
  policy_stream<float> state[3];
  policy_stream<float> action[3];
  policy_fusion<float> fusions[2];

  sound_call() {
    for (float& x : results) { x = -1; }
    auto const when = timeline<float>::dense(stamps, 1, 4);
    for (auto* streams : {state, action}) {
      std::int64_t const channels[3] = {3, 4, 2};
      for (int i = 0; i < 3; ++i) { streams[i] = robocache::series<float, float>{values, when, channels[i]}; }
      streams[1].options.method = interpolation::slerp;
      streams[1].rotation = {{rotation_format::xyzw, {}}, {rotation_format::columns, {}}};
    }
    for (int i = 0; i < 3; ++i) {
      action[i].relative.wanted = true;
      action[i].relative.to = {i, 0};
    }
    action[0].relative.frame = {1, 0};
    auto const target = timeline<float>::windows(stamps, deltas, 1, 2);
    fusions[0] = {state, 3, target, {}};
    fusions[1] = {action, 3, target, {}};
    fusions[0].out.values = results;
    fusions[1].out.values = results + 64;
  }
  sound_call(sound_call const&) = delete;

  std::string refused(std::string const& argument, std::vector<std::string> const& words) {
    auto const text = unlike_refusal(policy_input_views(fusions, 2), argument, words);
    if (!text.empty()) { return text; }
    for (float x : results) {
      if (x != -1) { return "something was written"; }
    }
    return {};
  }
};

template <class Change>
std::string refused_with(Change change, std::string const& argument, std::vector<std::string> const& words) {
  sound_call call;
  change(call);
  return call.refused(argument, words);
}

}  // namespace

TEST_CASE("A policy input, refused: fusions and their results", "[policy_input]") {
  CHECK(unlike_refusal(policy_input_views(nullptr, 2), "fusions", {"null pointer", "want 2 fusions"}) == "");
  CHECK(unlike_refusal(policy_input_views(nullptr, 0), "count", {"found 0", "1 fusion or more"}) == "");
  CHECK(refused_with([](sound_call& c) { c.fusions[1].streams = nullptr; }, "fusions[1].streams",
                     {"null pointer", "want 3 streams"}) == "");
  CHECK(refused_with([](sound_call& c) { c.fusions[1].count = 0; }, "fusions[1].count", {"found 0", "want 1"}) == "");
  CHECK(refused_with([](sound_call& c) { c.fusions[1].target.length = -1; }, "fusions[1].target.length",
                     {"found -1", "want 0 or more"}) == "");
  CHECK(refused_with([](sound_call& c) { c.fusions[1].out.type = dtype::int32; }, "fusions[1].out.type",
                     {"found int32", "want fp32, fp16 or bf16"}) == "");
  CHECK(refused_with([](sound_call& c) { c.fusions[1].out.channels = 10; }, "fusions[1].out.channels",
                     {"found 10", "want 0, or 11"}) == "");
  CHECK(refused_with([](sound_call& c) { c.fusions[1].out.values = nullptr; }, "fusions[1].out.values",
                     {"null pointer", "22"}) == "");
  CHECK(refused_with([](sound_call& c) { c.fusions[1].out.row_stride = 3; }, "fusions[1].out.row_stride",
                     {"want rows that do not overlap"}) == "");
}

TEST_CASE("A policy input, refused: what a fusion refuses of a stream", "[policy_input]") {
  CHECK(refused_with([](sound_call& c) { c.state[2].options.max_gap = -1; }, "fusions[0].streams[2].options.max_gap",
                     {"found -1"}) == "");
  CHECK(refused_with([](sound_call& c) { c.state[1].options.tolerance = 1; }, "fusions[0].streams[1].options.tolerance",
                     {"found 1", "previous, next and nearest"}) == "");
  CHECK(refused_with([](sound_call& c) { c.state[2].first_channel = 8; }, "fusions[0].streams[2].first_channel",
                     {"found channels 8 to 9", "streams[1], which has 3 to 8"}) == "");
  CHECK(refused_with([](sound_call& c) { c.state[2].options.method = interpolation::slerp; },
                     "fusions[0].streams[2].channels", {"found 2", "want 4"}) == "");
}

TEST_CASE("A policy input, refused: rotations", "[policy_input]") {
  auto const rotation = [](auto change) { return [change](sound_call& c) { change(c.state[1]); }; };
  CHECK(refused_with(rotation([](auto& s) { s.rotation.source.format = rotation_format(9); }),
                     "fusions[0].streams[1].rotation.source", {"found 9", "want a rotation_format"}) == "");
  CHECK(refused_with(rotation([](auto& s) {
                       s.rotation.result = {rotation_format::euler, robocache::euler("xxy")};
                     }),
                     "fusions[0].streams[1].rotation.result", {"found axes 0, 0 and 1", "SciPy"}) == "");
  CHECK(refused_with(rotation([](auto& s) { s.rotation.sign = robocache::quaternion_sign(4); }),
                     "fusions[0].streams[1].rotation.sign", {"found 4", "want a quaternion_sign"}) == "");
  CHECK(refused_with(rotation([](auto& s) { s.options.method = interpolation::linear; }),
                     "fusions[0].streams[1].options.method", {"found linear", "want slerp"}) == "");
  CHECK(refused_with(rotation([](auto& s) { s.rotation.source.format = rotation_format::matrix; }),
                     "fusions[0].streams[1].channels", {"found 4", "want the 9 of rotation_format::matrix"}) == "");
  CHECK(refused_with(rotation([](auto& s) { s.sin_cos = true; }), "fusions[0].streams[1].sin_cos",
                     {"found it with a rotation", "want interpolation::angle"}) == "");
}

TEST_CASE("A policy input, refused: relative to what does not exist, or does not match", "[policy_input]") {
  auto const at = [](int i) { return "fusions[1].streams[" + std::to_string(i) + "].relative"; };
  CHECK(refused_with(
            [](sound_call& c) {
              c.action[2].relative.to = {3, 0};
            },
            at(2) + ".to", {"found stream 3 of fusion 0", "want one of the call"}) == "");
  CHECK(refused_with(
            [](sound_call& c) {
              c.action[2].relative.to = {2, 2};
            },
            at(2) + ".to", {"found stream 2 of fusion 2"}) == "");
  CHECK(refused_with(
            [](sound_call& c) {
              c.action[2].relative.to = {0, 0};
            },
            at(2) + ".to", {"found 3 channels by linear", "want 2"}) == "");
  CHECK(refused_with(
            [](sound_call& c) {
              c.action[2].relative.to = {1, 0};
            },
            at(2) + ".to", {"found a stream that is a rotation", "want none"}) == "");
  CHECK(refused_with(
            [](sound_call& c) {
              c.action[1].relative.to = {2, 0};
            },
            at(1) + ".to", {"found a stream that is no rotation", "want one"}) == "");
  CHECK(refused_with([](sound_call& c) { c.state[2].options.method = interpolation::angle; }, at(2) + ".to",
                     {"by angle"}) == "");
  CHECK(refused_with(
            [](sound_call& c) {
              c.action[0].relative.frame = {2, 0};
            },
            at(0) + ".frame", {"no rotation", "want one that is"}) == "");
  CHECK(refused_with(
            [](sound_call& c) {
              c.action[2].relative.frame = {1, 0};
            },
            at(2) + ".frame", {"found linear of 2 channels", "position of 3 channels"}) == "");
  CHECK(refused_with([](sound_call& c) { c.action[2].relative.at = std::numeric_limits<float>::infinity(); },
                     at(2) + ".at", {"want a finite time"}) == "");
  CHECK(refused_with([](sound_call& c) { c.fusions[0].target = timeline<float>::uniform(0, 1, 1, 2); }, at(0) + ".to",
                     {"found a fusion without the same 1 windows"}) == "");
  CHECK(refused_with([](sound_call& c) { c.fusions[1].target = timeline<float>::uniform(0, 1, 1, 2); }, at(0),
                     {"found targets that are no windows"}) == "");
  CHECK(refused_with(
            [](sound_call& c) {
              c.state[1].rotation = {};
              c.action[1].rotation = {};
              c.action[0].relative.frame = {};
            },
            at(1), {"found slerp without a format"}) == "");
}

TEST_CASE("A policy input, refused: derivatives", "[policy_input]") {
  auto const velocity = [](auto change) {
    return [change](sound_call& c) {
      c.state[2].derivative = robocache::derivative_order::velocity;
      c.action[2].relative = {};
      change(c.state[2]);
    };
  };
  std::string const at = "fusions[0].streams[2]";
  CHECK(refused_with(velocity([](auto& s) { s.derivative = robocache::derivative_order(7); }), at + ".derivative",
                     {"found 7", "want a derivative_order"}) == "");
  CHECK(refused_with(velocity([](auto& s) { s.options.method = interpolation::nearest; }), at + ".derivative",
                     {"found a velocity of values by nearest", "want linear, angle, a cubic, or slerp"}) == "");
  CHECK(refused_with([](sound_call& c) { c.state[1].derivative = robocache::derivative_order::acceleration; },
                     "fusions[0].streams[1].derivative",
                     {"found an acceleration of a rotation by slerp", "want a velocity by slerp"}) == "");
  CHECK(refused_with(
            [](sound_call& c) {
              c.state[1].options.method = interpolation::previous;
              c.state[1].derivative = robocache::derivative_order::velocity;
            },
            "fusions[0].streams[1].derivative", {"found a velocity of a rotation by previous"}) == "");
  CHECK(refused_with(velocity([](auto& s) { s.relative.wanted = true; }), at + ".derivative",
                     {"found a velocity with relative"}) == "");
  CHECK(refused_with(velocity([](auto& s) { s.ticks_per_second = 0; }), at + ".ticks_per_second",
                     {"found 0", "want it above 0"}) == "");
}

TEST_CASE("A policy input, refused: what is done to values", "[policy_input]") {
  CHECK(refused_with([](sound_call& c) { c.state[2].sin_cos = true; }, "fusions[0].streams[2].sin_cos",
                     {"found it with linear"}) == "");
  CHECK(refused_with([](sound_call& c) { c.state[1].affine_stride = 5; }, "fusions[0].streams[1].affine_stride",
                     {"found 5", "6 or more"}) == "");
  CHECK(refused_with([](sound_call& c) { c.state[2].channels = (1 << 24) + 1; }, "fusions[0].streams[2].channels",
                     {"found 16777217", "want at most 16777216"}) == "");
  CHECK(refused_with(
            [](sound_call& c) {
              c.state[2].high = reinterpret_cast<float const*>(reinterpret_cast<char const*>(c.values) + 1);
            },
            "fusions[0].streams[2].high", {"found address", "want a multiple of 4 bytes"}) == "");
}
