# SPDX-License-Identifier: Apache-2.0
"""Point clouds to voxelize, read from files."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from errors import DemoError
from named_points import read_pcd, read_ply
from precision import offsets_for_fp32
from raw_points import read_raw

# The axes that a file may have, and which of them, with which sign, are x, y and z once z points up.
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
    offset: np.ndarray = field(default_factory=lambda: np.zeros(3))  # subtracted from x y z before rounding to FP32


def read_cloud(path, floats=None, axes="z-up"):
    """A cloud from a .bin, .npy, .ply or .pcd file.

    `floats`: numbers per point of a .bin file, None: as it suggests. `axes`: of the file, a key of AXES. The cloud is
    turned so that z points up.
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DemoError(f"{path}: {path.suffix or 'this'} is not read; want .ply, .pcd, FP32 numbers in .bin, x y z "
                        "first in each point, or a NumPy array [points, 3 or more] in .npy")  # fmt: skip
    try:
        path.open("rb").close()
        values, remarks = reader(path, floats)
    except OSError as cause:
        raise DemoError(f"{path}: cannot be read: {cause.strerror or cause}") from None
    if not len(values):
        raise DemoError(f"{path}: there are no points in this file")
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
    """float64 [points, floats] of a NumPy file, and no remarks."""
    try:
        values = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as cause:
        raise DemoError(f"{path}: this is no NumPy array of numbers: {cause}") from None
    if not isinstance(values, np.ndarray) or values.ndim != 2 or values.shape[1] < 3 or values.dtype.kind not in "fiu":
        found = f"{values.dtype} {list(values.shape)}" if isinstance(values, np.ndarray) else "several arrays"
        raise DemoError(f"{path}: found {found}, want numbers [points, 3 or more]")
    if floats is not None and floats != values.shape[1]:
        raise DemoError(f"{path}: --point-floats {floats}: the array has {values.shape[1]} columns")
    return values.astype(np.float64), []


READERS = {".npy": _read_array, ".bin": read_raw, ".ply": read_ply, ".pcd": read_pcd}
