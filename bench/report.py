#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Merges the JSON of bench_resample, bench_fuse, bench_voxelize or bench_voxels and of its peers into readable tables.

    bench/report.py resample.json torch.json cupy.json scipy.json     writes bench/results/<chip>-resample.md
    bench/report.py fuse.json torch-fuse.json                         writes bench/results/<chip>-fuse.md
    bench/report.py voxelize.json torch-voxelize.json                 writes bench/results/<chip>-voxelize.md
    bench/report.py voxels.json torch-voxels.json                     writes bench/results/<chip>-voxels.md
"""

import argparse
import json
import pathlib
import re
import sys

from ncu_report import short_name

RESULTS = pathlib.Path(__file__).resolve().parent / "results"
TITLES = {
    "resample": "Resampling",
    "fuse": "Fusing",
    "voxelize": "Voxelizing",
    "voxels": "Sparse and gathered voxels, and the voxel filter",
}
# Families with one plain table, which are not on the page and the charts of results yet.
PLAIN = {
    "summarize": "Summaries",
    "clean": "Cleaning",
    "policy_input": "Policy inputs",
    "points": "Unprojection and crops",
    "sampling": "Samples and neighbours",
    "online": "Rings",
}
FAMILIES = {**TITLES, **PLAIN}
# The call whose time on the host was measured.
CALLS = {
    "resample": "A call",
    "fuse": "A call with eight streams",
    "voxelize": "A count of 20,000 points",
    "voxels": "A sparse mean of 20,000 points",
}


def number(value, digits=2):
    return "" if value is None or value == 0 else f"{value:.{digits}f}"


def shape_of(name):
    """A case's name without what all lines of a table share."""
    for family in TITLES:
        name = name.removeprefix(family + "/")
    return name.removesuffix("/cold")


def table(heads, lines):
    """A Markdown table; the first column is text, the others are numbers."""
    yield "| " + " | ".join(heads) + " |"
    yield "|---|" + "---:|" * (len(heads) - 1)
    for line in lines:
        yield "| " + " | ".join(line) + " |"
    yield ""


def times_of(case, peers):
    """What a peer measured for a case, on the same inputs; empty where none did."""
    for peer in peers:
        for other in peer["cases"]:
            if other["name"] == case["name"]:
                if other["checksum"] != case["checksum"]:
                    sys.exit(f"{case['name']}: the peer was given other inputs (checksums differ)")
                return other
    return {}


def torch_times(case, peers):
    other = times_of(case, peers)
    return [number(other.get("eager_us"), 1), number(other.get("compiled_graph_us"), 1)]


def errors(run):
    """Cases whose results were wrong have no times."""
    for case in run["cases"]:
        if case["error"]:
            yield f"- {shape_of(case['name'])}: {case['error']}"


def rate(case):
    return [number(case["bytes"] / case["us"] * 1e-3, 0) if case["us"] else ""]


def head(run, peers):
    yield f"# {FAMILIES[run['benchmark']]} on {run['chip']}"
    yield ""
    yield (
        f"Commit {run['commit'] or 'unknown'}, {run['date']}; driver {run['driver']}, CUDA {run['cuda']}, "
        f"clocks {run['clocks']}" + "".join(f"; PyTorch {peer['torch']}" for peer in peers) + "."
    )
    yield (
        f"Copy of 1 GB: {run['ceiling_gbps']:.0f} GB/s read and written"
        + ("" if run["steady"] else " (**below 95 % of what the chip reaches: these figures do not count**)")
        + f". Empty kernel: {run['empty_us']:.2f} us. {CALLS.get(run['benchmark'], 'A call')} takes"
        + f" {run['launch_us']:.2f} us on the host."
    )
    yield ""
    yield (
        "Microseconds per call, medians of five runs, from CUDA graphs over rotated buffers (L2 is cold unless a line "
        "says hot). MB: the fewest bytes that the call must move, GB/s those over its time. Copy: a copy kernel that "
        "moves as many, in the same process."
    )
    yield ""


