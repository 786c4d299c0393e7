#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Downloads the public recordings that benchmarks read, and converts them to packed FP32 numbers.

python3 bench/fetch_recordings.py FOLDER      # then ROBOCACHE_DATA=FOLDER

Needs NumPy, plyfile and pypcd4. Each file is named by its repository's commit, and what comes out of it by its SHA-256,
so that everyone measures the same points. Licences are those of the repositories."""

import argparse
import hashlib
import pathlib
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "examples" / "demo"))

SOURCES = {
    "small_gicp_source_xyzi.bin": (
        "koide3/small_gicp/3b0f422bcb6ede61c4b3e623bf0f61c424f4ea16/data/source.ply",  # MIT
        4,
        "3d0c725eaa3728a22f80146913f7fb13f479b8025f2dda91900efed5f8c49fb7",
    ),
    "cupcl_sample_xyz.bin": (
        "NVIDIA-AI-IOT/cuPCL/9bcf844d3154f27d9f3f7ff48de55e96321dc3de/cuFilter/sample.pcd",  # MIT
        3,
        "5c992dcc69bef9126e4b7fa6fc9644cfc908a3d3adc30ae4bffd5738e1d4e18f",
    ),
    "pcl_table_scene_xyz_640x480.bin": (
        "PointCloudLibrary/pcl/0ac4b321d76f4a849a1422d566cfe73ab6038e20/test/table_scene_mug_stereo_textured.pcd",  # BSD
        3,
        "f4e93adb55a7d56c458694f394a9b2eafb9d3e763641909bf0f9a90c4783b12a",
    ),
}


def packed(path, floats):
    """The first numbers of each point of a .ply or .pcd file, x y z first, as FP32."""
    import numpy as np
    from named_points import read_pcd, read_ply

    values, _ = (read_ply if path.suffix == ".ply" else read_pcd)(path, None)
    if values.shape[1] < floats:
        sys.exit(f"{path.name}: found {values.shape[1]} numbers a point, want {floats}")
    return np.ascontiguousarray(values[:, :floats], np.float32).tobytes()


def download(url, path):
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            path.write_bytes(answer.read())
    except urllib.error.URLError as cause:
        sys.exit(f"{url}: {cause.reason}")


def fetch(name, folder):
    """Downloads and converts one recording, unless it is there already."""
    place, floats, expected = SOURCES[name]
    path = folder / name
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == expected:
        print(f"{path}: there already")
        return
    with tempfile.TemporaryDirectory() as scratch:
        source = pathlib.Path(scratch) / place.rsplit("/", 1)[1]
        download(f"https://raw.githubusercontent.com/{place}", source)
        points = packed(source, floats)
    found = hashlib.sha256(points).hexdigest()
    if found != expected:
        sys.exit(f"{name}: found other points than those that were measured (SHA-256 {found}, want {expected})")
    path.write_bytes(points)
    print(f"{path}: {len(points) // (4 * floats):,} points")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="where to write; benchmarks read its folder points")
    args = parser.parse_args()
    folder = args.folder / "points"
    folder.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        fetch(name, folder)


if __name__ == "__main__":
    main()
