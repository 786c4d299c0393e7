# SPDX-License-Identifier: Apache-2.0
"""voxelize, voxelize_sparse, voxelize_gathered and filter_voxels."""

import numpy as np
import plain
import pytest
import torch
from inputs import ALL_OF_A_GRID, check_refused

import robocache_torch as rc

FLOATS = [torch.float32, torch.float16, torch.bfloat16]
GRID = rc.Grid((-1.0, -0.5, 0.0), (0.25, 0.25, 0.5), (8, 5, 3))
TOTAL = 8 * 5 * 3
REDUCTIONS = ("sum", "mean", "max", "min")


def cloud(device, points=400, channels=3, dtype=torch.float32):
    """One cloud, some of it outside or not finite."""
    xyz = torch.rand(points, 3) * torch.tensor([2.4, 1.6, 1.7]) + torch.tensor([-1.2, -0.7, -0.1])
    xyz[::50, 1] = float("nan")
    xyz[7:8, 2] = float("inf")
    return xyz.to(device), torch.randn(points, channels).to(dtype).to(device)


def place(xyz):
    return plain.cells(torch.nan_to_num(xyz, nan=1e9), GRID.origin, GRID.size, GRID.cells)


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_grid_is_that_of_plain_pytorch(device, dtype):
    xyz, features = cloud(device, dtype=dtype)
    found = rc.voxelize(xyz, GRID, features, reduce=(*REDUCTIONS, "count", "occupied", "bits"))
    index = place(xyz)
    count = torch.bincount(index[index >= 0], minlength=TOTAL)
    assert torch.equal(found.count.flatten().long(), count)
    assert found.dropped.item() == (index < 0).sum()
    assert torch.equal(found.occupied.flatten() > 0, count > 0)
    shifts = torch.arange(8, device=device, dtype=torch.int32)
    bits = (found.bits[..., 0].unsqueeze(-1) >> shifts) & 1
    assert torch.equal(bits.flatten() > 0, count > 0)
    for name in REDUCTIONS:
        one = getattr(found, name)
        assert one.shape == (1, 3, 5, 8, 3) and one.dtype == dtype
        expected = plain.reduce_cells(index, features, TOTAL, name)
        plain.close(one.reshape(TOTAL, 3), expected, expected.abs().max().item(), factor=16)


def test_both_sides_give_the_same_bits(device):
    xyz, features = cloud("cpu", 3000, 5)
    for channels_first in (False, True):
        options = {"reduce": (*REDUCTIONS, "count"), "channels_first": channels_first}
        here = rc.voxelize(xyz, GRID, features, **options)
        there = rc.voxelize(xyz.to(device), GRID, features.to(device), **options)
        for one, other in zip(here, there):
            assert (one is None and other is None) or torch.equal(one, other.cpu())
    for call in (
        lambda p, f: rc.voxelize_sparse(p, GRID, f, reduce=REDUCTIONS),
        lambda p, f: rc.voxelize_sparse(p, GRID, f, order="cell", capacity=20),
        lambda p, f: rc.voxelize_gathered(p, GRID, f, max_points=4, max_voxels=50),
        lambda p, f: rc.filter_voxels(p, 0.3, f),
        lambda p, f: rc.filter_voxels(p, 0.3, f, origin=(-2.0, 0.1, 7.7)),
    ):
        for one, other in zip(call(xyz, features), call(xyz.to(device), features.to(device))):
            assert (one is None and other is None) or torch.equal(one, other.cpu())


def test_options_of_a_grid(device):
    xyz, features = cloud(device)
    last = rc.voxelize(xyz, GRID, features, reduce=(*REDUCTIONS, "occupied"), max_fill=-7, min_fill=9)
    first = rc.voxelize(xyz, GRID, features, reduce=REDUCTIONS, channels_first=True, max_fill=-7, min_fill=9)
    for name in REDUCTIONS:
        assert torch.equal(getattr(first, name), getattr(last, name).permute(0, 4, 1, 2, 3))
    empty = last.occupied == 0
    assert empty.any() and (last.max[empty] == -7).all() and (last.min[empty] == 9).all()
    assert (last.max[~empty] != -7).all() and (last.mean[empty] == 0).all()
    for dtype in (torch.bool, torch.float32, torch.int64):
        found = rc.voxelize(xyz, GRID, reduce="occupied", occupied_dtype=dtype).occupied
        assert found.dtype == dtype and torch.equal(found.to(torch.uint8), last.occupied)
    hasty = rc.voxelize(xyz, GRID, features, reduce="sum", deterministic=False).sum
    plain.close(hasty, last.sum.double(), last.sum.abs().max().item(), factor=16)


