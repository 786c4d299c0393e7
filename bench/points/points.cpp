// SPDX-License-Identifier: Apache-2.0

// Points on the GPU: each case beside a copy of as many bytes. See README.md.

#include "points/unproject_case.hpp"
#include "points/unproject_cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  bench::suite program{"points", "dense", {}, bench::preparation_of(bench::small_unprojection())};
  for (bench::unproject_case const& one : bench::all_unproject_cases()) {
    program.cases.push_back(bench::list_case(one));
  }
  return bench::run_program(program, argc, argv);
}
