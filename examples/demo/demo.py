# SPDX-License-Identifier: Apache-2.0
"""Fuses streams that tick at different rates into one table, voxelizes and thins a point cloud, and shows the results.

Without --log, --points and --depth a simulated robot is recorded and a simulated lidar takes a sweep. Run it as
`./build.sh demo`, which builds the bridge.
"""

import argparse
import math
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from bridge import Bridge
from cloud import AXES, read_cloud
from depth import observe, read_depth, report_depth, write_depth
from depth_picture import draw_depth
from errors import DemoError
from filter_picture import draw_filtered
from filtered import filter_cloud, write_points
from fusion import fuse
from live import replay_live, report_live
from live_picture import draw_live
from picture import draw
from logs import read_logs
from recording import PER_SECOND, one_clock, unique_names
from report import report, write_csv
from robot import simulate_robot
from rules import (
    CHOICES,
    column_argument,
    columns_argument,
    gap_argument,
    latency_argument,
    method_argument,
    rules_for,
)
from scene import simulate_sweep
from voxel_picture import draw_voxels
from voxel_report import report_filtered, report_voxels
from voxels import voxelize_cloud, write_arrays


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        prog="./build.sh demo",
        description=__doc__.splitlines()[0],
        epilog="NAME is a stream: a log's file name without its ending, and for --method, --max-gap and --latency of a "
        "file of poses that with _position or _rotation. What is asked for one stream counts more than what "
        "is asked for all.",
    )
    parser.add_argument("--bridge", required=True, help=argparse.SUPPRESS)  # build.sh passes it
    logs = parser.add_argument_group("to fuse")
    logs.add_argument("--log", nargs="+", action="extend", default=[], metavar="PATH",
                        help="text files, or folders of .csv, .tsv and .tum files, one file per stream: column names, "
                        "then stamps in the first column and values in the others, between commas, semicolons, tabs or "
                        "blanks; trajectories as TUM and EuRoC have them; repeatable")  # fmt: skip
    logs.add_argument("--stamps", type=column_argument, action="append", default=[], metavar="[NAME=]COLUMN",
                        help="of a log, which column holds the stamps; repeatable; default: the first")  # fmt: skip
    logs.add_argument("--columns", type=columns_argument, action="append", default=[], metavar="[NAME=]COLUMN,...",
                        help="of a log, which columns hold the values; repeatable; default: all others")  # fmt: skip
    logs.add_argument("--unit", choices=PER_SECOND, help="of the stamps; default: from the end of the column's name")
    logs.add_argument("--rate", type=_rate, default=Fraction(50), help="targets per second, as 50, 29.97 or 30000/1001")
    logs.add_argument("--method", type=method_argument, action="append", default=[], metavar="[NAME=]METHOD",
                        help="repeatable; default: linear, for rotations of TUM and EuRoC files slerp. One of "
                        f"{', '.join(CHOICES)}; auto: slerp where a stream is a unit quaternion, else "
                        "linear")  # fmt: skip
    logs.add_argument("--max-gap", type=gap_argument, action="append", default=[], metavar="[NAME=]SECONDS",
                        help="that may be bridged, or inf; repeatable; default: 5 periods of a stream")  # fmt: skip
    logs.add_argument("--latency", type=latency_argument, action="append", default=[], metavar="[NAME=]SECONDS",
                        help="by which samples are stamped late; repeatable; default: 0")  # fmt: skip
    logs.add_argument("--live", action="store_true",
                      help="replay what is fused as if it were live: at each target what has come by then is appended to "
                      "rings, and looked at; writes how old it is, and when it is valid")  # fmt: skip
    clouds = parser.add_argument_group("to voxelize")
    clouds.add_argument("--points", type=Path, metavar="FILE",
                        help="a point cloud: .ply, .pcd, FP32 numbers in .bin, x y z first in each point, or a NumPy "
                        "array [points, 3 or more] in .npy; what follows x y z is averaged")  # fmt: skip
    clouds.add_argument("--point-floats", type=_point_floats, metavar="N",
                        help="numbers per point of a .bin file; default: as the file suggests")  # fmt: skip
    clouds.add_argument("--axes", choices=AXES, default="z-up", help="of the file; camera: x to the right, y down, z "
                        "ahead; default: %(default)s. The cloud is turned so that z points up")  # fmt: skip
    clouds.add_argument("--cell", type=_size, metavar="SIZE", help="of a cell; default: one that suits the bounds")
    clouds.add_argument("--bounds", type=float, nargs=6, metavar=("X", "Y", "Z", "X", "Y", "Z"),
                        help="two corners of the grid, after turning; default: around the finite points")  # fmt: skip
    clouds.add_argument("--leaf", type=_size, metavar="SIZE",
                        help="of a voxel, to thin the cloud by; default: that of a cell")  # fmt: skip
    images = parser.add_argument_group("to unproject")
    images.add_argument("--depth", type=Path, metavar="FOLDER",
                        help="depth images of one scene: NAME.depth.png, 16 bits, millimetres; NAME.pose.txt, 4 x 4, "
                        "camera to world; camera-intrinsics.txt, 3 x 3")  # fmt: skip
    images.add_argument("--box", type=float, nargs=6, metavar=("X", "Y", "Z", "X", "Y", "Z"),
                        help="two corners in the world, which points are cropped to; default: the cloud's "
                        "middle")  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--seed", type=int, default=0, help="of the simulation")
    parser.add_argument("--out", type=Path, default=Path("demo-out"), metavar="DIR", help="default: %(default)s")
    return parser.parse_args(arguments)


