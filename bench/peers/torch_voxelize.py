#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Voxelizing as it is written in PyTorch, on the inputs of bench_voxelize: cells, then index_add_ or a store.

Nothing is synchronised: what is outside goes to an extra cell behind the grid. (bincount and boolean masks wait for
the GPU, and cannot be captured.) Coordinates are multiplied by the inverse of the cells' size, as is usual: where that
is not a power of two, a point on a face may fall on its other side. Sums are in any order.

torch_common.py says how it is timed. Recordings are read from ROBOCACHE_DATA.
"""

import functools
import os
import pathlib

import numpy
import torch
from torch_common import (
    LENGTHS,
    POINTS,
    VALUES,
    checksum,
    measure,
    random_below,
    random_unit,
    run,
    sets_in_rotation,
)

MILLION = 1_000_000
# result, points, scene, cells per axis, channels
SHAPES = (
    ("count", MILLION, "uniform", 128, 0),
    ("count", MILLION, "scan", 128, 0),
    ("count", 16 * MILLION, "uniform", 256, 0),
    ("count", 16 * MILLION, "scan", 256, 0),
    ("occupied", 16 * MILLION, "scan", 256, 0),
    ("mean", MILLION, "inside", 64, 16),
    ("mean", MILLION, "inside", 64, 4),
    ("mean", MILLION, "inside", 200, 16),
)
# result, clouds, points, scene, cells per axis, channels
BATCHES = (("count", 16, 100_000, "scan", 128, 0), ("mean", 16, 100_000, "inside", 64, 4))
# scene, file, floats per point, size of a cell
RECORDINGS = (
    ("table", "pcl_table_scene_xyz_640x480.bin", 3, 0.02),
    ("lidar", "small_gicp_source_xyzi.bin", 4, 0.25),
    ("lidar_wide", "cupcl_sample_xyz.bin", 3, 0.25),
)
HALF_PI = 1.5707963267948966


def cells_of(points, origin, inverse, cells):
    """The index of each point's cell; the one behind the last where it is in none. cells: x, y, z."""
    nx, ny, nz = cells
    where = torch.floor((points[:, :3] - origin) * inverse)
    x, y, z = where.unbind(1)
    inside = (x >= 0) & (x < nx) & (y >= 0) & (y < ny) & (z >= 0) & (z < nz)
    # What is NaN or far away has no whole number.
    x, y, z = (torch.where(inside, axis, 0.0).long() for axis in (x, y, z))
    return torch.where(inside, (z * ny + y) * nx + x, nx * ny * nz)


def reduce(result, index, total, features):
    """One row behind the grid takes what is outside."""
    if result == "occupied":
        return torch.zeros(total + 1, dtype=torch.uint8, device=index.device).index_fill_(0, index, 1)[:-1]
    count = torch.zeros(total + 1, dtype=torch.int32, device=index.device)
    count.index_add_(0, index, torch.ones_like(index, dtype=torch.int32))
    if result == "count":
        return count[:-1]
    sums = torch.zeros(total + 1, features.shape[1], device=index.device).index_add_(0, index, features)
    return (sums / count.clamp(min=1)[:, None])[:-1]


def voxelize(result, cells, points, origin, inverse, features=None):
    return reduce(result, cells_of(points, origin, inverse, cells), cells[0] * cells[1] * cells[2], features)


def voxelize_batch(result, cells, points, origin, inverse, offsets, features=None):
    """Packed clouds, one grid after the other."""
    batch, total = offsets.numel() - 1, cells[0] * cells[1] * cells[2]
    index = cells_of(points, origin, inverse, cells)
    row = torch.arange(points.shape[0], device=points.device)
    cloud = torch.searchsorted(offsets, row, right=True) - 1
    index = torch.where(index < total, cloud * total + index, batch * total)
    return reduce(result, index, batch * total, features)


def sine_of_angle(x):
    """bench/cells/inputs.cpp: the series, in the same order. Of a number or a tensor."""
    square = x * x
    rest = 1.0
    for k in range(17, 1, -2):
        rest = 1.0 - square * (1.0 / (k * (k - 1))) * rest
    return x * rest


def sine_of_turns(numerator, denominator, quarters=0):
    quarters = quarters + 4 * numerator // denominator
    part = (4 * numerator % denominator).double() / torch.full_like(numerator, denominator).double()
    sine = sine_of_angle(torch.where(quarters % 2 == 0, part, 1.0 - part) * HALF_PI)
    return torch.where(quarters % 4 < 2, sine, -sine)


def rings():
    """Sine and cosine of each ring's elevation, and the range of its floor; 0 where it sees the wall."""
    lines = []
    for ring in range(64):
        elevation = 0.47 * float(ring) / 64.0 - 0.43
        size = sine_of_angle(abs(elevation))
        sine = -size if elevation < 0 else size
        floor = min(0.5, 0.1 / -sine) if elevation < -0.02 else 0.0
        lines.append((sine, sine_of_angle(HALF_PI - abs(elevation)), floor))
    return lines


