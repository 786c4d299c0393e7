// SPDX-License-Identifier: Apache-2.0

// Policy inputs on the GPU: each case beside a copy of as many bytes, and beside plain fusions of the same windows. See
// README.md.

#include <utility>

#include "policy_input/case.hpp"
#include "policy_input/cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  auto const preparation_of = [](bench::policy_input_case const& one) {
    return [one](cudaStream_t cuda_stream) { return bench::prepare(one, cuda_stream); };
  };
  bench::suite program{"policy_input", "T:32", {}, preparation_of(bench::one_robots_input()), 5.0};
  for (bench::policy_input_case const& one : bench::all_policy_input_cases()) {
    bench::listed_case listed;
    listed.name = listed.reference = name_of(one);
    listed.required = one.required;
    listed.prepare = preparation_of(one);
    program.cases.push_back(std::move(listed));
  }
  return bench::run_program(program, argc, argv);
}
