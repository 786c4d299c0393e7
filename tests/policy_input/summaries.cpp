// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "support/backend.hpp"
#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/policy_input/policy_input.hpp"
#include "support/policy_input/summary.hpp"
#include "support/scenario.hpp"
#include "support/summarize/oracle.hpp"

// Summaries of what a fusion would give: those of its results, bit for bit, stream by stream.
using namespace test;

namespace {

bool same_double(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b); }

/// One stream of a fusion's results in FP32, in one step or in all, as rows in memory.
template <class Stamp>
rows_data rows_of(policy_problem<Stamp> const& p, policy_outcome const& o, wanted_summary const& wanted, std::size_t i,
                  std::int64_t step) {
  auto const& own = p[std::size_t(wanted.fusion)];
  auto const& found = o.fusions[std::size_t(wanted.fusion)];
  std::int64_t const place = own.places()[i];
  rows_data rows;
  rows.channels = rows.stride = own.streams[i].result_channels();
  rows.offsets = wanted.offsets;
  rows.fractions = wanted.fractions;
  std::int64_t const count = wanted.each_step ? own.target.batch : own.target.total();
  auto const target_of = [&](std::int64_t row) { return wanted.each_step ? row * own.target.length + step : row; };
  rows.fill(count, [&](std::int64_t at) {
    return result_at(own, found, target_of(at / rows.channels), place + at % rows.channels);
  });
  for (std::int64_t row = 0; row < count; ++row) {
    rows.mask.push_back(found.valid[std::size_t(target_of(row)) * own.streams.size() + i]);
  }
  return rows;
}

/// What differs from summaries of the results.
template <class Stamp>
std::string verify_summary(policy_problem<Stamp> p, wanted_summary const& wanted, bool parts = false) {
  for (auto& f : p) {
    f.result_type = dtype::float32;
    f.result_batch_stride = f.result_row_stride = contiguous;
    f.channels = 0;
    f.mask = true;
    for (auto& s : f.streams) { s.first_channel = robocache::next_channel; }
  }
  auto const o = policy_input(p);
  if (!o.state.ok()) { return o.state.message(); }
  auto const found = summarize_policy_input(p, wanted, parts);
  if (!found.state.ok()) { return found.state.message(); }
  if (!found.trouble.empty()) { return found.trouble; }
  auto const& own = p[std::size_t(wanted.fusion)];
  std::size_t const quantiles = wanted.fractions.size();
  std::int64_t const steps = wanted.each_step ? own.target.length : 1;
  std::int64_t const all = own.width() * steps;
  for (std::int64_t step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < own.streams.size(); ++i) {
      rows_data const rows = rows_of(p, o, wanted, i, step);
      auto const expected =
          oracle::summarize(parts ? std::vector<rows_data>{rows, rows} : std::vector<rows_data>{rows});
      for (std::int64_t pair = 0; pair < rows.groups() * rows.channels; ++pair) {
        std::int64_t const c = step * own.width() + own.places()[i] + pair % rows.channels;
        auto const at = std::size_t(pair / rows.channels * all + c);
        auto const &a = found.summaries.at(at), &b = expected.of.at(std::size_t(pair));
        bool const same = a.count == b.count && a.nan == b.nan && a.infinite == b.infinite &&
                          same_double(a.min, b.min) && same_double(a.max, b.max) && same_double(a.mean, b.mean) &&
                          same_double(a.m2, b.m2);
        if (!same) {
          return text_of("step ", step, " stream ", i, " pair ", pair, ": ", a.count, " values, mean ", a.mean,
                         "; wanted ", b.count, ", ", b.mean);
        }
        for (std::size_t q = 0; q < quantiles; ++q) {
          double const x = found.quantiles.at(at * quantiles + q);
          double const y = expected.quantiles.at(std::size_t(pair) * quantiles + q);
          if (!same_double(x, y)) {
            return text_of("step ", step, " stream ", i, " pair ", pair, ": quantile ", x, ", wanted ", y);
          }
        }
      }
    }
  }
  return {};
}

/// Chunks of actions relative to the state at the anchor, as many windows as there are frames.
policy_problem<float> chunks(std::int64_t frames, std::int64_t channels, std::int64_t steps) {
  generator random(77);
  policy_stream_data<float> state;
  std::vector<float> stamps, deltas;
  for (std::int64_t i = 0; i < frames; ++i) { stamps.push_back(float(i)); }
  for (std::int64_t k = 0; k < steps; ++k) { deltas.push_back(0.75f * float(k)); }
  state.series.source = dense(stamps, 1);
  state.series.channels = channels;
  std::vector<double> values;
  for (std::int64_t i = 0; i < frames * channels; ++i) {
    values.push_back(std::sin(0.01 * double(i / channels)) + 0.1 * random.unit());
  }
  state.series.set_values(values);
  policy_problem<float> p(2);
  p[0].streams = {state};
  p[0].target = windows<float>(stamps, {0}, std::vector<std::int64_t>(std::size_t(frames), 0));
  p[1] = p[0];
  p[1].target = windows<float>(stamps, deltas, std::vector<std::int64_t>(std::size_t(frames), 0));
  p[1].streams[0].relative.wanted = true;
  p[1].streams[0].relative.to = {0, 0};
  return p;
}

}  // namespace

