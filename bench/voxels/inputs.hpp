// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/grid.hpp>

#include "cells/inputs.hpp"
#include "voxels/cases.hpp"

/// The points of sparse voxels, on the host. Peers repeat these few lines.
namespace robocache::bench {

stored_clouds make_clouds(voxels_case const& one);

/// The grid that belongs to a drawn scene: of pillars, of a detector's voxels, of 200 cells per axis.
grid make_grid(voxels_case const& one);

}  // namespace robocache::bench
