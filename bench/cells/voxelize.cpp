// SPDX-License-Identifier: Apache-2.0

// Voxelizing on the GPU: each case beside a copy of as many bytes and a naive kernel, in one process. See README.md.

#include "cells/case.hpp"
#include "cells/cases.hpp"
#include "support/cloud_program.hpp"

int main(int argc, char** argv) {
  namespace bench = robocache::bench;
  return bench::run_cloud_program("voxelize", "N:.*/cold", bench::small_count(), bench::all_voxelize_cases(), argc,
                                  argv);
}
