// SPDX-License-Identifier: Apache-2.0
#include "summarize/cases.hpp"

#include <cmath>

namespace robocache::bench {

namespace {

constexpr std::int64_t thousand = 1'000, million = 1'000'000;

char const* name_of(signal of) {
  switch (of) {
    case signal::uniform: return "uniform";
    case signal::smooth: return "smooth";
    case signal::held: return "held";
  }
  return "?";
}

std::string short_count(std::int64_t n) {
  if (n >= million && n % (million / 10) == 0) {
    std::string const tenths = n % million == 0 ? "" : "." + std::to_string(n % million / (million / 10));
    return std::to_string(n / million) + tenths + "M";
  }
  return n >= thousand && n % thousand == 0 ? std::to_string(n / thousand) + "k" : std::to_string(n);
}

float value_of(signal of, std::int64_t row, std::int64_t channel) {
  auto noise = static_cast<std::uint64_t>(row * 64 + channel) * 0x9e3779b97f4a7c15;
  noise = (noise ^ noise >> 29) * 0xbf58476d1ce4e5b9;
  auto const unit = static_cast<float>(noise >> 40) * 0x1p-24f;
  auto const slow = [&](std::int64_t step) {
    return 1.5f * std::sin(0.002f * static_cast<float>(step % 100'000) + static_cast<float>(channel));
  };
  switch (of) {
    case signal::uniform: return unit;
    case signal::smooth: return slow(row) + 0.001f * unit;
    case signal::held: return slow(row / 1000 * 1000);
  }
  return 0.0f;
}

}  // namespace

std::string name_of(summarize_case const& one) {
  std::string name = std::string("summarize/") + robocache::name_of(one.value) + "/N:" + short_count(one.rows);
  if (one.steps > 0) { name += "/T:" + std::to_string(one.steps); }
  name += "/D:" + std::to_string(one.channels) + "/" + name_of(one.of);
  if (one.quantiles > 0) { name += "/Q:" + std::to_string(one.quantiles); }
  if (one.groups != 1) { name += "/G:" + short_count(one.groups); }
  return name + (one.hot ? "/hot" : "/cold");
}

std::vector<float> draw_values(summarize_case const& one) {
  std::vector<float> values(static_cast<std::size_t>(one.rows * one.channels));
#pragma omp parallel for
  for (std::int64_t row = 0; row < one.rows; ++row) {
    for (std::int64_t c = 0; c < one.channels; ++c) {
      values[static_cast<std::size_t>(row * one.channels + c)] = value_of(one.of, row, c);
    }
  }
  return values;
}

std::vector<summarize_case> all_summarize_cases() {
  std::vector<summarize_case> cases;
  // The frames of a large data set: actions of two arms. Once without quantiles, which is one pass.
  cases.push_back({3'800 * thousand, 14, signal::smooth, 0});
  for (signal of : {signal::smooth, signal::uniform, signal::held}) { cases.push_back({3'800 * thousand, 14, of, 2}); }
  cases.push_back({3'800 * thousand, 14, signal::smooth, 5});
  cases.push_back({3'800 * thousand, 14, signal::smooth, 2});
  cases.back().value = dtype::bfloat16;
  // Chunks of 50 steps with statistics for each step.
  cases.push_back({200 * thousand, 700, signal::smooth, 0});
  cases.push_back({200 * thousand, 700, signal::smooth, 2});
  // Episodes, each by itself.
  cases.push_back({3'000 * thousand, 14, signal::smooth, 0});
  cases.back().groups = 10 * thousand;
  cases.push_back({20 * thousand, 7, signal::smooth, 2});
  // Chunks of 50 actions relative to the state at their anchor, each step by itself, of which nothing is written.
  cases.push_back({3'800 * thousand, 14, signal::smooth, 2, {yardstick::microseconds, 600'000, 200'000}});
  cases.back().steps = 50;
  return cases;
}

summarize_case small_summary() { return {1000, 7, signal::smooth, 2}; }

}  // namespace robocache::bench
