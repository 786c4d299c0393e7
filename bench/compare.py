#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Did anything become slower? Compares two JSON files of one benchmark, lists the cases that take more than 3 % longer,
and fails if there are any.

python3 bench/compare.py bench/results/h200-fuse.json fuse.json

Machines differ: compare runs of one machine, best of one session. Where the copy beside a case took longer, too, it is
listed with the copy's ratio, which tells the machine from the code. A case that the new run found wrong, or that is no
longer there, fails as well."""

import argparse
import json
import pathlib
import sys

TOLERANCE = 1.03


def read_run(path):
    if not path.is_file():
        sys.exit(f"{path}: found no such file")
    report = json.loads(path.read_text(encoding="utf-8"))
    if not all(key in report for key in ("benchmark", "chip", "cases")):
        sys.exit(f"{path}: found no benchmark, want what --json of bench_resample and others writes")
    return report


def ratio(new, old, key):
    """None where one of them was not measured."""
    return new[key] / old[key] if new.get(key) and old.get(key) else None


def differences(old, new):
    """Pairs of how bad it is and a sentence, of each case that is not as good as it was."""
    measured = {case["name"]: case for case in new["cases"]}
    for before in old["cases"]:
        name = before["name"]
        after = measured.get(name)
        if after is None:
            yield float("inf"), f"{name}: not measured any more"
        elif after.get("error"):
            yield float("inf"), f"{name}: {after['error']}"
        elif (slower := ratio(after, before, "us")) is not None and slower > TOLERANCE:
            copies = ratio(after, before, "copy_us")
            beside = f", its copy {100 * (copies - 1):+.1f} %" if copies is not None else ""
            yield slower, f"{name}: {before['us']:.2f} -> {after['us']:.2f} us, {100 * (slower - 1):+.1f} %{beside}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    args = parser.parse_args()

    old, new = read_run(args.old), read_run(args.new)
    for key in ("benchmark", "chip"):
        if old[key] != new[key]:
            sys.exit(f"found the {key}s {old[key]} and {new[key]}, want one")
    for run in (old, new):
        run["cases"] = [case for case in run["cases"] if args.only in case["name"]]
    compared = sum(1 for case in old["cases"] if case.get("us"))
    if compared == 0:
        sys.exit(f"{args.old}: found no case with a time{' called ' + args.only if args.only else ''}")
    worse = sorted(differences(old, new), reverse=True)
    for _, sentence in worse:
        print(sentence)
    print(
        f"{new['chip']}, {old.get('commit') or 'unknown'} -> {new.get('commit') or 'unknown'}: {compared} cases compared,"
    )
    print(f"{len(worse)} slower by more than {100 * (TOLERANCE - 1):.0f} %, wrong or gone")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
