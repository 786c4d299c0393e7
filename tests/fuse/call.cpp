// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/fuse/fuse.hpp"
#include "support/fuse/fusion.hpp"
#include "support/scenario.hpp"

// What `fuse` refuses: each check names its argument, the stream included, says what was found and what is wanted, and
// nothing is written.
using namespace test;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

/// Two streams of two channels each, of which tests break the second.
template <class Stamp>
fuse_problem<Stamp> sound() {
  auto s = one_stream<Stamp>({0, 1, 2}, {1, 2, 3});
  s.series.channels = 2;
  s.series.set_values({1, 2, 3, 4, 5, 6});
  s.scale = s.shift = {1, 1};
  auto p = fusion<Stamp>({s, s}, {0, 1});
  REQUIRE(verify(p) == "");
  return p;
}

/// The same with a change of the second stream.
template <class Stamp, class Change>
std::string refused_with(Change change, std::string const& argument, std::vector<std::string> const& words) {
  auto p = sound<Stamp>();
  change(p.streams[1]);
  return refused(p, argument, words);
}

}  // namespace

TEST_CASE("A fusion, a stream's timeline", "[fuse]") {
  using stream = stream_data<float>;
  CHECK(refused_with<float>([](stream& s) { s.series.source.length = -3; }, "streams[1].when.length",
                            {"found -3", "want 0 or more"}) == "");
  CHECK(refused_with<float>([](stream& s) { s.series.source.stride = -3; }, "streams[1].when.stride",
                            {"found -3", "want 0 or more"}) == "");
  CHECK(refused_with<float>(
            [](stream& s) {
              s.series.source = windows<float>({0}, {0, 1, 2});
            },
            "streams[1].when.kind", {"found windows", "want"}) == "");
  CHECK(refused_with<float>([](stream& s) { s.series.source = uniform<float>(0, -1, 1, 1, 3); }, "streams[1].when.num",
                            {"found a period of -1", "want it above 0"}) == "");
  CHECK(refused_with<float>([](stream& s) { s.series.source = uniform<float>(0, 1, 1, 2, 1); }, "target.batch",
                            {"found 1", "want the 2 of streams[1].when"}) == "");
  auto p = sound<float>();
  p.target = windows<float>({0, 1, 2}, {0});
  CHECK(refused(p, "target.batch", {"found 3", "want the 1 of streams[0].when"}) == "");
  p.target = uniform<float>(0, 0, 1, 1, 3);
  CHECK(refused(p, "target.num", {"found a period of 0", "want it above 0"}) == "");
}

TEST_CASE("A fusion, a stream's type", "[fuse]") {
  for (auto type : integer_types) {
    auto p = sound<float>();
    p.streams[1].series.value_type = type;
    p.streams[1].series.set_values({1, 2, 3, 4, 5, 6});
    CHECK(refused(p, "streams[1].type", {std::string("found ") + robocache::name_of(type), "want fp32"}) == "");
    CHECK(fuse(p).state.code() == status_code::unsupported);
  }
}

TEST_CASE("A fusion, a stream's options", "[fuse]") {
  using stream = stream_data<double>;
  CHECK(refused_with<double>([](stream& s) { s.series.options.max_gap = -0.5; }, "streams[1].options.max_gap",
                             {"found -0.5", "want 0 or more"}) == "");
  CHECK(refused_with<double>([](stream& s) { s.series.options.method = interpolation(77); },
                             "streams[1].options.method", {"found 77", "want an interpolation"}) == "");
  CHECK(refused_with<double>([](stream& s) { s.series.options.before = edge(9); }, "streams[1].options.before",
                             {"found 9", "want an edge"}) == "");
  CHECK(refused_with<double>([](stream& s) { s.series.options.after = edge(9); }, "streams[1].options.after",
                             {"found 9", "want an edge"}) == "");
  CHECK(refused_with<double>([](stream& s) { s.series.options.causal = true; }, "streams[1].options.causal",
                             {"found a method that reads later samples", "want interpolation::previous"}) == "");
  auto const causal = [](stream& s) {
    s.series.options.causal = true;
    s.series.options.method = interpolation::previous;
  };
  CHECK(refused_with<double>(causal, "streams[1].options.before", {"found", "want edge::fill"}) == "");
}

