// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "support/cells/memory.hpp"
#include "support/cells/problem.hpp"

/// `voxelize` under test: as backend.hpp and compare.hpp are for `resample`.
namespace test {

/// On the side under test; on a device it also compares every bit with the host's, except for sums that are unordered.
voxelized voxelize(voxel_problem const& p);

/// `host::voxelize`, in guarded memory.
voxelized voxelize_on_host(voxel_problem const& p);

/// The call alone, with views that a test made by hand: for calls that are refused.
status voxelize_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                      robocache::grid const& lattice, robocache::voxel_output<float> const& out,
                      robocache::voxel_options const& options);

/// Two sides' results of one problem, as `difference` of compare.hpp.
std::string difference(voxel_problem const& p, voxelized const& a, voxelized const& b);

/// Makes the call, with scratch and, where it can do without, without, and compares every bit with the oracle.
std::string verify(voxel_problem const& p);

/// The call fails as it should, as `refused` of compare.hpp.
std::string refused(voxel_problem const& p, std::string const& argument, std::vector<std::string> const& words);

/// Makes the call and gives a result as numbers; fails the test where the call fails.
std::vector<double> result_of(voxel_problem const& p, voxel_result r);

}  // namespace test
