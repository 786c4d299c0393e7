// SPDX-License-Identifier: Apache-2.0

// Summaries on the GPU: each case beside a copy of as many bytes as its passes read. See README.md.

#include <utility>

#include "summarize/case.hpp"
#include "summarize/cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  auto const preparation_of = [](bench::summarize_case const& one) {
    return [one](cudaStream_t cuda_stream) { return bench::prepare(one, cuda_stream); };
  };
  bench::suite program{"summarize", "Q:2", {}, preparation_of(bench::small_summary())};
  for (bench::summarize_case const& one : bench::all_summarize_cases()) {
    bench::listed_case listed;
    listed.name = listed.reference = name_of(one);
    listed.required = one.required;
    listed.prepare = preparation_of(one);
    program.cases.push_back(std::move(listed));
  }
  return bench::run_program(program, argc, argv);
}
