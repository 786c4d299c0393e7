// SPDX-License-Identifier: Apache-2.0
#include "policy_input/cases.hpp"

namespace robocache::bench {

namespace {

policy_input_case windows_of(std::int64_t batch, std::int64_t length) {
  constexpr dtype fp32 = dtype::float32;
  policy_input_case one;
  one.windows.batch = batch;
  one.windows.streams = {{100, 14, fp32}, {100, 3, fp32}, {100, 4, fp32, interpolation::slerp}, {30, 6, fp32}};
  one.windows.target_length = length;
  one.windows.result = fp32;
  one.windows.stamp = stamp_dtype::int64;
  one.windows.from = recording::store;
  return one;
}

}  // namespace

std::string name_of(policy_input_case const& one) {
  std::string name = "policy_input/B:" + std::to_string(one.windows.batch);
  name += one.history ? "/T:2+" + std::to_string(one.windows.target_length)
                      : "/T:" + std::to_string(one.windows.target_length);
  switch (one.done) {
    case treatment::none: break;
    case treatment::finished: name += "/finished"; break;
    case treatment::poses: name += "/poses"; break;
  }
  return name + (one.as_of ? "/as_of" : "") + "/cold";
}

std::vector<policy_input_case> all_policy_input_cases() {
  std::vector<policy_input_case> cases;
  for (treatment done : {treatment::none, treatment::finished, treatment::poses}) {
    policy_input_case& one = cases.emplace_back(windows_of(4096, 32));
    one.done = done;
    one.required = {yardstick::over_in_turn, done == treatment::none ? 1.0 : 1.15};
  }
  cases.push_back(windows_of(4096, 32));
  cases.back().as_of = true;
  for (bool history : {false, true}) {
    cases.push_back(windows_of(4096, 16));
    cases.back().done = treatment::poses;
    cases.back().history = history;
  }
  cases.push_back(one_robots_input());
  return cases;
}

policy_input_case one_robots_input() {
  policy_input_case one = windows_of(1, 16);
  one.done = treatment::poses;
  one.history = true;
  return one;
}

}  // namespace robocache::bench
