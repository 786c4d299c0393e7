// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/append/append.hpp"
#include "support/catch.hpp"

// Refused calls: the argument is named, and nothing is written.
using namespace test;
using stream = robocache::append_stream<float>;

namespace {

float numbers[64];
std::int64_t counts[8];

stream sound() {
  stream s;
  s.stamps = numbers;
  s.values = numbers + 16;
  s.written = counts;
  s.capacity = 4;
  s.channels = 2;
  s.new_stamps = numbers;
  s.new_values = numbers;
  s.rows = 3;
  return s;
}

std::string refusal_of(std::function<void(stream&)> const& spoil, std::int64_t batch = 1) {
  stream streams[] = {sound(), sound()};
  spoil(streams[1]);
  return append_views(streams, 2, batch).message();
}

}  // namespace

TEST_CASE("Append: refused calls say what was found and what is wanted", "[append]") {
  auto const odd = [](auto* p) {
    return reinterpret_cast<decltype(p)>(reinterpret_cast<char*>(p) + 1);  // NOLINT
  };
  CHECK(refusal_of([](stream& s) { s.capacity = 0; }) == "streams[1].capacity: found 0, want 1 or more, below 2^31");
  CHECK(refusal_of([](stream& s) { s.capacity = std::int64_t(1) << 31; }).find("capacity: found 2147483648") !=
        std::string::npos);
  CHECK(refusal_of([](stream& s) { s.channels = 0; }) == "streams[1].channels: found 0, want 1 or more");
  CHECK(refusal_of([](stream& s) { s.channels = std::int64_t(1) << 40; }).find("channels: found") != std::string::npos);
  CHECK(refusal_of([](stream& s) { s.rows = -1; }) == "streams[1].rows: found -1, want 0 or more, below 2^31");
  CHECK(refusal_of([](stream& s) { s.type = dtype(99); }) == "streams[1].type: found 99, want a dtype");
  CHECK(refusal_of([](stream& s) { s.stamps = nullptr; }).find("streams[1].stamps: found a null pointer") == 0);
  CHECK(refusal_of([](stream& s) { s.values = nullptr; }).find("streams[1].values: found a null pointer") == 0);
  CHECK(refusal_of([](stream& s) { s.written = nullptr; }).find("streams[1].written: found a null pointer") == 0);
  CHECK(refusal_of([](stream& s) { s.new_stamps = nullptr; }).find("streams[1].new_stamps: found a null") == 0);
  CHECK(refusal_of([](stream& s) { s.new_values = nullptr; }).find("streams[1].new_values: found a null") == 0);
  CHECK(refusal_of([&](stream& s) { s.stamps = odd(numbers); }).find("streams[1].stamps: ") == 0);
  CHECK(refusal_of([&](stream& s) { s.values = odd(numbers); }).find("streams[1].values: ") == 0);
  CHECK(refusal_of([&](stream& s) { s.counts = odd(counts); }).find("streams[1].counts: ") == 0);
  CHECK(refusal_of([&](stream& s) {
          s.reports = odd(reinterpret_cast<append_report*>(counts));
        }).find("streams[1].reports: ") == 0);
  CHECK(refusal_of([](stream&) {}, -1) == "batch: found -1, want 0 or more");
  CHECK(refusal_of([](stream&) {}, std::int64_t(1) << 60).find("streams[0].capacity: found") == 0);
  CHECK(append_views(nullptr, 1, 1).message() == std::string("streams: found a null pointer, want 1 streams"));
  stream const one = sound();
  CHECK(append_views(&one, 0, 1).message() == std::string("count: found 0, want 1 stream or more"));
  CHECK(append_views(&one, 1, 0).ok());
}
