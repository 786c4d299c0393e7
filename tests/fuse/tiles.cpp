// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/fuse/fuse.hpp"
#include "support/guarded.hpp"
#include "support/scenario.hpp"

// The shapes at which a fusion handles its rows another way: one row per block, a tile of them, several trajectories
// in one tile; stamps staged whole or in part; rows cut into chunks, of some streams and not of others.
using namespace test;

namespace {

struct fuse_shape {
  std::int64_t batch, targets;
  std::vector<std::int64_t> lengths;   ///< samples per trajectory, one per stream
  std::vector<std::int64_t> channels;  ///< one per stream
  bool ascending = true;
  bool simple = false;   ///< no method beyond linear
  std::int64_t gap = 0;  ///< channels behind those of the streams
  bool padded = false;   ///< samples begin at multiples of 16 channels
};

/// Stored stamps, dense on both sides; types, rules, latencies and values drawn.
template <class Stamp>
fuse_problem<Stamp> make(fuse_shape const& shape, std::uint64_t seed) {
  generator random(seed);
  auto const count = std::int64_t(shape.channels.size());
  auto p = draw_fuse<Stamp>(random, test::shape::dense, count, {2, 4, 4, 0});
  Stamp const step = std::is_integral_v<Stamp> ? Stamp(1000) : Stamp(0.25);
  auto const longest = *std::max_element(shape.lengths.begin(), shape.lengths.end());
  for (std::size_t i = 0; i < p.streams.size(); ++i) {
    auto& s = p.streams[i];
    s.slice_of = -1;
    s.first_channel = next_channel;
    s.latency = Stamp(random.unit() < 0.5 ? 0.0 : (random.unit() - 0.5) * 6 * double(step));
    problem<Stamp>& series = s.series;
    if (shape.simple) {
      series.options.method = random.one_of(plain_methods);
      series.options.causal = false;
    }
    set_channels(series, shape.channels[i]);
    series.first_channel = 0;
    series.batch_stride = series.row_stride = contiguous;
    if (shape.padded) { series.row_stride = (shape.channels[i] + 15) / 16 * 16; }
    std::vector<Stamp> stamps;
    double const stretch = double(longest) / double(std::max<std::int64_t>(shape.lengths[i], 1));
    for (std::int64_t b = 0; b < shape.batch; ++b) {
      auto const row = draw_stamps<Stamp>(random, shape.lengths[i], Stamp(b), Stamp(double(step) * stretch));
      stamps.insert(stamps.end(), row.begin(), row.end());
    }
    series.source = dense(stamps, shape.batch);
    auto const factor = [&](std::vector<float>& factors) {
      factors.resize(factors.empty() ? 0 : std::size_t(shape.channels[i]));
      for (float& x : factors) { x = float(random.unit() - 0.5); }
    };
    factor(s.scale);
    factor(s.shift);
    series.draw_values(random, 0.02);
  }
  std::vector<Stamp> targets;
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    std::vector<Stamp> row;
    for (std::int64_t k = 0; k < shape.targets; ++k) {
      // At a sample of the first stream, between two, beyond both ends.
      auto const& stamps = p.streams[0].series.source.stamps;
      auto const n = shape.lengths[0];
      Stamp const at = n == 0 ? Stamp(0) : stamps[std::size_t(b * n + random.between(0, n - 1))];
      row.push_back(random.chance(0.2) ? at : at + Stamp((random.unit() - 0.5) * 4 * double(step)));
    }
    if (shape.ascending) { std::sort(row.begin(), row.end()); }
    targets.insert(targets.end(), row.begin(), row.end());
  }
  p.target = dense(targets, shape.batch);
  p.channels = shape.gap == 0 ? 0 : p.width() + shape.gap;
  p.result_first = 0;
  p.result_batch_stride = p.result_row_stride = contiguous;
  return p;
}

