// SPDX-License-Identifier: Apache-2.0

// Sparse and gathered voxels and the voxel filter on the GPU: each case beside a copy of as many bytes. See README.md.

#include "support/cloud_program.hpp"
#include "voxels/case.hpp"
#include "voxels/cases.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  return bench::run_cloud_program("voxels", "N:.*/hot", bench::small_sparse(), bench::all_voxels_cases(), argc, argv);
}
