# SPDX-License-Identifier: Apache-2.0
"""Point clouds to voxelize, read from files."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from errors import DemoError
from precision import offsets_for_fp32

WIDTHS = (3, 4, 5)  # floats a point that are tried: x y z; with intensity; with a ring or a time as well
CLEARLY = 0.7  # of two widths one is the right one if its points jump less than this share of the other's

# How a file may have its axes, and which of them, with which sign, are x, y and z once z points up.
AXES = {
    "z-up": ((0, 1), (1, 1), (2, 1)),
    "y-up": ((0, 1), (2, -1), (1, 1)),
    "camera": ((0, 1), (2, 1), (1, -1)),  # x to the right, y down, z ahead
}


@dataclass
class Cloud:
    """Points as RoboCache takes them, x y z first."""

    name: str
    points: np.ndarray  # float32 [count, floats]
    remarks: list = field(default_factory=list)  # what had to be assumed or changed
    offset: np.ndarray = field(default_factory=lambda: np.zeros(3))  # taken off x y z before rounding to FP32


def read_cloud(path, floats=None, axes="z-up"):
    """A .bin file of FP32, `floats` a point (None: as the file suggests), or a .npy file of an array [count, floats].

    `axes`: of the file, a key of AXES. The cloud is turned so that z points up.
    """
    path = Path(path)
    remarks = []
    try:
        if path.suffix.lower() == ".npy":
            values = _read_array(path, floats)
        elif path.suffix.lower() == ".bin":
            values, remark = _read_floats(path, floats)
            remarks += remark
        else:
            raise DemoError(f"{path}: {path.suffix or 'this'} is not read; want FP32 numbers in .bin, x y z first in "
                            "each point, or a NumPy array [points, 3 or more] in .npy")  # fmt: skip
    except OSError as cause:
        raise DemoError(f"{path}: cannot be read: {cause.strerror or cause}") from None
    if axes != "z-up":
        values[:, :3] = np.stack([sign * values[:, axis] for axis, sign in AXES[axes]], axis=1)
        remarks.append(f"turned from {axes} so that z points up")
    offset = offsets_for_fp32(values[:, :3])
    if np.any(offset):
        values[:, :3] -= offset
        at = ", ".join(f"{each:.15g}" for each in offset)
        remarks.append(f"coordinates are differences from ({at}), so that FP32 keeps all digits")
    with np.errstate(over="ignore"):  # infinity is a value too: such points are dropped
        points = np.ascontiguousarray(values, np.float32)
    return Cloud(path.name, points, remarks, offset)


def _read_array(path, floats):
    try:
        values = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as cause:
        raise DemoError(f"{path}: this is no NumPy array of numbers: {cause}") from None
    if values.ndim != 2 or values.shape[1] < 3 or values.dtype.kind not in "fiu":
        raise DemoError(f"{path}: found {values.dtype} {list(values.shape)}, want numbers [points, 3 or more]")
    if floats is not None and floats != values.shape[1]:
        raise DemoError(f"{path}: --point-floats {floats}: the array has {values.shape[1]} columns")
    return values.astype(np.float64)


def _read_floats(path, floats):
    size = path.stat().st_size
    tried = WIDTHS if floats is None else (floats,)
    fitting = [width for width in tried if size % (4 * width) == 0]
    if not fitting:
        wanted = " or ".join(str(width) for width in tried)
        raise DemoError(f"{path}: {size:,} bytes are no whole number of points of {wanted} FP32 numbers")
    values = np.fromfile(path, np.float32).astype(np.float64)
    width = fitting[0] if len(fitting) == 1 or size == 0 else _likely_width(path, values, fitting)
    remark = [] if floats is not None else [f"{width} floats a point, as the file suggests; else say --point-floats"]
    return values.reshape(-1, width), remark


def _likely_width(path, values, fitting):
    """Sensors see one thing beside the other: with the right width, points jump least from one to the next."""
    jumps = {}
    for width in fitting:
        points = values.reshape(-1, width)[:, :3]
        steps = np.abs(np.diff(points[np.isfinite(points).all(axis=1)], axis=0))
        jumps[width] = np.median(steps, axis=0).sum() if steps.size else np.inf
    first, second = sorted(fitting, key=jumps.get)[:2]
    if not jumps[first] < CLEARLY * jumps[second]:
        raise DemoError(f"{path}: {' or '.join(map(str, fitting))} floats a point would fit; add --point-floats")
    return first
