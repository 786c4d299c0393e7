# SPDX-License-Identifier: Apache-2.0
"""Checks of clouds and grids, and what operators take of them."""

from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import FLOATS, adjacent, count_of, real_number, want_device, want_index, want_tensor
from ._layout import REDUCTIONS
from ._voxels import Grid

LARGEST = 2**31 - 1


class Clouds(NamedTuple):
    """With a batch, and as operators name them."""

    points: Tensor
    features: Tensor | None
    lengths: Tensor | None
    offsets: Tensor | None

    def arguments(self) -> dict:
        """By name. Not `_asdict`: the oldest PyTorch that we take does not compile it."""
        return dict(zip(Clouds._fields, self))


def clouds_of(points, features, lengths, offsets, types=FLOATS) -> Clouds:
    """What fits together, with a batch; types: of features."""
    want_tensor(points, "points", (torch.float32,))
    if points.dim() not in (2, 3) or points.shape[-1] < 3 or (offsets is not None and points.dim() != 2):
        want = "packed [rows, 3 or more] with offsets" if offsets is not None else "[B, N, 3 or more] or [N, 3 or more]"
        raise ValueError(f"points: found {list(points.shape)}, want {want}")
    if lengths is not None and offsets is not None:
        raise ValueError("lengths: found with offsets, want one of the two")
    if features is not None:
        want_tensor(features, "features", types)
        if features.dim() != points.dim() or features.shape[:-1] != points.shape[:-1]:
            want = [*points.shape[:-1], "C"]
            raise ValueError(f"features: found {list(features.shape)}, want {want}, one row per point")
    if offsets is None and points.dim() == 2:
        points = points.unsqueeze(0)
        features = None if features is None else features.unsqueeze(0)
    want_index(lengths, "lengths", points.shape[0])
    want_index(offsets, "offsets", None)
    for given, name in ((features, "features"), (lengths, "lengths"), (offsets, "offsets")):
        want_device(given, name, points.device, "the points are")
    return Clouds(points, features, adjacent(lengths), adjacent(offsets))


def batch_of(clouds) -> int:
    return clouds.points.shape[0] if clouds.offsets is None else clouds.offsets.shape[0] - 1


def points_of(clouds) -> int:
    """Of all clouds together, padding included."""
    shape = clouds.points.shape
    return shape[0] if clouds.offsets is not None else shape[0] * shape[1]


def capacity_of(capacity, clouds) -> int:
    """As asked for, or as many as points."""
    if capacity is None:
        return min(points_of(clouds), LARGEST)
    return count_of(capacity, "capacity", most=LARGEST)


def axes_of(numbers) -> list | None:
    """The elements of a list, a tuple or an array; None of what has no elements."""
    if isinstance(numbers, (list, tuple)):
        return list(numbers)
    if isinstance(numbers, (int, float, str, Tensor)):
        return None
    try:
        return list(numbers)
    except TypeError:
        return None


def three_of(numbers, name) -> list[float]:
    """One number for all axes, or one for each."""
    axes = axes_of(numbers)
    if axes is None:
        return [real_number(numbers, name)] * 3
    if len(axes) != 3:
        raise ValueError(f"{name}: found {len(axes)} numbers, want one, or three: x, y, z")
    return [real_number(number, name) for number in axes]


def lattice_of(grid, clouds) -> dict:
    """Arguments of operators, by name."""
    if not isinstance(grid, Grid):
        raise TypeError(f"grid: found {type(grid).__name__}, want a Grid")
    origins, origin = None, [0.0] * 3
    if isinstance(grid.origin, Tensor):
        origins = grid.origin
        want_tensor(origins, "grid.origin", (torch.float32,))
        if origins.shape != (batch_of(clouds), 3):
            raise ValueError(f"grid.origin: found {list(origins.shape)}, want [{batch_of(clouds)}, 3]")
        want_device(origins, "grid.origin", clouds.points.device, "the points are")
        origins = origins.contiguous()
    else:
        origin = three_of(grid.origin, "grid.origin")
    cells = axes_of(grid.cells)
    if cells is None or len(cells) != 3:
        raise ValueError(f"grid.cells: found {grid.cells!r}, want three numbers: nx, ny, nz")
    cells = [count_of(number, "grid.cells", most=LARGEST) for number in cells]
    return {"origins": origins, "origin": origin, "size": three_of(grid.size, "grid.size"), "cells": cells}


def reductions_of(wanted, features, others=()) -> int:
    """One bit per reduction that is wanted.

    Args:
        others: What may be wanted besides reductions.
    """
    bits = 0
    for name in wanted:
        if name not in REDUCTIONS and name not in others:
            raise ValueError(f"reduce: found {name!r}, want some of {', '.join((*REDUCTIONS, *others))}")
        if name in REDUCTIONS and features is None:
            raise ValueError(f"reduce: found {name!r} without features, want features")
        if name in REDUCTIONS:
            bits |= 1 << REDUCTIONS.index(name)
    return bits
