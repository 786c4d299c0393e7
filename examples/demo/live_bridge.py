# SPDX-License-Identifier: Apache-2.0
"""A recording replayed as if it were live, for the demo from Python: ctypes over what live_bridge.cpp adds to the
bridge."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int64, c_size_t, c_void_p
from dataclasses import dataclass

import numpy as np
from bridge import checked


@dataclass
class Replayed:
    """What was seen at each tick.

    ages: in the unit of the stamps: the clock less the stamp of the newest sample read.
    unlike: ticks at which the whole recording, as of the tick, gives other bits.
    """

    values: np.ndarray  # float32 [ticks, channels of all]
    valid: np.ndarray  # uint8 [ticks, streams]
    ages: np.ndarray  # [ticks, streams]
    microseconds: np.ndarray  # float64 [ticks]
    unlike: int


class _Replay(ctypes.Structure):
    _fields_ = [
        (name, c_void_p)
        for name in ("streams", "capacities", "clocks", "results", "valid", "ages", "microseconds", "unlike")
    ] + [(name, c_int64) for name in ("count", "ticks", "on_gpu")]


def replay(bridge, sources, capacities, clocks, on_gpu=False):
    """`capacities`: samples that the ring of each source keeps."""
    kind = sources[0].stamps.dtype
    call = getattr(bridge.library, f"robocache_demo_replay_{kind.name}")
    call.argtypes = [POINTER(_Replay), c_char_p, c_size_t]
    streams, kept = bridge.streams_of(sources)
    ticks, count = len(clocks), len(sources)
    found = Replayed(
        np.empty((ticks, sum(source.values.shape[1] for source in sources)), np.float32),
        np.empty((ticks, count), np.uint8),
        np.empty((ticks, count), kind),
        np.empty(ticks),
        0,
    )
    unlike = c_int64()
    capacities, clocks = np.ascontiguousarray(capacities, np.int64), np.ascontiguousarray(clocks, kind)
    arrays = (capacities, clocks, found.values, found.valid, found.ages, found.microseconds)
    job = _Replay(
        ctypes.addressof(streams), *(array.ctypes.data for array in arrays), ctypes.addressof(unlike), count, ticks, on_gpu
    )
    checked(call, byref(job))
    del kept  # what the streams point to, until here
    found.unlike = unlike.value
    return found
