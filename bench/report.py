#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Merges the JSON of bench_resample and of its peers into a table that a person reads.

    bench/report.py resample.json torch.json        writes bench/results/<chip>-resample.md
"""

import argparse
import json
import pathlib
import re
import sys

RESULTS = pathlib.Path(__file__).resolve().parent / "results"


def number(value, digits=2):
    return "" if value is None or value == 0 else f"{value:.{digits}f}"


def shape_of(name):
    """A case's name without what all of a table's lines share."""
    return name.removeprefix("resample/").removesuffix("/cold")


def table(heads, lines):
    """A Markdown table; the first column is text, the others are numbers."""
    yield "| " + " | ".join(heads) + " |"
    yield "|---|" + "---:|" * (len(heads) - 1)
    for line in lines:
        yield "| " + " | ".join(line) + " |"
    yield ""


def peer_times(case, peers):
    """PyTorch's times of a case, of the run that used the same inputs."""
    for peer in peers:
        for other in peer["cases"]:
            if other["name"] == case["name"]:
                if other["checksum"] != case["checksum"]:
                    sys.exit(f"{case['name']}: the peer was given other stamps (checksums differ)")
                return [number(other["eager_us"], 1), number(other["compiled_graph_us"], 1)]
    return ["", ""]


def verdict(case):
    return case["verdict"] + (f": {case['error']}" if case["error"] else "")


def head(run, peers):
    yield f"# Resampling on {run['chip']}"
    yield ""
    yield (
        f"Commit {run['commit'] or 'unknown'}, {run['date']}; driver {run['driver']}, CUDA {run['cuda']}, "
        f"clocks {run['clocks']}" + "".join(f"; PyTorch {peer['torch']}" for peer in peers) + "."
    )
    yield (
        f"Copy of 1 GB: {run['ceiling_gbps']:.0f} GB/s read and written"
        + ("" if run["steady"] else " (**below 95 % of the chip's: these figures do not count**)")
        + f". Empty kernel: {run['empty_us']:.2f} us. A call costs the host {run['launch_us']:.2f} us."
    )
    yield ""
    yield (
        "Microseconds a call, medians of five runs, from CUDA graphs over rotated buffers (L2 is cold unless a line "
        "says hot). MB: the fewest bytes that the call must move. Copy: a copy kernel that moves as many, in the same "
        "process. `pass`: the must is met, with 3 % for noise; `goal`: the goal too."
    )
    yield ""


def own_requirements(cases, peers):
    """The shapes, with everything that was measured beside them."""
    heads = ["case", "MB", "us", "copy", "naive", "torch eager", "torch compile + graph", "over copy"]
    lines = [
        [shape_of(case["name"]), number(case["bytes"] * 1e-6), number(case["us"]), number(case["copy_us"])]
        + [number(case["naive_us"], 1)]
        + peer_times(case, peers)
        + [number(case["over_copy"], 3)]
        + [number(case["must"]) + (" us" if case["yardstick"] == "us" else ""), number(case["goal"]), verdict(case)]
        for case in cases
        if case["yardstick"] in ("over copy", "us")
    ]
    return table(heads + ["must", "goal", "verdict"], lines)


def variants(cases):
    """One thing changed at a time; the plain case is granted the extra bytes."""
    lines = [
        [shape_of(case["name"]), number(case["bytes"] * 1e-6), number(case["us"]), number(case["over_copy"], 3)]
        + [number(case["figure"], 3), number(case["must"]), verdict(case)]
        for case in cases
        if case["yardstick"] == "over plain"
    ]
    return table(["case", "MB", "us", "over copy", "over plain", "must", "verdict"], lines)


def informational(cases):
    lines = [
        [shape_of(case["name"]), number(case["bytes"] * 1e-6), number(case["us"]), number(case["copy_us"])]
        + [number(case["over_copy"], 3)]
        for case in cases
        if case["yardstick"] == "none"
    ]
    return table(["case", "MB", "us", "copy", "over copy"], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", help="JSON of bench_resample and of peers/torch_resample.py")
    parser.add_argument("--output", help="default: bench/results/<chip>-resample.md")
    args = parser.parse_args()

    reports = [json.loads(pathlib.Path(name).read_text(encoding="utf-8")) for name in args.files]
    runs = [report for report in reports if report["benchmark"] == "resample"]
    peers = [report for report in reports if report["benchmark"] == "torch_resample"]
    if len(runs) != 1:
        sys.exit(f"one file of bench_resample is wanted, {len(runs)} were given")
    run = runs[0]
    if any(peer["chip"] != run["chip"] for peer in peers):
        sys.exit("the peers ran on another chip")

    lines = [*head(run, peers), "## Shapes", "", *own_requirements(run["cases"], peers)]
    lines += ["## One thing changed", "", *variants(run["cases"])]
    lines += ["## For information", "", *informational(run["cases"])]
    chip = re.sub(r"[^a-z0-9]+", "-", run["chip"].lower().removeprefix("nvidia")).strip("-")
    output = pathlib.Path(args.output) if args.output else RESULTS / f"{chip}-resample.md"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(output)


if __name__ == "__main__":
    main()