def shapes(cases, peers):
    """The shapes, with everything that was measured beside them."""
    heads = ["case", "MB", "us", "GB/s", "copy", "over copy", "naive", "torch eager", "torch compile + graph"]
    lines = [
        [shape_of(case["name"]), number(case["bytes"] * 1e-6), number(case["us"]), *rate(case)]
        + [number(case["copy_us"]), number(case["over_copy"], 3), number(case.get("naive_us"), 1)]
        + torch_times(case, peers)
        for case in cases
        if case["yardstick"] in ("over copy", "us")
    ]
    return table(heads, lines)


def variants(cases):
    """One thing changed at a time; the plain case is granted the extra bytes."""
    lines = [
        [shape_of(case["name"]), number(case["bytes"] * 1e-6), number(case["us"]), number(case["over_copy"], 3)]
        + [number(case["figure"], 3)]
        for case in cases
        if case["yardstick"] == "over plain"
    ]
    return table(["case", "MB", "us", "over copy", "over plain"], lines)


def curved_peers(cases, cupy, scipy):
    """The libraries that know the curved methods; nothing where neither ran."""
    lines = []
    for case in cases:
        on_gpu, on_cpu = times_of(case, cupy).get("us"), times_of(case, scipy).get("us")
        if on_gpu or on_cpu:
            times_as_long = [number(us and us / case["us"], 0) for us in (on_gpu, on_cpu)]
            lines.append(
                [shape_of(case["name"]), number(case["us"]), number(on_gpu, 0), times_as_long[0]]
                + [number(on_cpu, 0), times_as_long[1]]
            )
    if not lines:
        return
    versions = [f"CuPy {peer['cupy']}" for peer in cupy if peer["cases"]]
    versions += [f"SciPy {peer['scipy']} on {peer['cpu']}" for peer in scipy if peer["cases"]]
    yield "## Peers of the curved methods"
    yield ""
    yield (
        " and ".join(versions) + ": `PchipInterpolator` and `Akima1DInterpolator`, one trajectory at a time as their "
        "interface asks, in FP64; wall time of the whole batch, interpolators included. RoboCache: BF16."
    )
    yield ""
    yield from table(["case", "us", "CuPy us", "times as long", "SciPy us", "times as long"], lines)


def informational(cases):
    lines = [
        [shape_of(case["name"]), number(case["bytes"] * 1e-6), number(case["us"]), number(case["copy_us"])]
        + [number(case["over_copy"], 3)]
        for case in cases
        if case["yardstick"] == "none"
    ]
    return table(["case", "MB", "us", "copy", "over copy"], lines)


def fuse_line(case, peers):
    apart = case.get("apart_us")
    return (
        [shape_of(case["name"]), number(case["bytes"] * 1e-6), number(case["us"]), number(case["copy_us"])]
        + [number(case["over_copy"], 3), number(case.get("naive_us"), 1), number(apart), number(case.get("in_turn_us"))]
        + [number(apart and apart / case["us"])]
        + torch_times(case, peers)
    )


def calls_table(run, names):
    """names: of the call, and of the calls in turn that it replaces."""
    yield "## One call at a time"
    yield ""
    yield (
        "As seen by a C++ program that makes a call and waits for its results, 10,000 times, on rotating buffers, "
        "including the call on the host."
    )
    yield ""
    lines = [
        [shape_of(case["name"]), what] + [number(call[key]) for key in ("p50_us", "p99_us", "host_us")]
        for case in run["cases"]
        for what, call in zip(names, (case.get("call"), case.get("in_turn_call")))
        if call and call["p50_us"]
    ]
    yield from table(["case", "as", "p50 us", "p99 us", "of which the call on the host"], lines)


def fuse_tables(run, peers):
    heads = ["case", "MB", "us", "copy", "over copy", "naive", "apart", "in turn", "times faster than apart"]
    heads += ["torch eager", "torch compile + graph"]
    yield "## Cases"
    yield ""
    yield (
        "Streams are samples x channels. Apart: each stream resampled by itself into the same tensor, in a separate "
        "graph, times added up. In turn: all of them one after the other in one graph."
    )
    yield ""
    yield from table(heads, [fuse_line(case, peers) for case in run["cases"]])
    yield from calls_table(run, ("fuse", "resamples in turn"))


