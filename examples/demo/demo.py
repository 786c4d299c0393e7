# SPDX-License-Identifier: Apache-2.0
"""Fuses streams that tick at their own rates into one table at one rate, and shows the result.

Without --log a simulated robot is recorded first. Run it as `./build.sh demo`, which builds the bridge.
"""

import argparse
import math
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from bridge import Bridge, Source
from fusion import Fused, Fusion
from picture import draw
from recording import PER_SECOND, DemoError, one_clock, read_logs, simulate_robot, unique_names
from report import report, write_csv
from rules import CHOICES, gap_argument, latency_argument, method_argument, rules_for

MOST_RESULTS = 20_000_000  # values; beyond this the CSV would exceed some 200 MB


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        prog="./build.sh demo",
        description=__doc__.splitlines()[0],
        epilog="NAME is a stream: a log's file name without .csv. What is asked for one stream counts more than what "
        "is asked for all.",
    )
    parser.add_argument("--bridge", required=True, help=argparse.SUPPRESS)  # build.sh passes it
    parser.add_argument("--log", nargs="+", action="extend", default=[], metavar="PATH",
                        help="CSV files, or folders of them, one file a stream: stamps in the first column, values in "
                        "the others; repeatable")  # fmt: skip
    parser.add_argument("--unit", choices=PER_SECOND, help="of the stamps; default: as the column's name ends")
    parser.add_argument("--rate", type=_rate, default=Fraction(50), help="targets a second, as 50, 29.97 or 30000/1001")
    parser.add_argument("--method", type=method_argument, action="append", default=[], metavar="[NAME=]METHOD",
                        help=f"repeatable; default: linear. One of {', '.join(CHOICES)}; auto: slerp where a stream is "
                        "a unit quaternion, else linear")  # fmt: skip
    parser.add_argument("--max-gap", type=gap_argument, action="append", default=[], metavar="[NAME=]SECONDS",
                        help="that may be bridged, or inf; repeatable; default: 5 periods of a stream")  # fmt: skip
    parser.add_argument("--latency", type=latency_argument, action="append", default=[], metavar="[NAME=]SECONDS",
                        help="by which samples are stamped late; repeatable; default: 0")  # fmt: skip
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


def target_times(streams, rules, rate):
    """The first target, the period as (num, den), and all targets: from the first described time to the last."""
    start = min(stream.stamps[0].item() - rule.latency for stream, rule in zip(streams, rules))
    end = max(stream.stamps[-1].item() - rule.latency for stream, rule in zip(streams, rules))
    num, den = PER_SECOND[streams[0].unit] * rate.denominator, rate.numerator
    count = (end - start) * den // num + 1 if isinstance(start, int) else math.floor((end - start) / (num / den)) + 1
    channels = sum(len(stream.channels) for stream in streams)
    if count * channels > MOST_RESULTS:
        raise DemoError(f"{count:,} targets of {channels} channels are more than this demo writes; lower --rate")
    if isinstance(start, int):
        return start, (num, den), np.array([start + i * num // den for i in range(count)], np.int64)
    return start, (num, den), start + np.arange(count) * (num / den)


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


def fuse(bridge, streams, rules, rate, on_gpu):
    start, period, targets = target_times(streams, rules, rate)
    sources, offsets = [], []
    for stream, rule in zip(streams, rules):
        # Angles and rotations are no sums: nothing may be taken off and put back.
        whole = rule.method in ("angle", "slerp")
        offsets.append(np.zeros(stream.values.shape[1]) if whole else offsets_for_fp32(stream.values))
        sources.append(Source(stream.stamps, stream.values - offsets[-1], rule.method, rule.max_gap, rule.latency,
                              edge="fill", fill=math.nan))  # fmt: skip
    values, valid, all_valid, microseconds = bridge.fuse(sources, start, period, targets.size, on_gpu)
    places = np.cumsum([0] + [stream.values.shape[1] for stream in streams])
    fused = [
        Fused(stream, rule, offset, values[:, first:end].astype(np.float64) + offset, mask.astype(bool))
        for stream, rule, offset, first, end, mask in zip(streams, rules, offsets, places, places[1:], valid.T)
    ]
    return Fusion(rate, targets, fused, all_valid.astype(bool), microseconds)


def run(options):
    bridge = Bridge(options.bridge)
    if options.device == "gpu" and not bridge.gpu:
        raise DemoError("--device gpu: there is no CUDA device here; --device cpu does the same on the host")
    on_gpu = bool(bridge.gpu) and options.device != "cpu"

    streams = read_logs(options.log, options.unit) if options.log else simulate_robot(options.seed)
    unique_names(streams)
    remark = one_clock(streams, options.rate)
    fusion = fuse(bridge, streams, rules_for(streams, options), options.rate, on_gpu)

    simulated = "" if options.log else f"recorded a simulated robot, seed {options.seed}"
    report(fusion, simulated or f"read {len(streams)} log{'s' if len(streams) > 1 else ''}", remark,
           bridge.gpu if on_gpu else "")  # fmt: skip
    table, image = options.out / "fused.csv", options.out / "fused.png"
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        write_csv(table, fusion)
        draw(image, fusion)
    except OSError as cause:
        raise DemoError(f"{cause.filename or options.out}: cannot be written: {cause.strerror}") from None
    print(f"wrote {table} and {image}")


def main():
    try:
        run(parse_arguments(sys.argv[1:]))
    except DemoError as wrong:
        print(f"demo: {wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
