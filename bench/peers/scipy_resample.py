#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PCHIP and Akima as they are written in SciPy, on the CPU and on the inputs of bench_resample.

SciPy's interpolators take one vector of stamps, so a batch is a loop over its trajectories. They compute in FP64 and are
given FP64. A time is that of the whole batch, making and evaluating the interpolators; the median of five runs.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

RUNS = 5
SHAPE = (32, 500, 250, 256)  # batch, source length, target length, channels
METHODS = {"pchip": "PchipInterpolator", "akima": "Akima1DInterpolator"}


def case_name(method):
    """What bench_resample calls the same job, in BF16."""
    return "resample/bf16/B:{}/S:{}/T:{}/D:{}/method:{}/cold".format(*SHAPE, method)


def resample(interpolator, stamps, values, targets):
    """One trajectory after the other: a list of results [T, D]."""
    return [interpolator(s, v, axis=0)(t) for s, v, t in zip(stamps, values, targets)]


def make_inputs():
    """Stamps, values and targets in FP64, and the checksum that bench_resample prints of its FP32 stamps."""
    import numpy as np
    from numpy_resample import make_inputs as make_fp32

    inputs = make_fp32(*SHAPE)
    checksum = sum(int(x.view(np.uint32).sum(dtype=np.uint64)) for x in (inputs[0], inputs[2])) % 2**52
    return [x.astype(np.float64) for x in inputs], checksum


def median_us(call, synchronize=lambda: None):
    """Wall times of five runs in microseconds, after one to warm up, and their median."""
    runs = []
    for _ in range(RUNS + 1):
        synchronize()
        begin = time.perf_counter()
        call()
        synchronize()
        runs.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(runs[1:]), runs[1:]


def measure(library, inputs, checksum, synchronize=lambda: None):
    """Cases of all methods of `library`, a module with SciPy's names."""
    cases = []
    for method, name in METHODS.items():
        us, runs = median_us(lambda form=getattr(library, name): resample(form, *inputs), synchronize)
        cases.append({"name": case_name(method), "checksum": checksum, "us": us, "runs_us": runs})
        print(f"{case_name(method):64}{us:14.0f} us", flush=True)
    return cases


def cpu_name():
    """As Linux names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown CPU"


def run(report, measured):
    """The command line of this script and of cupy_resample.py; `measured()` fills in `report`, if it can."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__.splitlines()[0])
    parser.add_argument("--json", help="where to write everything")
    args = parser.parse_args()
    report["cases"] = []
    try:
        report.update(measured())
    except ImportError as missing:
        print(f"nothing measured: {missing}")
    if args.json:
        Path(args.json).write_text(json.dumps(report, indent=1), encoding="ascii")


def measured_here():
    import scipy
    from scipy import interpolate

    cpu = f"{cpu_name()}, {len(os.sched_getaffinity(0))} threads"
    print(f"{cpu}, SciPy {scipy.__version__}, FP64, one trajectory at a time")
    return {"cpu": cpu, "scipy": scipy.__version__, "cases": measure(interpolate, *make_inputs())}


if __name__ == "__main__":
    run({"benchmark": "scipy_resample"}, measured_here)
