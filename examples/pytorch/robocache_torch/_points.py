# SPDX-License-Identifier: Apache-2.0
"""`voxelize`, `voxelize_sparse`, `voxelize_gathered` and `filter_voxels`."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ._arguments import count_of, real_number, result_type, want_type, word_of, words_of
from ._clouds import LARGEST, batch_of, capacity_of, clouds_of, lattice_of, points_of, reductions_of, three_of
from ._layout import ORDERS, REDUCTIONS, results_of, stand_in
from ._voxels import Filtered, Gathered, Grid, Sparse, Voxels

# What `voxelize` may be asked for, besides reductions.
OTHERS = ("count", "occupied", "bits")

_VoxelizeResults = results_of("voxelize")
_SparseResults = results_of("voxelize_sparse")
_GatheredResults = results_of("voxelize_gathered")
_FilterResults = results_of("filter_voxels")


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
    max and min (where several are equal, the first point has it).

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
    lattice = lattice_of(grid, clouds)
    dtype = _result_type(dtype, clouds)
    want_type(occupied_dtype, "occupied_dtype")
    results = torch.ops.robocache.voxelize(
        **clouds.arguments(),
        **lattice,
        reductions=reductions_of(wanted, clouds.features, OTHERS),
        count="count" in wanted,
        occupied="occupied" in wanted,
        bits="bits" in wanted,
        channels_first=bool(channels_first),
        unordered=not deterministic,
        max_fill=stand_in(real_number(max_fill, "max_fill")),
        min_fill=stand_in(real_number(min_fill, "min_fill")),
        occupied_dtype=occupied_dtype,
        dtype=dtype,
    )
    return Voxels(**_asked(_VoxelizeResults, results, wanted, (*REDUCTIONS, *OTHERS)))


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

    Arguments, stream, errors and gradients as in `voxelize`; memory grows with the points, not with the grid.

    Args:
        features: Default: all channels of `points`, so that the mean of x, y, z is among them. It is a plain sum,
            divided: where x, y, z are large, as in UTM coordinates, subtract a local origin first.
        reduce: One or several of sum, mean, max, min, or none.
        capacity: How many voxels there is room for, of all clouds together; default: as many as points. Voxels
            beyond it are counted in `overflow`.
        order: Within a cloud: "first_point", in the order of their first points, or "cell", by z, then y, then x.
    """
    wanted = words_of(reduce, "reduce")
    clouds = clouds_of(points, points if features is None else features, lengths, offsets)
    results = torch.ops.robocache.voxelize_sparse(
        **clouds.arguments(),
        **lattice_of(grid, clouds),
        reductions=reductions_of(wanted, clouds.features),
        capacity=capacity_of(capacity, clouds),
        order=word_of(order, ORDERS, "order"),
        dtype=_result_type(dtype, clouds),
    )
    return Sparse(**_asked(_SparseResults, results, wanted, REDUCTIONS))


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

    Arguments, stream and errors as in `voxelize`. The order and the truncation are mmcv's deterministic ones.
    Gradients: of features.

    Args:
        features: Default: all channels of `points`, as mmcv has it.
        max_points: P: how many points of a voxel are kept.
        max_voxels: Of each cloud; default: all.
        capacity: How many voxels there is room for, of all clouds together; default: as many as points, or
            `max_voxels` of each.
    """
    clouds = clouds_of(points, points if features is None else features, lengths, offsets)
    lattice = lattice_of(grid, clouds)
    max_points = count_of(max_points, "max_points", 1, LARGEST)
    max_voxels = None if max_voxels is None else count_of(max_voxels, "max_voxels", most=LARGEST)
    if capacity is None and max_voxels is not None:
        capacity = min(points_of(clouds), max_voxels * batch_of(clouds))
    results = torch.ops.robocache.voxelize_gathered(
        **clouds.arguments(),
        **lattice,
        capacity=capacity_of(capacity, clouds),
        max_points=max_points,
        max_voxels=LARGEST if max_voxels is None else max_voxels,
        dtype=_result_type(dtype, clouds),
    )
    return Gathered(**_named(_GatheredResults, results))


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
    """One point for each voxel: the mean of its points, and of their features. PCL's VoxelGrid.

    Arguments, stream and errors as in `voxelize`. Each point that is left is in its voxel, between the voxel's points.
    Gradients: of points and of features, as of means.

    Args:
        size: Of a voxel: a number, or three.
        origin: Where a voxel begins: a number, or three. Voxels reach 2^20 times their size from it along each axis,
            and points beyond are dropped and counted. So choose one in or near the clouds where they are far from 0, as
            in UTM coordinates: a whole cloud may be dropped otherwise.
        capacity: How many points there is room for, of all clouds together; default: as many as there are.
    """
    clouds = clouds_of(points, features, lengths, offsets)
    dtype = _result_type(dtype, clouds)
    results = torch.ops.robocache.filter_voxels(
        **clouds.arguments(),
        origin=three_of(origin, "origin"),
        size=three_of(size, "size"),
        capacity=capacity_of(capacity, clouds),
        dtype=dtype,
    )
    named = _named(_FilterResults, results)
    return Filtered(**{**named, "features": None if features is None else named["features"]})


def _named(row, results):
    return dict(zip(row._fields, results))


def _asked(row, results, wanted, optional):
    """Results by name; None for optional ones that are not wanted."""
    named = _named(row, results)
    return {name: None if name in optional and name not in wanted else one for name, one in named.items()}


def _result_type(dtype, clouds):
    return result_type(dtype, torch.float32 if clouds.features is None else clouds.features.dtype)
