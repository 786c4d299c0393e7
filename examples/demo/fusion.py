# SPDX-License-Identifier: Apache-2.0
"""From streams to the results of their fusion, for the report, the table and the picture."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from bridge import Source
from errors import DemoError
from precision import offsets_for_fp32
from recording import PER_SECOND, Stream, fits_int64
from rules import Rules

MOST_RESULTS = 20_000_000  # values; beyond this the CSV would exceed some 200 MB


@dataclass
class Fused:
    """One stream at the target times."""

    stream: Stream
    rules: Rules
    offsets: np.ndarray  # [channels], what was subtracted before rounding to FP32 and is added back in `values`
    values: np.ndarray  # float64 [targets, channels]
    valid: np.ndarray  # bool [targets]

    def sample_seconds(self, start):
        """When each sample's value was true, without latency, in seconds from `start` on."""
        return self.stream.seconds(self.stream.stamps - self.rules.latency - start)


@dataclass
class Fusion:
    """All streams, each in the unit of time that they share."""

    rate: Fraction
    targets: np.ndarray
    streams: list
    all_valid: np.ndarray  # bool [targets]
    microseconds: float

    def seconds(self):
        """The targets, from the first one on."""
        return self.streams[0].stream.seconds(self.targets - self.targets[0])


def target_times(streams, rules, rate):
    """The first target, the period as (num, den), and all targets: from the first described time to the last."""
    start = min(stream.stamps[0].item() - rule.latency for stream, rule in zip(streams, rules))
    end = max(stream.stamps[-1].item() - rule.latency for stream, rule in zip(streams, rules))
    if isinstance(start, int) and not fits_int64(end - start):
        raise DemoError(f"from the first stamp, {start}, to the last, {end}, is farther than 64 bits tell")
    num, den = PER_SECOND[streams[0].unit] * rate.denominator, rate.numerator
    count = (end - start) * den // num + 1 if isinstance(start, int) else math.floor((end - start) / (num / den)) + 1
    channels = sum(len(stream.channels) for stream in streams)
    if count * channels > MOST_RESULTS:
        raise DemoError(f"{count:,} targets of {channels} channels are more than this demo writes; lower --rate")
    if isinstance(start, int):
        return start, (num, den), np.array([start + i * num // den for i in range(count)], np.int64)
    return start, (num, den), start + np.arange(count) * (num / den)


def remark_on_rotations(stream, found):
    """`found`: what the data check counted in a stream that is fused by slerp."""
    of = f"of {len(stream.values):,} quaternions"
    for count, what in (
        (found.not_unit, "not of unit length: at their stamps results have their length, in between they have length 1"),
        (found.not_a_rotation, "zero or not finite: results next to them are NaN"),
        (found.turned, "of another sign than the one before: there the sign of results changes"),
    ):
        if count:
            stream.remarks.append(f"{count:,} {of} {what}")


def sources_of(streams, rules):
    """What the bridge takes, and what was subtracted from the values of each stream."""
    sources, offsets = [], []
    for stream, rule in zip(streams, rules):
        # Angles and rotations are no sums: nothing may be subtracted and added back.
        whole = rule.method in ("angle", "slerp")
        offsets.append(np.zeros(stream.values.shape[1]) if whole else offsets_for_fp32(stream.values))
        sources.append(Source(stream.stamps, stream.values - offsets[-1], rule.method, rule.max_gap, rule.latency,
                              edge="fill", fill=math.nan))  # fmt: skip
    return sources, offsets


def fused_of(streams, rules, offsets, values, valid):
    """Results [targets, channels of all] and masks [targets, streams], stream by stream."""
    places = np.cumsum([0] + [stream.values.shape[1] for stream in streams])
    return [
        Fused(stream, rule, offset, values[:, first:end].astype(np.float64) + offset, mask.astype(bool))
        for stream, rule, offset, first, end, mask in zip(streams, rules, offsets, places, places[1:], valid.T)
    ]


def fuse(bridge, streams, rules, rate, on_gpu):
    start, period, targets = target_times(streams, rules, rate)
    for stream, rule in zip(streams, rules):
        if rule.method == "slerp":
            remark_on_rotations(stream, bridge.inspect_rotations(stream.values))
    sources, offsets = sources_of(streams, rules)
    values, valid, all_valid, microseconds = bridge.fuse(sources, start, period, targets.size, on_gpu)
    fused = fused_of(streams, rules, offsets, values, valid)
    return Fusion(rate, targets, fused, all_valid.astype(bool), microseconds)
