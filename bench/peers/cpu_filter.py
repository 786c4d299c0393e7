#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The voxel filter on the CPU beside Open3D and PCL: runs bench_host_filter and the peers alternately, on recordings.

    peers/cpu_filter.py --bench bench_host_filter [--pcl pcl_filter] [--out bench/results]

Only x, y and z. Open3D is measured where it can be imported, PCL where its program is given (pcl_filter.cpp says how
to compile it); what is missing is named and left out. Open3D's `PointCloud` holds FP64, its tensor `PointCloud` is
given FP32, and Open3D's grid begins elsewhere: numbers of voxels are close, not equal. Recordings are read from
ROBOCACHE_DATA.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
RUNS = 21
ROUNDS = 7
# scene, file, floats per point, size of a voxel as the benchmark prints it
CASES = (
    ("lidar", "small_gicp_source_xyzi.bin", 4, "0.1"),
    ("lidar", "small_gicp_source_xyzi.bin", 4, "1"),
    ("lidar_wide", "cupcl_sample_xyz.bin", 3, "0.1"),
    ("lidar_wide", "cupcl_sample_xyz.bin", 3, "1"),
    ("table", "pcl_table_scene_xyz_640x480.bin", 3, "0.01"),
)


def path_of(file):
    return pathlib.Path(os.environ["ROBOCACHE_DATA"]) / "points" / file


def median_of(call):
    """Microseconds, after one call to warm up."""
    runs = []
    for _ in range(RUNS + 1):
        begin = time.perf_counter()
        call()
        runs.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(runs[1:])


def robocache_peer(program, threads):
    def measure(scene, file, stride, leaf):
        name = f"host_filter_voxels/fp32/{scene}/leaf:{leaf}/threads:{threads}/"
        command = [program, f"--benchmark_filter={name}", "--benchmark_format=json"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        runs = json.loads(done.stdout)["benchmarks"]
        median = next(run for run in runs if run.get("aggregate_name") == "median")
        return median["real_time"], int(median["voxels"])

    return measure


def open3d_peers():
    """Of both kinds of clouds; empty without Open3D. NaN points are removed before timing starts."""
    try:
        import numpy
        import open3d
    except (ImportError, OSError) as missing:
        print(f"without Open3D: {missing}")
        return {}, ""

    def points_of(file, stride):
        points = numpy.fromfile(path_of(file), numpy.float32).reshape(-1, stride)[:, :3]
        return points[numpy.isfinite(points).all(1)].copy()

    def measure(scene, file, stride, leaf):
        cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points_of(file, stride).astype(numpy.float64)))
        us = median_of(lambda: cloud.voxel_down_sample(float(leaf)))
        return us, len(cloud.voxel_down_sample(float(leaf)).points)

    def measure_tensor(scene, file, stride, leaf):
        cloud = open3d.t.geometry.PointCloud(open3d.core.Tensor(points_of(file, stride)))
        us = median_of(lambda: cloud.voxel_down_sample(float(leaf)))
        return us, cloud.voxel_down_sample(float(leaf)).point.positions.shape[0]

    names = ("Open3D `PointCloud.voxel_down_sample`", "Open3D `t.PointCloud.voxel_down_sample`")
    return dict(zip(names, (measure, measure_tensor))), open3d.__version__


def pcl_peer(program, versions):
    def measure(scene, file, stride, leaf):
        command = [program, path_of(file), str(stride), leaf, str(RUNS)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        version, voxels, *runs = done.stdout.split()
        versions["pcl"] = version
        return statistics.median(map(float, runs)), int(voxels)

    return measure


def measure_all(args):
    versions = {}
    peers = {
        "RoboCache `host::filter_voxels`, 1 thread": robocache_peer(args.bench, 1),
        "RoboCache `host::filter_voxels`, 2 threads": robocache_peer(args.bench, 2),
    }
    of_open3d, version = open3d_peers()
    peers.update(of_open3d)
    if version:
        versions["open3d"] = version
    if args.pcl:
        peers["PCL `VoxelGrid`"] = pcl_peer(args.pcl, versions)
    else:
        print("without PCL: --pcl is not given")
    lines = []
    for case in CASES:
        found = {name: [] for name in peers}
        for _ in range(ROUNDS):
            for name, measure in peers.items():
                found[name].append(measure(*case))
        for name, rounds in found.items():
            us = min(us for us, _ in rounds)  # the round that other processes disturbed least
            line = {"scene": case[0], "leaf": case[3], "what": name, "us": us, "voxels": rounds[0][1]}
            lines.append({**line, "rounds_us": [us for us, _ in rounds]})
            print(f"{case[0]:12}{case[3]:>6}  {name:52}{us:10.0f} us{rounds[0][1]:9} voxels", flush=True)
    return {"benchmark": "cpu_filter", "versions": versions, "cases": lines}


def as_markdown(report):
    text = [
        "# The voxel filter on the CPU",
        "",
        f"Recordings, x y z only; medians of {RUNS} calls, in the fastest of {ROUNDS} rounds, in each of which all ran."
        " Voxels: points that are left. Open3D's grid begins half a voxel below the smallest coordinates, of its tensors"
        " and of the others at multiples of the size; PCL multiplies by the inverse of that, which moves points on a"
        " face.",
        "",
        f"{report['cpu']}, {report['cores']} cores, load average before the run {report['load_before']:.1f}; "
        + ", ".join(f"{name} {version}" for name, version in report["versions"].items())
        + f"; commit {report['commit']}; {report['date']}.",
        "",
        "| cloud | voxel, m | | us | voxels |",
        "|---|---:|---|---:|---:|",
    ]
    text += [
        f"| {line['scene']} | {line['leaf']} | {line['what']} | {line['us']:.0f} | {line['voxels']:,} |"
        for line in report["cases"]
    ]
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", required=True, help="the program bench_host_filter")
    parser.add_argument("--pcl", help="the program pcl_filter")
    parser.add_argument("--out", type=pathlib.Path, help="write cpu-filter.json and cpu-filter.md here")
    args = parser.parse_args()
    if "ROBOCACHE_DATA" not in os.environ:
        print("nothing measured without ROBOCACHE_DATA")
        return
    sys.path.insert(0, str(HERE.parent / "host"))
    from compare import commit, cpu_name

    report = {"cpu": cpu_name(), "cores": len(os.sched_getaffinity(0)), "load_before": os.getloadavg()[0]}
    report.update({"commit": commit(), "date": datetime.date.today().isoformat()})
    report.update(measure_all(args))
    if args.out:
        (args.out / "cpu-filter.json").write_text(json.dumps(report, indent=1) + "\n", encoding="ascii")
        (args.out / "cpu-filter.md").write_text(as_markdown(report), encoding="ascii")


if __name__ == "__main__":
    main()
