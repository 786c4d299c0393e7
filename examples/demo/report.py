# SPDX-License-Identifier: Apache-2.0
"""The report for the user: lines on the terminal, and the aligned table."""

import csv
import math
import os
from pathlib import Path

import numpy as np
from progress import Progress

CHUNK = 4096  # rows of the table that are text at a time


def report(fusion, origin, remark, gpu):
    """`origin`: where the streams are from; `remark`: what had to be changed; `gpu`: its name, empty for the CPU."""
    width = max(len(fused.stream.name) for fused in fusion.streams)
    print(origin)
    for fused in fusion.streams:
        print(f"  {fused.stream.name:{width}} {_read(fused)}")
        for remark_of_stream in fused.stream.remarks:
            print(f"  {'':{width}} {remark_of_stream}")
    if remark:
        print(f"  {remark}")
    for fused in fusion.streams:
        for name, offset in zip(fused.stream.channels, fused.offsets):
            if offset:
                print(f"  {fused.stream.name}.{name}: fused as differences from {offset:.15g}, so that FP32 keeps all "
                      "digits")  # fmt: skip
    channels = sum(fused.values.shape[1] for fused in fusion.streams)
    print(f"fused to {float(fusion.rate):g} Hz: {fusion.targets.size} targets of {channels} channels")
    for fused in fusion.streams:
        print(f"  {fused.stream.name:{width}} {_came(fused)}")
    if len(fusion.streams) > 1:
        print(f"  {'all':{width}} {_share(fusion.all_valid)}")
    print(timing(fusion.microseconds, gpu))


def timing(microseconds, gpu):
    """How long a call took. `gpu`: its name, empty for the CPU."""
    return f"one call took {microseconds:.1f} us, mean of up to 20 with the data in place, on {gpu or _processor()}"


def _read(fused):
    """What was read: size, rate, jitter, gaps."""
    stream, max_gap = fused.stream, fused.stream.seconds(fused.rules.max_gap)
    steps = stream.seconds(np.diff(stream.stamps))
    gaps = steps[steps > max_gap]
    usual = steps[steps <= max_gap]
    said = [f"{stream.stamps.size:6} rows of {len(stream.channels):2} channel{'s' if len(stream.channels) > 1 else ''}"]
    if usual.size and usual.mean() > 0:
        said.append(f"{1.0 / usual.mean():6.1f} Hz")
        said.append(f"period {1e3 * np.median(usual):.2f} ms, jitter {1e3 * usual.std():.2f} ms")
    if gaps.size == 1:
        said.append(f"a gap of {gaps[0]:.3g} s")
    elif gaps.size:
        said.append(f"{gaps.size} gaps, the longest {gaps.max():.3g} s")
    else:
        said.append("no gap")
    return ", ".join(said)


def _came(fused):
    """What came out, and by which rules."""
    rules, seconds = fused.rules, fused.stream.seconds
    limit = f"max_gap {seconds(rules.max_gap):.3g} s" if rules.max_gap < math.inf else "no max_gap"
    latency = f", latency {seconds(rules.latency):g} s" if rules.latency else ""
    broken = np.count_nonzero(fused.valid & ~np.isfinite(fused.values).all(axis=1))
    finite = f", {broken} of them not finite" if broken else ""
    return f"{_share(fused.valid)}{finite}, {rules.method}, {limit}{latency}"


def _share(valid):
    count, total = np.count_nonzero(valid), valid.size
    return f"{count:6} of {total} targets valid ({100.0 * count / total:.1f} %)"


def _processor():
    """The CPU's name, where Linux gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = "CPU"
    return f"{name}, {len(os.sched_getaffinity(0))} threads"


def write_csv(path, fusion):
    """The aligned table: stamps, whether all streams are valid, and for each one whether it is, and its channels, empty
    where it is not."""
    unit = fusion.streams[0].stream.unit
    header = ["time_s" if fusion.targets.dtype == np.float64 else f"timestamp_{unit}", "all_valid"]
    for fused in fusion.streams:
        name = fused.stream.name
        header += [f"{name}.valid"] + [f"{name}.{channel}" for channel in fused.stream.channels]
    with path.open("w", newline="", encoding="utf-8") as file, Progress("writing", fusion.targets.size) as progress:
        writer = csv.writer(file)
        writer.writerow(header)
        for first in range(0, fusion.targets.size, CHUNK):
            writer.writerows(zip(*_texts(fusion, slice(first, first + CHUNK))))
            progress.at(first + CHUNK)


def _texts(fusion, rows):
    columns = [fusion.targets[rows].tolist(), fusion.all_valid[rows].astype(int).tolist()]
    for fused in fusion.streams:
        valid = fused.valid[rows]
        columns.append(valid.astype(int).tolist())
        for offset, column in zip(fused.offsets, fused.values[rows].T):
            # The shortest text that reads back as the same number.
            texts = column.astype(np.float32 if offset == 0.0 else np.float64).astype(str).tolist()
            columns.append([text if ok else "" for text, ok in zip(texts, valid)])
    return columns
