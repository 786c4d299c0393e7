# SPDX-License-Identifier: Apache-2.0
"""Unprojection and farthest points for the demo from Python: ctypes over what depth_bridge.cpp adds to the bridge."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int64, c_size_t, c_void_p
from dataclasses import dataclass

import numpy as np
from bridge import checked


@dataclass
class Unprojected:
    """The points of some images, in the order view, row, column."""

    points: np.ndarray  # float32 [count, 3]
    no_depth: int
    cropped: int
    microseconds: float


class _Images(ctypes.Structure):
    _fields_ = (
        [(name, c_void_p) for name in ("depth", "intrinsics", "poses", "box")]
        + [(name, c_int64) for name in ("views", "height", "width", "on_gpu")]
        + [(name, c_float) for name in ("scale", "far")]
    )


class _Unprojected(ctypes.Structure):
    _fields_ = [(name, c_void_p) for name in ("points", "offsets", "lost")]


def unproject(bridge, depth, intrinsics, poses, scale, far, box=None, on_gpu=False):
    """uint16 [views, height, width], float32 [views, 4] and [views, 3, 4]; `box`: float32 [2, 3]."""
    call = bridge.library.robocache_demo_unproject
    call.argtypes = [POINTER(_Images), POINTER(_Unprojected), POINTER(c_double), c_char_p, c_size_t]
    points, offsets, lost = np.empty((depth.size, 3), np.float32), np.empty(2, np.int64), np.empty(2, np.int64)
    given = [None if array is None else array.ctypes.data for array in (depth, intrinsics, poses, box)]
    images, microseconds = _Images(*given, *depth.shape, on_gpu, scale, far), c_double()
    found = _Unprojected(*(array.ctypes.data for array in (points, offsets, lost)))
    checked(call, byref(images), byref(found), byref(microseconds))
    return Unprojected(points[: offsets[1]], int(lost[0]), int(lost[1]), microseconds.value)


def sample_farthest(bridge, points, samples, on_gpu=False):
    """Of float32 [count, 3] those that are farthest from each other, float32 [at most `samples`, 3]."""
    call = bridge.library.robocache_demo_sample_farthest
    call.argtypes = [c_void_p, c_int64, c_int64, c_int64, c_void_p, POINTER(c_int64), c_char_p, c_size_t]
    found, given = np.empty((samples, 3), np.float32), c_int64()
    checked(call, points.ctypes.data, len(points), on_gpu, samples, found.ctypes.data, byref(given))
    return found[: given.value]
