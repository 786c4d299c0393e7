// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/cells/refusal.hpp"
#include "support/summarize/summarize.hpp"

// Which calls of `summarize` and its parts are refused: the argument is named, and nothing is written.
using namespace test;

namespace {

/// Views on memory of the host that nothing reads: the calls are refused, or have nothing to do.
struct call {
  float values[8] = {};
  std::int64_t offsets[3] = {};
  std::vector<std::byte> results = std::vector<std::byte>(200'000, std::byte(poison));
  alignas(16) std::byte extra[4096];
  value_rows<float> rows{values, 4, 2};
  summary_state<float> state{};
  scratch memory{extra, sizeof extra};

  call() {
    state = {at<channel_summary>(0), 1, 2, 1, {0.5}, at<quantile_rank>(200), at<std::int64_t>(400),
             at<double>(190'000)};
  }
  template <class T>
  T* at(std::size_t byte) {
    return reinterpret_cast<T*>(results.data() + byte);
  }
};

std::string refusal(status const& s, call const& c, status_code code = status_code::invalid_argument) {
  CHECK(s.code() == code);
  CHECK(all_poison(c.results));
  return s.message();
}

std::string refusal(std::function<void(call&)> const& change, status_code code = status_code::invalid_argument) {
  call c;
  change(c);
  std::string const message = refusal(summarize_views(c.rows, c.state, c.memory), c, code);
  CHECK(refusal(add_to_summary_views(c.rows, c.state, 0, c.memory), c, code) == message);
  return message;
}

}  // namespace

TEST_CASE("Summaries: which rows are refused", "[summarize]") {
  CHECK(refusal([](call& c) { c.rows.rows = -1; }) == "rows.rows: found -1, want 0 or more");
  CHECK(refusal([](call& c) { c.rows.channels = -2; }) == "rows.channels: found -2, want 0 or more");
  CHECK(refusal([](call& c) { c.rows.groups = -1; }) == "rows.groups: found -1, want 0 or more");
  CHECK(refusal([](call& c) { c.rows.groups = 2; }) == "rows.groups: found 2 without offsets, want 1");
  CHECK(refusal([](call& c) { c.rows.row_stride = -3; }) == "rows.row_stride: found -3, want 0 or more");
  CHECK(refusal([](call& c) { c.rows.values = nullptr; }) == "rows.values: found a null pointer, want 8 elements");
  CHECK(refusal([](call& c) { c.rows.values = odd(c.rows.values); }).find("want a multiple of 4") != std::string::npos);
  CHECK(refusal([](call& c) { c.rows.offsets = odd(c.offsets); }).find("rows.offsets: found") == 0);
  auto const many = refusal([](call& c) { c.rows.rows = std::int64_t{1} << 44; }, status_code::unsupported);
  CHECK(many.find("rows.rows: found 17592186044416 of 1 groups and 2 channels, want") == 0);
  CHECK(refusal([](call& c) { c.rows.rows = INT64_MAX; }).find("rows.row_stride") == 0);
}

TEST_CASE("Summaries: which states are refused", "[summarize]") {
  CHECK(refusal([](call& c) { c.state.channels = 3; }) == "state.channels: found 3, want 2 as the rows have");
  CHECK(refusal([](call& c) { c.state.groups = 0; }) == "state.groups: found 0, want 1 as the rows have");
  CHECK(refusal([](call& c) { c.state.quantiles = 17; }) == "state.quantiles: found 17, want 0 to 16");
  CHECK(refusal([](call& c) { c.state.quantiles = -1; }) == "state.quantiles: found -1, want 0 to 16");
  CHECK(refusal([](call& c) { c.state.fractions[0] = 1.5; }) == "state.fractions: found 1.5 at 0, want 0 to 1");
  CHECK(refusal([](call& c) {
          c.state.fractions[0] = std::numeric_limits<double>::quiet_NaN();
        }).find("state.fractions: found") == 0);
  CHECK(refusal([](call& c) { c.state.summaries = nullptr; }) ==
        "state.summaries: found a null pointer, want 2 elements");
  CHECK(refusal([](call& c) { c.state.ranks = nullptr; }) == "state.ranks: found a null pointer, want 4 elements");
  CHECK(refusal([](call& c) { c.state.counters = nullptr; }) ==
        "state.counters: found a null pointer, want 8192 elements");
  CHECK(refusal([](call& c) { c.state.values = odd(c.state.values); }).find("state.values: found address") == 0);
}

TEST_CASE("Summaries: which passes are refused", "[summarize]") {
  call c;
  CHECK(refusal(add_to_summary_views(c.rows, c.state, 3, c.memory), c) == "pass: found 3, want 0 to 2");
  CHECK(refusal(add_to_summary_views(c.rows, c.state, -1, c.memory), c) == "pass: found -1, want 0 to 2");
  CHECK(refusal(end_summary_pass_views(c.state, 3), c) == "pass: found 3, want 0 to 2");
  c.state.quantiles = 0;
  CHECK(refusal(add_to_summary_views(c.rows, c.state, 1, c.memory), c) == "pass: found 1, want 0 to 0");
  c.state.channels = -1;
  CHECK(refusal(end_summary_pass_views(c.state, 0), c) == "state.channels: found -1, want 0 or more");
}

TEST_CASE("Summaries: without rows, channels or groups there is nothing to do", "[summarize]") {
  rows_data r;
  r.channels = r.stride = 0;
  r.rows = 9;
  CHECK(summarize(r).state.ok());
  r.channels = r.stride = 2;
  r.rows = 0;
  r.offsets = {0};
  r.fractions = {0.5};
  CHECK(summarize(r).state.ok());
  CHECK(summarize(r).trouble == "");
  call c;
  c.rows = {nullptr, 0, 2};
  c.state.quantiles = 0;
  c.memory = {};
  c.state.summaries = nullptr;
  CHECK(std::string(summarize_views(c.rows, c.state, c.memory).message()) ==
        "state.summaries: found a null pointer, want 2 elements");
}
