// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "support/voxels/memory.hpp"
#include "support/voxels/problem.hpp"

/// `voxelize_sparse`, `voxelize_gathered` and `filter_voxels` under test: as cells/cells.hpp is for `voxelize`.
namespace test {

/// On the side under test; on a device it also compares every bit with the host's.
sparse_voxelized voxelize(sparse_problem const& p);

/// The host's call, in guarded memory.
sparse_voxelized voxelize_on_host(sparse_problem const& p);

/// The calls alone, with views that a test made by hand: for calls that are refused.
status sparse_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                    robocache::grid const& lattice, robocache::sparse_output<float> const& out,
                    robocache::sparse_options const& options);
status gathered_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                      robocache::grid const& lattice, robocache::gathered_output<float> const& out,
                      robocache::gather_options const& options);
status filter_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                    robocache::filter_options const& options, robocache::filtered_output<float> const& out);

/// Two sides' results of one problem, as `difference` of compare.hpp.
std::string difference(sparse_problem const& p, sparse_voxelized const& a, sparse_voxelized const& b);

/// Makes the call and compares every bit with the oracle, memory that is not to be touched included.
std::string verify(sparse_problem const& p);

/// The call fails as it should, as `refused` of compare.hpp.
std::string refused(sparse_problem const& p, std::string const& argument, std::vector<std::string> const& words);

/// Makes the call and gives a result as numbers, of voxels those that are kept; fails the test where the call fails.
std::vector<double> result_of(sparse_problem p, sparse_result r);

}  // namespace test
