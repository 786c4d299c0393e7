# SPDX-License-Identifier: Apache-2.0
"""RoboCache for PyTorch: robots' streams and point clouds as dense, aligned tensors, on the GPU and on the CPU.

>>> import robocache_torch as rc
>>> fused = rc.fuse([rc.Stream(vision, vision_ns), rc.Stream(joints, joint_ns, max_gap=100_000_000)],
...                 rc.windows(anchors, deltas, trajectory), dtype=torch.bfloat16)

docs/semantics.md of RoboCache defines every result. The first import builds the library, if
`pip install .` did not: see `_library`.
"""

import torch
import torch.utils._pytree

from . import _library

_library.load()

# The operators come first.
from . import (
    _depth_operators,
    _online_operators,
    _points_operators,
    _policy_operators,
    _rows_operators,
    _sampling_operators,
    _timed_operators,
    _warnings,
    _windows_operators,
)
from ._library import operators_library
from ._depth import Cropped, DenseUnprojected, Unprojected, crop_points, unproject, unproject_dense
from ._online import Ring, Rows, append
from ._points import filter_voxels, voxelize, voxelize_gathered, voxelize_sparse
from ._normalisation import Normalisation, from_mean_and_deviation, from_quantiles, from_range
from ._policy import Aged, PolicyFusion, PolicyStream, Relative, policy_input, summarize_policy_input
from ._rows import Cleaned, Summarizer, Summary, clean, summarize
from ._sampling import (
    Neighbours,
    Sampled,
    gather_rows,
    nearest_neighbours,
    sample_farthest,
    sample_uniform,
    within_radius,
)
from ._timed import Fused, Inspected, Resampled, fuse, inspect, resample
from ._timelines import Stream, Timeline, dense, ragged, ring, shared, uniform, windows
from ._voxels import Filtered, Gathered, Grid, Sparse, Voxels

__all__ = [
    "Aged",
    "Cleaned",
    "Cropped",
    "DenseUnprojected",
    "Filtered",
    "Fused",
    "Gathered",
    "Grid",
    "Inspected",
    "Neighbours",
    "Normalisation",
    "PolicyFusion",
    "PolicyStream",
    "Relative",
    "Resampled",
    "Ring",
    "Rows",
    "Sampled",
    "Sparse",
    "Stream",
    "Summarizer",
    "Summary",
    "Timeline",
    "Unprojected",
    "Voxels",
    "append",
    "clean",
    "crop_points",
    "dense",
    "filter_voxels",
    "from_mean_and_deviation",
    "from_quantiles",
    "from_range",
    "fuse",
    "gather_rows",
    "inspect",
    "nearest_neighbours",
    "operators_library",
    "policy_input",
    "ragged",
    "resample",
    "ring",
    "sample_farthest",
    "sample_uniform",
    "shared",
    "summarize",
    "summarize_policy_input",
    "uniform",
    "unproject",
    "unproject_dense",
    "voxelize",
    "voxelize_gathered",
    "voxelize_sparse",
    "windows",
    "within_radius",
]
__version__ = "0.1.0"

# Programs that torch.export writes to a file name the types of their arguments and results.
for _name in __all__:
    if hasattr(globals()[_name], "_fields"):
        torch.utils._pytree._register_namedtuple(globals()[_name], serialized_type_name=f"robocache_torch.{_name}")
