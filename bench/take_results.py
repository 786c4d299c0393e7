#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes what a run on a GPU left into bench/results, under the names that everything reads, and makes the reports, the
page and the charts anew.

python3 bench/take_results.py OUTDIR     # where .ci/gpu and ./build.sh profile wrote their JSON files

A run of some cases only (--must, --only) does not replace one of all cases: say --partial if it shall."""

import argparse
import json
import pathlib
import subprocess
import sys

import ncu_report
import report

HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "results"


def name_for(report):
    """What a file is called, by what is in it; None where it is no measurement."""
    benchmark = report.get("benchmark")
    if benchmark is None or "cases" not in report:
        return None
    stem = benchmark.replace("_", "-")
    return f"{stem}.json" if stem.startswith("scipy") else f"{ncu_report.short_name(report['chip'])}-{stem}.json"


def place_for(path, partial):
    """Where one file goes, or None."""
    found = json.loads(path.read_text(encoding="utf-8"))
    name = name_for(found) if isinstance(found, dict) else None
    if name is None or not found["cases"]:
        return None
    target = RESULTS / name
    if target.exists() and not partial:
        lacking = {case["name"] for case in json.loads(target.read_text(encoding="utf-8"))["cases"]}
        lacking -= {case["name"] for case in found["cases"]}
        if lacking:
            sys.exit(
                f"{path}: lacks {len(lacking)} cases of {target}, such as {sorted(lacking)[0]}; --partial takes it"
            )
    return target


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--partial", action="store_true", help="take files that lack cases, too")
    args = parser.parse_args()

    places = {path: place_for(path, args.partial) for path in sorted(args.folder.glob("*.json"))}
    taken = {path: target for path, target in places.items() if target}
    if not taken:
        sys.exit(f"{args.folder}: found no measurement")
    for path, target in taken.items():
        target.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        print(f"{path} -> {target}")
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in taken]
    for chip in sorted({ncu_report.short_name(run["chip"]) for run in runs if "chip" in run}):
        for family in (title.replace("_", "-") for title in report.FAMILIES):
            others = [f"{chip}-torch-{family}", f"{chip}-cupy-{family}", f"scipy-{family}"]
            files = [RESULTS / f"{name}.json" for name in (f"{chip}-{family}", *others)]
            if files[0].exists():
                there = [str(file) for file in files if file.exists()]
                subprocess.run([sys.executable, HERE / "report.py", *there], check=True)
        counters = RESULTS / f"{chip}-ncu.json"
        if counters.exists():
            text = ncu_report.as_markdown(json.loads(counters.read_text(encoding="utf-8")))
            counters.with_suffix(".md").write_text(text, encoding="utf-8")
    subprocess.run([sys.executable, HERE / "page.py"], check=True)


if __name__ == "__main__":
    main()
