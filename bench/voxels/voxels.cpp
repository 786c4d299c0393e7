// SPDX-License-Identifier: Apache-2.0

// Sparse and gathered voxels and the voxel filter on the GPU: each case beside a copy of as many bytes. See README.md.

#include "cells/inputs.hpp"
#include "support/suite.hpp"
#include "voxels/case.hpp"
#include "voxels/cases.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  auto const preparation_of = [](bench::voxels_case const& one) {
    return [one](cudaStream_t cuda_stream) { return bench::prepare(one, cuda_stream); };
  };
  bench::suite voxels{"voxels", "N:.*/hot", {}, preparation_of(bench::small_sparse())};
  for (bench::voxels_case const& one : bench::all_voxels_cases()) {
    bench::listed_case listed;
    listed.name = listed.reference = name_of(one);
    listed.required = one.required;
    listed.one_by_one = one.one_by_one;
    if (one.recorded() && !bench::has_recordings()) { listed.lacking = "ROBOCACHE_DATA"; }
    listed.prepare = preparation_of(one);
    voxels.cases.push_back(std::move(listed));
  }
  return bench::run_program(voxels, argc, argv);
}
