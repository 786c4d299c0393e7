// SPDX-License-Identifier: Apache-2.0

// What happens while a robot runs, on the GPU: rows appended to rings, and rings fused. See README.md.

#include "online/case.hpp"
#include "online/cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  bench::suite program{
      "online", "B:4096/fuse", {}, bench::preparation_of(bench::online_case{1, bench::tick::append}), 5.0};
  for (bench::online_case const& one : bench::all_online_cases()) { program.cases.push_back(bench::list_case(one)); }
  return bench::run_program(program, argc, argv);
}