def test_only_what_is_made_of_features_has_a_gradient(device):
    xyz, features = cloud(device)
    everything = (*REDUCTIONS, "count", "occupied", "bits")
    for points, given in ((xyz, features.clone().requires_grad_()), (xyz.clone().requires_grad_(), features)):
        found = (
            rc.voxelize(points, GRID, given, reduce=everything, occupied_dtype=torch.float32),
            rc.voxelize_sparse(points, GRID, given, reduce=REDUCTIONS),
            rc.voxelize_gathered(points, GRID, given, max_points=2),
        )
        for one in found:
            for name, result in one._asdict().items():
                assert result.requires_grad == (given.requires_grad and name in (*REDUCTIONS, "values")), name
        thin = rc.filter_voxels(points, 0.3, given)
        assert thin.points.requires_grad == points.requires_grad
        assert thin.features.requires_grad == given.requires_grad


def test_arrays_of_numpy_are_numbers(device):
    xyz, features = cloud(device)
    grid = rc.Grid(*(np.array(numbers) for numbers in GRID))
    assert torch.equal(rc.voxelize(xyz, grid).count, rc.voxelize(xyz, GRID).count)
    found = rc.filter_voxels(xyz, np.full(3, 0.3), features)
    assert torch.equal(found.points, rc.filter_voxels(xyz, 0.3, features).points)


def test_sparse_voxels_are_the_occupied_cells_of_the_grid(device):
    xyz, features = cloud(device)
    dense = rc.voxelize(xyz, GRID, features, reduce=("mean", "count"))
    sparse = rc.voxelize_sparse(xyz, GRID, features, order="cell").trim()
    b, z, y, x = sparse.coordinates.long().unbind(1)
    assert torch.equal(sparse.mean, dense.mean[b, z, y, x])
    assert torch.equal(sparse.count, dense.count[b, z, y, x])
    assert len(sparse.count) == (dense.count > 0).sum()
    kept = sparse.point_voxels[0] >= 0
    number = (z * 5 + y) * 8 + x
    assert torch.equal(number[sparse.point_voxels[0][kept].long()], place(xyz)[kept])
    by_point = rc.voxelize_sparse(xyz, GRID, features).trim()
    firsts = torch.stack([torch.nonzero(by_point.point_voxels[0] == v)[0, 0] for v in range(len(by_point.count))])
    assert (firsts.diff() > 0).all()


def test_rows_behind_the_last_voxel_are_empty(device):
    xyz, features = cloud(device)
    found = rc.voxelize_sparse(xyz, GRID, features, capacity=300)
    count = int(found.voxel_offsets[-1])
    assert count < 300 and (found.coordinates[count:] == -1).all() and (found.mean[count:] == 0).all()
    full = rc.voxelize_sparse(xyz, GRID, features, capacity=10)
    assert int(full.voxel_offsets[-1]) == 10 and int(full.overflow) == count - 10


def test_gathered_voxels_hold_the_first_points(device):
    xyz, _ = cloud(device)
    found = rc.voxelize_gathered(xyz, GRID, max_points=3).trim()
    index = place(xyz).tolist()
    for row, (_, z, y, x) in enumerate(found.coordinates.tolist()):
        mine = [i for i, cell in enumerate(index) if cell == (z * 5 + y) * 8 + x][:3]
        assert found.count[row] == len(mine)
        assert torch.equal(found.values[row, : len(mine)], xyz[mine])
        assert (found.values[row, len(mine) :] == 0).all()
    limited = rc.voxelize_gathered(xyz, GRID, max_points=3, max_voxels=7)
    assert limited.values.shape[0] == 7 and torch.equal(limited.values, found.values[:7])


def test_a_filter_gives_one_point_a_voxel(device):
    xyz, features = cloud(device)
    found = rc.filter_voxels(xyz, 0.3, features).trim()
    finite = torch.isfinite(xyz).all(1)
    key = torch.floor(xyz[finite] / 0.3).long()
    _, group = torch.unique(key, dim=0, return_inverse=True)
    assert len(found.points) == group.max() + 1
    member = found.point_voxels[0][finite].long()
    for what, rows in ((found.points, xyz), (found.features, features)):
        expected = plain.reduce_cells(member, rows[finite], len(found.points), "mean")
        plain.close(what, expected, expected.abs().max().item(), factor=16)
    assert int(found.dropped) == (~finite).sum()


