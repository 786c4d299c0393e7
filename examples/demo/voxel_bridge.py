# SPDX-License-Identifier: Apache-2.0
"""Voxelizing and the voxel filter for the demo from Python: ctypes over what voxel_bridge.cpp adds to the bridge."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_void_p
from dataclasses import dataclass

import numpy as np
from bridge import checked


@dataclass
class Grid:
    """robocache::grid; everything is in the order x, y, z."""

    origin: np.ndarray  # float32 [3]
    size: np.ndarray  # float32 [3]
    cells: np.ndarray  # int64 [3]


@dataclass
class CellValues:
    """The results for one cloud. Features are z and whatever follows it."""

    count: np.ndarray  # int32 [nz, ny, nx]
    occupied_bits: np.ndarray  # uint32 [nz, ny, ceil(nx / 32)]
    mean: np.ndarray  # float32 [nz, ny, nx, floats - 2], 0 where there is no point
    max: np.ndarray  # the same, NaN where there is no point
    dropped: int
    microseconds: float


@dataclass
class FilteredValues:
    """One filtered cloud: the mean of each voxel's points, in the order of their first points."""

    points: np.ndarray  # float32 [left, floats], x y z and the means of what follows
    merged: np.ndarray  # int32 [left]: how many points became one
    dropped: int
    microseconds: float


class _Cloud(ctypes.Structure):
    _fields_ = [("points", c_void_p)] + [(name, c_int64) for name in ("count", "floats", "on_gpu")]


class _Bounds(ctypes.Structure):  # robocache::cloud_bounds
    _fields_ = [("low", c_float * 3), ("high", c_float * 3), ("points", c_int32)]


class _Voxels(ctypes.Structure):
    _fields_ = [(name, c_void_p) for name in ("count", "occupied_bits", "mean", "max", "dropped")]


class _Filtered(ctypes.Structure):
    _fields_ = [(name, c_void_p) for name in ("points", "features", "merged", "voxel_offsets", "dropped")]


def find_bounds(bridge, points, on_gpu=False):
    """The smallest and largest x, y and z of the finite points in float32 [count, floats], and their number."""
    call = bridge.library.robocache_demo_bounds
    call.argtypes = [POINTER(_Cloud), POINTER(_Bounds), c_char_p, c_size_t]
    cloud, bounds = _Cloud(points.ctypes.data, *points.shape, on_gpu), _Bounds()
    checked(call, byref(cloud), byref(bounds))
    return np.array(bounds.low, np.float32), np.array(bounds.high, np.float32), bounds.points


def voxelize(bridge, points, grid, on_gpu=False):
    """The cells of float32 [count, floats], x y z first in each point."""
    call = bridge.library.robocache_demo_voxelize
    call.argtypes = (
        [POINTER(_Cloud)] + [c_void_p] * 3 + [POINTER(_Voxels), POINTER(c_double), c_char_p, c_size_t]
    )  # fmt: skip
    nx, ny, nz = grid.cells.tolist()
    channels = points.shape[1] - 2
    count, bits = np.empty((nz, ny, nx), np.int32), np.empty((nz, ny, (nx + 31) // 32), np.uint32)
    mean, most = (np.empty((nz, ny, nx, channels), np.float32) for _ in range(2))
    dropped, microseconds = np.empty(1, np.int32), c_double()
    cloud = _Cloud(points.ctypes.data, *points.shape, on_gpu)
    voxels = _Voxels(*(array.ctypes.data for array in (count, bits, mean, most, dropped)))
    place = (array.ctypes.data for array in (grid.origin, grid.size, grid.cells))
    checked(call, byref(cloud), *place, byref(voxels), byref(microseconds))
    return CellValues(count, bits, mean, most, int(dropped[0]), microseconds.value)


def filter_voxels(bridge, points, size, origin, on_gpu=False):
    """One point for each voxel with points of float32 [count, floats], x y z first in each. Voxels are `size` along
    each axis; one of them begins at `origin`, float32 [3]."""
    call = bridge.library.robocache_demo_filter
    call.argtypes = [POINTER(_Cloud), c_void_p, c_float, POINTER(_Filtered), POINTER(c_double), c_char_p, c_size_t]
    count, floats = points.shape
    middles, means = np.empty((count, 3), np.float32), np.empty((count, floats - 3), np.float32)
    merged, dropped = np.empty(count, np.int32), np.empty(1, np.int32)
    offsets, microseconds = np.empty(2, np.int64), c_double()
    cloud = _Cloud(points.ctypes.data, count, floats, on_gpu)
    filtered = _Filtered(*(array.ctypes.data for array in (middles, means, merged, offsets, dropped)))
    checked(call, byref(cloud), origin.ctypes.data, size, byref(filtered), byref(microseconds))
    left = offsets[1]
    together = np.concatenate([middles[:left], means[:left]], axis=1)
    return FilteredValues(together, merged[:left], int(dropped[0]), microseconds.value)
