# SPDX-License-Identifier: Apache-2.0
"""RoboCache for PyTorch: robots' streams and point clouds as dense, aligned tensors, on the GPU and on the CPU.

>>> import robocache_torch as rc
>>> fused = rc.fuse([rc.Stream(vision, vision_ns), rc.Stream(joints, joint_ns, max_gap=100_000_000)],
...                 rc.windows(anchors, deltas, trajectory), dtype=torch.bfloat16)

docs/semantics.md of RoboCache defines every result. The first import builds the library, if
`pip install .` did not: see `_library`.
"""

from . import _library

_library.load()

# The operators come first.
from . import (
    _points_operators,
    _policy_operators,
    _rows_operators,
    _timed_operators,
    _warnings,
    _windows_operators,
)
from ._points import filter_voxels, voxelize, voxelize_gathered, voxelize_sparse
from ._policy import PolicyFusion, PolicyStream, Relative, policy_input
from ._rows import Cleaned, Summarizer, Summary, clean, summarize
from ._timed import Fused, Inspected, Resampled, fuse, inspect, resample
from ._timelines import Stream, Timeline, dense, ragged, shared, uniform, windows
from ._voxels import Filtered, Gathered, Grid, Sparse, Voxels

__all__ = [
    "Cleaned",
    "Filtered",
    "Fused",
    "Gathered",
    "Grid",
    "Inspected",
    "PolicyFusion",
    "PolicyStream",
    "Relative",
    "Resampled",
    "Sparse",
    "Stream",
    "Summarizer",
    "Summary",
    "Timeline",
    "Voxels",
    "clean",
    "dense",
    "filter_voxels",
    "fuse",
    "inspect",
    "policy_input",
    "ragged",
    "resample",
    "shared",
    "summarize",
    "uniform",
    "voxelize",
    "voxelize_gathered",
    "voxelize_sparse",
    "windows",
]
__version__ = "0.1.0"
