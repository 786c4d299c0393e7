// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/fuse/fusion.hpp"
#include "support/guarded.hpp"

// Values in pinned host memory, at the shapes at which a block brings them to shared memory another way: as one run of
// bytes or row by row, whole rows or chunks of them, all rows of a tile or some at a time. Where there is no link to
// cross they are like other values.
using namespace test;

namespace {

struct pinned_shape {
  std::int64_t channels;
  std::int64_t row_stride = contiguous;
  std::int64_t stretch = 1;  ///< samples from one target to the next
  std::int64_t misaligned = 0;
  dtype type = dtype::bfloat16;
  interpolation method = interpolation::linear;
  bool holes = false;  ///< between trajectories
  bool backwards = false;
  std::int64_t batch = 2;
};

/// 37 targets, so that some tiles are not full; each two thirds of the way between two samples, or one third.
fuse_problem<float> make(pinned_shape const& shape) {
  constexpr std::int64_t targets = 37;
  std::int64_t const length = targets * shape.stretch + 2;
  stream_data<float> s;
  problem<float>& series = s.series;
  std::vector<float> stamps, wanted;
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    for (std::int64_t i = 0; i < length; ++i) { stamps.push_back(float(i)); }
    for (std::int64_t k = 0; k < targets; ++k) {
      std::int64_t const at = shape.backwards ? targets - 1 - k : k;
      wanted.push_back(float(at * shape.stretch) + (k % 3 == 0 ? 0.25f : k % 3 == 1 ? 0.75f : 0.0f));
    }
  }
  series.source = dense(stamps, shape.batch);
  series.options.method = shape.method;
  series.value_type = shape.type;
  series.channels = shape.channels;
  series.row_stride = shape.row_stride;
  if (shape.holes) {
    series.batch_stride = length * (shape.row_stride == contiguous ? shape.channels : shape.row_stride) + 40;
  }
  series.misaligned = shape.misaligned;
  series.place = value_place::pinned;
  generator random(7100 + std::uint64_t(shape.channels));
  series.draw_values(random, 0);
  fuse_problem<float> p;
  p.streams.push_back(s);
  p.target = dense(wanted, shape.batch);
  p.result_type = dtype::bfloat16;
  return p;
}

std::vector<pinned_shape> shapes() {
  constexpr dtype fp32 = dtype::float32;
  return {
      {8},                    // one vector
      {7},                    // no vector: a run of bytes with odd ends
      {7, contiguous, 1, 3},  // that begins beside a word
      {14, contiguous, 1, 0, fp32},
      {24, 32},               // a slice: row by row, in vectors
      {6, 10, 1, 0, fp32},    // in words of 4 bytes
      {5, 9},                 // element by element
      {1024, contiguous, 1},  // rows of 2 kB: some at a time
      {64, contiguous, 12},   // rows far from each other: some at a time
      {2500},                 // rows wider than a chunk
      {1100, 1200},           // of no whole vectors in chunks, and a slice
      {16, contiguous, 1, 0, dtype::float16, interpolation::nearest},
      {9, 12, 1, 0, fp32, interpolation::previous},
      {16, contiguous, 1, 0, dtype::bfloat16, interpolation::linear, true},
      {6, 9, 1, 0, fp32, interpolation::linear, true},
      {32, contiguous, 1, 0, dtype::bfloat16, interpolation::linear, false, true},
      {12, contiguous, 1, 0, fp32, interpolation::akima},
      {4, 7, 1, 0, fp32, interpolation::slerp},
  };
}

}  // namespace

TEST_CASE("Pinned values: rows of every width, alignment and distance", "[fuse]") {
  for (pinned_shape const& shape : shapes()) {
    CAPTURE(shape.channels, shape.row_stride, shape.stretch, shape.misaligned, name_of(shape.type));
    auto p = make(shape);
    CHECK(verify(p) == "");
    // All trajectories in one tile: windows of three targets each.
    std::vector<float> starts, deltas{0.25f, 1.0f, 1.75f};
    std::vector<std::int64_t> which;
    for (std::int64_t b = 0; b < 13; ++b) {
      starts.push_back(float(b % 5 * shape.stretch));
      which.push_back(b * 7 % 3 - 1);  // two of them, and one that does not exist
    }
    p.target = windows<float>(starts, deltas, which);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Pinned values: streams of both places in one call, gaps and masks", "[fuse]") {
  auto p = make({24});
  for (pinned_shape const& shape : {pinned_shape{7, 11}, pinned_shape{16}, pinned_shape{3}}) {
    p.streams.push_back(make(shape).streams[0]);
  }
  p.streams[1].series.place = value_place::device;
  p.streams[3].series.place = value_place::device;
  p.streams[2].first_channel = 40;
  p.streams[2].series.options.max_gap = 0.5f;  // no target between samples is valid
  p.channels = 70;
  p.fill = -3;
  CHECK(verify(p) == "");
}

TEST_CASE("Pinned values: a difference that overflows a float", "[fuse]") {
  auto p = make({8, contiguous, 1, 0, dtype::float32});
  for (std::int64_t row = 0; row < p.streams[0].series.value_layout().total; ++row) {
    double const big = row % 2 == 0 ? 3e38 : -3e38;
    store_bits(dtype::float32, p.streams[0].series.values.data(), p.streams[0].series.value_layout().begin(row) + 2,
               encode(dtype::float32, big));
  }
  p.result_type = dtype::float32;
  CHECK(verify(p) == "");
}

TEST_CASE("Pinned values: a place that does not exist is refused", "[fuse][call]") {
  auto p = make({8});
  p.streams[0].series.place = value_place(7);
  CHECK(refused(p, "streams[0].place", {"found 7", "want a value_place"}) == "");
}

TEST_CASE("Sanitize: pinned values in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  for (pinned_shape const& shape : shapes()) { CHECK(verify(make(shape)) == ""); }
}