def _rate(text):
    try:
        rate = Fraction(text).limit_denominator(1_000_000)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a rate between 1e-6 and 1e9 Hz")
    return rate


def _point_floats(text):
    if not text.isdecimal() or int(text) < 3:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of 3 or more")
    return int(text)


def _size(text):
    """A size above 0 that is also finite in FP32."""
    try:
        with np.errstate(over="ignore", under="ignore"):
            size = float(np.float32(text))
    except ValueError:
        size = math.nan
    if not 0.0 < size < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no size above 0")
    return size


def _streams(options):
    if not options.log:
        return simulate_robot(options.seed)
    streams = read_logs(options.log, options.unit, options.stamps, options.columns)
    unique_names(streams)
    return streams


def run_fusion(bridge, options, on_gpu):
    streams = _streams(options)
    remark = one_clock(streams, options.rate)
    rules = rules_for(streams, options)
    fusion = fuse(bridge, streams, rules, options.rate, on_gpu)

    simulated = "" if options.log else f"recorded a simulated robot, seed {options.seed}"
    report(fusion, simulated or f"read {len(streams)} stream{'s' if len(streams) > 1 else ''}", remark,
           bridge.gpu if on_gpu else "")  # fmt: skip
    write(options.out, ("fused.csv", write_csv), ("fused.png", draw), what=fusion)
    if options.live:
        live = replay_live(bridge, streams, rules, options.rate, on_gpu)
        report_live(live, bridge.gpu if on_gpu else "")
        write(options.out, ("live.csv", write_csv), ("live.png", draw_live), what=live)


def run_voxels(bridge, options, on_gpu):
    if options.points:
        cloud = read_cloud(options.points, options.point_floats, options.axes)
    else:
        cloud = simulate_sweep(options.seed)
    voxels = voxelize_cloud(bridge, cloud, options.cell, corners_of(options.bounds), on_gpu)
    report_voxels(voxels, bridge.gpu if on_gpu else "")
    write(options.out, ("voxels.npz", write_arrays), ("voxels.png", draw_voxels), what=voxels)
    filtered = filter_cloud(bridge, voxels, options.leaf, on_gpu)
    report_filtered(filtered, bridge.gpu if on_gpu else "")
    write(options.out, ("filtered.npy", write_points), ("filtered.png", draw_filtered), what=filtered)


def run_depth(bridge, options, on_gpu):
    found = observe(bridge, read_depth(options.depth), corners_of(options.box, "--box"), on_gpu)
    report_depth(found, bridge.gpu if on_gpu else "")
    write(options.out, ("depth.npy", write_depth), ("depth.png", draw_depth), what=found)


def corners_of(bounds, name="--bounds"):
    if bounds is None:
        return None
    corners = np.array(bounds).reshape(2, 3)
    if not (np.isfinite(corners).all() and (corners[0] < corners[1]).all()):
        given = " ".join(f"{each:g}" for each in bounds)
        raise DemoError(f"{name} {given}: the first corner must be below the second on each axis")
    return corners


def write(folder, *files, what):
    """Each of `files` is a name and the function that writes `what` there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, writer in files:
            writer(folder / name, what)
    except OSError as cause:
        raise DemoError(f"{cause.filename or folder}: cannot be written: {cause.strerror}") from None
    print("wrote " + " and ".join(str(folder / name) for name, _ in files))


def run(options):
    bridge = Bridge(options.bridge)
    if options.device == "gpu" and not bridge.gpu:
        raise DemoError("--device gpu: there is no CUDA device here; --device cpu does the same on the host")
    on_gpu = bool(bridge.gpu) and options.device != "cpu"
    if not bridge.gpu and options.device == "auto":
        print("there is no CUDA device here: the CPU computes, and its results are the same bit for bit")
    simulates = not (options.log or options.points or options.depth)
    if options.live and not (options.log or simulates):
        raise DemoError("--live: found no streams to replay, want --log, too")
    if options.log or simulates:
        run_fusion(bridge, options, on_gpu)
    if options.points or simulates:
        run_voxels(bridge, options, on_gpu)
    if options.depth:
        run_depth(bridge, options, on_gpu)


def main(arguments):
    try:
        run(parse_arguments(arguments))
    except DemoError as wrong:
        print(f"demo: {wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
