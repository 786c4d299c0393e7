# SPDX-License-Identifier: Apache-2.0
"""Grids of cells, and the results of voxelizing."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor


class Grid(NamedTuple):
    """A box of equal cells; everything in the order x, y, z.

    Attributes:
        origin: Where cell 0 begins: three numbers, or a tensor float32 `[B, 3]`, one for each cloud.
        size: Of a cell: a number, or three.
        cells: nx, ny, nz.
    """

    origin: Sequence[float] | Tensor
    size: float | Sequence[float]
    cells: Sequence[int]


class Voxels(NamedTuple):
    """What `voxelize` gives; None where it was not asked for.

    Attributes:
        sum, mean, max, min: `[B, nz, ny, nx, C]`, or `[B, C, nz, ny, nx]`.
        count: int32 `[B, nz, ny, nx]`.
        occupied: `[B, nz, ny, nx]`: 1 where the cell has a point.
        bits: int32 `[B, nz, ny, ceil(nx / 32)]`: the same, bit x % 32 of word x / 32.
        dropped: int32 `[B]`: points that are NaN, infinite or outside.
    """

    sum: Tensor | None
    mean: Tensor | None
    max: Tensor | None
    min: Tensor | None
    count: Tensor | None
    occupied: Tensor | None
    bits: Tensor | None
    dropped: Tensor


class Sparse(NamedTuple):
    """What `voxelize_sparse` gives: the voxels of cloud 0, then those of cloud 1, and so on.

    How many there are only the GPU knows, and nothing waits for it: tensors have room for `capacity` voxels, and rows
    behind the last voxel hold 0 (coordinates: -1). `trim()` waits, and cuts them off.

    Attributes:
        sum, mean, max, min: `[capacity, C]`; None where not asked for.
        coordinates: int32 `[capacity, 4]`: cloud, z, y, x.
        count: int32 `[capacity]`: points of the voxel.
        voxel_offsets: int64 `[B + 1]`: where the voxels of each cloud begin; the last: how many.
        point_voxels: int32 `[B, N]` or `[rows]`: the voxel of each point; -1: none.
        dropped, overflow: int32 `[B]`: points in no cell; voxels that there was no room for.
    """

    sum: Tensor | None
    mean: Tensor | None
    max: Tensor | None
    min: Tensor | None
    coordinates: Tensor
    count: Tensor
    voxel_offsets: Tensor
    point_voxels: Tensor
    dropped: Tensor
    overflow: Tensor

    def trim(self) -> "Sparse":
        """Without the rows behind the last voxel. Waits for the GPU."""
        return _trim(self, 6)


class Gathered(NamedTuple):
    """What `voxelize_gathered` gives; see `Sparse` for rows behind the last voxel.

    Attributes:
        values: `[capacity, P, C]`: the features of the first P points of each voxel; 0 where there are fewer.
        coordinates: int32 `[capacity, 4]`: cloud, z, y, x.
        count: int32 `[capacity]`: points of the voxel that are kept.
        voxel_offsets: int64 `[B + 1]`.
        point_slots: int64 `[B, N]` or `[rows]`: voxel * P + slot of each point; -1: none.
        dropped, overflow: int32 `[B]`: points in no cell; voxels that were not kept.
    """

    values: Tensor
    coordinates: Tensor
    count: Tensor
    voxel_offsets: Tensor
    point_slots: Tensor
    dropped: Tensor
    overflow: Tensor

    def trim(self) -> "Gathered":
        """Without the rows behind the last voxel. Waits for the GPU."""
        return _trim(self, 3)


class Filtered(NamedTuple):
    """What `filter_voxels` gives: one point for each voxel; see `Sparse` for rows behind the last one.

    Attributes:
        points: float32 `[capacity, 3]`: the mean of the voxel's points.
        features: `[capacity, C]`: the mean of their features; None without features.
        count: int32 `[capacity]`: how many points became one.
        voxel_offsets: int64 `[B + 1]`: with `points`, a ragged batch of clouds.
        point_voxels: int32 `[B, N]` or `[rows]`: which one each point went to; -1: none.
        dropped, overflow: int32 `[B]`: points that are not finite or too far away; voxels without room.
    """

    points: Tensor
    features: Tensor | None
    count: Tensor
    voxel_offsets: Tensor
    point_voxels: Tensor
    dropped: Tensor
    overflow: Tensor

    def trim(self) -> "Filtered":
        """Without the rows behind the last point. Waits for the GPU."""
        return _trim(self, 3)


def _trim(results, rows):
    """@param rows: how many of the first fields have one row per voxel."""
    count = int(results.voxel_offsets[-1])
    return type(results)(*[None if one is None else one[:count] for one in results[:rows]], *results[rows:])
