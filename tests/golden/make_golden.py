# SPDX-License-Identifier: Apache-2.0
"""Writes golden.csv: what SciPy and NumPy make of series whose stamps and values are exact in FP32.

    python make_golden.py [SEED] > golden.csv

Each case begins with a line `case,<name>`; then come stamps, values, targets and one line for each method, all in
shortest round-trip decimals. Outside of the samples linear extrapolates as SciPy does; `clamped` is numpy.interp.
"""

import itertools
import sys

import numpy as np
import scipy
from scipy.interpolate import Akima1DInterpolator, CubicHermiteSpline, PchipInterpolator, interp1d
from scipy.spatial.transform import Rotation, Slerp

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
        # SciPy's previous, next and nearest extrapolate as a hold; where it gives NaN outside, we leave the target out.
        made = interp1d(stamps, values, kind=method, bounds_error=False, fill_value="extrapolate")
        line(method, made(targets))
    line("clamped", np.interp(targets, stamps, values))


def akima_is_even(stamps, values, targets):
    """Where slopes hardly change on both sides of a sample the mean rule decides, and SciPy's rule differs."""
    slopes = np.diff(values) / np.diff(stamps)
    before = [3 * slopes[0] - 2 * slopes[1], 2 * slopes[0] - slopes[1]]
    after = [2 * slopes[-1] - slopes[-2], 3 * slopes[-1] - 2 * slopes[-2]]
    m = np.concatenate([before, slopes, after])
    size = np.abs(m[:-3]) + np.abs(m[1:-2]) + np.abs(m[2:-1]) + np.abs(m[3:])
    at_sample = np.abs(m[3:] - m[2:-1]) + np.abs(m[1:-2] - m[:-3]) < size / 8
    left = np.clip(np.searchsorted(stamps, targets, side="right") - 1, 0, len(stamps) - 2)
    return at_sample[left] | at_sample[left + 1]


def write_curves(name, stamps, values, targets):
    targets = targets[~akima_is_even(stamps, values, targets)]
    print(f"case,{name}")
    line("stamps", stamps)
    line("values", values)
    line("targets", targets)
    # numpy.gradient is the slope of the parabola through three samples, at the ends it is that of the line through two.
    line("catmull_rom", CubicHermiteSpline(stamps, values, np.gradient(values, stamps))(targets))
    line("pchip", PchipInterpolator(stamps, values)(targets))
    line("akima", Akima1DInterpolator(stamps, values)(targets))


def write_angles(name, stamps, values, targets):
    print(f"case,{name}")
    line("stamps", stamps)
    line("values", values)
    line("targets", targets)
    turned = interp1d(stamps, np.unwrap(values), bounds_error=False, fill_value="extrapolate")(targets)
    line("angle", (turned + np.pi) % (2 * np.pi) - np.pi)


def write_rotations(name, stamps, quaternions, targets):
    print(f"case,{name}")
    line("stamps", stamps)
    line("values", quaternions.ravel())
    line("targets", targets)
    line("slerp", Slerp(stamps, Rotation.from_quat(quaternions))(targets).as_quat().ravel())


def write_formats(name, quaternions):
    """One row a rotation; quaternions in SciPy's order."""
    rotation = Rotation.from_quat(quaternions)
    print(f"case,{name}")
    line("xyzw", quaternions.ravel())
    line("vector", rotation.as_rotvec().ravel())
    line("matrix", rotation.as_matrix().ravel())
    for axes in itertools.product("xyz", repeat=3):
        if axes[0] != axes[1] != axes[2]:
            for order in ("".join(axes), "".join(axes).upper()):
                line(order, rotation.as_euler(order).ravel())


def main():
    random = np.random.default_rng(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
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

    for name, count in (("curves", 40), ("short curves", 5), ("three samples", 3)):
        stamps = np.cumsum(random.integers(8, 65, count) / 256) - 1
        targets = np.concatenate([stamps, np.floor(random.uniform(stamps[0], stamps[-1], 80) * 4096) / 4096])
        write_curves(name, stamps, exact(-8, 8, count, 1 / 4096), targets)
        write_curves(name + ", rising", stamps, np.cumsum(exact(0, 1, count, 1 / 4096)), targets)
        write_curves(name + ", falling", stamps, -np.cumsum(exact(0, 1, count, 1 / 4096)), targets)

    stamps = np.cumsum(random.integers(8, 65, 40) / 256)
    targets = np.floor(random.uniform(stamps[0] - 0.5, stamps[-1] + 0.5, 80) * 4096) / 4096
    write_angles("angles", stamps, exact(-3.14, 3.14, 40, 1 / 4096), targets)
    write_angles("angles of several turns", stamps, exact(-20, 20, 40, 1 / 4096), targets)

    inside = targets[(targets >= stamps[0]) & (targets <= stamps[-1])]
    far = random.normal(size=(40, 4))
    near = np.array([0.5, -0.1, 0.3, 0.8]) + np.cumsum(random.normal(size=(40, 4)), axis=0) * 0.003
    for name, numbers in (("rotations", far), ("small rotations", near)):
        unit = numbers / np.linalg.norm(numbers, axis=1, keepdims=True)
        write_rotations(name, stamps, unit.astype(np.float32).astype(np.float64), inside)

    numbers = random.normal(size=(8, 4))
    unit = numbers / np.linalg.norm(numbers, axis=1, keepdims=True)
    write_formats("rotation formats", unit.astype(np.float32).astype(np.float64))


if __name__ == "__main__":
    sys.exit(main())
