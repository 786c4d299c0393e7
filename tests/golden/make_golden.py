# SPDX-License-Identifier: Apache-2.0
"""Writes golden.csv: what SciPy and NumPy make of series whose stamps and values are exact in FP32.

    python make_golden.py > golden.csv

Each case is six lines: `case,<name>`, then stamps, values, targets and one line for each method, all in shortest
round-trip decimals. Outside of the samples linear extrapolates as SciPy does; `clamped` is numpy.interp.
"""

import sys

import numpy as np
import scipy
from scipy.interpolate import interp1d

METHODS = ("linear", "nearest", "previous", "next")


def line(name, numbers):
    print(",".join([name] + [repr(float(x)) for x in numbers]))


def write_case(name, stamps, values, targets):
    stamps, values, targets = (np.asarray(x, dtype=np.float64) for x in (stamps, values, targets))
    print(f"case,{name}")
    line("stamps", stamps)
    line("values", values)
    line("targets", targets)
    for method in METHODS:
        # SciPy's previous, next and nearest extrapolate as a hold; its NaN outside is ours to leave out.
        made = interp1d(stamps, values, kind=method, bounds_error=False, fill_value="extrapolate")
        line(method, made(targets))
    line("clamped", np.interp(targets, stamps, values))


def main():
    random = np.random.default_rng(2)
    print(f"# scipy {scipy.__version__}, numpy {np.__version__}")

    def exact(low, high, count, unit):
        return np.float32(random.integers(int(low / unit), int(high / unit), count) * unit).astype(np.float64)

    for name, count, unit in (("irregular", 24, 1 / 64), ("jittered", 40, 1 / 1024), ("two samples", 2, 1 / 4)):
        steps = np.float64(random.integers(1, 60, count)) * unit
        stamps = np.cumsum(steps) - 3
        values = exact(-8, 8, count, 1 / 4096)
        span = stamps[-1] - stamps[0]
        between = np.floor((stamps[0] + random.random(60) * span) / (unit / 8)) * (unit / 8)
        middles = (stamps[1:] + stamps[:-1]) / 2
        write_case(name, stamps, values, np.concatenate([stamps, middles, between]))
        outside = [stamps[0] - 0.5, stamps[0] - unit, stamps[-1] + unit, stamps[-1] + 0.75]
        write_case(name + ", outside", stamps, values, outside)

    stamps = 1_700_000_000.0 + np.arange(30) / 8 + random.integers(0, 8, 30) / 128
    targets = stamps[0] + np.floor(random.random(50) * 3.5 * 1024) / 1024
    write_case("epoch seconds", stamps, exact(-2, 2, 30, 1 / 65536), targets)
    write_case("regular", np.arange(16.0), np.sin(np.arange(16)).astype(np.float32), random.integers(0, 15 * 32, 64) / 32)


if __name__ == "__main__":
    sys.exit(main())
