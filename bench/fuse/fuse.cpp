// SPDX-License-Identifier: Apache-2.0

// Fusing on the GPU: each case beside a copy of as many bytes and the resamples of its streams, in one process. See
// README.md.

#include "fuse/case.hpp"
#include "fuse/cases.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  bench::suite fusing{"fuse", "T:[0-9]+/cold", {}, bench::preparation_of(bench::one_robot()), 5.0};
  for (bench::fuse_case const& one : bench::all_fuse_cases()) {
    bench::listed_case listed = bench::list_case(one);
    listed.also = one.also;
    listed.one_by_one = one.one_by_one;
    fusing.cases.push_back(std::move(listed));
  }
  return bench::run_program(fusing, argc, argv);
}
