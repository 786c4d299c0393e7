# SPDX-License-Identifier: Apache-2.0
"""An empty call is no error, and no result is unwritten memory, not even rows that no trajectory and no cloud owns."""

import pytest
import torch
from inputs import ALL_OF_A_GRID

import robocache_torch as rc

GRID = rc.Grid((0.0, 0.0, 0.0), 0.25, (4, 3, 2))
REDUCTIONS = ("sum", "mean", "max", "min")


@pytest.fixture(autouse=True)
def unwritten_memory_shows():
    """What `empty` gives is NaN, or the largest integer."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    yield
    torch.use_deterministic_algorithms(False)


def rows(device, *shape):
    return torch.rand(*shape, device=device).requires_grad_()


def stamps(device, *shape):
    return torch.arange(shape[-1], dtype=torch.float64, device=device).expand(*shape).contiguous()


def index(device, *numbers):
    return torch.tensor(numbers, dtype=torch.int64, device=device)


# Values, their times and targets, with a size of 0 in every place that can have one.
TIMED = {
    "no trajectory": lambda d: (rows(d, 0, 5, 3), stamps(d, 0, 5), stamps(d, 0, 4)),
    "no trajectory, shared times": lambda d: (rows(d, 0, 5, 3), stamps(d, 5), stamps(d, 4)),
    "no trajectory, lengths": lambda d: (rows(d, 0, 5, 3), rc.dense(stamps(d, 0, 5), index(d)), stamps(d, 4)),
    "no sample": lambda d: (rows(d, 2, 0, 3), stamps(d, 2, 0), stamps(d, 2, 4)),
    "no sample, uniform": lambda d: (rows(d, 2, 0, 3), rc.uniform(0.0, 1.0, 0), stamps(d, 4)),
    "no target": lambda d: (rows(d, 2, 5, 3), stamps(d, 2, 5), stamps(d, 2, 0)),
    "no row": lambda d: (rows(d, 0, 3), rc.ragged(stamps(d, 0), index(d, 0, 0, 0)), stamps(d, 4)),
    "no packed target": lambda d: (
        rows(d, 2, 5, 3),
        stamps(d, 5),
        rc.ragged(stamps(d, 0), index(d, 0, 0, 0)),
    ),
    "no trajectory, no row": lambda d: (rows(d, 0, 3), rc.ragged(stamps(d, 0), index(d, 0)), stamps(d, 0, 4)),
    "no start": lambda d: (rows(d, 0, 5, 3), stamps(d, 5), rc.uniform(stamps(d, 0), 1.0, 4)),
    "no window": lambda d: (rows(d, 2, 5, 3), stamps(d, 2, 5), rc.windows(stamps(d, 0), stamps(d, 4), index(d))),
    "no delta": lambda d: (rows(d, 2, 5, 3), stamps(d, 2, 5), rc.windows(stamps(d, 2), stamps(d, 0), index(d, 1, 0))),
}


def with_gradients(targets):
    """The same targets, whose times require a gradient where they can have one."""
    if isinstance(targets, torch.Tensor):
        return targets.requires_grad_()
    if targets.index is None or targets.kind == "windows":
        for times in (targets.stamps, targets.starts):
            if times is not None:
                times.requires_grad_()
    return targets


@pytest.mark.parametrize("name", TIMED)
def test_nothing_to_resample(device, name):
    values, times, targets = TIMED[name](device)
    targets = with_gradients(targets)
    scale = torch.ones(3, device=device, requires_grad=True)
    for found in (
        rc.resample(values, times, targets, fill=7),
        rc.fuse([rc.Stream(values, times, fill=7, scale=scale)], targets),
    ):
        assert found.values.shape[-1] == 3 and found.values.shape[:-1] == found.valid.shape[: found.values.dim() - 1]
        assert (found.values == 7).all() and not found.valid.any()
        values.grad = None
        found.values.sum().backward()
        assert values.grad.shape == values.shape and (values.grad == 0).all()
    assert (scale.grad == 0).all()


@pytest.mark.parametrize("name", TIMED)
def test_opcheck_of_nothing_to_resample(device, name):
    from robocache_torch import _flat
    from robocache_torch._timelines import as_timeline

    values, times, targets = TIMED[name](device)
    stream = rc.Stream(values, as_timeline(times, "times"))
    times = _flat.flatten([stream], as_timeline(with_gradients(targets), "targets"), [""])
    common = {**times, "rules": _flat.rules_of(stream, ""), "dtype": torch.float32}
    fused = {"values": [values], "affine": [], "scale_places": [-1], "shift_places": [-1], "fills": [0.0]}
    # What is compiled is checked with the other shapes.
    checks = ("test_schema", "test_autograd_registration", "test_faketensor")
    operators = torch.ops.robocache
    for operator, mine in ((operators.resample, {"values": values, "fill": 0.0}), (operators.fuse, fused)):
        torch.library.opcheck(operator.default, (), {**common, **mine}, test_utils=checks)


def clouds(device, batch, points, channels, packed=False):
    """Points, features and keyword arguments."""
    shape = (points,) if packed else (batch, points)
    more = {"offsets": index(device, *[points] * (batch + 1))} if packed else {}
    return rows(device, *shape, 3), rows(device, *shape, channels), more


CLOUDS = {
    "no cloud": lambda d: clouds(d, 0, 5, 2),
    "no point": lambda d: clouds(d, 2, 0, 2),
    "no channel": lambda d: clouds(d, 2, 5, 0),
    "no cloud, no row": lambda d: clouds(d, 0, 0, 2, packed=True),
    "no row": lambda d: clouds(d, 2, 0, 2, packed=True),
    "no length": lambda d: (*clouds(d, 0, 5, 2)[:2], {"lengths": index(d)}),
    "no origin": lambda d: clouds(d, 0, 5, 2),
}


@pytest.mark.parametrize("name", CLOUDS)
def test_nothing_to_voxelize(device, name):
    points, features, more = CLOUDS[name](device)
    grid = GRID._replace(origin=torch.zeros(0, 3, device=device)) if name == "no origin" else GRID
    found = [
        rc.voxelize(points, grid, features, reduce=(*REDUCTIONS, "count", "occupied", "bits"), **more),
        rc.voxelize_sparse(points, grid, features, reduce=REDUCTIONS, **more),
        rc.voxelize_sparse(points, grid, features, reduce=REDUCTIONS, capacity=0, **more),
        rc.voxelize_gathered(points, grid, features, max_points=2, **more),
        rc.filter_voxels(points, 0.5, features, **more),
    ]
    if name != "no channel":
        assert all((one.dropped == 0).all() for one in found)
        assert (found[0].count == 0).all() and (found[0].mean == 0).all() and (found[0].bits == 0).all()
        assert (found[1].coordinates == -1).all() and (found[1].point_voxels == -1).all()
        assert (found[3].values == 0).all() and (found[3].point_slots == -1).all()
        assert (found[4].points == 0).all() and (found[4].point_voxels == -1).all()
        assert all((one.voxel_offsets == 0).all() for one in found[1:])
    total = sum(one.sum.sum() + one.mean.sum() + one.max.sum() + one.min.sum() for one in found[:3])
    (total + found[3].values.sum() + found[4].features.sum()).backward()
    assert features.grad.shape == features.shape and (features.grad == 0).all()


@pytest.mark.parametrize("name", CLOUDS)
def test_opcheck_of_nothing_to_voxelize(device, name):
    points, features, more = CLOUDS[name](device)
    given = {"points": points.detach(), "features": features, "lengths": None, "offsets": None, **more}
    lattice = {"origins": None, "origin": GRID.origin, "size": [GRID.size] * 3, "cells": GRID.cells}
    voxels = {**given, **lattice, "capacity": 0, "dtype": torch.float32}
    checks = ("test_schema", "test_autograd_registration", "test_faketensor")
    operators = torch.ops.robocache
    for operator, arguments in (
        (operators.voxelize, {**given, **lattice, **ALL_OF_A_GRID}),
        (operators.voxelize_sparse, {**voxels, "reductions": 0b1111, "order": 0}),
        (operators.voxelize_gathered, {**voxels, "max_points": 3, "max_voxels": 0}),
        (
            operators.filter_voxels,
            {**given, "points": points, "origin": [0.3] * 3, "size": [0.3] * 3, "capacity": 0, "dtype": torch.float32},
        ),
    ):
        torch.library.opcheck(operator.default, (), arguments, test_utils=checks)


def packed_times(kind, device, count, owned):
    """`owned` offsets over `count` stamps."""
    offsets = index(device, *owned)
    if kind == "ragged":
        return rc.ragged(stamps(device, count), offsets)
    return rc.uniform(0.0, 1.0, offsets=offsets, rows=count)


@pytest.mark.parametrize("kind", ["ragged", "uniform"])
def test_gradients_of_rows_that_no_trajectory_owns(device, kind):
    # 8 rows of values, 5 stamps, of which trajectories own 1 to 4.
    times = packed_times(kind, device, 5, (1, 3, 4))
    targets = stamps(device, 2, 3)
    for method in ("linear", "previous"):
        values = rows(device, 8, 3)
        rc.resample(values, times, targets, method=method).values.sum().backward()
        fused = rows(device, 8, 3)
        rc.fuse([rc.Stream(fused, times, method)], targets).values.sum().backward()
        for one in (values, fused):
            assert (one.grad[[0, 4, 5, 6, 7]] == 0).all() and (one.grad[1:4].sum(0) == 6).all()


@pytest.mark.parametrize("kind", ["ragged", "uniform"])
@pytest.mark.parametrize("owned", [(2, 3, 5), (0,), (4,)])
def test_targets_that_no_trajectory_owns(device, kind, owned):
    targets = packed_times(kind, device, 7, owned)
    batch = len(owned) - 1
    values = rows(device, batch, 9, 3)
    free = [i for i in range(7) if batch == 0 or not owned[0] <= i < owned[-1]]
    if kind == "ragged":
        targets.stamps.requires_grad_()
    found = rc.resample(values, stamps(device, 9), targets, fill=7)
    fused = rc.fuse([rc.Stream(values, stamps(device, 9), fill=7)], targets)
    for one in (found, fused):
        assert (one.values[free] == 7).all() and not one.valid[free].any()
        one.values.sum().backward()
    assert not fused.all_valid[free].any()
    assert found.valid.sum() == 7 - len(free) and torch.isfinite(values.grad).all()
    if kind == "ragged":
        assert (targets.stamps.grad[free] == 0).all() and torch.isfinite(targets.stamps.grad).all()


@pytest.mark.parametrize("owned", [(1, 3, 5), (0,), (4,)])
def test_points_that_no_cloud_owns(device, owned):
    offsets = index(device, *owned)
    batch = len(owned) - 1
    free = [i for i in range(7) if batch == 0 or not owned[0] <= i < owned[-1]]
    points, features = rows(device, 7, 3), rows(device, 7, 2)
    sparse = rc.voxelize_sparse(points, GRID, features, reduce=REDUCTIONS, offsets=offsets)
    gathered = rc.voxelize_gathered(points, GRID, features, max_points=2, offsets=offsets)
    thin = rc.filter_voxels(points, 0.5, features, offsets=offsets)
    grid = rc.voxelize(points, GRID, features, reduce=("count", *REDUCTIONS), offsets=offsets)
    assert grid.count.sum() + grid.dropped.sum() == 7 - len(free)
    for numbers in (sparse.point_voxels, gathered.point_slots, thin.point_voxels):
        assert (numbers[free] == -1).all()
    assert sparse.voxel_offsets[0] == 0 and sparse.voxel_offsets.max() <= 7
    every = [getattr(one, name).sum() for one in (sparse, grid) for name in REDUCTIONS]
    (sum(every) + gathered.values.sum() + thin.points.sum() + thin.features.sum()).backward()
    for one in (points, features):
        assert (one.grad[free] == 0).all() and torch.isfinite(one.grad).all()
