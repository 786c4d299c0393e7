// SPDX-License-Identifier: Apache-2.0

// Samples and neighbours of clouds on the GPU. See README.md.

#include "points/sampling_case.hpp"
#include "points/sampling_cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  bench::suite program{"sampling", "N:20k", {}, bench::preparation_of(bench::small_sampling())};
  for (bench::sampling_case const& one : bench::all_sampling_cases()) {
    program.cases.push_back(bench::list_case(one));
  }
  return bench::run_program(program, argc, argv);
}
