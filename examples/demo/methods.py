# SPDX-License-Identifier: Apache-2.0
"""Which method each stream is resampled with: as asked for all, as asked for one, or as its values suggest."""

import argparse

import numpy as np
from bridge import METHODS
from recording import DemoError

CHOICES = ("auto", *METHODS)


def method_argument(text):
    """`METHOD`, or `NAME=METHOD` for one stream: the name, empty for all, and the method."""
    name, equals, method = text.rpartition("=")
    if method not in CHOICES or (equals and not name):
        raise argparse.ArgumentTypeError(f"{text!r} is neither METHOD nor NAME=METHOD with one of {', '.join(CHOICES)}")
    return name, method


def methods_for(streams, asked):
    """The method of each stream. What is asked for one stream counts more than what is asked for all."""
    asked = dict(asked)
    names = [stream.name for stream in streams]
    for name in asked:
        if name and name not in names:
            raise DemoError(f"--method {name}={asked[name]}: no stream is called {name}; there is {', '.join(names)}")
    return [_settle(stream, asked.get(stream.name, asked.get("", "linear"))) for stream in streams]


def _settle(stream, method):
    channels = stream.values.shape[1]
    if method == "auto":
        return "slerp" if channels == 4 and _are_rotations(stream.values) else "linear"
    if method == "slerp" and channels != 4:
        raise DemoError(f"{stream.name}: slerp wants the 4 channels of a unit quaternion, found {channels}")
    return method


def _are_rotations(values):
    """True where every row has a length within 1 % of 1."""
    return bool(np.all(np.abs(np.linalg.norm(values, axis=1) - 1.0) <= 0.01))