/// Each shape with each stamp type.
void check_shapes(std::vector<fuse_shape> const& shapes) {
  std::uint64_t seed = 5000;
  for (auto const& shape : shapes) {
    for (bool aligned : {true, false}) {
      CAPTURE(shape.batch, shape.targets, shape.lengths, shape.channels, shape.ascending, aligned, seed);
      auto const check = [&](auto p) {
        if (aligned) {
          p.misaligned = 0;
          for (auto& s : p.streams) { s.series.misaligned = 0; }
        }
        CHECK(verify(p) == "");
      };
      check(make<float>(shape, ++seed));
      check(make<double>(shape, ++seed));
      check(make<std::int64_t>(shape, ++seed));
      check(make<float>(shape, ++seed));  // kernels on the CPU see chips of three sizes by turns: no type keeps to one
    }
  }
}

using sizes = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("Fusion, tiles: trajectories up to and past what a warp stages", "[fuse]") {
  std::vector<fuse_shape> shapes;
  for (std::int64_t length : {1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1500}) {
    shapes.push_back({2, 40, {length, length / 3 + 1}, {8, 3}});
  }
  shapes.push_back({2, 40, {1, 512, 0, 511, 70}, {8, 3, 4, 16, 1}});
  shapes.push_back({1, 30, {20000, 300, 9000}, {4, 3, 8}});
  check_shapes(shapes);
}

TEST_CASE("Fusion, tiles: targets that do not ascend, in trajectories staged in part", "[fuse]") {
  check_shapes(
      {{1, 100, {600, 2000}, {8, 3}, false}, {2, 33, {5000, 512}, {1, 16}, false}, {3, 64, {700, 20}, {5, 5}, false}});
}

TEST_CASE("Fusion, tiles: tiles of every height, of one trajectory or of several", "[fuse]") {
  std::vector<fuse_shape> shapes;
  for (std::int64_t targets : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100}) {
    shapes.push_back({12, targets, {20, 9}, {8, 2}});
  }
  shapes.push_back({20, 64, {20, 33}, {2, 1}});
  shapes.push_back({100, 11, {5, 8}, {3, 1}});
  shapes.push_back({300, 2, {5, 8}, {3, 1}});
  check_shapes(shapes);
  // So many rows that tiles have their full height on a large chip, too.
  CHECK(verify(make<float>({540, 64, {20, 33}, {2, 1}}, 5900)) == "");
  CHECK(verify(make<std::int64_t>({3000, 12, {5, 8}, {3, 1}}, 5901)) == "");
}

TEST_CASE("Fusion, tiles: from 1 to 16 streams share a tile", "[fuse]") {
  std::vector<fuse_shape> shapes;
  for (std::size_t count = 1; count <= 17; ++count) {
    fuse_shape shape{3, 70, sizes(count, 30), sizes(count, 4)};
    for (std::size_t i = 0; i < count; ++i) {
      shape.lengths[i] = std::int64_t(5 + 13 * i);
      shape.channels[i] = std::int64_t(1 + i % 9);
    }
    shapes.push_back(shape);
  }
  check_shapes(shapes);
}

TEST_CASE("Fusion, tiles: rows so wide that they are cut into chunks, beside narrow ones", "[fuse]") {
  check_shapes({{1, 5, {5, 4}, {20000, 8}},
                {1, 3, {4, 5, 6}, {3, 1030, 2100}},
                {2, 40, {4, 5}, {1024, 1025}},
                {2, 3, {4, 5}, {8192, 8200}},
                {2, 3, {4, 5}, {4096, 4100}}});
}

