// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/inspect/inspect.hpp"
#include "support/oracle.hpp"

// The semantics' chapter "Data check".
using namespace test;

namespace {

/// unsorted, duplicated, non_finite, out_of_range.
using counts = std::array<std::int64_t, 4>;

constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

template <class Stamp>
std::vector<counts> counts_of(timeline_data<Stamp> const& when, std::optional<std::int64_t> source_batch = {}) {
  inspected const o = inspect(when, source_batch);
  CHECK(o.trouble == "");
  REQUIRE(o.state.ok());
  std::vector<counts> all;
  for (auto const& r : o.reports) { all.push_back({r.unsorted, r.duplicated, r.non_finite, r.out_of_range}); }
  return all;
}

/// The chapter's table in plain loops.
template <class Stamp>
std::vector<counts> expected(timeline_data<Stamp> const& when, std::int64_t source_batch) {
  auto const odd = [](Stamp t) { return std::isfinite(static_cast<long double>(t)) ? 0 : 1; };
  auto const outside = [](std::int64_t x, std::int64_t first, std::int64_t last) { return x < first || x > last; };
  std::vector<counts> all;
  for (std::int64_t b = 0; b < when.batch; ++b) {
    counts c{};
    if (when.kind == timeline_kind::windows) {
      c[2] += odd(when.starts[b]);
      for (Stamp delta : when.deltas) { c[2] += odd(delta); }
    } else {
      auto const s = oracle::stamps_of(when, b);
      for (std::size_t i = 0; i < s.size(); ++i) {
        c[2] += odd(s[i]);
        if (i == 0) { continue; }
        c[0] += s[i] < s[i - 1] ? 1 : 0;
        c[1] += s[i] == s[i - 1] ? 1 : 0;
      }
    }
    bool const ring = when.kind == timeline_kind::ring;  // which may have forgotten any number of samples
    if (!when.lengths.empty()) { c[3] += outside(when.lengths[b], 0, ring ? largest : when.length); }
    if (when.packed()) {
      c[3] += outside(when.offsets[b], 0, when.rows) + outside(when.offsets[b + 1], 0, when.rows) +
              (when.offsets[b + 1] < when.offsets[b]);
    }
    if (!when.trajectory.empty()) { c[3] += outside(when.trajectory[b], 0, source_batch - 1); }
    all.push_back(c);
  }
  return all;
}

/// Swaps, repeats and spoils some of the numbers.
template <class T>
void spoil(generator& random, std::vector<T>& numbers, std::initializer_list<T> odd) {
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (random.chance(0.1)) { std::swap(numbers[i - 1], numbers[i]); }
    if (random.chance(0.1)) { numbers[i] = numbers[i - 1]; }
    if (random.chance(0.1)) { numbers[i] = random.one_of(odd); }
  }
}

template <class Stamp>
void check_drawn(std::uint64_t seed) {
  generator random(seed);
  bool const is_source = random.chance(0.5);
  auto const of_source = random.one_of(source_shapes);
  auto p = draw_problem<Stamp>(random, of_source, random.one_of(target_shapes));
  timeline_data<Stamp> when = is_source ? p.source : p.target;
  if constexpr (std::is_floating_point_v<Stamp>) {
    auto const infinity = std::numeric_limits<Stamp>::infinity();
    std::initializer_list<Stamp> const odd = {std::numeric_limits<Stamp>::quiet_NaN(), infinity, -infinity, Stamp(0)};
    spoil(random, when.stamps, odd);
    spoil(random, when.deltas, odd);
    spoil(random, when.starts, odd);
  } else {
    spoil(random, when.stamps, {smallest, largest, Stamp(0)});
  }
  if (random.chance(0.5)) { spoil(random, when.lengths, {std::int64_t(-1), when.length + 1, largest, smallest}); }
  if (random.chance(0.5)) { spoil(random, when.offsets, {std::int64_t(-1), when.rows + 1, largest, smallest}); }
  if (random.chance(0.5)) { spoil(random, when.trajectory, {std::int64_t(-1), p.source.batch, largest, smallest}); }
  CAPTURE(seed, int(when.kind));
  CHECK(counts_of(when, p.source.batch) == expected(when, p.source.batch));
}

}  // namespace

