// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <string>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/guarded.hpp"
#include "support/scenario.hpp"

// The shapes at which a launch handles its rows another way: a block with one row, with a tile, with a whole
// trajectory in shared memory; all stamps staged or some; one chunk of channels or several.
using namespace test;

namespace {

struct tile_shape {
  std::int64_t batch, length, targets, channels;
  dtype value, result;
  std::int64_t misaligned;
};

/// Stored stamps of one length for all trajectories, rules and values drawn; so is the method, unless it is given.
template <class Stamp>
std::string verify_shape(tile_shape const& shape, std::uint64_t seed, interpolation const* method = nullptr) {
  generator random(seed);
  auto p = draw_problem<Stamp>(random, test::shape::dense, test::shape::dense, {2, 4, 4, 0});
  Stamp const step = std::is_integral_v<Stamp> ? Stamp(1000) : Stamp(0.25);
  p.source.batch = p.target.batch = shape.batch;
  p.source.length = p.source.stride = shape.length;
  p.target.length = p.target.stride = shape.targets;
  p.source.stamps.clear();
  p.target.stamps.clear();
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    auto const stamps = draw_stamps<Stamp>(random, shape.length, Stamp(b), step);
    p.source.stamps.insert(p.source.stamps.end(), stamps.begin(), stamps.end());
    for (std::int64_t k = 0; k < shape.targets; ++k) {
      // At a sample, between two, beyond both ends.
      Stamp const at = stamps[std::size_t(random.between(0, shape.length - 1))];
      p.target.stamps.push_back(random.chance(0.2) ? at : at + Stamp((random.unit() - 0.5) * 4 * double(step)));
    }
  }
  p.value_type = shape.value;
  p.result_type = shape.result;
  set_channels(p, shape.channels);
  p.first_channel = p.result_first = 0;
  p.batch_stride = p.row_stride = p.result_batch_stride = p.result_row_stride = contiguous;
  p.misaligned = shape.misaligned;
  if (method != nullptr) { p.options.method = *method; }
  p.options.causal = false;
  p.options.fill = -7;
  p.draw_values(random, 0.02);
  return verify(p);
}

/// Each shape with each stamp type.
void check_shapes(std::initializer_list<tile_shape> shapes) {
  std::uint64_t seed = 4000;
  for (auto const& shape : shapes) {
    CAPTURE(shape.batch, shape.length, shape.targets, shape.channels, shape.misaligned);
    CHECK(verify_shape<float>(shape, ++seed) == "");
    CHECK(verify_shape<double>(shape, ++seed) == "");
    CHECK(verify_shape<std::int64_t>(shape, ++seed) == "");
  }
}

constexpr auto bf16 = dtype::bfloat16;
constexpr auto fp16 = dtype::float16;
constexpr auto fp32 = dtype::float32;

}  // namespace

TEST_CASE("Tiles: a block with one row, stamps up to and past what its threads hold", "[tiles]") {
  check_shapes({{1, 1, 3, 8, bf16, bf16, 0},
                {1, 2, 40, 256, bf16, bf16, 0},
                {2, 255, 40, 24, fp32, bf16, 0},
                {2, 256, 40, 24, bf16, fp32, 0},
                {2, 257, 40, 7, fp16, fp16, 1},
                {1, 1023, 200, 520, bf16, bf16, 0},
                {1, 1024, 200, 8, bf16, bf16, 0},
                {1, 1025, 200, 8, bf16, bf16, 0},
                {3, 300, 5, 1030, fp32, fp32, 1}});
}

TEST_CASE("Tiles: tiles of rows, all stamps staged or every 4^k-th", "[tiles]") {
  check_shapes({{4, 63, 600, 16, bf16, bf16, 0},
                {4, 64, 600, 3, bf16, bf16, 0},
                {9, 127, 257, 8, fp32, fp16, 0},
                {9, 128, 255, 40, fp16, fp32, 1},
                {5, 511, 500, 8, bf16, bf16, 0},
                {5, 512, 500, 5, bf16, bf16, 0},
                {3, 1023, 700, 8, bf16, bf16, 0},
                {3, 1024, 700, 8, bf16, bf16, 0},
                {2, 5000, 1100, 8, bf16, bf16, 0},
                {1, 70000, 2300, 4, bf16, bf16, 0}});
}

TEST_CASE("Tiles: whole trajectories of short rows, of every width and alignment", "[tiles]") {
  check_shapes({{600, 20, 16, 7, bf16, bf16, 0},
                {600, 21, 17, 7, bf16, bf16, 1},
                {600, 33, 31, 14, bf16, bf16, 0},
                {600, 40, 32, 16, bf16, bf16, 0},
                {600, 41, 33, 1, fp16, bf16, 3},
                {600, 33, 20, 3, fp32, bf16, 1},
                {600, 33, 20, 5, bf16, fp32, 1},
                {540, 300, 150, 7, bf16, bf16, 0},
                {540, 301, 256, 4, fp32, fp32, 0}});
}

