# SPDX-License-Identifier: Apache-2.0
"""Point clouds whose files name their fields, PLY and PCD, read by the libraries plyfile and pypcd4."""

import importlib
import sys

import numpy as np
from errors import DemoError

PADDING = ("_", "#$%&~~")  # how names of PCD fields begin that hold nothing, and how pypcd4 calls them
COLOURS = ("rgb", "rgba")  # PCD: three bytes of a float's or an integer's four


def read_ply(path, floats):
    """float64 [points, floats] of the vertices, x y z first, and remarks."""
    plyfile = _library("plyfile", path)
    file = _read(path, "PLY", lambda: plyfile.PlyData.read(str(path)))
    if "vertex" not in file:
        raise DemoError(f"{path}: this PLY file has no vertices")
    vertices = file["vertex"].data
    return _table(path, {name: vertices[name] for name in vertices.dtype.names}, floats)


def read_pcd(path, floats):
    """float64 [points, floats], x y z first, and remarks."""
    pypcd4 = _library("pypcd4", path)
    cloud = _read(path, "PCD", lambda: pypcd4.PointCloud.from_path(path))
    fields = {name: cloud.pc_data[name] for name in cloud.fields if not name.startswith(PADDING)}
    for name in COLOURS:
        if name in fields and fields[name].itemsize == 4:
            bytes_of = np.ascontiguousarray(fields.pop(name)).view(np.uint32)
            fields |= {f"{name}.{colour}": bytes_of >> shift & 255 for colour, shift in zip("rgb", (16, 8, 0))}
    return _table(path, fields, floats)


def _library(name, path):
    try:
        return importlib.import_module(name)
    except ImportError:
        raise DemoError(f"{path}: {path.suffix} is read by the Python package {name}, which is not installed: "
                        f"{sys.executable} -m pip install {name}, or ./build.sh demo without ROBOCACHE_PYTHON, which "
                        "installs it") from None  # fmt: skip


def _read(path, kind, read):
    """What `read` gives. A broken file makes a library raise whatever error its first broken line leads to."""
    try:
        return read()
    except OSError:
        raise
    except Exception as cause:  # noqa: BLE001
        said = str(cause).strip().splitlines()
        raise DemoError(f"{path}: this is not read as {kind}: {said[0] if said else type(cause).__name__}") from None


def _table(path, fields, floats):
    if floats is not None:
        raise DemoError(f"{path}: --point-floats {floats}: this is for .bin files; {path.suffix} names its fields")
    names = [name for name, column in fields.items() if column.dtype.kind in "fiu"]
    places = [next((name for name in names if name.lower() == axis), None) for axis in "xyz"]
    if None in places:
        raise DemoError(f"{path}: x, y and z are wanted; found the fields {', '.join(fields) or 'none'}")
    order = places + [name for name in names if name not in places]
    left_out = [name for name in fields if name not in names]
    remarks = [f"fields {', '.join(order)}" + (f"; not numbers: {', '.join(left_out)}" if left_out else "")]
    return np.stack([fields[name].ravel().astype(np.float64) for name in order], axis=1), remarks
