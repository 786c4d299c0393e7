// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "support/append/append.hpp"
#include "support/backend.hpp"
#include "support/catch.hpp"

// The semantics' chapter "Rings": what is appended, and what is refused.
using namespace test;

namespace {

/// One stream of one FP32 channel in a batch of 1, whose ring holds nothing yet; row i has the value 10 * (i + 1).
append_problem<double> offer(std::int64_t capacity, std::vector<double> const& stamps) {
  append_problem<double> p;
  p.streams = {empty_ring<double>(1, capacity, 1)};
  auto& s = p.streams[0];
  s.rows = std::int64_t(stamps.size());
  s.new_stamps = stamps;
  for (std::int64_t i = 0; i < s.rows; ++i) {
    auto const value = float(10 * (i + 1));
    auto const* const bytes = reinterpret_cast<std::byte const*>(&value);
    s.new_values.insert(s.new_values.end(), bytes, bytes + sizeof value);
  }
  return p;
}

std::vector<float> values_of(append_data<double> const& s) {
  std::vector<float> numbers(std::size_t(s.capacity));
  std::memcpy(numbers.data(), s.values.data(), s.values.size());
  return numbers;
}

}  // namespace

TEST_CASE("Append: sample number j is in slot j % capacity, and written counts all that were accepted", "[append]") {
  auto p = offer(3, {1, 2, 3, 4});
  auto const o = append(p);
  CHECK(o.trouble == "");
  REQUIRE(o.state.ok());
  CHECK(o.streams[0].written == std::vector<std::int64_t>{4});
  CHECK(o.streams[0].stamps == std::vector<double>{4, 2, 3});
  CHECK(values_of(o.streams[0]) == std::vector<float>{40, 20, 30});
  CHECK(verify(p) == "");
}

TEST_CASE("Append: older and non-finite stamps are refused and counted, equal ones are accepted", "[append]") {
  auto p = offer(8, {5, 5, 4, std::nan(""), 6, 5.5, INFINITY, -INFINITY, 6});
  auto const o = append(p);
  REQUIRE(o.state.ok());
  CHECK(o.streams[0].written[0] == 4);
  CHECK(o.streams[0].stamps == std::vector<double>{5, 5, 6, 6, -1, -1, -1, -1});
  CHECK(o.streams[0].reports[0].older == 2);
  CHECK(o.streams[0].reports[0].not_finite == 3);
  CHECK(verify(p) == "");
  // What the ring holds counts, too, and reports go on from what they were.
  p.streams[0].new_stamps = {5.9, 6, 7, 6, 7, 8, 1, 2, 3};
  CHECK(verify(p) == "");
  CHECK(p.streams[0].written[0] == 8);
  CHECK(p.streams[0].reports[0].older == 7);
}

TEST_CASE("Append: counts and masks say which rows are there, resets begin anew", "[append]") {
  auto p = offer(4, {1, 2, 3, 4, 5});
  p.streams[0].counts = {4};
  p.streams[0].present = {1, 0, 1, 1, 1};
  CHECK(verify(p) == "");
  CHECK(p.streams[0].stamps == std::vector<double>{1, 3, 4, -1});
  p.resets = {1};
  p.streams[0].counts = {1};
  p.streams[0].new_stamps[0] = -7;  // older than what was forgotten
  CHECK(verify(p) == "");
  CHECK(p.streams[0].written[0] == 1);
  CHECK(p.streams[0].stamps[0] == -7);
  CHECK(p.streams[0].reports[0].older == 0);
  // Nothing is offered: a reset alone.
  p.streams[0].rows = 0;
  p.streams[0].new_stamps.clear();
  p.streams[0].new_values.clear();
  p.streams[0].counts.clear();
  p.streams[0].present.clear();
  CHECK(verify(p) == "");
  CHECK(p.streams[0].written[0] == 0);
}

TEST_CASE("Append: drawn streams, call after call", "[append]") {
  int const draws = count_draws(40);
  for (int i = 0; i < draws; ++i) {
    std::uint64_t const seed = seed_or(5000) + std::uint64_t(i);
    generator random(seed);
    CAPTURE(seed);
    with_drawn_stamp(random, [&](auto zero) {
      auto p = draw_append<decltype(zero)>(random, random.chance(0.1) ? 19 : random.between(1, 5));
      CHECK(verify(p) == "");
      for (int again = 0; again < 2; ++again) {
        draw_offer(random, p);
        CHECK(verify(p) == "");
      }
    });
  }
}

TEST_CASE("Append: rows of every width and misalignment, of many trajectories", "[append]") {
  generator random(5100);
  for (std::int64_t channels : {1, 2, 3, 4, 7, 8, 14, 16, 31, 32, 33, 64, 250}) {
    for (auto type : {dtype::uint8, dtype::bfloat16, dtype::float32, dtype::int64}) {
      append_problem<std::int64_t> p;
      p.batch = random.between(1, 70);
      p.streams = {empty_ring<std::int64_t>(p.batch, random.between(1, 5), channels, type)};
      p.streams[0].misaligned = random.between(0, 15);
      CAPTURE(channels, robocache::name_of(type));
      for (int again = 0; again < 2; ++again) {
        draw_offer(random, p);
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Append: few trajectories and many, in rings of many sizes", "[append]") {
  generator random(5150);
  for (std::int64_t batch : {2, 70}) {
    for (std::int64_t capacity : {31, 33, 256, 257}) {
      append_problem<std::int64_t> p;
      p.batch = batch;
      p.streams = {empty_ring<std::int64_t>(batch, capacity, 3)};
      CAPTURE(batch, capacity);
      for (int again = 0; again < 5; ++again) {
        draw_offer(random, p);
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Sanitize: rings in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  generator random(5200);
  for (int round = 0; round < 3; ++round) {
    auto f = draw_append<float>(random, 4);
    CHECK(verify(f) == "");
    auto i = draw_append<std::int64_t>(random, 4);
    CHECK(verify(i) == "");
  }
}
