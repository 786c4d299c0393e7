// SPDX-License-Identifier: Apache-2.0

// Resampling on the GPU: each case beside a copy of as many bytes and a naive kernel, in one process. See README.md.

#include "resample/case.hpp"
#include "resample/cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  auto const preparation_of = [](bench::resample_case const& one) {
    return [one](cudaStream_t cuda_stream) { return bench::prepare(one, cuda_stream); };
  };
  bench::suite resampling{"resample", "D:[0-9]+/cold", {}, preparation_of({1, 500, 250, 256}), 5.0};
  for (bench::resample_case const& one : bench::all_cases()) {
    bench::listed_case listed;
    listed.name = name_of(one);
    listed.reference = name_of(plain(one));
    listed.required = one.required;
    listed.prepare = preparation_of(one);
    resampling.cases.push_back(std::move(listed));
  }
  return bench::run_program(resampling, argc, argv);
}
