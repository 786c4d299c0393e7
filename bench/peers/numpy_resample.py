#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Linear resampling of FP32 values as it is written in NumPy, on the inputs of bench_host_resample.

Two forms: the whole batch in one expression, and one trajectory at a time into buffers that are reused. Both compute
`(1 - w) * a + w * b`, which may differ from RoboCache in the last bits, as that counts from the nearer sample; a third
expression, which is not timed, gives RoboCache's bits, as the printed checksum shows.
"""

import argparse
import inspect
import json
import statistics
import sys
import time

import numpy as np

STAMPS, VALUES = 1, 2  # seeds, as in bench/support/random.cuh


def whole_batch(stamps, values, targets):
    B, S = stamps.shape
    b = np.arange(B)[:, None]
    i = np.stack([np.searchsorted(s, t, side="right") for s, t in zip(stamps, targets)])
    i = np.clip(i - 1, 0, S - 2)
    t0, t1 = stamps[b, i], stamps[b, i + 1]
    w = ((targets - t0) / (t1 - t0))[..., None]
    return (1 - w) * values[b, i] + w * values[b, i + 1]


def each_trajectory(stamps, values, targets, left, right, out):
    S = stamps.shape[1]
    for s, v, t, o in zip(stamps, values, targets, out):
        i = np.clip(np.searchsorted(s, t, side="right") - 1, 0, S - 2)
        t0 = s[i]
        w = ((t - t0) / (s[i + 1] - t0))[:, None]
        np.take(v, i, axis=0, out=left, mode="clip")
        np.take(v, i + 1, axis=0, out=right, mode="clip")
        np.multiply(1 - w, left, out=left)
        np.multiply(w, right, out=right)
        np.add(left, right, out=o)
    return out


def as_specified(stamps, values, targets):
    """What RoboCache computes, docs/semantics.md, Locate: from the nearer sample."""
    b = np.arange(len(stamps))[:, None]
    i = np.stack([np.searchsorted(s, t, side="right") for s, t in zip(stamps, targets)])
    i = np.clip(i - 1, 0, stamps.shape[1] - 2)
    w = ((targets - stamps[b, i]) / (stamps[b, i + 1] - stamps[b, i]))[..., None]
    left, right = values[b, i], values[b, i + 1]
    return np.where(w < 0.5, left + w * (right - left), right - (1 - w) * (right - left))


def random_bits(seed, index):
    x = index.astype(np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def make_inputs(batch, source_length, target_length, channels):
    """The inputs of bench/support/inputs.hpp: whole nanoseconds, converted to seconds once."""
    steps = random_bits(STAMPS, np.arange(batch * source_length)) >> np.uint32(8)
    steps = 5_000_000 + (steps.astype(np.int64) * 10_000_000 >> 24)
    ns = np.cumsum(steps.reshape(batch, source_length), axis=1)
    first, last = ns[:, :1], ns[:, -1:]
    target_ns = first + (last - first) * np.arange(target_length) // max(1, target_length - 1)
    values = (random_bits(VALUES, np.arange(batch * source_length * channels)) >> np.uint32(8)) * np.float32(2**-24)
    return (
        (ns * 1e-9).astype(np.float32),
        values.astype(np.float32).reshape(batch, source_length, channels),
        (target_ns * 1e-9).astype(np.float32),
    )


def median_us(call, iterations=10, repetitions=21):
    """As bench_host_resample measures: the median of repetitions, each the mean of some calls."""
    call()
    times = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        for _ in range(iterations):
            call()
        times.append((time.perf_counter() - begin) / iterations * 1e6)
    return statistics.median(times)


def checksum(results):
    return int(results.view(np.uint32).sum(dtype=np.uint64)) & (2**52 - 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("batch", 32), ("source-length", 500), ("target-length", 250), ("channels", 256)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    args = parser.parse_args()

    inputs = make_inputs(args.batch, args.source_length, args.target_length, args.channels)
    left, right = np.empty((2, args.target_length, args.channels), np.float32)
    out = np.empty((args.batch, args.target_length, args.channels), np.float32)
    forms = {
        "whole_batch": (whole_batch, lambda: whole_batch(*inputs)),
        "each_trajectory": (each_trajectory, lambda: each_trajectory(*inputs, left, right, out)),
    }
    report = {"numpy": np.__version__}
    exact = as_specified(*inputs)
    report["checksum"] = checksum(exact)
    for name, (form, call) in forms.items():
        apart = float(np.abs(call() - exact).max())
        if apart > 4e-7:  # values are in [0, 1]
            sys.exit(f"{name}: its results are up to {apart} from those that are specified")
        report[name] = {"us": median_us(call), "expression": inspect.getsource(form)}

    if args.json:
        print(json.dumps(report))
        return
    for name in forms:
        print(report[name]["expression"])
    for name in forms:
        print(f"{name:16} {report[name]['us']:9.0f} us")
    print(f"checksum {report['checksum']}")


if __name__ == "__main__":
    main()
