# SPDX-License-Identifier: Apache-2.0
"""Brings streams that tick at their own rates to one rate, and shows the result.

Without --log a simulated robot is recorded first. Run it as `./build.sh demo`, which builds the bridge.
"""

import argparse
import csv
import math
import os
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from bridge import Bridge
from methods import CHOICES, method_argument, methods_for
from picture import draw
from recording import PER_SECOND, DemoError, Stream, one_clock, read_log, simulate_robot, unique_names

MOST_RESULTS = 20_000_000  # values; beyond this the CSV would exceed some 200 MB
INT64_MAX = np.iinfo(np.int64).max


@dataclass
class Resampled:
    """One stream at the target times."""

    stream: Stream
    method: str
    max_gap: float  # in the stream's unit; infinity: none
    offsets: np.ndarray  # [channels], what was taken off before rounding to FP32 and is put back in `values`
    values: np.ndarray  # float64 [targets, channels]
    valid: np.ndarray  # bool [targets]
    microseconds: float


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="./build.sh demo", description=__doc__.splitlines()[0])
    parser.add_argument("--bridge", required=True, help=argparse.SUPPRESS)  # build.sh passes it
    parser.add_argument("--log", nargs="+", action="extend", default=[], metavar="FILE.csv",
                        help="stamps in the first column, values in the others; repeatable")  # fmt: skip
    parser.add_argument("--unit", choices=PER_SECOND, help="of the stamps; default: as the column's name ends")
    parser.add_argument("--rate", type=_rate, default=Fraction(50), help="targets a second, as 50, 29.97 or 30000/1001")
    parser.add_argument("--max-gap", type=_seconds, help="seconds that may be bridged; default: 5 periods of a stream")
    parser.add_argument("--method", type=method_argument, action="append", default=[], metavar="[NAME=]METHOD",
                        help="for all streams, or for the one called NAME; repeatable; default: linear. One of "
                        f"{', '.join(CHOICES)}; auto: slerp where a stream is a unit quaternion, else linear")  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--seed", type=int, default=0, help="of the simulated robot")
    parser.add_argument("--out", type=Path, default=Path("demo-out"), metavar="DIR", help="default: %(default)s")
    return parser.parse_args(arguments)


def _rate(text):
    try:
        rate = Fraction(text).limit_denominator(1_000_000)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a rate between 1e-6 and 1e9 Hz")
    return rate


