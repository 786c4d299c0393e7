// SPDX-License-Identifier: Apache-2.0

// Cleaning on the GPU: each case beside a copy of as many bytes. See README.md.

#include <utility>

#include "clean/case.hpp"
#include "clean/cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  auto const preparation_of = [](bench::clean_case const& one) {
    return [one](cudaStream_t cuda_stream) { return bench::prepare(one, cuda_stream); };
  };
  bench::suite program{"clean", "sort", {}, preparation_of(bench::small_clean())};
  for (bench::clean_case const& one : bench::all_clean_cases()) {
    bench::listed_case listed;
    listed.name = listed.reference = name_of(one);
    listed.required = one.required;
    listed.prepare = preparation_of(one);
    program.cases.push_back(std::move(listed));
  }
  return bench::run_program(program, argc, argv);
}