TEST_CASE("A fusion, a stream's latency: finite", "[fuse]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (double latency : {infinity, -infinity, std::nan("")}) {
    CHECK(refused_with<double>([&](stream_data<double>& s) { s.latency = latency; }, "streams[1].latency",
                               {"found", "want a finite time"}) == "");
    CHECK(refused_with<float>([&](stream_data<float>& s) { s.latency = float(latency); }, "streams[1].latency",
                              {"found", "want a finite time"}) == "");
  }
}

TEST_CASE("A fusion, a stream's channels and strides", "[fuse]") {
  using stream = stream_data<float>;
  CHECK(refused_with<float>([](stream& s) { s.series.channels = 0; }, "streams[1].channels",
                            {"found 0", "want 1 or more"}) == "");
  for (std::int64_t channels : {1, 2, 3, 5}) {
    auto const slerp = [&](stream& s) {
      s.series.options.method = interpolation::slerp;
      s.series.channels = channels;
      s.series.set_values(numbers(std::size_t(3 * channels), 0.5));
    };
    CHECK(refused_with<float>(slerp, "streams[1].channels",
                              {"found " + std::to_string(channels), "want 4 for interpolation::slerp"}) == "");
  }
  CHECK(refused_with<float>([](stream& s) { s.series.row_stride = -1; }, "streams[1].row_stride",
                            {"found -1", "want 0 or more"}) == "");
  CHECK(refused_with<float>([](stream& s) { s.series.batch_stride = -8; }, "streams[1].batch_stride",
                            {"found -8", "want 0 or more"}) == "");
}

TEST_CASE("A fusion, places: not below 0, not beyond 2^58, no two in one place", "[fuse]") {
  using stream = stream_data<float>;
  CHECK(refused_with<float>([](stream& s) { s.first_channel = -2; }, "streams[1].first_channel",
                            {"found -2", "want 0 or more, or next_channel"}) == "");
  CHECK(refused_with<float>([](stream& s) { s.first_channel = 1; }, "streams[1].first_channel",
                            {"found channels 1 to 2", "want none of streams[0], which has 0 to 1"}) == "");
  CHECK(refused_with<float>([](stream& s) { s.first_channel = 0; }, "streams[1].first_channel",
                            {"found channels 0 to 1", "streams[0]"}) == "");
  auto p = sound<float>();
  p.streams.push_back(p.streams[1]);
  p.streams[0].first_channel = 3;
  p.streams[1].first_channel = 1;  // ends where the first begins
  CHECK(refused(p, "streams[2].first_channel", {"found channels 3 to 4", "streams[0], which has 3 to 4"}) == "");
  p.streams[2].first_channel = 0;
  CHECK(refused(p, "streams[2].first_channel", {"found channels 0 to 1", "streams[1], which has 1 to 2"}) == "");
  p.streams[2].first_channel = 5;
  CHECK(verify(p) == "");
  p.streams[0].first_channel = 0;
  p.streams[1].first_channel = 4;
  p.streams[2].first_channel = 2;  // as wide as the room between
  CHECK(verify(p) == "");
}

TEST_CASE("A fusion, the output: as many channels as are written, rows that do not overlap", "[fuse]") {
  auto p = sound<float>();
  p.channels = 3;
  CHECK(refused(p, "out.channels", {"found 3", "want 0, or 4 and more"}) == "");
  p.channels = -1;
  CHECK(refused(p, "out.channels", {"found -1", "want 0, or 4 and more"}) == "");
  p = sound<float>();
  p.result_row_stride = 3;
  CHECK(refused(p, "out.row_stride", {"found", "4 channels", "want rows that do not overlap"}) == "");
  p.channels = 6;
  p.result_row_stride = 5;
  CHECK(refused(p, "out.row_stride", {"found", "6 channels", "want rows that do not overlap"}) == "");
  p = sound<float>();
  for (auto& s : p.streams) {
    s.series.source = shared<float>({0, 1, 2}, 2);
    s.series.batch_stride = 0;
  }
  p.target = shared<float>({0, 1}, 2);
  REQUIRE(verify(p) == "");
  p.result_batch_stride = 3;
  CHECK(refused(p, "out.batch_stride", {"found", "want rows that do not overlap"}) == "");
}

