// SPDX-License-Identifier: Apache-2.0
#include "clean/cases.hpp"

namespace robocache::bench {

namespace {

constexpr std::int64_t thousand = 1'000, million = 1'000'000;

std::string short_count(std::int64_t n) {
  if (n >= million && n % million == 0) { return std::to_string(n / million) + "M"; }
  return n >= thousand && n % thousand == 0 ? std::to_string(n / thousand) + "k" : std::to_string(n);
}

}  // namespace

std::string name_of(clean_case const& one) {
  std::string name = std::string("clean/") + robocache::name_of(one.value) + "/N:" + short_count(one.rows) +
                     "/D:" + std::to_string(one.channels) + "/B:" + short_count(one.batch);
  if (one.quaternions > 0) { name += "/signs"; }
  if (one.backward == backward_rule::sort) { name += "/sort"; }
  return name + (one.hot ? "/hot" : "/cold");
}

std::vector<clean_case> all_clean_cases() {
  std::vector<clean_case> cases;
  cases.push_back({4 * million, 14, 400});
  cases.push_back({4 * million, 14, 1});
  cases.push_back({4 * million, 14, 400});
  cases.back().quaternions = 1;
  cases.push_back({4 * million, 14, 400});
  cases.back().backward = backward_rule::sort;
  cases.push_back({400 * thousand, 512, 40});
  cases.back().value = dtype::bfloat16;
  cases.push_back({100 * thousand, 14, 100});
  return cases;
}

clean_case small_clean() { return {1000, 14, 1}; }

}  // namespace robocache::bench
