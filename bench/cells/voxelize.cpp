// SPDX-License-Identifier: Apache-2.0

// Voxelizing on the GPU: each case beside a copy of as many bytes and a naive kernel, in one process. See README.md.

#include "cells/case.hpp"
#include "cells/cases.hpp"
#include "cells/inputs.hpp"
#include "support/suite.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  auto const preparation_of = [](bench::voxelize_case const& one) {
    return [one](cudaStream_t cuda_stream) { return bench::prepare(one, cuda_stream); };
  };
  bench::suite voxelizing{"voxelize", "N:.*/cold", {}, preparation_of(bench::small_count())};
  for (bench::voxelize_case const& one : bench::all_voxelize_cases()) {
    bench::listed_case listed;
    listed.name = listed.reference = name_of(one);
    listed.required = one.required;
    listed.one_by_one = one.one_by_one;
    if (one.recorded() && !bench::has_recordings()) { listed.lacking = "ROBOCACHE_DATA"; }
    listed.prepare = preparation_of(one);
    voxelizing.cases.push_back(std::move(listed));
  }
  return bench::run_program(voxelizing, argc, argv);
}