def voxelize_line(case, peers, rival):
    """rival: naive or in_turn."""
    other = case.get(f"{rival}_us")
    over = other and case["us"] / other
    return (
        [shape_of(case["name"]), number(case["bytes"] * 1e-6), number(case["us"]), number(case["copy_us"])]
        + [number(case["over_copy"], 3), number(other), number(over, 3)]
        + torch_times(case, peers)
    )


def voxelize_tables(run, peers):
    heads = ["case", "MB", "us", "copy", "over copy", "naive", "over naive", "torch eager", "torch compile + graph"]
    cases = run["cases"]
    yield "## Cases"
    yield ""
    yield (
        "Clearing is included. N: points, B: clouds in one call, C: features, G: cells. Naive: clear, then one "
        "thread per point and one atomic per number. Sums are in the order of the points unless a line says unordered; "
        "naive and PyTorch take any order."
    )
    yield ""
    lines = [voxelize_line(case, peers, "naive") for case in cases if "in_turn_us" not in case]
    yield from table(heads, lines)
    yield "## Several calls in one"
    yield ""
    yield "In turn: one call per cloud, or per result, one after the other in one graph."
    yield ""
    lines = [voxelize_line(case, peers, "in_turn") for case in cases if "in_turn_us" in case]
    yield from table(heads[:5] + ["in turn", "over in turn"] + heads[7:], lines)
    yield from calls_table(run, ("voxelize", "calls in turn"))


def voxels_line(case, peers):
    return (
        [shape_of(case["name"]), number(case["bytes"] * 1e-6), f"{case['voxels']:,}", number(case["us"])]
        + [number(case["copy_us"]), number(case["over_copy"], 3)]
        + torch_times(case, peers)
    )


def voxels_tables(run, peers):
    heads = ["case", "MB", "voxels", "us", "copy", "over copy", "torch eager", "torch compile + graph"]
    cases = [case for case in run["cases"] if not case["error"]]
    yield "## Cases"
    yield ""
    yield (
        "N: points, B: clouds in one call, C: features, P: the most points per voxel. Sparse means come with counts "
        "and coordinates. PyTorch: only sparse means, voxels in the order of cells, sums in any order; eager waits "
        "for the GPU in each call, compiled it sorts and has as many rows as points."
    )
    yield ""
    yield from table(heads, [voxels_line(case, peers) for case in cases if "in_turn_us" not in case])
    yield "## Several calls in one"
    yield ""
    yield "In turn: one call per cloud, one after the other in one graph."
    yield ""
    lines = [
        voxels_line(case, peers)
        + [number(case["in_turn_us"]), number(case["us"] / case["in_turn_us"], 3)]
        for case in cases
        if "in_turn_us" in case
    ]
    yield from table(heads + ["in turn", "over in turn"], lines)
    yield from calls_table(run, ("call", "calls in turn"))


def plain_tables(run, peers):
    """Of a family whose peers have tables of their own, or none."""
    heads = ["case", "MB", "us", "GB/s", "copy", "over copy", "in turn", "must"]
    heads += ["torch eager", "torch in a graph"] if peers else []
    stems = {case["name"].split("/", 1)[0] for case in run["cases"]}
    lines = [
        [case["name"] if len(stems) > 1 else case["name"].split("/", 1)[1], number(case["bytes"] * 1e-6), number(case["us"]), *rate(case)]
        + [number(case["copy_us"]), number(case["over_copy"], 3), number(case.get("in_turn_us"))]
        + [f"{case['yardstick']} {case['must']:g}" if case["must"] else ""]
        + (torch_times(case, peers) if peers else [])
        for case in run["cases"]
        if not case["error"]
    ]
    yield from table(heads, lines)
    yield from beside_torch([case for peer in peers for case in peer["cases"] if "robocache_graph_us" in case])


