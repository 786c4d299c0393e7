// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <robocache/detail/fuse/check.hpp>

#include "support/catch.hpp"
#include "support/fuse/fuse.hpp"
#include "support/fuse/fusion.hpp"
#include "support/scenario.hpp"

// The semantics' chapter "Fusion": where the streams are in a row, how many there are, what they read, and the results
// where data is missing.
using namespace test;

namespace {

/// A stream of `channels` channels that all hold `value`.
stream_data<float> constant(std::int64_t channels, double value) {
  auto s = one_stream<float>({0, 1}, {0, 0});
  s.series.channels = channels;
  s.series.set_values(std::vector<double>(std::size_t(2 * channels), value));
  return s;
}

/// One row of the result.
numbers row_of(fuse_problem<float> const& p) {
  CHECK(verify(p) == "");
  return rows_of(p)[0];
}

}  // namespace

TEST_CASE("Fusion, places: a stream begins after the channels of the one before it", "[fuse][places]") {
  auto p = fusion<float>({constant(2, 1), constant(1, 2), constant(3, 3)}, {0});
  CHECK(row_of(p) == numbers{1, 1, 2, 3, 3, 3});
}

TEST_CASE("Fusion, places: or at first_channel, in any order", "[fuse][places]") {
  auto p = fusion<float>({constant(2, 1), constant(1, 2), constant(3, 3)}, {0});
  p.streams[0].first_channel = 4;
  p.streams[1].first_channel = 3;
  p.streams[2].first_channel = 0;
  CHECK(row_of(p) == numbers{3, 3, 3, 2, 1, 1});
  // After the one before it in the array, wherever that is.
  p.streams[0].first_channel = 1;
  p.streams[1].first_channel = next_channel;
  p.streams[2].first_channel = next_channel;
  CHECK(row_of(p) == numbers{0, 1, 1, 2, 3, 3, 3});
  p.streams[0].first_channel = 3;
  p.streams[1].first_channel = 0;
  p.streams[2].first_channel = 5;
  CHECK(row_of(p) == numbers{2, 0, 0, 1, 1, 3, 3, 3});
}

TEST_CASE("Fusion, places: channels that no stream writes hold the output's fill", "[fuse][places]") {
  auto p = fusion<float>({constant(2, 1), constant(1, 2)}, {0});
  p.fill = -7;
  p.streams[0].first_channel = 2;
  p.streams[1].first_channel = 5;
  p.streams[0].series.options.fill = 99;
  CHECK(row_of(p) == numbers{-7, -7, 1, 1, -7, 2});
  p.channels = 6;  // as many as there are
  CHECK(row_of(p) == numbers{-7, -7, 1, 1, -7, 2});
  p.channels = 9;
  CHECK(row_of(p) == numbers{-7, -7, 1, 1, -7, 2, -7, -7, -7});
  p.fill = 0.1;
  p.result_type = dtype::bfloat16;
  CHECK(row_of(p)[8] == decode(dtype::bfloat16, encode(dtype::bfloat16, double(0.1f))));
  p.fill = std::nan("");
  CHECK(std::isnan(row_of(p)[0]));
}

TEST_CASE("Fusion, places: a gap wider than any stream can be is filled in parts", "[fuse][places]") {
  constexpr std::int64_t channels = (std::int64_t(1) << 33) + 7;
  robocache::stream<float> streams[2];
  streams[0].channels = streams[1].channels = 5;
  streams[0].first_channel = 0;
  streams[1].first_channel = channels - 6;
  std::int64_t end = 5;
  auto const s = robocache::detail::for_each_gap(streams, 2, channels, [&](std::int64_t place, std::int64_t width) {
    CHECK(place == end);
    CHECK((width > 0 && width <= INT32_MAX));
    end = place + width == channels - 6 ? channels - 1 : place + width;  // the second stream
    return status{};
  });
  CHECK(s.ok());
  CHECK(end == channels);
}