def _seconds(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration in seconds")
    return seconds


def gap_limit(stream, seconds):
    """`max_gap` in the stream's unit: as asked, else five of the stream's usual periods."""
    if seconds is not None:
        return seconds * PER_SECOND[stream.unit]
    steps = np.diff(stream.stamps)
    steps = steps[steps > 0]
    return 5.0 * float(np.median(steps)) if steps.size else math.inf


def offsets_for_fp32(values):
    """What to take off each channel so that FP32 keeps what the log holds: 0 wherever FP32 holds it as well.

    RoboCache computes in FP32, 24 bits: a latitude in units of 1e-7 degrees needs 30.
    """
    offsets = np.zeros(values.shape[1])
    for channel, column in enumerate(values.T):
        column = column[np.isfinite(column)]
        if column.size and np.any(column != column.astype(np.float32)):
            centre = 0.5 * column.min() + 0.5 * column.max()
            if abs(centre) > 4.0 * (column.max() - column.min()):
                offsets[channel] = np.rint(centre) if abs(centre) > 2.0**20 else centre
    return offsets


def target_times(streams, rate):
    """The first target, the period as (num, den), and all target stamps: from the first sample to the last."""
    start = min(stream.stamps[0].item() for stream in streams)
    end = max(stream.stamps[-1].item() for stream in streams)
    num, den = PER_SECOND[streams[0].unit] * rate.denominator, rate.numerator
    count = (end - start) * den // num + 1 if isinstance(start, int) else math.floor((end - start) / (num / den)) + 1
    channels = sum(len(stream.channels) for stream in streams)
    if count * channels > MOST_RESULTS:
        raise DemoError(f"{count:,} targets of {channels} channels are more than this demo writes; lower --rate")
    if isinstance(start, int):
        return start, (num, den), np.array([start + i * num // den for i in range(count)], np.int64)
    return start, (num, den), start + np.arange(count) * (num / den)


def resample(bridge, stream, method, start, period, targets, options):
    limit = gap_limit(stream, options.max_gap)
    if stream.stamps.dtype == np.int64:
        limit = INT64_MAX if limit >= INT64_MAX else int(limit)
    # Angles and rotations are no sums: nothing may be taken off and put back.
    whole = method in ("angle", "slerp")
    offsets = np.zeros(stream.values.shape[1]) if whole else offsets_for_fp32(stream.values)
    values, valid, microseconds = bridge.resample(
        stream.stamps, (stream.values - offsets).astype(np.float32), start, period, targets, limit,
        method, options.device == "gpu",
    )  # fmt: skip
    limit = math.inf if limit == INT64_MAX else limit
    values = values.astype(np.float64) + offsets
    return Resampled(stream, method, limit, offsets, values, valid.astype(bool), microseconds)


def describe(result):
    """One line of the report on what was read, one on what came out."""
    stream = result.stream
    steps = stream.seconds(np.diff(stream.stamps))
    gaps = steps[steps > stream.seconds(result.max_gap)]
    usual = steps[steps <= stream.seconds(result.max_gap)]
    said = [f"{stream.stamps.size:6} rows of {len(stream.channels):2} channels"]
    if usual.size and usual.mean() > 0:
        said.append(f"{1.0 / usual.mean():6.1f} Hz")
        said.append(f"period {1e3 * np.median(usual):.2f} ms, jitter {1e3 * usual.std():.2f} ms")
    if gaps.size == 1:
        said.append(f"a gap of {gaps[0]:.3g} s")
    elif gaps.size:
        said.append(f"{gaps.size} gaps, the longest {gaps.max():.3g} s")
    else:
        said.append("no gap")

    valid, total = np.count_nonzero(result.valid), result.valid.size
    limit = f"max_gap {stream.seconds(result.max_gap):.3g} s" if result.max_gap < math.inf else "no max_gap"
    came = f"{valid:6} of {total} targets valid ({100.0 * valid / total:.1f} %), {result.method}, {limit}"
    came += f", {result.microseconds:.1f} us"
    return ", ".join(said), came


def write_csv(path, unit, targets, results):
    """The aligned table: stamps, and for each stream its valid mask and channels, empty where not valid."""
    header = ["time_s" if targets.dtype == np.float64 else f"timestamp_{unit}"]
    columns = [targets.tolist()]
    for result in results:
        header += [f"{result.stream.name}.valid"] + [f"{result.stream.name}.{name}" for name in result.stream.channels]
        columns.append(result.valid.astype(int).tolist())
        for offset, column in zip(result.offsets, result.values.T):
            # The shortest text that reads back as the same number.
            texts = column.astype(np.float32 if offset == 0.0 else np.float64).astype(str).tolist()
            columns.append([text if ok else "" for text, ok in zip(texts, result.valid)])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(zip(*columns))


def processor():
    """The CPU's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = "CPU"
    return f"{name}, {len(os.sched_getaffinity(0))} threads"


def report(options, bridge, results, remark):
    streams = [result.stream for result in results]
    width = max(len(stream.name) for stream in streams)
    lines = [describe(result) for result in results]
    logs = f"{len(options.log)} log{'s' if len(options.log) > 1 else ''}"
    print(f"read {logs}" if options.log else f"recorded a simulated robot, seed {options.seed}")
    for stream, (read, _) in zip(streams, lines):
        print(f"  {stream.name:{width}} {read}")
    if remark:
        print(f"  {remark}")
    for result in results:
        for name, offset in zip(result.stream.channels, result.offsets):
            if offset:
                print(f"  {result.stream.name}.{name}: resampled as differences from {offset:.15g}, so that FP32 keeps "
                      "all digits")  # fmt: skip
    print(f"resampled to {float(options.rate):g} Hz: {results[0].valid.size} targets")
    for stream, (_, came) in zip(streams, lines):
        print(f"  {stream.name:{width}} {came}")
    total = sum(result.microseconds for result in results)
    device = bridge.gpu if options.device == "gpu" else processor()
    print(f"took {total:.1f} us in all, mean of 20 calls with the data in place, on {device}")


def run(options):
    bridge = Bridge(options.bridge)
    if options.device == "gpu" and not bridge.gpu:
        raise DemoError("--device gpu: there is no CUDA device here; --device cpu does the same on the host")
    if options.device == "auto":
        options.device = "gpu" if bridge.gpu else "cpu"

    streams = [read_log(path, options.unit) for path in options.log] or simulate_robot(options.seed)
    unique_names(streams)
    remark = one_clock(streams, options.rate)
    methods = methods_for(streams, options.method)
    start, period, targets = target_times(streams, options.rate)
    results = [
        resample(bridge, stream, method, start, period, targets.size, options)
        for stream, method in zip(streams, methods)
    ]

    report(options, bridge, results, remark)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        write_csv(options.out / "resampled.csv", streams[0].unit, targets, results)
        title = f"Resampled to {float(options.rate):g} Hz, {', '.join(dict.fromkeys(methods))}"
        draw(options.out / "resampled.png", targets, results, title)
    except OSError as cause:
        raise DemoError(f"{cause.filename or options.out}: cannot be written: {cause.strerror}") from None
    print(f"wrote {options.out / 'resampled.csv'} and {options.out / 'resampled.png'}")


def main():
    try:
        run(parse_arguments(sys.argv[1:]))
    except DemoError as wrong:
        print(f"demo: {wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
