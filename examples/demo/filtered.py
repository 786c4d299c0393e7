# SPDX-License-Identifier: Apache-2.0
"""From a point cloud to a thinner one: the size of voxels, and the result."""

from dataclasses import dataclass

import numpy as np
from voxel_bridge import FilteredValues, filter_voxels
from voxels import Voxels


@dataclass
class Filtered:
    """One cloud after the voxel filter, and the grid that it was in before."""

    voxels: Voxels
    leaf: float  # size of a voxel
    values: FilteredValues


def filter_cloud(bridge, voxels, leaf, on_gpu):
    """Voxels begin at the cloud's lower corner, so that they are small where the cloud is far from 0, too.

    `leaf`: the size of a voxel, None for that of the grid's cells.
    """
    leaf = float(voxels.grid.size[0]) if leaf is None else leaf
    return Filtered(voxels, leaf, filter_voxels(bridge, voxels.cloud.points, leaf, voxels.low, on_gpu))


def write_points(path, filtered):
    """A NumPy array that --points reads, in the numbers of the cloud's file."""
    points, offset = filtered.values.points, filtered.voxels.cloud.offset
    if np.any(offset):
        points = points.astype(np.float64)
        points[:, :3] += offset
    np.save(path, points)