TEST_CASE("A fusion, the first stream that does not fit is named", "[fuse]") {
  auto p = sound<float>();
  for (int i = 0; i < 20; ++i) { p.streams.push_back(p.streams[1]); }
  p.streams[19].latency = p.streams[21].latency = std::nanf("");
  CHECK(refused(p, "streams[19].latency", {"finite"}) == "");
}

TEST_CASE("A fusion, null pointers, misplaced pointers and sizes beyond 64 bits", "[fuse]") {
  // Views made by hand over host memory, on both sides: a call that is refused reads and writes nothing.
  float const stamps[4] = {0, 1, 2, 3};
  float const values[4] = {1, 2, 3, 4};
  float results[8] = {-5, -5, -5, -5, -5, -5, -5, -5};
  std::uint8_t valid[8] = {9, 9, 9, 9, 9, 9, 9, 9};
  using when = timeline<float>;
  auto const target = when::dense(stamps, 1, 4);
  robocache::stream<float> const good{robocache::series<float, float>{values, target, 1}};
  robocache::fused_output<float> const out{results, valid, valid + 4};
  auto const odd = [](auto* p) { return reinterpret_cast<decltype(p)>(reinterpret_cast<std::uintptr_t>(p) + 1); };
  auto const check = [&](status const& s, char const* argument, char const* found) {
    INFO(s.message());
    CHECK(s.code() == status_code::invalid_argument);
    CHECK(std::string(s.argument()) == argument);
    CHECK(std::string(s.message()).find(found) != std::string::npos);
    CHECK(std::string(s.message()).find("want") != std::string::npos);
  };
  auto const with = [&](auto change) {
    robocache::stream<float> streams[2] = {good, good};
    change(streams[1]);
    return fuse_views(streams, 2, target, out);
  };
  auto const into = [&](auto change) {
    auto other = out;
    change(other);
    return fuse_views(&good, 1, target, other);
  };
  using stream = robocache::stream<float>;
  check(fuse_views(&good, 0, target, out), "count", "found 0");
  check(fuse_views(&good, -4, target, out), "count", "found -4");
  check(fuse_views<float>(nullptr, 2, target, out), "streams", "found a null pointer, want 2 streams");
  check(fuse_views(&good, 1, when::dense(nullptr, 1, 4), out), "target.stamps", "found a null pointer");
  check(with([](stream& s) { s.when.stamps = nullptr; }), "streams[1].when.stamps", "found a null pointer");
  check(with([](stream& s) { s.values = nullptr; }), "streams[1].values", "found a null pointer");
  check(with([&](stream& s) { s.values = odd(values); }), "streams[1].values", "found address");
  check(with([&](stream& s) { s.scale = odd(values); }), "streams[1].scale", "found address");
  check(with([&](stream& s) { s.shift = odd(values); }), "streams[1].shift", "found address");
  check(with([](stream& s) { s.first_channel = huge - 1; }), "streams[1].first_channel", "2^58");
  check(with([](stream& s) { s.first_channel = INT64_MAX; }), "streams[1].first_channel", "2^58");
  check(with([](stream& s) { s.row_stride = huge / 2; }), "streams[1].row_stride", "strides");
  check(into([](auto& o) { o.values = nullptr; }), "out.values", "found a null pointer");
  check(into([&](auto& o) { o.values = odd(results); }), "out.values", "found address");
  check(into([](auto& o) { o.row_stride = -1; }), "out.row_stride", "found -1");
  check(into([](auto& o) { o.row_stride = huge / 2; }), "out.row_stride", "strides");
  check(into([](auto& o) { o.channels = huge / 2; }), "out.row_stride", "2^58");
  CHECK(std::all_of(results, results + 8, [](float r) { return r == -5; }));
  CHECK(std::all_of(valid, valid + 8, [](std::uint8_t v) { return v == 9; }));
}
