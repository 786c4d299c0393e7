#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what was measured: <chip>-roofline.svg from the counters, <chip>-cases.svg from the benchmarks and their peers.

python3 bench/charts.py h200"""

import argparse
import json
import pathlib
import statistics

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt  # noqa: E402
from ncu_report import TITLES, longest_of, total  # noqa: E402

RESULTS = pathlib.Path(__file__).resolve().parent / "results"
COLOURS = {"resample": "#1f77b4", "fuse": "#d9730d", "voxelize": "#2a9d5c", "voxels": "#7a4fb5"}
# What else was measured of a case: its key, its mark, its words.
PEERS = {
    "naive_us": ("+", "naive kernel"),
    "compiled_graph_us": ("v", "torch.compile in a CUDA graph"),
    "eager_us": ("x", "PyTorch, eager"),
    "us": ("s", "CuPy or SciPy"),
}
GREY = "#888888"


def read_all(chip, results=RESULTS):
    """The benchmarks of a chip by family, and the cases of their peers by name."""
    runs, peers = {}, {}
    for family in COLOURS:
        path = results / f"{chip}-{family}.json"
        if path.exists():
            runs[family] = json.loads(path.read_text(encoding="utf-8"))
    others = [f"{chip}-torch-*.json", f"{chip}-cupy-*.json", "scipy-*.json"]
    for path in sorted(path for pattern in others for path in results.glob(pattern)):
        report = json.loads(path.read_text(encoding="utf-8"))
        for case in report["cases"]:
            known = peers.setdefault(case["name"], {})
            known.update({key: case[key] for key in PEERS if key in case})
    return runs, peers


def peers_of(case, peers):
    """Times of others by their key."""
    found = {"naive_us": case.get("naive_us"), **peers.get(case["name"], {})}
    return {key: found[key] for key in PEERS if found.get(key)}


def measured(runs):
    """Family and case, of all cases that have a time."""
    for family, run in runs.items():
        for case in run["cases"]:
            if case["us"] and not case["error"]:
                yield family, case


def tidy(axes):
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.grid(which="major", color="#eeeeee", zorder=0)


def save(figure, path):
    """The same file from the same figures."""
    with matplotlib.rc_context({"svg.hashsalt": "robocache"}):
        figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def draw_cases(chip_name, runs, peers, path):
    """Each case's time over its copy's: on the line it takes as long as copying as many bytes."""
    figure, axes = plt.subplots(figsize=(8.4, 5.4), layout="constrained")
    tidy(axes)
    drawn = set()
    for family, case in measured(runs):
        others = peers_of(case, peers)
        if others:
            axes.plot([case["copy_us"]] * 2, [case["us"], max(others.values())], color="#dddddd", lw=0.6, zorder=1)
        for key, us in others.items():
            axes.scatter(case["copy_us"], us, s=18, marker=PEERS[key][0], color=GREY, linewidths=0.8, zorder=2)
        drawn.update(others)
        over_link = "/store:pinned/" in case["name"]
        style = (
            {"facecolors": "none", "edgecolors": COLOURS[family]} if over_link else {"color": COLOURS[family], "lw": 0}
        )
        axes.scatter(case["copy_us"], case["us"], s=16, alpha=0.85, zorder=3, **style)
    copies = [case["copy_us"] for _, case in measured(runs)]
    low, high = min(copies) / 1.3, max(copies) * 1.3
    axes.plot([low, high], [low, high], color="#222222", lw=1, zorder=2)
    axes.text(high, high, "  copy", va="center", fontsize=8)
    axes.set(xscale="log", yscale="log", xlim=(low, high))
    axes.set_xlabel("a copy kernel that moves as many bytes, microseconds", fontsize=9)
    axes.set_ylabel("a call, microseconds", fontsize=9)
    for family in runs:
        axes.scatter([], [], s=16, color=COLOURS[family], label=f"RoboCache: {TITLES[family].lower()}")
    if any("/store:pinned/" in case["name"] for _, case in measured(runs)):
        axes.scatter([], [], s=16, facecolors="none", edgecolors=COLOURS["fuse"], label="... from the host's memory")
    for key, (mark, words) in PEERS.items():
        if key in drawn:
            axes.scatter([], [], s=18, marker=mark, color=GREY, linewidths=0.8, label=words)
    axes.legend(fontsize=7.5, frameon=False, loc="upper left")
    axes.set_title(f"Every case on {chip_name}, beside a copy of its bytes and its peers", fontsize=10, loc="left")
    save(figure, path)


def peak_of(kernels, rate, share):
    """What 100 % is, by the kernels that are nearest to it."""
    near = sorted(kernels, key=lambda kernel: kernel[share] or 0.0)[-5:]
    peaks = [rate(kernel) / kernel[share] * 100 for kernel in near if kernel[share]]
    return statistics.median(peaks) if peaks else None


def moved(kernel):
    return kernel["dram_read_bytes"] + kernel["dram_write_bytes"]


def draw_roofline(report, path):
    """Instructions per time over instructions per byte, of the longest kernel of each case.

    There is nothing to count floating-point operations for: what kernels issue is loads, searches and conversions."""
    figure, axes = plt.subplots(figsize=(8.4, 5.4), layout="constrained")
    tidy(axes)
    needed = ("us", "dram_read_bytes", "dram_write_bytes", "dram_share", "issue_share", "instructions")
    points = [(case, longest_of(case)) for case in report["cases"] if case["kernels"]]
    points = [(case, kernel) for case, kernel in points if total([kernel], *needed) is not None and moved(kernel) > 0]
    kernels = [kernel for _, kernel in points]
    memory = peak_of(kernels, lambda kernel: moved(kernel) / kernel["us"] * 1e-3, "dram_share")  # GB/s
    issue = peak_of(kernels, lambda kernel: kernel["instructions"] / kernel["us"] * 1e-3, "issue_share")  # per ns
    if memory is None or issue is None:
        plt.close(figure)
        return False
    density = [kernel["instructions"] / moved(kernel) for kernel in kernels]
    speed = [kernel["instructions"] / kernel["us"] * 1e-3 for kernel in kernels]
    low, high = min(density) / 2, max(density) * 2
    knee = issue / memory
    axes.plot([low, knee, high], [low * memory, issue, issue], color="#222222", lw=1.2, zorder=2)
    axes.text(low * 1.5, low * memory * 1.05, f"memory, {memory / 1000:.1f} TB/s", fontsize=8)
    axes.text(high, issue * 1.12, f"{issue:.0f} instructions of warps a nanosecond", fontsize=8, ha="right")
    for i, ((case, _), x, y) in enumerate(zip(points, density, speed), 1):
        axes.scatter(x, y, s=20, color=COLOURS.get(case["family"], GREY), linewidths=0, zorder=3)
        axes.annotate(str(i), (x, y), textcoords="offset points", xytext=(3, 2), fontsize=6.5, color="#444444")
    for family, title in ((family, TITLES[family]) for family in COLOURS):
        if any(case["family"] == family for case, _ in points):
            axes.scatter([], [], s=20, color=COLOURS[family], label=title)
    axes.legend(fontsize=7.5, frameon=False, loc="lower right")
    axes.set(xscale="log", yscale="log", xlim=(low, high))
    axes.set_xlabel("instructions of warps for each byte read from or written to memory", fontsize=9)
    axes.set_ylabel("instructions of warps a nanosecond", fontsize=9)
    axes.set_title(
        f"Roofline on {report['chip']}: the longest kernel of each case, numbered as in the report",
        fontsize=10,
        loc="left",
    )
    save(figure, path)
    return True


def draw(chip, results=RESULTS):
    """Both pictures, of what there is; their paths."""
    runs, peers = read_all(chip, results)
    drawn = []
    if runs:
        path = results / f"{chip}-cases.svg"
        draw_cases(next(iter(runs.values()))["chip"], runs, peers, path)
        drawn.append(path)
    counters = results / f"{chip}-ncu.json"
    if counters.exists():
        path = results / f"{chip}-roofline.svg"
        if draw_roofline(json.loads(counters.read_text(encoding="utf-8")), path):
            drawn.append(path)
    return drawn


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chip", help="as in the names of the results: h200")
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS)
    args = parser.parse_args()
    print(*draw(args.chip, args.results), sep="\n")


if __name__ == "__main__":
    main()