def beside_torch(cases):
    """Of a peer that ran RoboCache's operators, too."""
    if not cases:
        return
    yield "## Beside PyTorch, in one process"
    yield ""
    yield (
        "RoboCache's operators and two ways to write the same in plain PyTorch, compiled, each in CUDA graphs of 20 calls; "
        "eager: as called from Python. What is done is described in bench/peers."
    )
    yield ""
    lines = []
    for case in cases:
        ours = case["robocache_graph_us"]
        for way in ("robocache", "ring", "shift"):
            graph, eager = case[f"{way}_graph_us"], case[f"{way}_eager_us"]
            name = case["name"].split("/", 1)[1]
            lines.append([f"{name}, {way}", number(graph, 1), number(graph / ours), number(eager, 0)])
    yield from table(["case", "us in a graph", "times as long", "us eager"], lines)


def sampler_lines(scipy):
    """Policy inputs beside one worker of a sampler in NumPy and SciPy, on the same windows."""
    for peer in scipy:
        yield "## Beside one worker of UMI's sampler"
        yield ""
        yield (
            "The recording and the sampler of examples/pytorch/policy_input.py and of its test: two observations and "
            "16 actions of a pose and a gripper, windows one by one in NumPy and SciPy. The call is Python's, for the "
            "whole batch, and is waited for."
        )
        yield ""
        lines = [
            [case["name"].split("/", 1)[1], number(case["sampler_us_a_window"], 0), number(case["call_us"])]
            + [number(case["call_us"] / batch_of(case["name"]), 4), number(case["ratio"], 0)]
            for case in peer["cases"]
        ]
        yield from table(["case", "sampler, us a window", "call, us", "us a window", "times as fast"], lines)
        versions = f"SciPy {peer['scipy']}, NumPy {peer['numpy']} on {peer['cpu']}"
        yield f"{versions}; commit {peer['commit']} on {peer['device']}."
        yield ""


def batch_of(name):
    return int(re.search(r"/B:(\d+)", name).group(1))


def resample_tables(run, peers, cupy, scipy):
    yield "## Shapes"
    yield ""
    yield from shapes(run["cases"], peers)
    yield "## One thing changed"
    yield ""
    yield from variants(run["cases"])
    yield from curved_peers(run["cases"], cupy, scipy)
    yield "## For information"
    yield ""
    yield from informational(run["cases"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", help="JSON of one benchmark and of its peers")
    parser.add_argument("--output", help="default: bench/results/<chip>-<family>.md")
    args = parser.parse_args()

    reports = [json.loads(pathlib.Path(name).read_text(encoding="utf-8")) for name in args.files]
    runs = [report for report in reports if report["benchmark"] in FAMILIES]
    if len(runs) != 1:
        sys.exit(f"one file of {', '.join('bench_' + family for family in FAMILIES)} is wanted, {len(runs)} were given")
    run = runs[0]
    peers, cupy, scipy = (
        [report for report in reports if report["benchmark"] == f"{library}_{run['benchmark']}"]
        for library in ("torch", "cupy", "scipy")
    )
    if len(peers) + len(cupy) + len(scipy) + 1 != len(reports):
        sys.exit(f"one file is not from a peer of bench_{run['benchmark']}")
    if any(peer.get("chip", run["chip"]) != run["chip"] for peer in peers + cupy):
        sys.exit("the peers ran on another chip")

    if run["benchmark"] == "resample":
        tables = resample_tables(run, peers, cupy, scipy)
    else:
        tables_of = {"fuse": fuse_tables, "voxelize": voxelize_tables, "voxels": voxels_tables}
        tables = tables_of.get(run["benchmark"], plain_tables)(run, peers)
    beside = sampler_lines(scipy) if run["benchmark"] == "policy_input" else []
    lines = [*head(run, peers), *tables, *beside, *errors(run)]
    output = pathlib.Path(args.output) if args.output else (
        RESULTS / f"{short_name(run['chip'])}-{run['benchmark'].replace('_', '-')}.md"
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(output)


if __name__ == "__main__":
    main()