def test_a_filter_far_from_zero_begins_in_the_cloud(device):
    utm = torch.tensor([500_000.0, 5_400_000.0, 300.0], device=device)
    points = utm + 40 * torch.rand(2000, 3, device=device)
    assert int(rc.filter_voxels(points, 2.0).dropped) == 2000
    corner = points.amin(0)
    found = rc.filter_voxels(points, 2.0, origin=corner.tolist()).trim()
    assert int(found.dropped) == 0 and int(found.count.sum()) == 2000
    cells = torch.floor((points - corner) / 2)
    assert torch.equal(torch.floor((found.points - corner) / 2)[found.point_voxels[0].long()], cells)


def test_batches_by_length_and_by_offset_are_their_clouds(device):
    clouds = [cloud(device, n) for n in (100, 1, 230)]
    padded = torch.nn.utils.rnn.pad_sequence([xyz for xyz, _ in clouds], batch_first=True)
    padded_features = torch.nn.utils.rnn.pad_sequence([features for _, features in clouds], batch_first=True)
    lengths = torch.tensor([100, 1, 230], device=device)
    offsets = torch.tensor([0, 100, 101, 331], device=device)
    packed = torch.cat([xyz for xyz, _ in clouds]), torch.cat([features for _, features in clouds])
    by_length = rc.voxelize(padded, GRID, padded_features, reduce=("mean", "count"), lengths=lengths)
    by_offset = rc.voxelize(packed[0], GRID, packed[1], reduce=("mean", "count"), offsets=offsets)
    origins = torch.tensor([GRID.origin] * 3, device=device)
    by_origin = rc.voxelize(
        packed[0], GRID._replace(origin=origins), packed[1], reduce=("mean", "count"), offsets=offsets
    )
    for b, (xyz, features) in enumerate(clouds):
        alone = rc.voxelize(xyz, GRID, features, reduce=("mean", "count"))
        for batch in (by_length, by_offset, by_origin):
            assert torch.equal(batch.mean[b], alone.mean[0]) and torch.equal(batch.count[b], alone.count[0])
            assert batch.dropped[b] == alone.dropped[0]
    sparse = rc.voxelize_sparse(packed[0], GRID, packed[1], offsets=offsets).trim()
    alone = rc.voxelize_sparse(*[clouds[2][0], GRID, clouds[2][1]]).trim()
    assert torch.equal(sparse.mean[sparse.voxel_offsets[2] :], alone.mean)


def test_features_between_the_coordinates_are_a_view(device):
    xyz, features = cloud(device, channels=1)
    both = torch.cat([xyz, features], 1)
    found = rc.voxelize(both, GRID, both[:, 3:], reduce="mean").mean
    assert torch.equal(found, rc.voxelize(xyz, GRID, features, reduce="mean").mean)
    turned = both.t().contiguous().t()
    assert torch.equal(rc.voxelize(turned, GRID, turned[:, 3:], reduce="mean").mean, found)
    batch = xyz.expand(3, *xyz.shape)
    assert torch.equal(
        rc.voxelize(batch, GRID, features.expand(3, *features.shape), reduce="mean").mean,
        found.expand(3, *found.shape[1:]),
    )


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("sparse", [False, True])
def test_gradients_of_features(device, dtype, name, sparse):
    xyz, features = cloud(device, dtype=dtype)
    features.requires_grad_()
    index = place(xyz)
    incoming = torch.randn(TOTAL, 3, device=device)
    if sparse:
        found = rc.voxelize_sparse(xyz, GRID, features, reduce=name, dtype=torch.float32)
        _, z, y, x = found.trim().coordinates.long().unbind(1)
        (getattr(found.trim(), name) * incoming[(z * 5 + y) * 8 + x]).sum().backward()
    else:
        found = rc.voxelize(xyz, GRID, features, reduce=name, dtype=torch.float32)
        (getattr(found, name).reshape(TOTAL, 3) * incoming).sum().backward()
    # PyTorch shares the gradient of equal extremes; here the first point has it.
    expected = torch.zeros_like(features, dtype=torch.float64)
    for cell in range(TOTAL):
        rows = torch.nonzero(index == cell).flatten()
        if len(rows) == 0:
            continue
        if name in ("sum", "mean"):
            expected[rows] = incoming[cell].double() / (1 if name == "sum" else len(rows))
        else:
            held = features[rows].detach().double() * (1 if name == "max" else -1)
            first = torch.stack([torch.nonzero(held[:, c] == held[:, c].max())[0, 0] for c in range(3)])
            expected[rows[first], torch.arange(3, device=device)] = incoming[cell].double()
    assert features.grad.dtype == dtype
    plain.close(features.grad, expected, incoming.abs().max().item())


