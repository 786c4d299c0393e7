// SPDX-License-Identifier: Apache-2.0

// Cleaning on the GPU: each case beside a copy of as many bytes. See README.md.

#include "clean/case.hpp"
#include "clean/cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  bench::suite program{"clean", "sort", {}, bench::preparation_of(bench::small_clean())};
  for (bench::clean_case const& one : bench::all_clean_cases()) { program.cases.push_back(bench::list_case(one)); }
  return bench::run_program(program, argc, argv);
}
