# SPDX-License-Identifier: Apache-2.0
"""From a point cloud to its cells: the grid, and the results."""

import math
from dataclasses import dataclass

import numpy as np
from cloud import Cloud
from errors import DemoError
from voxel_bridge import CellValues, Grid, find_bounds, voxelize

MOST_VALUES = 2**26  # of a result; beyond this the demo would fill memory with empty cells
USUAL_CELLS, USUAL_AXIS = 2**23, 1000  # what a grid has at most where no size was asked for


@dataclass
class Voxels:
    """One cloud in its grid. The grid is in RoboCache's numbers: add the cloud's offset for the file's."""

    cloud: Cloud
    low: np.ndarray  # float32 [3], of the finite points
    high: np.ndarray
    finite: int  # points
    grid: Grid
    values: CellValues
    size_was_chosen: bool

    @property
    def occupied(self):
        """How many cells have a point."""
        return int(np.unpackbits(self.values.occupied_bits.view(np.uint8)).sum())

    def faces(self, axis):
        """Where the grid begins and ends along an axis, in the numbers of the file."""
        begin = self.cloud.offset[axis] + float(self.grid.origin[axis])
        return begin, begin + float(self.grid.size[axis]) * int(self.grid.cells[axis])


def voxelize_cloud(bridge, cloud, cell, bounds, on_gpu):
    """`cell`: its size, None for one that suits the cloud; `bounds`: two corners in the file's numbers, None for the
    cloud's own."""
    low, high, finite = find_bounds(bridge, cloud.points, on_gpu)
    if finite == 0:
        raise DemoError(f"{cloud.name}: none of its {len(cloud.points):,} points is finite: each has NaN or infinity "
                        "in x, y or z")  # fmt: skip
    begin, end = (low, high) if bounds is None else (bounds - cloud.offset).astype(np.float32)
    channels = cloud.points.shape[1] - 2
    size = np.float32(cell if cell is not None else _usual_size(begin, end, MOST_VALUES // channels))
    with np.errstate(over="ignore"):
        extent = end - begin  # in FP32, as RoboCache computes cells
        along = extent / size
    if not np.isfinite(extent).all():
        raise DemoError(f"{cloud.name}: no grid reaches from {_place(begin)} to {_place(end)}: add --bounds, or make "
                        "them narrower")  # fmt: skip
    # The cell behind a cloud's last face has the points on it. A corner of the user's own that is a rounding error
    # behind a face means that face.
    cells = np.floor(along) + 1.0 if bounds is None else np.maximum(np.ceil(along * np.float32(1.0 - 1e-6)), 1.0)
    if not float(np.prod(cells, dtype=np.float64)) * channels <= MOST_VALUES:
        shape = " x ".join(f"{count:.4g}" for count in cells)
        raise DemoError(f"{cloud.name}: a grid of {shape} cells of {size:g} is more than this demo fills; make --cell "
                        "larger, or --bounds narrower")  # fmt: skip
    grid = Grid(begin.astype(np.float32), np.full(3, size, np.float32), cells.astype(np.int64))
    values = voxelize(bridge, cloud.points, grid, on_gpu)
    return Voxels(cloud, low, high, finite, grid, values, cell is None)


def _place(corner):
    return "(" + ", ".join(f"{each:.3g}" for each in corner) + ")"


def _usual_size(begin, end, most):
    """The smallest round size that makes a grid of the usual number of cells, and of `most`."""
    extent = end.astype(np.float64) - begin
    longest = extent.max()
    if longest == 0.0:
        return 1.0
    most = min(USUAL_CELLS, most)
    return next(size for size in round_sizes(longest / USUAL_AXIS)
                if longest / size < USUAL_AXIS and np.prod(np.floor(extent / size) + 1.0) <= most)  # fmt: skip


def round_sizes(begin):
    """1, 2 and 5 times powers of ten, from about `begin` up."""
    exponent = math.floor(math.log10(begin))
    while True:
        yield from (digit * 10.0**exponent for digit in (1.0, 2.0, 5.0))
        exponent += 1


def write_arrays(path, voxels):
    """A NumPy archive: what each cell holds, `[z, y, x]`, where the grid is, and what to add to all coordinates."""
    values, grid = voxels.values, voxels.grid
    np.savez_compressed(path, count=values.count, mean=values.mean, max=values.max, dropped=values.dropped,
                        origin=grid.origin, size=grid.size, offset=voxels.cloud.offset)  # fmt: skip