def test_gradients_of_gathered_and_filtered_points(device):
    xyz, features = cloud(device)
    features.requires_grad_()
    gathered = rc.voxelize_gathered(xyz, GRID, features, max_points=3)
    incoming = torch.randn_like(gathered.values)
    (gathered.values * incoming).sum().backward()
    slots = gathered.point_slots[0]
    expected = torch.where((slots >= 0)[:, None], incoming.reshape(-1, 3)[slots.clamp(min=0)], 0.0)
    assert torch.equal(features.grad, expected)

    xyz, features = cloud(device)
    points = torch.cat([xyz, features], 1).requires_grad_()
    features = features.requires_grad_()
    thin = rc.filter_voxels(points, 0.3, features)
    weight = torch.randn_like(thin.points), torch.randn_like(thin.features)
    ((thin.points * weight[0]).sum() + (thin.features * weight[1]).sum()).backward()
    member = thin.point_voxels[0].long()
    share = (member >= 0).double()[:, None] / thin.count[member.clamp(min=0)].clamp(min=1).double()[:, None]
    plain.close(points.grad[:, :3], weight[0][member.clamp(min=0)].double() * share, 4.0)
    plain.close(features.grad, weight[1][member.clamp(min=0)].double() * share, 4.0)
    assert (points.grad[:, 3:] == 0).all()


def test_there_is_no_gradient_of_a_gradient(device):
    xyz, features = cloud(device)
    features.requires_grad_()
    for found in (
        rc.voxelize(xyz, GRID, features, reduce="mean").mean,
        rc.voxelize_sparse(xyz, GRID, features).mean,
        rc.voxelize_gathered(xyz, GRID, features, max_points=2).values,
    ):
        (once,) = torch.autograd.grad(found.square().sum(), features, create_graph=True)
        with pytest.raises(RuntimeError, match="gradient of a gradient"):
            once.square().sum().backward()


def test_empty_clouds(device):
    nothing = torch.zeros(0, 3, device=device)
    assert rc.voxelize(nothing, GRID, reduce="count").count.sum() == 0
    assert rc.voxelize_sparse(nothing, GRID).trim().mean.shape == (0, 3)
    assert rc.filter_voxels(nothing, 0.1).trim().points.shape == (0, 3)
    assert rc.voxelize_gathered(nothing, GRID, max_points=2).trim().values.shape == (0, 2, 3)


def arguments(device):
    """Of the operators beneath, for PyTorch's own checks."""
    xyz, features = cloud(device, 60, 2)
    points, features = xyz[None].requires_grad_(), features[None].requires_grad_()
    given = {"points": points.detach(), "features": features, "lengths": None, "offsets": None}
    lattice = {"origins": None, "origin": GRID.origin, "size": GRID.size, "cells": GRID.cells}
    voxels = {"capacity": 60, "dtype": torch.float32}
    return {
        "voxelize": {**given, **lattice, **ALL_OF_A_GRID},
        "voxelize_sparse": {**given, **lattice, **voxels, "reductions": 0b1111, "order": 0},
        "voxelize_gathered": {**given, **lattice, **voxels, "max_points": 3, "max_voxels": 50},
        "filter_voxels": {**given, **voxels, "points": points, "origin": [0.0] * 3, "size": [0.3] * 3},
    }


@pytest.mark.parametrize("name", ["voxelize", "voxelize_sparse", "voxelize_gathered", "filter_voxels"])
def test_opcheck(device, name):
    torch.library.opcheck(getattr(torch.ops.robocache, name).default, (), arguments(device)[name])


