// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"
#include "support/typed_array.hpp"

// Summaries through the compiled API on host memory.
using namespace test;
using robocache::channel_summary;
using robocache::quantile_rank;
using robocache::compiled::any_summary_state;
using robocache::compiled::any_value_rows;
using robocache::compiled::place;

namespace {

/// A state of one group and two channels with the median.
struct medians {
  std::vector<channel_summary> summaries = std::vector<channel_summary>(2);
  std::vector<quantile_rank> ranks = std::vector<quantile_rank>(4);
  std::vector<std::int64_t> counters = std::vector<std::int64_t>(4 * robocache::summary_digits);
  std::vector<double> values = std::vector<double>(2);
  any_summary_state view{summaries.data(), 1, 2, 1, {0.5}, ranks.data(), counters.data(), values.data()};
};

}  // namespace

TEST_CASE("Compiled API: summaries of every float type, whole and in parts", "[compiled]") {
  for (dtype type : {dtype::float32, dtype::float16, dtype::bfloat16}) {
    typed_array rows(type, {1, 9, 2, 8, 6, 7});
    any_value_rows const view{rows.data(), type, 3, 2};
    CHECK(robocache::compiled::summarize_scratch(place::host, view) == 0);
    medians whole, parts;
    robocache::compiled::summarize(place::host, view, whole.view);
    CHECK(whole.values == std::vector<double>{2, 8});
    CHECK(whole.summaries[0].mean == 3);
    for (int pass = 0; pass < robocache::summary_passes(type, 1); ++pass) {
      robocache::compiled::add_to_summary(place::host, view, parts.view, pass);
      robocache::compiled::end_summary_pass(place::host, type, parts.view, pass);
    }
    CHECK(parts.values == whole.values);
  }
}

TEST_CASE("Compiled API: summaries of integers", "[compiled]") {
  std::int64_t const numbers[] = {5, 1, 7, 2, 6, 3};
  any_value_rows const view{numbers, dtype::int64, 3, 2};
  medians m;
  robocache::compiled::summarize(place::host, view, m.view);
  CHECK(m.values == std::vector<double>{6, 2});
}

TEST_CASE("Compiled API: refusals of summaries are thrown", "[compiled]") {
  typed_array rows(dtype::float32, {1, 2});
  medians m;
  any_value_rows view{rows.data(), dtype::float32, 1, 1};
  CHECK(std::string(error_of([&] { robocache::compiled::summarize(place::host, view, m.view); }).what()) ==
        "state.channels: found 2, want 1 as the rows have");
  view.type = static_cast<dtype>(17);
  CHECK(std::string(error_of([&] { robocache::compiled::summarize(place::host, view, m.view); }).what()) ==
        "rows.type: found 17, want a dtype");
}
