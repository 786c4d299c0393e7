# SPDX-License-Identifier: Apache-2.0
"""RoboCache from Python for the demo: ctypes over the shared library that bridge.cpp makes."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_double, c_int32, c_int64, c_size_t, c_void_p

import numpy as np

# In the order of robocache::interpolation.
METHODS = ("previous", "next", "nearest", "linear", "angle", "catmull_rom", "pchip", "akima", "slerp")


def _job_type(stamp):
    """demo_job<Stamp> of bridge.cpp."""

    class Job(ctypes.Structure):
        _fields_ = (
            [(name, c_void_p) for name in ("stamps", "values", "results", "valid")]
            + [(name, c_int64) for name in ("rows", "channels", "targets")]
            + [(name, stamp) for name in ("start", "period_num", "period_den", "max_gap")]
            + [(name, c_int32) for name in ("method", "on_gpu")]
        )

    return Job


class Bridge:
    """Loads the library; `gpu` is the name of the GPU, empty where there is none."""

    def __init__(self, path):
        library = ctypes.CDLL(str(path))
        self._calls = {}
        for stamp, name in ((c_int64, "int64"), (c_double, "float64")):
            job = _job_type(stamp)
            call = getattr(library, f"robocache_demo_resample_{name}")
            call.argtypes = [POINTER(job), POINTER(c_double), c_char_p, c_size_t]
            self._calls[np.dtype(name)] = (job, call)
        name = ctypes.create_string_buffer(256)
        library.robocache_demo_gpu.argtypes = [c_char_p, c_size_t]
        library.robocache_demo_gpu(name, len(name))
        self.gpu = name.value.decode()

    def resample(self, stamps, values, start, period, targets, max_gap, method, on_gpu):
        """Values [rows, channels] in float32 at `targets` times from `start` on, `period` = (num, den) apart.

        Returns the results [targets, channels], the valid mask [targets], and the microseconds a call took.
        """
        stamps = np.ascontiguousarray(stamps)
        values = np.ascontiguousarray(values, np.float32)
        results = np.empty((targets, values.shape[1]), np.float32)
        valid = np.empty(targets, np.uint8)
        job_type, call = self._calls[stamps.dtype]
        memory = (stamps.ctypes.data, values.ctypes.data, results.ctypes.data, valid.ctypes.data)
        job = job_type(*memory, *values.shape, targets, start, *period, max_gap, METHODS.index(method), on_gpu)
        microseconds, message = c_double(), ctypes.create_string_buffer(512)
        if call(byref(job), byref(microseconds), message, len(message)) != 0:
            raise RuntimeError(message.value.decode())
        return results, valid, microseconds.value