TEST_CASE("Fusion, targets: lengths are clamped into [0, T], the smallest numbers too", "[fuse]") {
  auto s = one_stream<float>({0, 100}, {1, 2});
  s.series.options.fill = -1;
  auto p = fusion<float>({s}, {0});
  std::vector<float> targets(40);
  for (std::size_t k = 0; k < targets.size(); ++k) { targets[k] = float(k); }
  for (std::int64_t length : {INT64_MIN, INT64_MIN + 10, std::int64_t(-1), std::int64_t(7), INT64_MAX}) {
    CAPTURE(length);
    p.target = dense<float>(targets, 1, {length});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Fusion, places: gaps of every width beside streams of every width", "[fuse][places]") {
  generator random(41);
  for (std::int64_t gap = 0; gap <= 17; ++gap) {
    for (std::int64_t channels : {1, 2, 3, 4, 7, 8, 16, 33}) {
      fuse_problem<float> p;
      p.target = dense<float>({0, 0.25f, 1, 2}, 1);
      for (int i = 0; i < 3; ++i) {
        auto s = constant(channels, 0);
        s.series.value_type = i == 1 ? dtype::float32 : dtype::bfloat16;
        s.series.draw_values(random);
        s.first_channel = gap + i * (channels + gap);
        p.streams.push_back(s);
      }
      p.result_type = random.one_of(float_types);
      p.channels = p.width() + gap;
      p.fill = 3;
      CAPTURE(gap, channels);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Fusion: streams may be slices of one buffer, as a pose is position and rotation", "[fuse][slices]") {
  generator random(42);
  for (auto type : float_types) {
    stream_data<double> pose;
    pose.series.source = dense(draw_stamps<double>(random, 40, 0, 1), 2);
    pose.series.value_type = type;
    pose.series.channels = 7;
    pose.series.row_stride = 7;
    pose.series.draw_values(random);
    auto rotation = pose;
    pose.series.channels = 3;
    rotation.slice_of = 0;
    rotation.series.channels = 4;
    rotation.series.first_channel = 3;
    rotation.series.options.method = interpolation::slerp;
    auto p = fusion<double>({pose, rotation}, {});
    p.target = dense(draw_stamps<double>(random, 60, -2, 0.5), 2);
    p.result_type = type;
    CHECK(verify(p) == "");
    CHECK(verify_separately(p) == "");
    // Both orders, and the same rows read twice.
    auto again = pose;
    again.slice_of = 0;
    again.series.options.method = interpolation::nearest;
    p.streams.push_back(again);
    p.streams[0].first_channel = 4;
    p.streams[1].first_channel = 0;
    p.streams[2].first_channel = 10;
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Fusion: every kind of timeline states the same stamps, all of them in one call", "[fuse]") {
  // Two trajectories sampled at 0, 10, 20, 30, of which the second has value 1000 more.
  std::vector<timeline_data<std::int64_t>> kinds{dense<std::int64_t>({0, 10, 20, 30, 0, 10, 20, 30}, 2),
                                                 dense<std::int64_t>({0, 10, 20, 30, 0, 10, 20, 30}, 2, {4, 77}),
                                                 dense<std::int64_t>({0, 10, 20, 30}, 1),
                                                 shared<std::int64_t>({0, 10, 20, 30}, 2),
                                                 ragged<std::int64_t>({0, 10, 20, 30, 0, 10, 20, 30}, {0, 4, 8}),
                                                 uniform<std::int64_t>(0, 10, 1, 2, 4),
                                                 uniform_each<std::int64_t>({0, 0}, 20, 2, 4),
                                                 uniform_ragged<std::int64_t>(0, {}, 10, 1, {0, 4, 8}, 8)};
  kinds[2].batch = 2;
  kinds[2].stride = 0;
  std::vector<timeline_data<std::int64_t>> targets{
      dense<std::int64_t>({-5, 5, 10, 40, -5, 5, 10, 40}, 2), shared<std::int64_t>({-5, 5, 10, 40}, 2),
      ragged<std::int64_t>({-5, 5, 10, 40, -5, 5, 10, 40}, {0, 4, 8}), windows<std::int64_t>({5, 5}, {-10, 0, 5, 35}),
      windows<std::int64_t>({5, 5}, {-10, 0, 5, 35}, {0, 1})};
  for (auto const& target : targets) {
    fuse_problem<std::int64_t> p;
    p.target = target;
    for (auto const& kind : kinds) {
      stream_data<std::int64_t> s;
      s.series.source = kind;
      s.series.set_values({0, 100, 400, 500, 1000, 1100, 1400, 1500});
      p.streams.push_back(s);
    }
    CHECK(verify(p) == "");
    auto const found = rows_of(p);
    rows const wanted{numbers(8, 0),    numbers(8, 50),   numbers(8, 100),  numbers(8, 500),
                      numbers(8, 1000), numbers(8, 1050), numbers(8, 1100), numbers(8, 1500)};
    CHECK(found == wanted);
  }
}

TEST_CASE("Fusion, windows: trajectory[b] picks the same trajectory in every stream", "[fuse][windows]") {
  fuse_problem<float> p;
  for (std::int64_t batch : {2, 3, 4}) {  // the source batches may differ
    stream_data<float> s;
    std::vector<float> stamps;
    std::vector<double> values;
    for (std::int64_t b = 0; b < batch; ++b) {
      stamps.insert(stamps.end(), {float(10 * b), float(10 * b + 4)});
      values.insert(values.end(), {double(100 * batch + 10 * b), double(100 * batch + 10 * b + 4)});
    }
    s.series.source = dense(stamps, batch);
    s.series.set_values(values);
    s.series.options.fill = -1;
    p.streams.push_back(s);
  }
  p.target = windows<float>({12, 2, 22, 32, 2, 2}, {-1, 1}, {1, 0, 2, 3, -1, 4});
  CHECK(rows_of(p) == rows{{211, 311, 411},
                           {213, 313, 413},
                           {201, 301, 401},
                           {203, 303, 403},
                           {-1, 321, 421},
                           {-1, 323, 423},
                           {-1, -1, 431},
                           {-1, -1, 433},
                           {-1, -1, -1},
                           {-1, -1, -1},
                           {-1, -1, -1},
                           {-1, -1, -1}});
  CHECK(all_valid_of(p) == mask{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, missing data: a stream without samples is fill and not valid", "[fuse][missing]") {
  auto nothing = one_stream<double>({}, {});
  nothing.series.options.fill = 4;
  nothing.scale = {2};
  auto p = fusion<double>({nothing, one_stream<double>({0, 1}, {5, 5})}, {0, 0.5, 7});
  for (auto method : {interpolation::previous, interpolation::next, interpolation::linear, interpolation::pchip}) {
    for (auto rule : all_edges) {
      p.streams[0].series.options.method = method;
      p.streams[0].series.options.before = p.streams[0].series.options.after = rule;
      CHECK(column_of(p, 0) == numbers{4, 4, 4});
      CHECK(masks_of(p) == masks{{0, 1}, {0, 1}, {0, 0}});
      CHECK(verify(p) == "");
    }
  }
  // In a ragged or a padded batch: one trajectory has none, the other has some.
  p.target = dense<double>({0, 1, 0, 1}, 2);
  p.streams[1].series.source = dense<double>({0, 1, 0, 1}, 2);
  p.streams[1].series.set_values({5, 6, 7, 8});
  for (auto const& source : {ragged<double>({0, 1}, {0, 0, 2}), dense<double>({9, 9, 0, 1}, 2, {0, 2})}) {
    p.streams[0].series.source = source;
    p.streams[0].series.set_values(source.packed() ? numbers{1, 2} : numbers{9, 9, 1, 2});
    p.streams[0].series.options = {};
    p.streams[0].series.options.fill = 4;
    CHECK(rows_of(p) == rows{{4, 5}, {4, 6}, {2, 7}, {4, 8}});
    CHECK(masks_of(p) == masks{{0, 1}, {0, 1}, {1, 1}, {1, 1}});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Fusion, missing data: starts late, ends early: by the edges, and previous holds until max_gap",
          "[fuse][missing]") {
  auto const short_stream = [](interpolation method, edge rule) {
    auto s = one_stream<double>({3, 4, 6}, {30, 40, 60}, method);
    s.series.options.before = s.series.options.after = rule;
    s.series.options.fill = -1;
    return s;
  };
  auto p = fusion<double>(
      {short_stream(interpolation::linear, edge::clamp), short_stream(interpolation::linear, edge::fill),
       short_stream(interpolation::linear, edge::extrapolate), short_stream(interpolation::previous, edge::fill)},
      {1, 3, 5, 6, 8, 12});
  p.streams[3].series.options.max_gap = 4;
  CHECK(
      rows_of(p) ==
      rows{
          {30, -1, 10, -1}, {30, 30, 30, 30}, {50, 50, 50, 40}, {60, 60, 60, 60}, {60, -1, 80, 60}, {60, -1, 120, -1}});
  CHECK(masks_of(p) == masks{{0, 0, 0, 0}, {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}, {0, 0, 0, 1}, {0, 0, 0, 0}});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, missing data: a dropout is interpolated across, or fill beyond max_gap", "[fuse][missing]") {
  auto across = one_stream<std::int64_t>({0, 10, 100, 110}, {0, 10, 100, 110});
  across.series.options.fill = -1;
  auto limited = across;
  limited.series.options.max_gap = 15;
  auto held = limited;
  held.series.options.method = interpolation::previous;
  auto p = fusion<std::int64_t>({across, limited, held}, {5, 10, 20, 26, 100, 104});
  CHECK(rows_of(p) == rows{{5, 5, 0}, {10, 10, 10}, {20, -1, 10}, {26, -1, -1}, {100, 100, 100}, {104, 104, 100}});
  CHECK(masks_of(p) == masks{{1, 1, 1}, {1, 1, 1}, {1, 0, 1}, {1, 0, 0}, {1, 1, 1}, {1, 1, 1}});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, missing data: of samples with one stamp the right-most counts, and the line goes on from it",
          "[fuse][missing]") {
  auto linear = one_stream<double>({0, 2, 2, 2, 4}, {0, 1, 2, 8, 10});
  auto held = linear;
  held.series.options.method = interpolation::previous;
  auto nearest = linear;
  nearest.series.options.method = interpolation::nearest;
  auto p = fusion<double>({linear, held, nearest}, {1, 2, 3});
  CHECK(rows_of(p) == rows{{0.5, 0, 0}, {8, 8, 8}, {9, 8, 8}});
  CHECK(masks_of(p) == masks(3, mask{1, 1, 1}));
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, missing data: padded and unowned targets are fill and not valid, in every stream",
          "[fuse][missing]") {
  auto s = one_stream<float>({0, 1}, {5, 6});
  s.series.source = shared<float>({0, 1}, 2);
  s.series.set_values({5, 6, 7, 8});
  s.series.options.fill = -1;
  s.shift = {100};
  auto other = s;
  other.series.options.fill = -2;
  other.series.options.method = interpolation::previous;
  other.first_channel = 2;
  fuse_problem<float> p;
  p.streams = {s, other};
  p.fill = 9;
  p.target = dense<float>({0, 1, 1, 0, 1, 1}, 2, {1, 2});
  numbers const padding{-1, 9, -2};
  CHECK(rows_of(p) == rows{{105, 9, 105}, padding, padding, {107, 9, 107}, {108, 9, 108}, padding});
  CHECK(all_valid_of(p) == mask{1, 0, 0, 1, 1, 0});
  CHECK(verify(p) == "");
  p.target = ragged<float>({0, 0, 1, 0, 0, 0}, {1, 3, 4});
  CHECK(rows_of(p) == rows{padding, {105, 9, 105}, {106, 9, 106}, {107, 9, 107}, padding, padding});
  CHECK(masks_of(p) == masks{{0, 0}, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion: any number of streams, and one of them not valid is not all valid", "[fuse][count]") {
  for (std::int64_t count : {1, 2, 3, 7, 8, 9, 15, 16, 17, 18, 20, 31, 32, 33, 48, 49, 70}) {
    fuse_problem<float> p;
    for (std::int64_t i = 0; i < count; ++i) { p.streams.push_back(constant(1 + i % 3, double(i))); }
    p.target = dense<float>({0, 0.5f, 1}, 1);
    p.channels = p.width() + 2;
    p.fill = -5;
    CAPTURE(count);
    CHECK(verify(p) == "");
    CHECK(all_valid_of(p) == mask{1, 1, 1});
    for (std::int64_t missing : {std::int64_t(0), count / 2, std::int64_t(15), std::int64_t(16), count - 1}) {
      if (missing >= count) { continue; }
      auto q = p;
      q.streams[std::size_t(missing)].series.source.stamps = {0.25f, 1};
      q.mask = missing % 2 == 0;
      CHECK(all_valid_of(q) == mask{0, 1, 1});
      CHECK(verify(q) == "");
    }
  }
}

TEST_CASE("Fusion: an empty batch, or no targets: success, and nothing is written", "[fuse][empty]") {
  auto p = fusion<float>({constant(2, 1), constant(3, 2)}, {});
  CHECK(verify(p) == "");
  CHECK(fuse(p).state.ok());
  for (auto& s : p.streams) {
    s.series.source = dense<float>({}, 0);
    s.series.values.clear();
  }
  p.target = dense<float>({}, 0);
  CHECK(verify(p) == "");
  p.target = ragged<float>({}, {0});
  CHECK(verify(p) == "");
  p.target = windows<float>({}, {0, 1});
  CHECK(verify(p) == "");
  p.target = windows<float>({0, 1}, {0, 1}, {0, 0});  // of nothing
  CHECK(rows_of(p) == rows(4, numbers(5, 0)));
  CHECK(verify(p) == "");
}