TEST_CASE("Tiles: short trajectories, which some chips copy by one instruction", "[tiles]") {
  std::uint64_t seed = 4400;
  // Every second one begins in the middle of 16 bytes, and its results on a word of 4; then all on 16 bytes.
  for (tile_shape const& shape :
       {tile_shape{600, 20, 18, 7, bf16, bf16, 0}, tile_shape{600, 24, 16, 4, fp32, bf16, 0}}) {
    CAPTURE(shape.channels);
    for (int chip = 0; chip < 4; ++chip) { CHECK(verify_shape<float>(shape, ++seed) == ""); }  // simulated: as many
  }
}

TEST_CASE("Tiles: trajectories that take as much shared memory as a block may have, by every method", "[tiles]") {
  std::uint64_t seed = 4500;
  for (interpolation method : plain_methods) {
    CAPTURE(robocache::name_of(method));
    for (tile_shape const& shape :
         {tile_shape{540, 300, 150, 13, fp32, fp32, 1}, tile_shape{540, 220, 110, 12, fp32, fp32, 0}}) {
      CHECK(verify_shape<float>(shape, ++seed, &method) == "");
      CHECK(verify_shape<std::int64_t>(shape, ++seed, &method) == "");
    }
  }
}

TEST_CASE("Tiles: rows so wide that they are cut into chunks", "[tiles]") {
  check_shapes({{1, 5, 3, 40000, bf16, bf16, 0}, {1, 5, 3, 9001, fp32, fp16, 0}, {2, 4, 700, 4100, fp32, fp32, 1}});
}

TEST_CASE("Sanitize: every way to handle the rows in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  check_shapes({{1, 300, 20, 24, bf16, bf16, 0},
                {3, 300, 400, 7, bf16, bf16, 1},
                {2, 1500, 600, 8, bf16, bf16, 0},
                {560, 17, 16, 7, bf16, bf16, 1},
                {560, 17, 16, 16, bf16, fp32, 0},
                {560, 20, 18, 7, bf16, bf16, 0},
                {1, 5, 3, 33000, bf16, bf16, 0}});
}

TEST_CASE("Tiles: target offsets that descend leave rows to nobody, the same whatever the launch", "[tiles]") {
  auto p = problem<float>{};
  p.source = dense<float>({0, 0}, 2);
  p.target = ragged<float>(std::vector<float>(8, 0.0f), {0, 5, 3});
  p.options.fill = -1;
  p.set_values({100, 200});
  CHECK(results_of(p) == std::vector<double>{100, 100, 100, 100, 100, -1, -1, -1});
  CHECK(valid_of(p) == std::vector<int>{1, 1, 1, 1, 1, 0, 0, 0});
  for (int chip = 0; chip < 3; ++chip) { CHECK(verify(p) == ""); }

  generator random(77);
  for (int round = 0; round < 60; ++round) {
    // As many trajectories as a block has threads, and more, are searched in another way.
    draw_limits const limits = round % 10 == 9 ? draw_limits{400, 4, 9, 0} : draw_limits{6, 30, 9, 0};
    auto q = draw_problem<double>(random, test::shape::dense,
                                  random.one_of({test::shape::ragged, test::shape::uniform_ragged}), limits);
    for (auto& offset : q.target.offsets) {
      if (round % 2 == 0 || random.chance(0.1)) { offset = random.between(-5, q.target.rows + 5); }
    }
    CHECK(verify(q) == "");
  }
}

TEST_CASE("Tiles: one sample at a time that is not finite, extrapolated, is read and nothing else", "[tiles]") {
  double const infinity = std::numeric_limits<double>::infinity();
  for (double at : {std::numeric_limits<double>::quiet_NaN(), infinity, -infinity}) {
    auto p = one_trajectory<double>({at}, {8}, {-1, 1, 2});
    p.ascends = false;
    p.options.before = p.options.after = edge::extrapolate;
    CHECK(resample(p).trouble == "");
    for (auto row : locate(p).rows) { CHECK((row == -1 || row == 0)); }
  }
}

TEST_CASE("Tiles: lengths far outside of [0, N] are clamped into it", "[tiles]") {
  generator random(78);
  for (std::int64_t length : {INT64_MIN, std::int64_t(-1), INT64_MAX}) {
    for (std::int64_t batch : {3, 700}) {
      auto p = draw_problem<float>(random, test::shape::dense, test::shape::dense, {2, 4, 4, 0});
      p.source.batch = p.target.batch = batch;
      p.source.length = p.source.stride = 5;
      p.target.length = p.target.stride = 10;
      p.source.stamps.clear();
      p.target.stamps.clear();
      for (std::int64_t b = 0; b < batch; ++b) {
        for (int i = 0; i < 5; ++i) { p.source.stamps.push_back(float(2 * i)); }
        for (int k = 0; k < 10; ++k) { p.target.stamps.push_back(float(k)); }
      }
      p.target.lengths.assign(std::size_t(batch), length);
      p.batch_stride = p.row_stride = p.result_batch_stride = p.result_row_stride = contiguous;
      p.draw_values(random);
      CHECK(verify(p) == "");
    }
  }
}
