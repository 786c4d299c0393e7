# SPDX-License-Identifier: Apache-2.0
"""RoboCache for the demo from Python: ctypes over the shared library made of bridge.cpp."""

import ctypes
import math
from ctypes import POINTER, byref, c_char_p, c_double, c_int32, c_int64, c_size_t, c_void_p
from dataclasses import dataclass

import numpy as np
from errors import DemoError
from recording import INT64_MAX

# In the order of robocache::interpolation and robocache::edge.
METHODS = ("previous", "next", "nearest", "linear", "angle", "catmull_rom", "pchip", "akima", "slerp")
EDGES = ("clamp", "fill", "extrapolate")


@dataclass
class Source:
    """One stream of a fusion and its rules; times are in the unit of the stamps."""

    stamps: np.ndarray  # int64 or float64 [rows]
    values: np.ndarray  # [rows, channels], moved as float32
    method: str = "linear"
    max_gap: float = math.inf
    latency: float = 0
    edge: str = "clamp"
    fill: float = 0.0


class Rotations(ctypes.Structure):
    """rotation_report of RoboCache."""

    _fields_ = [(name, c_int64) for name in ("not_unit", "not_a_rotation", "turned")]


def _types(stamp):
    """demo_stream<Stamp> and demo_job<Stamp> of bridge.cpp."""

    class Stream(ctypes.Structure):
        _fields_ = (
            [(name, c_void_p) for name in ("stamps", "values")]
            + [(name, c_int64) for name in ("rows", "channels")]
            + [(name, stamp) for name in ("max_gap", "latency")]
            + [("fill", c_double)]
            + [(name, c_int32) for name in ("method", "edge")]
        )

    class Job(ctypes.Structure):
        _fields_ = (
            [("streams", POINTER(Stream))]
            + [(name, c_void_p) for name in ("results", "valid", "all_valid")]
            + [(name, c_int64) for name in ("count", "targets")]
            + [(name, stamp) for name in ("start", "period_num", "period_den")]
            + [("on_gpu", c_int64)]
        )

    return Stream, Job


def checked(call, *arguments):
    """Calls a function of the bridge, whose last argument receives the text of an error."""
    message = ctypes.create_string_buffer(512)
    if call(*arguments, message, len(message)) != 0:
        raise DemoError(message.value.decode(errors="replace"))


class Bridge:
    """Loads the library; `gpu` is the name of the GPU, empty where there is none."""

    def __init__(self, path):
        try:
            self.library = library = ctypes.CDLL(str(path))
        except OSError as cause:
            raise DemoError(f"{path}: the library that ./build.sh demo builds cannot be loaded: {cause}") from None
        self._calls = {}
        for stamp, name in ((c_int64, "int64"), (c_double, "float64")):
            types = _types(stamp)
            call = getattr(library, f"robocache_demo_fuse_{name}")
            call.argtypes = [POINTER(types[1]), POINTER(c_double), c_char_p, c_size_t]
            self._calls[np.dtype(name)] = (*types, call)
        self._inspect_rotations = library.robocache_demo_inspect_rotations
        self._inspect_rotations.argtypes = [c_void_p, c_int64, POINTER(Rotations), c_char_p, c_size_t]
        name = ctypes.create_string_buffer(256)
        library.robocache_demo_gpu.argtypes = [c_char_p, c_size_t]
        library.robocache_demo_gpu(name, len(name))
        self.gpu = name.value.decode()

    def inspect_rotations(self, values):
        """What is odd about quaternions [rows, 4]."""
        values, found = np.ascontiguousarray(values, np.float32), Rotations()
        checked(self._inspect_rotations, values.ctypes.data, len(values), byref(found))
        return found

    def streams_of(self, sources):
        """An array of demo_stream for sources of one type of stamps, and what it points to, which has to be kept."""
        kind = sources[0].stamps.dtype
        stream_type = self._calls[kind][0]
        stamps = [np.ascontiguousarray(source.stamps, kind) for source in sources]
        values = [np.ascontiguousarray(source.values, np.float32) for source in sources]
        streams = (stream_type * len(sources))()
        for i, source in enumerate(sources):
            max_gap = min(source.max_gap, INT64_MAX) if kind == np.int64 else source.max_gap
            streams[i] = stream_type(
                stamps[i].ctypes.data, values[i].ctypes.data, *values[i].shape, max_gap, source.latency, source.fill,
                METHODS.index(source.method), EDGES.index(source.edge),
            )  # fmt: skip
        return streams, (stamps, values)

    def fuse(self, sources, start, period, targets, on_gpu=False):
        """All sources, with one type of stamps, at `targets` times from `start` on, `period` = (num, den) apart.

        Returns the results [targets, channels of all], the valid mask [targets, sources], the conjunction of its
        columns [targets], and the microseconds that a call took.
        """
        _, job_type, call = self._calls[sources[0].stamps.dtype]
        streams, kept = self.streams_of(sources)
        results = np.empty((targets, sum(each.shape[1] for each in kept[1])), np.float32)
        valid, all_valid = np.empty((targets, len(sources)), np.uint8), np.empty(targets, np.uint8)
        job = job_type(
            streams, results.ctypes.data, valid.ctypes.data, all_valid.ctypes.data, len(sources), targets, start,
            *period, on_gpu,
        )  # fmt: skip
        microseconds = c_double()
        checked(call, byref(job), byref(microseconds))
        return results, valid, all_valid, microseconds.value
