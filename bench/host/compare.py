#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Resampling on the CPU beside NumPy: runs bench_host_resample and peers/numpy_resample.py alternately, on the
same inputs, and prints NumPy's expressions, the times and their ratios. RoboCache's bits must be those of its formula in
NumPy, and the results of the expressions that are timed must be next to them."""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SHAPE = {"batch": 32, "source-length": 500, "target-length": 250, "channels": 256}
CASE = "host_resample/fp32/B:32/S:500/T:250/D:256"
MUST = {"whole_batch": 5.0, "each_trajectory": 2.0}


def run_robocache(program, threads):
    """Median time of a call in microseconds, and the checksum of its results."""
    command = [program, f"--benchmark_filter={CASE}/threads:{threads}/", "--benchmark_format=json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    runs = json.loads(done.stdout)["benchmarks"]
    median = next(run for run in runs if run.get("aggregate_name") == "median")
    return {"us": median["real_time"], "checksum": int(median["checksum"])}


def run_numpy(python):
    command = [python, HERE.parent / "peers" / "numpy_resample.py", "--json"]
    command += [word for name, size in SHAPE.items() for word in (f"--{name}", str(size))]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def output_of(command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def cpu_name():
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    fields = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    family = "family {cpu family} model {model}".format(**fields) if "cpu family" in fields else ""
    return f"{fields.get('model name', 'unknown')} ({family or os.uname().machine}), {os.cpu_count()} CPUs"


def commit():
    known = os.environ.get("ROBOCACHE_COMMIT") or output_of(["git", "rev-parse", "--short=12", "HEAD"])
    changed = output_of(["git", "status", "--porcelain", "--", "../../include", "../../src/host", "resample.cpp"])
    return known + (" with local changes" if changed else "")


def measure(args):
    load = os.getloadavg()[0]
    rounds = []
    for i in range(args.rounds):
        peer = run_numpy(args.python)
        one = {"robocache": run_robocache(args.bench, args.threads)}
        if one["robocache"]["checksum"] != peer["checksum"]:
            sys.exit(f"the results differ: found checksum {one['robocache']['checksum']}, want {peer['checksum']}")
        one.update({form: {"us": peer[form]["us"]} for form in MUST})
        rounds.append(one)
        print(f"round {i + 1} of {args.rounds}: " + ", ".join(f"{n} {t['us']:.0f} us" for n, t in one.items()), flush=True)
    medians = {name: statistics.median(one[name]["us"] for one in rounds) for name in rounds[0]}
    ratios = {form: statistics.median(one[form]["us"] / one["robocache"]["us"] for one in rounds) for form in MUST}
    return {
        "case": CASE,
        "threads": args.threads,
        "cpu": cpu_name(),
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "load_before": load,
        "numpy": peer["numpy"],
        "us": medians,
        "times_as_long": ratios,
        "must": MUST,
        "expressions": {form: peer[form]["expression"] for form in MUST},
        "rounds": rounds,
    }


def as_markdown(report):
    rows = [f"| RoboCache, `host::resample`, {report['threads']} threads | {report['us']['robocache']:.0f} | | |"]
    for form, must in report["must"].items():
        ratio = report["times_as_long"][form]
        verdict = "met" if ratio >= must else "**missed**"
        rows.append(f"| NumPy, `{form}` | {report['us'][form]:.0f} | {ratio:.1f} | {must:g}: {verdict} |")
    lines = [
        "# Resampling on the CPU, beside NumPy",
        "",
        "Linear, FP32 values and stamps, 32 x 500 -> 250 x 256. Both sides ran alternately on the same inputs, with results",
        f"equal but for last bits; medians of {len(report['rounds'])} rounds, and the median of each round's ratio.",
        "",
        f"{report['cpu']}; NumPy {report['numpy']}; commit {report['commit']}; {report['date']}; load average",
        f"before the run {report['load_before']:.1f}.",
        "",
        "| | us per call | times as long | must |",
        "|---|---|---|---|",
        *rows,
        "",
    ]
    for form, expression in report["expressions"].items():
        lines += ["```python", expression.rstrip(), "```", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--bench", required=True, help="the program bench_host_resample")
    parser.add_argument("--python", default=sys.executable, help="a Python that has NumPy (default: this one)")
    parser.add_argument("--threads", type=int, default=2, choices=(1, 2))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, help="write host_resample.json and host_resample.md here")
    args = parser.parse_args()

    report = measure(args)
    print("\n" + as_markdown(report))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "host_resample.json").write_text(json.dumps(report, indent=1) + "\n")
        (args.out / "host_resample.md").write_text(as_markdown(report))
    return 0 if all(report["times_as_long"][form] >= must for form, must in MUST.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