TEST_CASE("A policy input's summary: relative chunks, each step by itself and all together", "[policy_summary]") {
  // One leaf, a stage of 1,024 rows and the next one's first, and two nodes.
  for (std::int64_t frames : {1, 64, 1023, 1025, 4097}) {
    CAPTURE(frames);
    CHECK(verify_summary(chunks(frames, 3, 4), {1, true, {}, {0.01, 0.5}}) == "");
  }
  CHECK(verify_summary(chunks(500, 9, 9), {1, false, {}, {0.25}}) == "");
  CHECK(verify_summary(chunks(300, 17, 2), {1, true, {}, {}}) == "");
  // The state at the anchor, less itself: chunks begin with zeros.
  auto const found = summarize_policy_input(chunks(100, 2, 3), {1, true, {}, {1.0}});
  CHECK(found.quantiles[0] == 0);
  CHECK(found.summaries[0].count == 100);
  CHECK(found.summaries[4].count == 98);  // two windows' last step lies beyond the end
}

TEST_CASE("A policy input's summary: groups of windows, and calls that add up", "[policy_summary]") {
  auto const p = chunks(200, 2, 3);
  CHECK(verify_summary(p, {1, true, {0, 0, 70, 71, 200}, {0.5}}) == "");
  CHECK(verify_summary(p, {1, false, {10, 300, 500}, {0.5}}) == "");
  CHECK(verify_summary(p, {1, true, {}, {0.1, 0.9}}, true) == "");
}

TEST_CASE("A policy input's summary: drawn streams of every kind", "[policy_summary]") {
  int const draws = count_draws(25);
  for (int i = 0; i < draws; ++i) {
    std::uint64_t const seed = seed_or(7000) + std::uint64_t(i);
    generator random(seed);
    CAPTURE(seed, i);
    std::int64_t const fusions = random.between(1, 2);
    std::int64_t const streams = random.between(1, 3);
    wanted_summary const wanted{random.between(0, fusions - 1),
                                random.chance(0.5),
                                {},
                                random.chance(0.5) ? std::vector<double>{0.3} : std::vector<double>{}};
    with_drawn_stamp(random, [&](auto zero) {
      CHECK(verify_summary(draw_policy_input<decltype(zero)>(random, fusions, streams), wanted) == "");
    });
  }
}

TEST_CASE("A policy input's summary: packed targets, some without an owner; nothing at all", "[policy_summary]") {
  auto p = chunks(50, 2, 1);
  p.resize(1);
  p[0].target = ragged<float>({1, 2.5f, 3, 60, 4, 5}, {1, 5});
  CHECK(verify_summary(p, {0, false, {}, {0.5}}) == "");
  p[0].target = windows<float>({}, {0, 1}, {});
  auto const found = summarize_policy_input(p, {0, true, {}, {0.5}});
  CHECK(found.state.ok());
  CHECK(found.summaries.at(3).count == 0);
  CHECK(std::isnan(found.quantiles.at(3)));
}

TEST_CASE("A policy input's summary, refused", "[policy_summary]") {
  float const number = 0;
  robocache::policy_stream<float> stream{
      robocache::series<float, float>{&number, robocache::timeline<float>::uniform(0, 1, 1, 1), 1}};
  robocache::policy_fusion<float> fusion;
  fusion.streams = &stream;
  fusion.count = 1;
  fusion.target = robocache::timeline<float>::windows(&number, &number, 1, 1);
  std::vector<channel_summary> summaries(1);
  summary_state<float> state{summaries.data(), 1, 1};
  policy_rows<float> rows{&fusion, 1};
  std::vector<std::byte> memory(4096);
  auto const refused = [&](std::string const& argument, std::string const& part) {
    status const s = summarize_policy_views(rows, state, {memory.data(), 4096});
    CHECK(std::string(s.argument()) == argument);
    CAPTURE(s.message());
    CHECK(std::string(s.message()).find(part) != std::string::npos);
  };
  rows.fusion = 1;
  refused("rows.fusion", "found 1, want 0 to 0");
  rows.fusion = 0;
  state.channels = 2;
  refused("state.channels", "found 2, want 1 as the rows have");
  state.channels = 1;
  stream.first_channel = 0;
  refused("streams[0].first_channel", "found 0, want next_channel");
  stream.first_channel = robocache::next_channel;
  stream.channels = -1;
  refused("fusions[0].streams[0].channels", "found -1");
  stream.channels = 1;
  std::int64_t const offsets[] = {0, 1};
  fusion.target = robocache::timeline<float>::ragged(&number, offsets, 1, 1);
  rows.each_step = true;
  refused("rows.each_step", "found it with packed targets");
  rows.each_step = false;
  rows.groups = 2;
  refused("rows.groups", "found 2 without offsets");
  rows.groups = 1;
  CHECK(std::string(add_policy_views(rows, state, 1, {memory.data(), 4096}).message()) == "pass: found 1, want 0 to 0");
}
