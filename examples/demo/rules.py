# SPDX-License-Identifier: Apache-2.0
"""The rules of each stream: as asked for all streams, for this one, or as its samples suggest."""

import argparse
import math
from dataclasses import dataclass

import numpy as np
from bridge import METHODS
from errors import DemoError
from recording import INT64_MAX, PER_SECOND, ends, fits_int64

CHOICES = ("auto", *METHODS)


@dataclass
class Rules:
    """Times are in the unit of the stream's stamps."""

    method: str
    max_gap: float  # infinity: none
    latency: float


def method_argument(text):
    """`METHOD`, or `NAME=METHOD` for one stream: the name, empty for all, and the method."""
    name, equals, method = text.rpartition("=")
    if method not in CHOICES or (equals and not name):
        raise argparse.ArgumentTypeError(f"{text!r} is neither METHOD nor NAME=METHOD with one of {', '.join(CHOICES)}")
    return name, method


def gap_argument(text):
    """`SECONDS`, or `NAME=SECONDS`: the name, empty for all, and a duration that may be infinite."""
    return _seconds(text, lambda seconds: seconds >= 0.0, "0 or more")


def column_argument(text):
    """`COLUMN`, or `NAME=COLUMN`: the name, empty for all, and the column's."""
    name, equals, column = text.partition("=")
    if not equals:
        name, column = "", text
    if not column or (equals and not name):
        raise argparse.ArgumentTypeError(f"{text!r} is neither COLUMN nor NAME=COLUMN")
    return name, column


def columns_argument(text):
    """`COLUMN,COLUMN`, or `NAME=COLUMN,COLUMN`: the name, empty for all, and the columns'."""
    name, columns = column_argument(text)
    return name, [column.strip() for column in columns.split(",")]


def latency_argument(text):
    """`SECONDS`, or `NAME=SECONDS`: the name, empty for all, and a finite time, below 0 for stamps that are early."""
    return _seconds(text, math.isfinite, "finite")


def _seconds(text, fits, wanted):
    name, equals, number = text.rpartition("=")
    try:
        seconds = float(number)
    except ValueError:
        seconds = math.nan
    if not fits(seconds) or (equals and not name):
        raise argparse.ArgumentTypeError(f"{text!r} is neither SECONDS nor NAME=SECONDS, {wanted}")
    return name, seconds


def rules_for(streams, options):
    """The rules of each stream. What is asked for one stream takes precedence over what is asked for all."""
    methods = _each(streams, "--method", options.method, None)
    gaps = _each(streams, "--max-gap", options.max_gap, None)
    latencies = _each(streams, "--latency", options.latency, 0.0)
    return [
        Rules(_method(stream, method), _max_gap(stream, gap), _latency(stream, latency))
        for stream, method, gap, latency in zip(streams, methods, gaps, latencies)
    ]


def _each(streams, option, asked, default):
    asked = dict(asked)
    names = [stream.name for stream in streams]
    for name, value in asked.items():
        if name and name not in names:
            raise DemoError(f"{option} {name}={value}: no stream is called {name}; there is {', '.join(names)}")
    return [asked.get(name, asked.get("", default)) for name in names]


def _method(stream, method):
    channels = stream.values.shape[1]
    if method is None:
        return stream.method
    if method == "auto":
        return "slerp" if channels == 4 and _are_rotations(stream.values) else "linear"
    if method == "slerp" and channels != 4:
        raise DemoError(f"{stream.name}: slerp wants the 4 channels of a unit quaternion, found {channels}")
    return method


def _are_rotations(values):
    """True where every row of finite numbers has a length within 1 % of 1."""
    lengths = np.linalg.norm(values[np.isfinite(values).all(axis=1)], axis=1)
    return bool(lengths.size and np.all(np.abs(lengths - 1.0) <= 0.01))


def _max_gap(stream, seconds):
    """As asked, else five of the stream's usual periods."""
    if seconds is not None:
        limit = seconds * PER_SECOND[stream.unit]
    else:
        steps = np.diff(stream.stamps)
        steps = steps[steps > 0]
        limit = 5.0 * float(np.median(steps)) if steps.size else math.inf
    if stream.stamps.dtype != np.int64:
        return limit
    return math.inf if limit >= INT64_MAX else round(limit)


def _latency(stream, seconds):
    latency = seconds * PER_SECOND[stream.unit]
    if stream.stamps.dtype != np.int64:
        return latency
    if not fits_int64(*(end - round(latency) for end in ends(stream.stamps))):
        raise DemoError(f"{stream.name}: a latency of {seconds:g} s takes its stamps out of 64 bits")
    return round(latency)