TEST_CASE("Data check: what is counted of stamps", "[inspect][sanitize]") {
  CHECK(counts_of(dense<std::int64_t>({1, 2, 2, 5, 4, 4, 9, smallest, largest}, 1)) ==
        std::vector<counts>{{2, 2, 0, 0}});
  float const nan = std::numeric_limits<float>::quiet_NaN();
  float const infinity = std::numeric_limits<float>::infinity();
  CHECK(counts_of(dense<float>({0, -0.0f, 1, 0.5f, 0.5f, 7}, 1)) == std::vector<counts>{{1, 2, 0, 0}});
  // A pair with a NaN is neither; the samples around it are compared with their own neighbours alone.
  CHECK(counts_of(dense<float>({3, nan, 1, nan, nan, 5}, 1)) == std::vector<counts>{{0, 0, 3, 0}});
  CHECK(counts_of(dense<float>({-infinity, 0, infinity, infinity, -infinity}, 1)) == std::vector<counts>{{1, 1, 4, 0}});
  CHECK(counts_of(dense<double>({0, 1e-300, 1e-300, 5e-324}, 1)) == std::vector<counts>{{1, 1, 0, 0}});
}

TEST_CASE("Data check: each trajectory for itself", "[inspect]") {
  // The first sample of a trajectory is not compared with the last one of another.
  CHECK(counts_of(dense<float>({5, 6, 6, 1, 2, 0}, 2)) == std::vector<counts>{{0, 1, 0, 0}, {1, 0, 0, 0}});
  CHECK(counts_of(shared<float>({5, 6, 6, 1}, 3)) == std::vector<counts>(3, {1, 1, 0, 0}));
  CHECK(counts_of(ragged<float>({5, 6, 6, 1, 2, 2}, {0, 3, 3, 6})) ==
        std::vector<counts>{{0, 1, 0, 0}, {0, 0, 0, 0}, {0, 1, 0, 0}});
}

TEST_CASE("Data check: lengths out of range are counted, and what lies beyond a length is not looked at",
          "[inspect][sanitize]") {
  std::vector<float> const stamps = {0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1};
  CHECK(counts_of(dense<float>(stamps, 4, {2, 3, 4, -1})) ==
        std::vector<counts>{{0, 0, 0, 0}, {0, 1, 0, 0}, {0, 1, 0, 1}, {0, 0, 0, 1}});
  CHECK(counts_of(dense<float>(stamps, 4, {0, largest, smallest, 3})) ==
        std::vector<counts>{{0, 0, 0, 0}, {0, 1, 0, 1}, {0, 0, 0, 1}, {0, 1, 0, 0}});
}

TEST_CASE("Data check: offsets out of range, and offsets that do not ascend", "[inspect][sanitize]") {
  std::vector<float> const stamps = {0, 1, 1, 0, 1, 1};
  CHECK(counts_of(ragged<float>(stamps, {-1, 3, 7})) == std::vector<counts>{{0, 1, 0, 1}, {0, 1, 0, 1}});
  // 7 and 2: one is out of range, and they descend.
  CHECK(counts_of(ragged<float>(stamps, {7, 2, 6})) == std::vector<counts>{{0, 0, 0, 2}, {1, 1, 0, 0}});
  CHECK(counts_of(ragged<float>(stamps, {largest, smallest, largest})) ==
        std::vector<counts>{{0, 0, 0, 3}, {1, 2, 0, 2}});
  CHECK(counts_of(uniform_ragged<double>(0, {}, 1, 1, {0, 4, 3}, 4)) ==
        std::vector<counts>{{0, 0, 0, 0}, {0, 0, 0, 1}});
}

TEST_CASE("Data check: uniform timelines have samples like any other", "[inspect]") {
  CHECK(counts_of(uniform<std::int64_t>(10, 1, 1, 2, 5)) == std::vector<counts>(2, {0, 0, 0, 0}));
  CHECK(counts_of(uniform<std::int64_t>(0, 1, 2, 1, 6)) == std::vector<counts>{{0, 3, 0, 0}});  // 0 0 1 1 2 2
  CHECK(counts_of(uniform<float>(16777216.0f, 0.5f, 1, 1, 4)) == std::vector<counts>{{0, 2, 0, 0}});
  float const nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(counts_of(uniform_each<float>({0, nan}, 1, 1, 4)) == std::vector<counts>{{0, 0, 0, 0}, {0, 0, 4, 0}});
}