TEST_CASE("Fusion, tiles: rows that are not whole vectors, put together as runs of bytes", "[fuse]") {
  // Widths about those of vectors, read in words of 16 and of 4 bytes and value by value.
  std::vector<fuse_shape> shapes;
  for (std::int64_t width : {1, 2, 3, 4, 5, 7, 8, 9, 12, 14, 16, 17, 31}) {
    shapes.push_back({6, 60, {20, 9}, {width, 7}, true, true});
  }
  shapes.push_back({9, 40, {30, 70, 5}, {242, 14, 7}, true, true});
  shapes.push_back({9, 40, {30, 70, 5}, {64, 3, 8}, true, true, 5});
  shapes.push_back({3, 90, {30, 12}, {1, 1}, true, true, 1});
  // The last vector of a row is less aligned than the others.
  shapes.push_back({3, 90, {30, 12, 7}, {14, 13, 10}, true, true, 0, true});
  // Several runs per tile; the fewest rows that a run may have, and fewer.
  shapes.push_back({5, 70, {30, 70}, {515, 9}, true, true});
  shapes.push_back({2, 70, {30, 4}, {1270, 9}, true, true, 1});
  shapes.push_back({2, 70, {30}, {1281}, true, true});
  shapes.push_back({2, 70, {30, 4}, {2550, 9}, true, true, 1});
  shapes.push_back({2, 70, {30}, {2561}, true, true});
  check_shapes(shapes);
  // On a large chip too; the last tile of a trajectory has fewer rows.
  CHECK(verify(make<float>({40, 70, {20, 33}, {19, 6}, true, true}, 5902)) == "");
  CHECK(verify(make<double>({40, 70, {20, 33}, {300, 7}, true, true, 2}, 5903)) == "");
  CHECK(verify(make<std::int64_t>({300, 9, {5, 8}, {11, 3}, true, true}, 5904)) == "");
}

TEST_CASE("Fusion, tiles: windows that share a trajectory, and windows that do not", "[fuse]") {
  generator random(51);
  for (std::int64_t length : {1, 5, 12, 32, 40}) {
    for (std::int64_t batch : {1, 10, 200}) {
      for (std::int64_t trajectories : {1, 3, 50}) {
        fuse_problem<double> p;
        for (std::int64_t i = 0; i < 3; ++i) {
          stream_data<double> s;
          std::vector<std::int64_t> offsets{0};
          for (std::int64_t b = 0; b < trajectories; ++b) { offsets.push_back(offsets.back() + random.between(0, 90)); }
          s.series.source = ragged(draw_stamps<double>(random, offsets.back(), 0, 1), offsets);
          s.series.options.method = i == 2 ? interpolation::previous : interpolation::linear;
          s.series.channels = 1 + 6 * i;
          s.series.draw_values(random);
          p.streams.push_back(s);
        }
        std::vector<double> anchors, deltas;
        std::vector<std::int64_t> trajectory;
        for (std::int64_t b = 0; b < batch; ++b) {
          trajectory.push_back(random.between(-1, trajectories));
          auto const& first = p.streams[0].series.source;
          anchors.push_back(first.rows == 0 ? 0 : first.stamps[std::size_t(random.between(0, first.rows - 1))]);
        }
        for (std::int64_t k = 0; k < length; ++k) { deltas.push_back(10 * random.unit() - 5); }
        p.target = windows(anchors, deltas, trajectory);
        CAPTURE(length, batch, trajectories);
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Fusion, tiles: the largest integer is a stamp and a target like any other", "[fuse]") {
  for (std::int64_t length : {1, 31, 62, 63, 64, 126, 127, 128, 511, 512, 700}) {
    for (std::int64_t copies : {0, 1, 2}) {
      stream_data<std::int64_t> s;
      std::vector<std::int64_t> stamps;
      for (std::int64_t i = 0; i < length; ++i) { stamps.push_back(i < length - copies ? 10 * i : INT64_MAX); }
      s.series.source = dense(stamps, 1);
      generator random(52);
      s.series.channels = 3;
      s.series.draw_values(random);
      fuse_problem<std::int64_t> p;
      p.streams = {s, s};
      p.streams[1].series.options.method = interpolation::previous;
      p.streams[1].latency = 5;
      p.target = dense<std::int64_t>({0, 5, 10 * length, INT64_MAX - 5, INT64_MAX - 1, INT64_MAX}, 1);
      CAPTURE(length, copies);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Sanitize: every way to handle a fusion's rows in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  check_shapes({{2, 40, {63, 64, 300}, {8, 3, 16}},
                {1, 40, {900, 5}, {7, 8}, false},
                {70, 9, {11, 12}, {3, 24}},
                {2, 80, {11, 12, 40}, {21, 7, 2}, true, true},
                {2, 80, {11, 300}, {13, 24}, true, true, 3},
                {2, 80, {11, 5}, {14, 6}, true, true, 0, true},
                {1, 3, {4, 5}, {9000, 5}}});
}
