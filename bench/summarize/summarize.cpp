// SPDX-License-Identifier: Apache-2.0

// Summaries on the GPU: each case beside a copy of as many bytes as its passes read. See README.md.

#include "summarize/case.hpp"
#include "summarize/cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  bench::suite program{"summarize", "Q:2", {}, bench::preparation_of(bench::small_summary())};
  for (bench::summarize_case const& one : bench::all_summarize_cases()) {
    program.cases.push_back(bench::list_case(one));
  }
  return bench::run_program(program, argc, argv);
}
