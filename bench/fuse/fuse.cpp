// SPDX-License-Identifier: Apache-2.0

// Fusing on the GPU: each case beside a copy of as many bytes and the resamples of its streams, in one process. See
// README.md.

#include "fuse/case.hpp"
#include "fuse/cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  auto const preparation_of = [](bench::fuse_case const& one) {
    return [one](cudaStream_t cuda_stream) { return bench::prepare(one, cuda_stream); };
  };
  bench::suite fusing{"fuse", "T:[0-9]+/cold", {}, preparation_of(bench::one_robot()), 5.0};
  for (bench::fuse_case const& one : bench::all_fuse_cases()) {
    bench::listed_case listed;
    listed.name = listed.reference = name_of(one);
    listed.required = one.required;
    listed.also = one.also;
    listed.one_by_one = one.one_by_one;
    listed.prepare = preparation_of(one);
    fusing.cases.push_back(std::move(listed));
  }
  return bench::run_program(fusing, argc, argv);
}