def test_compiles_without_a_break(device):
    def work(points, features):
        thin = rc.filter_voxels(points, 0.1, features)
        grid = rc.voxelize(points, GRID, features, reduce=("mean", "count"))
        voxels = rc.voxelize_sparse(points, GRID, features)
        pillars = rc.voxelize_gathered(points, GRID, features, max_points=4)
        return thin.points, grid.mean, grid.count, voxels.mean, pillars.values

    compiled = torch.compile(work, fullgraph=True, backend="aot_eager")
    for count in (400, 300):
        xyz, features = cloud(device, count)
        for one, other in zip(compiled(xyz, features), work(xyz, features)):
            assert torch.equal(one, other)


def test_a_cuda_graph_replays_it(device):
    if device.type == "cpu":
        pytest.skip("needs a GPU")
    xyz, features = cloud(device, 5000)
    with torch.cuda.device(device):
        graph = torch.cuda.CUDAGraph()
        # Without a separate stream a graph takes one of the GPU that was captured first in this process.
        with torch.cuda.graph(graph, stream=torch.cuda.Stream(device)):
            found = rc.voxelize_sparse(xyz, GRID, features), rc.filter_voxels(xyz, 0.3, features)
        features.mul_(2)
        graph.replay()
        torch.cuda.synchronize()
    again = rc.voxelize_sparse(xyz, GRID, features), rc.filter_voxels(xyz, 0.3, features)
    assert torch.equal(found[0].mean, again[0].mean) and torch.equal(found[1].features, again[1].features)


BAD = {
    "points": lambda p, f: rc.voxelize(p.double(), GRID),
    "features": lambda p, f: rc.voxelize(p, GRID, f[:-1], reduce="sum"),
    "reduce": lambda p, f: rc.voxelize(p, GRID, reduce="sum"),
    "grid.cells": lambda p, f: rc.voxelize(p, GRID._replace(cells=(1, -1, 1))),
    "grid.origin": lambda p, f: rc.voxelize(p, GRID._replace(origin=torch.zeros(2, 3, device=p.device))),
    "grid.size": lambda p, f: rc.voxelize(p, GRID._replace(size=0.0)),
    "lengths": lambda p, f: rc.voxelize(p, GRID, lengths=torch.tensor([3.0], device=p.device)),
    "max_points": lambda p, f: rc.voxelize_gathered(p, GRID, max_points=0),
    "max_points: found 3.5": lambda p, f: rc.voxelize_gathered(p, GRID, max_points=3.5),
    "grid: found tuple": lambda p, f: rc.voxelize(p, tuple(GRID)),
    "lengths: found list": lambda p, f: rc.voxelize(p, GRID, lengths=[3]),
    "size: found": lambda p, f: rc.filter_voxels(p, "small"),
    "capacity: found 10000000000": lambda p, f: rc.voxelize_sparse(p, GRID, capacity=10**10),
    "grid.origin: found 2 numbers": lambda p, f: rc.voxelize(p, GRID._replace(origin=np.zeros(2))),
    "grid.cells: found 3": lambda p, f: rc.voxelize(p, GRID._replace(cells=3)),
    "reduce: found int": lambda p, f: rc.voxelize(p, GRID, reduce=3),
    "occupied_dtype: found None": lambda p, f: rc.voxelize(p, GRID, occupied_dtype=None),
    "max_fill": lambda p, f: rc.voxelize(p, GRID, f, reduce="max", max_fill=None),
    "order": lambda p, f: rc.voxelize_sparse(p, GRID, order="random"),
    "capacity": lambda p, f: rc.voxelize_sparse(p, GRID, capacity=-1),
    "size": lambda p, f: rc.filter_voxels(p, 0.0),
    "origin": lambda p, f: rc.filter_voxels(p, 1.0, origin=(0.0, float("inf"), 0.0)),
    "origin: found 2 numbers": lambda p, f: rc.filter_voxels(p, 1.0, origin=(0.0, 1.0)),
    "dtype": lambda p, f: rc.voxelize_sparse(p, GRID, f, dtype=torch.int32),
}


TYPES = {
    "points",
    "lengths",
    "dtype",
    "max_points: found 3.5",
    "grid: found tuple",
    "lengths: found list",
    "size: found",
    "reduce: found int",
    "occupied_dtype: found None",
    "max_fill",
}


@pytest.mark.parametrize("argument", BAD)
def test_errors_name_the_argument(device, argument):
    xyz, features = cloud(device)
    check_refused(lambda: BAD[argument](xyz, features), TypeError if argument in TYPES else ValueError, argument)
