#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sparse means as they are written in PyTorch, on the inputs of bench_voxels: unique cells, then index_add_.

Eager: a mask of what is in the grid, torch.unique, index_add_, a division. Mask and unique wait for the GPU, to learn
how long their results are: such code can be neither captured in a graph nor enqueued ahead. Compiled: the same without
waiting, with as many rows as points: a sort of the cells, a running sum of where they change, index_add_. Voxels are in
the order of cells, sums in any order, coordinates multiplied by the inverse of the cells' size, as is usual.

torch_common.py says how it is timed.
"""

import functools
import statistics

import torch
from torch_common import POINTS, VALUES, checksum, random_unit, run, sets_in_rotation, time_eager, time_graph
from torch_voxelize import (
    HALF_PI,
    MILLION,
    cells_of,
    grid_tensors,
    make_offsets,
    short_number,
    sine_of_angle,
    sine_of_turns,
)

# scene, points, clouds, channels
SHAPES = tuple(
    (scene, count, 1, channels)
    for channels in (4, 16)
    for scene, count in (("street", 20_000), ("square", 250_000), ("inside", MILLION))
) + (("square", 100_000, 16, 4),)
# bench/voxels/inputs.cpp: origin, size and number of cells
GRIDS = {
    "street": ((0.0, -39.68, -3.0), (0.16, 0.16, 4.0), (432, 496, 1)),
    "square": ((-54.0, -54.0, -5.0), (0.075, 0.075, 0.2), (1440, 1440, 40)),
    "inside": ((0.0, 0.0, 0.0), (0.005, 0.005, 0.005), (200, 200, 200)),
}
# The same: sweeps, metres driven from one to the next, walls at the sides and at the ends, whether it turns all around
SURROUNDINGS = {"street": (1, 0.0, 6.0, 24.0, False), "square": (10, 1.5, 28.0, 40.0, True)}


def slopes():
    """Of the rings, from the top, and how far away they see the floor."""
    lines = []
    for ring in range(64):
        elevation = 0.035 - 0.468 * float(ring) / 63.0
        size = sine_of_angle(abs(elevation))
        slope = (-size if elevation < 0 else size) / sine_of_angle(HALF_PI - abs(elevation))
        lines.append((slope, 1.73 / -slope if elevation < -0.01 else float("inf")))
    return lines


def make_seen(scene, count, device, drawn):
    """What the sensor sees: the points of one cloud; `drawn` is the index of its first one among all."""
    sweeps, step, side, ahead, whole_turn = SURROUNDINGS[scene]
    lines = 64 * sweeps
    i = torch.arange(count, device=device)
    line, part = lines * i // count, lines * i % count
    slope, floor = torch.tensor(slopes(), dtype=torch.float64, device=device)[line % 64].unbind(1)
    azimuth, turn = (part, count) if whole_turn else (7 * count + 2 * part, 8 * count)
    sine, cosine = sine_of_turns(azimuth, turn), sine_of_turns(azimuth, turn, 1)
    from_x = -step * (line // 64).double()
    to_end = torch.where(cosine > 0, ahead - from_x, ahead + from_x)
    wall = torch.minimum(side / sine.abs(), to_end / cosine.abs())
    jitter = 0.03 * random_unit(POINTS, count, device, drawn).double()
    flat = torch.minimum(wall, floor) + jitter
    return torch.stack((from_x + flat * cosine, flat * sine, flat * slope), 1).float()


def make_points(scene, offsets, channels, device):
    """x y z of all clouds, and intensity where it is one of four features."""
    total = offsets[-1]
    if scene == "inside":
        points = random_unit(POINTS, 3 * total, device).view(total, 3)
    else:
        parts = [make_seen(scene, last - first, device, first) for first, last in zip(offsets, offsets[1:])]
        points = torch.cat(parts)
    return torch.cat((points, random_unit(VALUES, total, device)[:, None]), 1) if channels == 4 else points


def keys_of(cells, points, origin, inverse, offsets):
    """A number for each cloud and cell; the one behind all of them for points in none."""
    batch, total = offsets.numel() - 1, cells[0] * cells[1] * cells[2]
    index = cells_of(points, origin, inverse, cells)
    if batch == 1:
        return index
    row = torch.arange(points.shape[0], device=points.device)
    cloud = torch.searchsorted(offsets, row, right=True) - 1
    return torch.where(index < total, cloud * total + index, batch * total)


def coordinates_of(keys, cells):
    """cloud, z, y, x"""
    nx, ny, nz = cells
    return torch.stack((keys // (nx * ny * nz), keys // (nx * ny) % nz, keys // nx % ny, keys % nx), 1).int()


def mean_of_unique(cells, points, origin, inverse, offsets, features=None):
    """Mean, coordinates and count of the voxels."""
    features = points if features is None else features
    keys = keys_of(cells, points, origin, inverse, offsets)
    inside = keys < (offsets.numel() - 1) * cells[0] * cells[1] * cells[2]
    keys, voxel, count = torch.unique(keys[inside], return_inverse=True, return_counts=True)
    sums = torch.zeros(keys.numel(), features.shape[1], device=points.device).index_add_(0, voxel, features[inside])
    return sums / count[:, None], coordinates_of(keys, cells), count.int()


def mean_of_sorted(cells, points, origin, inverse, offsets, features=None):
    """The same with a row for each point, of which the first are voxels, and how many those are."""
    features = points if features is None else features
    keys, order = keys_of(cells, points, origin, inverse, offsets).sort()
    begins = torch.cat((torch.ones_like(keys[:1]), (keys[1:] != keys[:-1]).long()))
    voxel = begins.cumsum(0) - 1
    inside = keys < (offsets.numel() - 1) * cells[0] * cells[1] * cells[2]
    sums = torch.zeros(keys.numel(), features.shape[1], device=points.device).index_add_(0, voxel, features[order])
    count = torch.zeros_like(keys, dtype=torch.int32).index_add_(0, voxel, torch.ones_like(keys, dtype=torch.int32))
    unique = torch.zeros_like(keys).scatter_(0, voxel, keys)
    mean = sums / count.clamp(min=1)[:, None]
    return mean, coordinates_of(unique, cells), count, (begins * inside).sum()


def assert_alike(compiled, eager):
    voxels = eager[0].shape[0]
    assert int(compiled[3]) == voxels, "compiled and eager find different voxels"
    assert torch.equal(compiled[1][:voxels], eager[1]) and torch.equal(compiled[2][:voxels], eager[2])
    difference = (compiled[0][:voxels] - eager[0]).abs().max().item()
    assert difference <= 2**-8, f"compiled and eager differ by {difference}"


def measure_mean(scene, count, batch, channels, name, device, l2_bytes):
    offsets = make_offsets(batch, count, device) if batch > 1 else torch.tensor([0, count], device=device)
    origin, size, cells = GRIDS[scene]
    points = make_points(scene, offsets.tolist(), channels, device)
    inputs = (points, *grid_tensors(origin, size, device), offsets)
    if channels != 4:
        inputs += (random_unit(VALUES, points.shape[0] * channels, device).view(-1, channels),)
    of_unique, of_sorted = functools.partial(mean_of_unique, cells), functools.partial(mean_of_sorted, cells)

    torch.compiler.reset()
    compiled = torch.compile(of_sorted, fullgraph=True, dynamic=False)
    expected = of_unique(*inputs)
    assert_alike(compiled(*inputs), expected)
    voxels = expected[0].shape[0]
    read = points.shape[0] * (16 if channels == 4 else 12 + 4 * channels) + (8 * (batch + 1) if batch > 1 else 0)
    moved = read + voxels * (4 * channels + 16 + 4) + 8 * (batch + 1)
    sets = [inputs] + [tuple(x.clone() for x in inputs) for _ in range(sets_in_rotation(moved, l2_bytes) - 1)]
    eager, graph = time_eager(of_unique, sets), time_graph(compiled, sets)
    return {
        "name": name,
        "bytes": moved,
        "checksum": checksum((points,)),
        "voxels": voxels,
        "eager_us": statistics.median(eager),
        "compiled_graph_us": statistics.median(graph),
        "runs_eager_us": eager,
        "runs_compiled_graph_us": graph,
    }


def name_of(scene, count, batch, channels):
    """What bench_voxels calls the case."""
    clouds = f"/B:{batch}" if batch > 1 else ""
    return f"voxelize_sparse/mean/fp32{clouds}/N:{short_number(count)}/C:{channels}/{scene}/cold"


def main():
    cases = [(name_of(*shape), functools.partial(measure_mean, *shape, name_of(*shape))) for shape in SHAPES]
    run("torch_voxels", __doc__.splitlines()[0], cases)


if __name__ == "__main__":
    main()