TEST_CASE("Data check: of windows the anchors, the deltas and the trajectories they name", "[inspect][sanitize]") {
  float const nan = std::numeric_limits<float>::quiet_NaN();
  float const infinity = std::numeric_limits<float>::infinity();
  CHECK(counts_of(windows<float>({5, 1, nan}, {3, 2, 2, 1})) ==
        std::vector<counts>{{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 1, 0}});
  CHECK(counts_of(windows<float>({5, infinity}, {3, nan, 2, -infinity})) ==
        std::vector<counts>{{0, 0, 2, 0}, {0, 0, 3, 0}});
  auto const named = windows<std::int64_t>({0, 0, 0, 0}, {1, 2}, {0, 2, 3, -1});
  CHECK(counts_of(named, 3) == std::vector<counts>{{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 1}, {0, 0, 0, 1}});
  CHECK(counts_of(named, 4) == std::vector<counts>{{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 1}});
  CHECK(counts_of(named, 0) == std::vector<counts>(4, {0, 0, 0, 1}));
}

TEST_CASE("Data check: without trajectories, samples or targets", "[inspect][sanitize]") {
  CHECK(counts_of(dense<float>({}, 0)) == std::vector<counts>{});
  CHECK(counts_of(shared<float>({}, 3)) == std::vector<counts>(3, counts{}));
  CHECK(counts_of(ragged<float>({}, {0, 0, 1})) == std::vector<counts>{{0, 0, 0, 0}, {0, 0, 0, 1}});
  CHECK(counts_of(windows<float>({1, 2}, {}, {0, 9}), 1) == std::vector<counts>{{0, 0, 0, 0}, {0, 0, 0, 1}});
  CHECK(counts_of(dense<float>({7}, 1)) == std::vector<counts>{counts{}});
}

TEST_CASE("Data check: one long trajectory, in which every place is looked at", "[inspect]") {
  constexpr std::int64_t length = 300'001;
  std::vector<float> stamps(length);
  for (std::int64_t i = 0; i < length; ++i) { stamps[std::size_t(i)] = float(i); }
  CHECK(counts_of(dense(stamps, 1)) == std::vector<counts>{counts{}});
  generator random(50);
  std::vector<std::int64_t> places = {1, 31, 32, 255, 256, 1023, 1024, length - 1};
  for (int i = 0; i < 40; ++i) { places.push_back(2 * random.between(1000, length / 2 - 1)); }
  for (std::int64_t place : places) { stamps[std::size_t(place)] = stamps[std::size_t(place - 1)]; }
  for (int i = 0; i < 3; ++i) {
    stamps[std::size_t(random.between(5000, length - 1))] = std::numeric_limits<float>::quiet_NaN();
    auto const when = dense(stamps, 1);
    CHECK(counts_of(when) == expected(when, 0));
  }
  auto const broken = dense(std::vector<float>(length, -1.0f), 1);  // the counts themselves are large
  CHECK(counts_of(broken) == std::vector<counts>{{0, length - 1, 0, 0}});
}

TEST_CASE("Data check: more trajectories than a grid has blocks for", "[inspect]") {
  constexpr std::int64_t batch = 70'001;
  std::vector<std::int64_t> stamps(2 * batch);
  for (std::int64_t b = 0; b < batch; ++b) {
    stamps[std::size_t(2 * b)] = b;
    stamps[std::size_t(2 * b + 1)] = b + 1 - b % 3;
  }
  auto const when = dense(stamps, batch);
  CHECK(counts_of(when) == expected(when, 0));
}

TEST_CASE("Data check: drawn timelines with drawn mistakes", "[inspect]") {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    check_drawn<float>(3 * seed);
    check_drawn<double>(3 * seed + 1);
    check_drawn<std::int64_t>(3 * seed + 2);
  }
}

TEST_CASE("Data check: refused arguments are named, and nothing is written", "[inspect]") {
  auto const refusal = [](auto const& when, std::optional<std::int64_t> source_batch) {
    inspected const o = inspect(when, source_batch);
    CHECK(o.trouble == "");
    for (auto const& report : o.reports) {
      unsigned char bytes[sizeof report];
      std::memcpy(bytes, &report, sizeof report);
      for (unsigned char byte : bytes) { CHECK(byte == poison); }
    }
    CHECK(o.state.code() == status_code::invalid_argument);
    return std::string(o.state.message());
  };
  auto const named = windows<float>({0, 0}, {1, 2}, {0, 1});
  CHECK(refusal(named, {}) == "when.trajectory: found a pointer, want the source's batch with it");
  CHECK(refusal(named, -2) == "source_batch: found -2, want 0 or more");
  CHECK(refusal(uniform<double>(0, -1, 1, 1, 4), {}).find("when.num: found a period of -1") == 0);
  auto stray = dense<float>({0, 1}, 1);
  stray.stride = -1;
  CHECK(refusal(stray, {}).find("when.stride: found -1") == 0);
}
