# SPDX-License-Identifier: Apache-2.0
"""From a point cloud to a thinner one: which size of voxels, and what comes of it."""

from dataclasses import dataclass

import numpy as np
from voxel_bridge import FilteredValues, filter_voxels
from voxels import Voxels, round_sizes

REACH = 2**20  # voxels of the filter on either side of 0


@dataclass
class Filtered:
    """One cloud after the voxel filter, and the grid that it was in before."""

    voxels: Voxels
    leaf: float  # size of a voxel
    values: FilteredValues


def filter_cloud(bridge, voxels, leaf, on_gpu):
    """`leaf`: the size of a voxel, None for that of the grid's cells, or more where the grid is far from 0."""
    if leaf is None:
        leaf = float(voxels.grid.size[0])
        ends = voxels.grid.origin.astype(np.float64), voxels.grid.origin + np.float64(leaf) * voxels.grid.cells
        farthest = np.abs(ends).max()
        if farthest >= leaf * REACH:
            leaf = next(size for size in round_sizes(leaf) if farthest < size * REACH)
    return Filtered(voxels, leaf, filter_voxels(bridge, voxels.cloud.points, leaf, on_gpu))


def write_points(path, filtered):
    """A NumPy array that --points reads, in the numbers of the cloud's file."""
    points, offset = filtered.values.points, filtered.voxels.cloud.offset
    if np.any(offset):
        points = points.astype(np.float64)
        points[:, :3] += offset
    np.save(path, points)
