// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/cells/refusal.hpp"
#include "support/clean/clean.hpp"

// Which calls of `clean` are refused: the argument is named, and nothing is written.
using namespace test;

namespace {

/// Views on memory of the host that nothing reads: the calls are refused.
struct call {
  double stamps[4] = {};
  float values[16] = {};
  std::vector<std::byte> results = std::vector<std::byte>(1000, std::byte(poison));
  alignas(16) std::byte extra[8192];
  robocache::series<float, double> source{values, timeline<double>::dense(stamps, 2, 2), 4};
  clean_output<float, double> out{at<float>(0), at<double>(400), at<std::int64_t>(600), at<std::int64_t>(704),
                                  at<clean_report>(800)};
  clean_options options{};
  scratch memory{extra, sizeof extra};

  template <class T>
  T* at(std::size_t byte) {
    return reinterpret_cast<T*>(results.data() + byte);
  }
};

std::string refusal(std::function<void(call&)> const& change, status_code code = status_code::invalid_argument) {
  call c;
  change(c);
  status const s = clean_views(c.source, c.out, c.options, c.memory);
  CHECK(s.code() == code);
  CHECK(all_poison(c.results));
  return s.message();
}

}  // namespace

TEST_CASE("Cleaning: which sources are refused", "[clean]") {
  CHECK(refusal([](call& c) { c.source.channels = 0; }) == "source.channels: found 0, want 1 or more");
  CHECK(refusal([](call& c) { c.source.values = nullptr; }) == "source.values: found a null pointer, want 16 elements");
  CHECK(refusal([](call& c) { c.source.row_stride = -1; }) == "source.row_stride: found -1, want 0 or more");
  CHECK(refusal([](call& c) { c.source.when = timeline<double>::windows(c.stamps, c.stamps, 1, 2); }) ==
        "source.when.kind: found windows, want a timeline that has samples of its own");
  CHECK(refusal([](call& c) { c.source.place = value_place::pinned; }, status_code::unsupported) ==
        "source.place: found pinned, want device");
  auto const many = [](call& c) {
    c.source.when = timeline<double>::shared(c.stamps, 1 << 20, 1 << 12);
    c.source.batch_stride = 0;
  };
  CHECK(refusal(many, status_code::unsupported) == "source.when.rows: found 4294967296, want below 2^31");
}

TEST_CASE("Cleaning: which results are refused", "[clean]") {
  CHECK(refusal([](call& c) { c.out.values = nullptr; }) == "out.values: found a null pointer, want 16 elements");
  CHECK(refusal([](call& c) { c.out.stamps = nullptr; }) == "out.stamps: found a null pointer, want 4 elements");
  CHECK(refusal([](call& c) { c.out.offsets = nullptr; }) == "out.offsets: found a null pointer, want 3 elements");
  CHECK(refusal([](call& c) { c.out.source_rows = odd(c.out.source_rows); }).find("out.source_rows: found") == 0);
  CHECK(refusal([](call& c) { c.out.reports = odd(c.out.reports); }).find("out.reports: found address") == 0);
}

TEST_CASE("Cleaning: which rules are refused", "[clean]") {
  CHECK(refusal([](call& c) { c.options.nan = static_cast<nan_rule>(3); }) == "options.nan: found 3, want a nan_rule");
  CHECK(refusal([](call& c) { c.options.backward = static_cast<backward_rule>(2); }) ==
        "options.backward: found 2, want a backward_rule");
  CHECK(refusal([](call& c) { c.options.duplicates = static_cast<duplicate_rule>(9); }) ==
        "options.duplicates: found 9, want a duplicate_rule");
  CHECK(refusal([](call& c) { c.options.quaternions = 9; }) == "options.quaternions: found 9, want 0 to 8");
  CHECK(refusal([](call& c) {
          c.options.quaternions = 1;
          c.options.quaternion_channels[0] = 1;
        }) == "options.quaternion_channels: found 1 of 4 channels, want four of them from it");
  CHECK(refusal([](call& c) {
          c.source.channels = 8;
          c.options.quaternions = 2;
          c.options.quaternion_channels[1] = 3;
        }) == "options.quaternion_channels: found 0 and 3, want four channels of each");
  auto p = dirty_series<double>{};
  p.when = dense<double>({0, 1}, 1);
  p.type = dtype::int32;
  p.channels = p.row_stride = 4;
  p.fill([](std::int64_t i) { return double(i); });
  p.options.quaternions = 1;
  CHECK(clean(p).state.code() == status_code::unsupported);
}