def make_scan(count, drawn, device):
    """Points of one cloud; `drawn` is the index of its first one among all."""
    i = torch.arange(count, device=device)
    sine, cosine, floor = torch.tensor(rings(), dtype=torch.float64, device=device)[64 * i // count].unbind(1)
    azimuth = 64 * i % count
    span = torch.where(floor > 0, floor, 0.3 + 0.2 * sine_of_turns(5 * azimuth, count))
    flat = span * cosine
    jitter = 0.002 * random_unit(POINTS, count, device, drawn).double()
    x = 0.5 + flat * sine_of_turns(azimuth, count, 1)
    y = 0.5 + flat * sine_of_turns(azimuth, count)
    z = 0.1 + span * sine + jitter
    return torch.stack((x, y, z), 1).float()


def make_points(scene, count, device, drawn=0):
    if scene == "scan":
        return make_scan(count, drawn, device)
    numbers = random_unit(POINTS, 3 * count, device, 3 * drawn).view(count, 3)
    return numbers if scene == "inside" else numbers * 1.04 - 0.02


def make_offsets(batch, length, device):
    """bench/support/inputs.hpp, ragged_offsets, of an even batch: neighbours gain and lose up to a quarter."""
    part = random_below(LENGTHS, batch // 2, length // 4 + 1, device)
    lengths = length + torch.stack((part, -part), 1).flatten()
    return torch.nn.functional.pad(lengths.cumsum(0), (1, 0))


def result_bytes(result, total, channels):
    return total * {"count": 4, "occupied": 1, "mean": 4 * channels}[result]


def measure_inputs(name, function, inputs, size, l2_bytes):
    """inputs: the points first."""
    sets = [inputs] + [tuple(x.clone() for x in inputs) for _ in range(sets_in_rotation(size, l2_bytes) - 1)]
    return measure(name, function, sets, size, checksum(inputs[:1]))


def grid_tensors(origin, size, device):
    """Origin and inverse size, three numbers each."""
    to_tensor = functools.partial(torch.tensor, dtype=torch.float32, device=device)
    return to_tensor(origin), 1 / to_tensor(size)


def measure_shape(result, count, scene, n, channels, name, device, l2_bytes):
    cells = (n, n, n)
    inputs = (make_points(scene, count, device), *grid_tensors([0.0] * 3, [1 / n] * 3, device))
    if channels:
        inputs += (random_unit(VALUES, count * channels, device).view(count, channels),)
    size = count * (12 + 4 * channels) + result_bytes(result, n**3, channels)

    def voxelize_shape(*inputs):
        return voxelize(result, cells, *inputs)

    return measure_inputs(name, voxelize_shape, inputs, size, l2_bytes)


def measure_batch(result, batch, length, scene, n, channels, name, device, l2_bytes):
    offsets = make_offsets(batch, length, device)
    where = offsets.tolist()
    parts = [make_points(scene, last - first, device, first) for first, last in zip(where, where[1:])]
    inputs = (torch.cat(parts), *grid_tensors([0.0] * 3, [1 / n] * 3, device), offsets)
    if channels:
        inputs += (random_unit(VALUES, where[-1] * channels, device).view(-1, channels),)
    size = where[-1] * (12 + 4 * channels) + 8 * len(where) + result_bytes(result, batch * n**3, channels)

    def voxelize_clouds(*inputs):
        return voxelize_batch(result, (n, n, n), *inputs)

    return measure_inputs(name, voxelize_clouds, inputs, size, l2_bytes)


def measure_recording(result, file, stride, cell, name, device, l2_bytes):
    path = pathlib.Path(os.environ["ROBOCACHE_DATA"]) / "points" / file
    points = numpy.fromfile(path, numpy.float32).reshape(-1, stride)
    finite = points[numpy.isfinite(points[:, :3]).all(1), :3].astype(numpy.float64)
    cell = float(numpy.float32(cell))
    first, last = (numpy.floor(bound / cell) for bound in (finite.min(0), finite.max(0)))
    cells = tuple(int(n) for n in last - first + 1)
    points = torch.from_numpy(points).to(device)
    inputs = (points, *grid_tensors(first * cell, [cell] * 3, device))
    total = cells[0] * cells[1] * cells[2]
    channels = stride if result == "mean" else 0
    size = len(points) * 4 * max(3, channels) + result_bytes(result, total, channels)

    def voxelize_recording(points, origin, inverse):
        return voxelize(result, cells, points, origin, inverse, points)

    return measure_inputs(name, voxelize_recording, inputs, size, l2_bytes)


def short_number(n):
    return f"{n // MILLION}M" if n % MILLION == 0 else f"{n // 1000}k"


def name_of(result, count, scene, n, channels, batch=1):
    """What bench_voxelize calls the case; for a mean, the one whose sums have any order."""
    name = f"voxelize/{result}" + ("/fp32" if channels else "") + (f"/B:{batch}" if batch > 1 else "")
    name += f"/N:{short_number(count)}" + (f"/C:{channels}" if channels else "")
    return name + f"/{scene}/G:{n}x{n}x{n}"


def main():
    cases = []
    for shape in SHAPES:
        name = name_of(*shape) + ("/unordered" if shape[0] == "mean" else "") + "/cold"
        cases.append((name, functools.partial(measure_shape, *shape, name)))
    for result, batch, *shape in BATCHES:
        name = name_of(result, *shape, batch) + "/cold"
        cases.append((name, functools.partial(measure_batch, result, batch, *shape, name)))
    for scene, *recording in RECORDINGS:
        for result in ("count", "mean"):
            name = f"voxelize/{result}{'/fp32' if result == 'mean' else ''}/{scene}/cold"
            if "ROBOCACHE_DATA" in os.environ:
                cases.append((name, functools.partial(measure_recording, result, *recording, name)))
            else:
                print(f"skipped without ROBOCACHE_DATA: {name}")
    run("torch_voxelize", __doc__.splitlines()[0], cases)


if __name__ == "__main__":
    main()
