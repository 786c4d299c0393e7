# SPDX-License-Identifier: Apache-2.0
"""`voxelize`, `voxelize_sparse`, `voxelize_gathered` and `filter_voxels`."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ._arguments import count_of, real_number, result_type, want_type, word_of, words_of
from ._clouds import LARGEST, REDUCTIONS, batch_of, bits_of, capacity_of, clouds_of, lattice_of, points_of, three_of
from ._voxels import Filtered, Gathered, Grid, Sparse, Voxels

# In the order of the operator's results.
GRID_RESULTS = (*REDUCTIONS, "count", "occupied", "bits")
ORDERS = ("first_point", "cell")


def voxelize(
    points: Tensor,
    grid: Grid,
    features: Tensor | None = None,
    *,
    reduce: str | Sequence[str] = ("count",),
    lengths: Tensor | None = None,
    offsets: Tensor | None = None,
    channels_first: bool = False,
    deterministic: bool = True,
    max_fill: float = 0.0,
    min_fill: float = 0.0,
    occupied_dtype: torch.dtype = torch.uint8,
    dtype: torch.dtype | None = None,
) -> Voxels:
    """A batch of point clouds on a grid.

    One sequence of launches for the whole batch, on the current stream, without waiting. Points on a face belong to the
    upper cell; points that are NaN, infinite or outside are dropped and counted. Gradients: of features, for sum, mean,
    max and min (of equal ones the first point has it).

    Args:
        points: float32 `[B, N, 3 or more]`, x y z first; `[N, 3 or more]`: one cloud, B = 1; with `offsets` packed
            `[rows, 3 or more]`. Slices are read where they are.
        grid: Origin, size and number of cells.
        features: `[B, N, C]`, `[N, C]` or `[rows, C]`: float32, float16 or bfloat16. `points[..., 3:]` is one.
        reduce: One or several of sum, mean, max, min (of features), count, occupied, bits.
        lengths: int64 `[B]`, optional: how many points of each cloud are real.
        offsets: int64 `[B + 1]`: cloud b owns points `offsets[b]` to `offsets[b + 1]`.
        channels_first: `[B, C, nz, ny, nx]`, as 3-D convolutions have it.
        deterministic: Sums in the order of the points: the same bits always. False is faster for small grids.
        max_fill, min_fill: `max` and `min` of cells without points.
        occupied_dtype: Of `occupied`.
        dtype: Of what is made of features; default: theirs.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted.
    """
    wanted = words_of(reduce, "reduce")
    clouds = clouds_of(points, features, lengths, offsets)
    origins, box, cells = lattice_of(grid, clouds)
    dtype = _result_type(dtype, clouds)
    want_type(occupied_dtype, "occupied_dtype")
    results = torch.ops.robocache.voxelize(
        *clouds,
        origins,
        box,
        cells,
        bits_of(wanted, GRID_RESULTS, clouds.features),
        bool(channels_first),
        not deterministic,
        [real_number(max_fill, "max_fill"), real_number(min_fill, "min_fill")],
        occupied_dtype,
        dtype,
    )
    asked = [one if name in wanted else None for name, one in zip(GRID_RESULTS, results)]
    return Voxels(*asked, results[-1])


def voxelize_sparse(
    points: Tensor,
    grid: Grid,
    features: Tensor | None = None,
    *,
    reduce: str | Sequence[str] = ("mean",),
    lengths: Tensor | None = None,
    offsets: Tensor | None = None,
    capacity: int | None = None,
    order: str = "first_point",
    dtype: torch.dtype | None = None,
) -> Sparse:
    """The cells that have points, one after the other: what sparse convolutions take.

    Arguments, stream, errors and gradients as `voxelize`; memory goes with the points, not with the grid.

    Args:
        features: Default: all channels of `points`, so that the mean of x, y, z is among them. It is a plain sum,
            divided: where x, y, z are large, as in UTM coordinates, subtract a local origin first.
        reduce: One or several of sum, mean, max, min, or none.
        capacity: Voxels that there is room for, of all clouds together; default: as many as points. Voxels beyond it
            are counted in `overflow`.
        order: Within a cloud: "first_point", as their first points stand, or "cell", by z, then y, then x.
    """
    wanted = words_of(reduce, "reduce")
    clouds = clouds_of(points, points if features is None else features, lengths, offsets)
    origins, box, cells = lattice_of(grid, clouds)
    dtype = _result_type(dtype, clouds)
    results = torch.ops.robocache.voxelize_sparse(
        *clouds,
        origins,
        box,
        cells,
        bits_of(wanted, REDUCTIONS, clouds.features),
        capacity_of(capacity, clouds),
        word_of(order, ORDERS, "order") == 1,
        dtype,
    )
    asked = [one if name in wanted else None for name, one in zip(REDUCTIONS, results)]
    return Sparse(*asked, *results[4:])


def voxelize_gathered(
    points: Tensor,
    grid: Grid,
    features: Tensor | None = None,
    *,
    max_points: int,
    max_voxels: int | None = None,
    lengths: Tensor | None = None,
    offsets: Tensor | None = None,
    capacity: int | None = None,
    dtype: torch.dtype | None = None,
) -> Gathered:
    """The first points of each voxel, as pillar and voxel detectors take them ("hard" voxelization).

    Arguments, stream and errors as `voxelize`. The order and the truncation are mmcv's deterministic ones. Gradients:
    of features.

    Args:
        features: Default: all channels of `points`, as mmcv has it.
        max_points: P: points of a voxel that are kept.
        max_voxels: Of each cloud; default: all.
        capacity: Voxels that there is room for, of all clouds together; default: as many as points, or `max_voxels` of
            each.
    """
    clouds = clouds_of(points, points if features is None else features, lengths, offsets)
    origins, box, cells = lattice_of(grid, clouds)
    max_points = count_of(max_points, "max_points", 1, LARGEST)
    max_voxels = None if max_voxels is None else count_of(max_voxels, "max_voxels", most=LARGEST)
    if capacity is None and max_voxels is not None:
        capacity = min(points_of(clouds), max_voxels * batch_of(clouds))
    results = torch.ops.robocache.voxelize_gathered(
        *clouds,
        origins,
        box,
        cells,
        capacity_of(capacity, clouds),
        max_points,
        LARGEST if max_voxels is None else max_voxels,
        _result_type(dtype, clouds),
    )
    return Gathered(*results)


def filter_voxels(
    points: Tensor,
    size: float | Sequence[float],
    features: Tensor | None = None,
    *,
    origin: float | Sequence[float] = 0.0,
    lengths: Tensor | None = None,
    offsets: Tensor | None = None,
    capacity: int | None = None,
    dtype: torch.dtype | None = None,
) -> Filtered:
    """One point for each voxel: the mean of its points, and of their features. What PCL has as VoxelGrid.

    Arguments, stream and errors as `voxelize`. Each point that is left is in its voxel, between the voxel's points.
    Gradients: of points and of features, as of means.

    Args:
        size: Of a voxel: a number, or three.
        origin: Where a voxel begins: a number, or three. Voxels reach 2^20 times their size from it along each axis,
            and points beyond are dropped and counted. So choose one in or near the clouds where they are far from 0, as
            in UTM coordinates: a whole cloud may be dropped otherwise.
        capacity: Points that there is room for, of all clouds together; default: as many as there are.
    """
    clouds = clouds_of(points, features, lengths, offsets)
    dtype = _result_type(dtype, clouds)
    box = three_of(origin, "origin") + three_of(size, "size")
    results = torch.ops.robocache.filter_voxels(*clouds, box, capacity_of(capacity, clouds), dtype)
    return Filtered(results[0], None if features is None else results[1], *results[2:])


def _result_type(dtype, clouds):
    return result_type(dtype, torch.float32 if clouds.features is None else clouds.features.dtype)
