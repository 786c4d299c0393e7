// SPDX-License-Identifier: Apache-2.0

// Policy inputs on the GPU: each case beside a copy of as many bytes, and beside plain fusions of the same windows. See
// README.md.

#include "policy_input/case.hpp"
#include "policy_input/cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  bench::suite program{"policy_input", "T:32", {}, bench::preparation_of(bench::one_robots_input()), 5.0};
  for (bench::policy_input_case const& one : bench::all_policy_input_cases()) {
    program.cases.push_back(bench::list_case(one));
  }
  return bench::run_program(program, argc, argv);
}
