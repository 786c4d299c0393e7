// SPDX-License-Identifier: Apache-2.0

// Resampling on the GPU: each case beside a copy of as many bytes and a naive kernel, in one process. See README.md.

#include "resample/case.hpp"
#include "resample/cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  bench::suite resampling{
      "resample", "D:[0-9]+/cold", {}, bench::preparation_of(bench::resample_case{1, 500, 250, 256}), 5.0};
  for (bench::resample_case const& one : bench::all_cases()) {
    bench::listed_case listed = bench::list_case(one);
    listed.reference = name_of(plain(one));
    resampling.cases.push_back(std::move(listed));
  }
  return bench::run_program(resampling, argc, argv);
}
