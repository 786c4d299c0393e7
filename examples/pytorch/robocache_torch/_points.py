# SPDX-License-Identifier: Apache-2.0
"""`voxelize`, `voxelize_sparse`, `voxelize_gathered` and `filter_voxels`, and what PyTorch has to know about them."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ._timed import refuse_double_backward
from ._timelines import plain_number

FLOATS = (torch.float32, torch.float16, torch.bfloat16)
# The bits of csrc/points.cpp, in the order of results.
REDUCTIONS = ("sum", "mean", "max", "min")
GRID_RESULTS = (*REDUCTIONS, "count", "occupied", "bits")
ORDERS = ("first_point", "cell")
LARGEST = 2**31 - 1


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
    wanted = (reduce,) if isinstance(reduce, str) else tuple(reduce)
    clouds = _clouds(points, features, lengths, offsets)
    origins, box, cells = _lattice(grid, clouds)
    dtype = _result_type(dtype, clouds.features)
    results = torch.ops.robocache.voxelize(
        *clouds,
        origins,
        box,
        cells,
        _bits_of(wanted, GRID_RESULTS, clouds.features),
        channels_first,
        not deterministic,
        [float(max_fill), float(min_fill)],
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

    Arguments as `voxelize`; memory goes with the points, not with the grid. Gradients as there.

    Args:
        features: Default: all channels of `points`, so that the mean of x, y, z is among them.
        reduce: One or several of sum, mean, max, min, or none.
        capacity: Voxels that there is room for, of all clouds together; default: as many as points. Voxels beyond it
            are counted in `overflow`.
        order: Within a cloud: "first_point", as their first points stand, or "cell", by z, then y, then x.
    """
    wanted = (reduce,) if isinstance(reduce, str) else tuple(reduce)
    clouds = _clouds(points, points if features is None else features, lengths, offsets)
    origins, box, cells = _lattice(grid, clouds)
    if order not in ORDERS:
        raise ValueError(f"order: found {order!r}, want one of {', '.join(ORDERS)}")
    dtype = _result_type(dtype, clouds.features)
    results = torch.ops.robocache.voxelize_sparse(
        *clouds,
        origins,
        box,
        cells,
        _bits_of(wanted, REDUCTIONS, clouds.features),
        _capacity(capacity, clouds),
        order == "cell",
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

    Arguments as `voxelize`. The order and the truncation are mmcv's deterministic ones. Gradients: of features.

    Args:
        features: Default: all channels of `points`, as mmcv has it.
        max_points: P: points of a voxel that are kept.
        max_voxels: Of each cloud; default: all.
        capacity: Voxels that there is room for, of all clouds together; default: as many as points, or `max_voxels` of
            each.
    """
    clouds = _clouds(points, points if features is None else features, lengths, offsets)
    origins, box, cells = _lattice(grid, clouds)
    max_points = _count(max_points, "max_points", 1)
    max_voxels = None if max_voxels is None else _count(max_voxels, "max_voxels")
    if capacity is None and max_voxels is not None:
        capacity = min(_points_of(clouds), max_voxels * _batch_of(clouds))
    results = torch.ops.robocache.voxelize_gathered(
        *clouds,
        origins,
        box,
        cells,
        _capacity(capacity, clouds),
        max_points,
        LARGEST if max_voxels is None else max_voxels,
        _result_type(dtype, clouds.features),
    )
    return Gathered(*results)


def filter_voxels(
    points: Tensor,
    size: float | Sequence[float],
    features: Tensor | None = None,
    *,
    lengths: Tensor | None = None,
    offsets: Tensor | None = None,
    capacity: int | None = None,
    dtype: torch.dtype | None = None,
) -> Filtered:
    """One point for each voxel: the mean of its points, and of their features. What PCL has as VoxelGrid.

    Arguments as `voxelize`; no grid to choose: voxels begin at multiples of their size, up to 2^20 of them from 0 along
    each axis. Gradients: of points and of features.

    Args:
        size: Of a voxel: a number, or three.
        capacity: Points that there is room for, of all clouds together; default: as many as there are.
    """
    clouds = _clouds(points, features, lengths, offsets)
    dtype = _result_type(dtype, clouds.features)
    results = torch.ops.robocache.filter_voxels(*clouds, _three(size, "size"), _capacity(capacity, clouds), dtype)
    return Filtered(results[0], None if features is None else results[1], *results[2:])


class _Clouds(NamedTuple):
    """In the order of the operators."""

    points: Tensor
    features: Tensor | None
    lengths: Tensor | None
    offsets: Tensor | None


def _clouds(points, features, lengths, offsets):
    if not isinstance(points, Tensor):
        raise TypeError(f"points: found {type(points).__name__}, want a tensor")
    if points.dtype != torch.float32:
        raise TypeError(f"points: found {points.dtype}, want float32")
    if points.dim() not in (2, 3) or points.shape[-1] < 3 or (offsets is not None and points.dim() != 2):
        want = "packed [rows, 3 or more] with offsets" if offsets is not None else "[B, N, 3 or more] or [N, 3 or more]"
        raise ValueError(f"points: found {list(points.shape)}, want {want}")
    if lengths is not None and offsets is not None:
        raise ValueError("lengths: found with offsets, want one of the two")
    _want_features(features, points)
    if offsets is None and points.dim() == 2:
        points = points.unsqueeze(0)
        features = None if features is None else features.unsqueeze(0)
    for index, name, count in ((lengths, "lengths", points.shape[0]), (offsets, "offsets", None)):
        _want_index(index, name, count, points.device)
    return _Clouds(
        points,
        features,
        None if lengths is None else lengths.contiguous(),
        None if offsets is None else offsets.contiguous(),
    )


def _want_features(features, points):
    if features is None:
        return
    if not isinstance(features, Tensor):
        raise TypeError(f"features: found {type(features).__name__}, want a tensor")
    if features.dtype not in FLOATS:
        raise TypeError(f"features: found {features.dtype}, want float32, float16 or bfloat16")
    if features.dim() != points.dim() or features.shape[:-1] != points.shape[:-1]:
        raise ValueError(f"features: found {list(features.shape)}, want {[*points.shape[:-1], 'C']}, one row a point")
    if features.device != points.device:
        raise ValueError(f"features: found {features.device}, want {points.device}, where the points are")


def _want_index(index, name, count, device):
    if index is None:
        return
    if not isinstance(index, Tensor):
        raise TypeError(f"{name}: found {type(index).__name__}, want a tensor of int64")
    if index.dtype != torch.int64:
        raise TypeError(f"{name}: found {index.dtype}, want int64")
    if index.dim() != 1 or index.shape[0] == 0 or (count is not None and index.shape[0] != count):
        raise ValueError(f"{name}: found {list(index.shape)}, want [{'B + 1' if count is None else count}]")
    if index.device != device:
        raise ValueError(f"{name}: found {index.device}, want {device}, where the points are")


def _batch_of(clouds):
    return clouds.points.shape[0] if clouds.offsets is None else clouds.offsets.shape[0] - 1


def _points_of(clouds):
    shape = clouds.points.shape
    return shape[0] if clouds.offsets is not None else shape[0] * shape[1]


def _capacity(capacity, clouds):
    if capacity is None:
        return min(_points_of(clouds), LARGEST)
    return _count(capacity, "capacity")


def _count(number, name, least=0):
    number = plain_number(number, name)
    if not isinstance(number, int):
        raise TypeError(f"{name}: found {number!r}, want an int")
    if not least <= number <= LARGEST:
        raise ValueError(f"{name}: found {number}, want {least} to {LARGEST}")
    return number


def _three(numbers, name):
    if isinstance(numbers, (list, tuple)):
        if len(numbers) != 3:
            raise ValueError(f"{name}: found {len(numbers)} numbers, want one, or three: x, y, z")
        return [float(plain_number(number, name)) for number in numbers]
    return [float(plain_number(numbers, name))] * 3


def _lattice(grid, clouds):
    if not isinstance(grid, Grid):
        raise TypeError(f"grid: found {type(grid).__name__}, want a Grid")
    origins, origin = None, [0.0] * 3
    if isinstance(grid.origin, Tensor):
        origins = grid.origin
        if origins.dtype != torch.float32:
            raise TypeError(f"grid.origin: found {origins.dtype}, want float32")
        if origins.shape != (_batch_of(clouds), 3):
            raise ValueError(f"grid.origin: found {list(origins.shape)}, want [{_batch_of(clouds)}, 3]")
        if origins.device != clouds.points.device:
            raise ValueError(f"grid.origin: found {origins.device}, want {clouds.points.device}, where the points are")
        origins = origins.contiguous()
    else:
        origin = _three(grid.origin, "grid.origin")
    if not isinstance(grid.cells, (list, tuple)) or len(grid.cells) != 3:
        raise ValueError(f"grid.cells: found {grid.cells!r}, want three numbers: nx, ny, nz")
    cells = [_count(number, "grid.cells") for number in grid.cells]
    return origins, origin + _three(grid.size, "grid.size"), cells


def _bits_of(wanted, names, features):
    bits = 0
    for name in wanted:
        if name not in names:
            raise ValueError(f"reduce: found {name!r}, want some of {', '.join(names)}")
        if name in REDUCTIONS and features is None:
            raise ValueError(f"reduce: found {name!r} without features, want features")
        bits |= 1 << names.index(name)
    return bits


def _result_type(dtype, features):
    if dtype is None:
        return torch.float32 if features is None else features.dtype
    if dtype not in FLOATS:
        raise TypeError(f"dtype: found {dtype}, want float32, float16 or bfloat16")
    return dtype


def _trim(results, rows):
    """@param rows: how many of the first fields have a row a voxel."""
    count = int(results.voxel_offsets[-1])
    return type(results)(*[None if one is None else one[:count] for one in results[:rows]], *results[rows:])


# What follows is for torch.compile (shapes without values) and autograd. Arguments are those of the schemas in
# csrc/points.cpp.


def _shapes(points, features, offsets):
    """Batch, one number a point, channels."""
    batch = points.shape[0] if offsets is None else offsets.shape[0] - 1
    return batch, points.shape[:-1], 0 if features is None else features.shape[-1]


def _empty(points, shape, dtype, wanted=True):
    return points.new_empty(shape if wanted else (0,), dtype=dtype)


@torch.library.register_fake("robocache::voxelize")
def _(
    points,
    features,
    lengths,
    offsets,
    origins,
    box,
    cells,
    wanted,
    channels_first,
    unordered,
    fills,
    occupied_dtype,
    dtype,
):
    batch, _, channels = _shapes(points, features, offsets)
    nx, ny, nz = cells
    grid = (batch, nz, ny, nx)
    shape = (batch, channels, nz, ny, nx) if channels_first else (*grid, channels)
    results = [_empty(points, shape, dtype, wanted >> i & 1) for i in range(4)]
    results.append(_empty(points, grid, torch.int32, wanted >> 4 & 1))
    results.append(_empty(points, grid, occupied_dtype, wanted >> 5 & 1))
    results.append(_empty(points, (batch, nz, ny, (nx + 31) // 32), torch.int32, wanted >> 6 & 1))
    return [*results, _empty(points, (batch,), torch.int32)]


@torch.library.register_fake("robocache::voxelize_sparse")
def _(points, features, lengths, offsets, origins, box, cells, wanted, capacity, by_cell, dtype):
    batch, of_points, channels = _shapes(points, features, offsets)
    results = [_empty(points, (capacity, channels), dtype, wanted >> i & 1) for i in range(4)]
    return [
        *results,
        _empty(points, (capacity, 4), torch.int32),
        _empty(points, (capacity,), torch.int32),
        _empty(points, (batch + 1,), torch.int64),
        _empty(points, of_points, torch.int32),
        _empty(points, (batch,), torch.int32),
        _empty(points, (batch,), torch.int32),
    ]


@torch.library.register_fake("robocache::voxelize_gathered")
def _(points, features, lengths, offsets, origins, box, cells, capacity, max_points, max_voxels, dtype):
    batch, of_points, channels = _shapes(points, features, offsets)
    return [
        _empty(points, (capacity, max_points, channels), dtype),
        _empty(points, (capacity, 4), torch.int32),
        _empty(points, (capacity,), torch.int32),
        _empty(points, (batch + 1,), torch.int64),
        _empty(points, of_points, torch.int64),
        _empty(points, (batch,), torch.int32),
        _empty(points, (batch,), torch.int32),
    ]


@torch.library.register_fake("robocache::filter_voxels")
def _(points, features, lengths, offsets, size, capacity, dtype):
    batch, of_points, channels = _shapes(points, features, offsets)
    return [
        _empty(points, (capacity, 3), torch.float32),
        _empty(points, (capacity, channels), dtype, features is not None),
        _empty(points, (capacity,), torch.int32),
        _empty(points, (batch + 1,), torch.int64),
        _empty(points, of_points, torch.int32),
        _empty(points, (batch,), torch.int32),
        _empty(points, (batch,), torch.int32),
    ]


@torch.library.register_fake("robocache::voxelize_backward")
def _(points, features, *_rest):
    return features.new_empty(features.shape)


@torch.library.register_fake("robocache::voxelize_sparse_backward")
def _(points, features, *_rest):
    return features.new_empty(features.shape)


@torch.library.register_fake("robocache::voxelize_gathered_backward")
def _(gradient, points, lengths, offsets, point_slots, dtype):
    return points.new_empty((*points.shape[:-1], gradient.shape[2]), dtype=dtype)


def _setup_voxelize(ctx, inputs, output):
    points, features, lengths, offsets, origins, box, cells, _, channels_first, *_ = inputs
    ctx.save_for_backward(points, features, lengths, offsets, origins)
    ctx.lattice = box, cells, channels_first
    ctx.set_materialize_grads(False)


def _voxelize_backward(ctx, gradients):
    points, features, lengths, offsets, origins = ctx.saved_tensors
    of_features = None
    if ctx.needs_input_grad[1] and any(one is not None for one in gradients[:4]):
        of_features = torch.ops.robocache.voxelize_backward(
            points, features, lengths, offsets, origins, *ctx.lattice, *gradients[:4]
        )
    return (None, of_features, *[None] * 11)


def _setup_sparse(ctx, inputs, output):
    points, features, lengths, offsets, *_ = inputs
    ctx.save_for_backward(points, features, lengths, offsets, output[7], output[5])
    ctx.set_materialize_grads(False)


def _sparse_backward(ctx, gradients):
    points, features, lengths, offsets, point_voxels, count = ctx.saved_tensors
    of_features = None
    if ctx.needs_input_grad[1] and any(one is not None for one in gradients[:4]):
        of_features = torch.ops.robocache.voxelize_sparse_backward(
            points, features, lengths, offsets, point_voxels, count, *gradients[:4]
        )
    return (None, of_features, *[None] * 9)


def _setup_gathered(ctx, inputs, output):
    points, features, lengths, offsets, *_ = inputs
    ctx.save_for_backward(points, lengths, offsets, output[4])
    ctx.features_type = features.dtype
    ctx.set_materialize_grads(False)


def _gathered_backward(ctx, gradients):
    points, lengths, offsets, point_slots = ctx.saved_tensors
    of_features = None
    if ctx.needs_input_grad[1] and gradients[0] is not None:
        of_features = torch.ops.robocache.voxelize_gathered_backward(
            gradients[0], points, lengths, offsets, point_slots, ctx.features_type
        )
    return (None, of_features, *[None] * 9)


def _setup_filter(ctx, inputs, output):
    points, features, lengths, offsets, *_ = inputs
    ctx.save_for_backward(points, features, lengths, offsets, output[4], output[2])
    ctx.set_materialize_grads(False)


def _filter_backward(ctx, gradients):
    points, features, lengths, offsets, point_voxels, count = ctx.saved_tensors
    voxels = (lengths, offsets, point_voxels, count)
    way_back = torch.ops.robocache.voxelize_sparse_backward
    of_points = of_features = None
    if ctx.needs_input_grad[0] and gradients[0] is not None:
        of_xyz = way_back(points, points[..., :3], *voxels, None, gradients[0], None, None)
        # Channels behind x y z have no part in the result.
        of_points = torch.nn.functional.pad(of_xyz, (0, points.shape[-1] - 3))
    if ctx.needs_input_grad[1] and gradients[1] is not None:
        of_features = way_back(points, features, *voxels, None, gradients[1], None, None)
    return (of_points, of_features, *[None] * 5)


_AUTOGRAD = {
    "voxelize": (_setup_voxelize, _voxelize_backward),
    "voxelize_sparse": (_setup_sparse, _sparse_backward),
    "voxelize_gathered": (_setup_gathered, _gathered_backward),
    "filter_voxels": (_setup_filter, _filter_backward),
}
for _name in ("voxelize_backward", "voxelize_sparse_backward", "voxelize_gathered_backward"):
    torch.library.register_autograd(f"robocache::{_name}", refuse_double_backward)
for _name, (_setup, _backward) in _AUTOGRAD.items():
    torch.library.register_autograd(f"robocache::{_name}", _backward, setup_context=_setup)
