// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/backend.hpp"
#include "support/catch.hpp"
#include "support/fuse/fuse.hpp"
#include "support/guarded.hpp"
#include "support/scenario.hpp"

// Drawn fusions, against the oracle and against a resample of each stream by itself.
using namespace test;

namespace {

std::int64_t draw_count(generator& random) {
  return random.chance(0.1) ? random.between(14, 36) : random.between(1, 6);
}

/// Calls `check` with a problem of one of the stamp types.
template <class Check>
void with_drawn(generator& random, draw_limits const& limits, Check check) {
  auto const target = random.one_of(target_shapes);
  std::int64_t const count = draw_count(random);
  with_drawn_stamp(random, [&](auto zero) { check(draw_fuse<decltype(zero)>(random, target, count, limits)); });
}

std::string program() { return std::string("test_") + backend_name() + " '[fuse_property]'"; }

}  // namespace

TEST_CASE("Fusion, property: what is drawn agrees with the oracle", "[fuse_property]") {
  std::uint64_t const first = seed_or(70'000);
  int const count = count_draws(200);
  for (int i = 0; i < count; ++i) {
    std::uint64_t const seed = first + std::uint64_t(i);  // a draw depends on nothing else
    draw_limits limits{5, 30, 24};
    if (seed % 50 == 49) { limits = {6, 300, 200}; }
    if (seed % 50 == 48) { limits = {200, 4, 9}; }
    generator random(seed);
    with_drawn(random, limits, [&](auto const& p) { REQUIRE(repeatable(verify(p), p, seed, program()) == ""); });
  }
}

TEST_CASE("Fusion, property: bit for bit what separate resamples with the same scale and shift give",
          "[fuse_property]") {
  std::uint64_t const first = seed_or(80'000);
  int const count = count_draws(150);
  for (int i = 0; i < count; ++i) {
    std::uint64_t const seed = first + std::uint64_t(i);  // a draw depends on nothing else
    draw_limits limits{5, 30, 24};
    if (seed % 50 == 49) { limits = {6, 300, 200}; }
    generator random(seed);
    with_drawn(random, limits, [&](auto p) {
      using options = decltype(p.streams[0].series.options);
      for (auto& s : p.streams) {  // late and causal: a separate resample would have another age
        if (s.series.options.causal && s.latency != 0) { s.series.options.max_gap = options{}.max_gap; }
      }
      REQUIRE(repeatable(verify_separately(p), p, seed, program()) == "");
    });
  }
}

TEST_CASE("Fusion: every kind of targets with many drawn streams of all stamp types", "[fuse]") {
  for (auto target : target_shapes) {
    generator random(1100 + std::uint64_t(target));
    for (int round = 0; round < 6; ++round) {
      CAPTURE(int(target), round);
      CHECK(verify(draw_fuse<float>(random, target, 12)) == "");
      CHECK(verify(draw_fuse<double>(random, target, 12)) == "");
      CHECK(verify(draw_fuse<std::int64_t>(random, target, 12)) == "");
    }
  }
}

TEST_CASE("Fusion: values and results at every misalignment that their types allow", "[fuse][misaligned]") {
  generator random(1200);
  for (std::int64_t channels : {1, 3, 4, 8, 16, 100}) {
    for (std::int64_t misaligned = 0; misaligned < 16; misaligned += channels == 16 ? 1 : 3) {
      for (auto type : float_types) {
        auto p = draw_fuse<float>(random, shape::uniform, 3, {3, 20, 8, 0});
        for (std::size_t i = 0; i < 3; ++i) {
          auto& s = p.streams[i];
          s.slice_of = -1;
          s.scale.resize(s.scale.empty() ? 0 : std::size_t(channels), 2.5f);
          s.shift.resize(s.shift.empty() ? 0 : std::size_t(channels), -0.5f);
          s.scale_misaligned = misaligned % 4;
          s.shift_misaligned = misaligned / 4;
          s.first_channel = next_channel;
          s.series.channels = channels;
          if (s.series.options.method == interpolation::slerp) { s.series.options.method = interpolation::linear; }
          s.series.value_type = i == 2 ? dtype::bfloat16 : type;
          s.series.first_channel = 0;
          s.series.batch_stride = s.series.row_stride = contiguous;
          s.series.misaligned = i == 1 ? misaligned : 0;
          s.series.draw_values(random);
        }
        p.channels = 0;
        p.result_type = type;
        p.result_first = 0;
        p.result_batch_stride = p.result_row_stride = contiguous;
        p.misaligned = misaligned;
        CAPTURE(channels, misaligned, robocache::name_of(type));
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Fusion: stamps that break their promise are never read out of bounds", "[fuse]") {
  generator random(1300);
  for (int round = 0; round < 60; ++round) {
    auto p = draw_fuse<double>(random, random.one_of(target_shapes), 5);
    p.ascends = false;
    double const infinity = std::numeric_limits<double>::infinity();
    for (auto& s : p.streams) {
      for (auto& t : s.series.source.stamps) {
        if (random.chance(0.3)) { t = random.one_of({infinity, -infinity, 1e300, -1e300, t - 4, std::nan("")}); }
      }
    }
    for (auto& offset : p.target.offsets) { offset = random.between(-5, p.target.rows + 5); }
    p.all_mask = true;
    auto const o = fuse(p);
    REQUIRE(o.state.ok());
    CHECK(o.trouble == "");
    for (auto v : o.all_valid) { CHECK(v <= 1); }  // poison is neither
  }
}

TEST_CASE("Sanitize: fusions of every kind in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  for (auto target : target_shapes) {
    generator random(1400 + std::uint64_t(target));
    for (int round = 0; round < 3; ++round) {
      CHECK(verify(draw_fuse<float>(random, target, 6, {3, 20, 24})) == "");
      CHECK(verify(draw_fuse<std::int64_t>(random, target, 18, {3, 20, 9})) == "");
    }
  }
}
