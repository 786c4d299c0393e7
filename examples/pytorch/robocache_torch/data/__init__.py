# SPDX-License-Identifier: Apache-2.0
"""Episodes on disk: the packed store, the readers of other people's data sets, and the command `robocache-data`.

>>> from robocache_torch import data
>>> data.convert("lerobot_set", "store")
>>> store = data.Store("store")
>>> joints = store.modality("observation.state", place="pinned")
>>> stream = joints.stream(max_gap=100_000_000)  # for rc.fuse

data.md, beside this package's README, says what is on disk. Needs `safetensors`; each reader names what it needs.
"""

from ._convert import convert
from ._episode import Episode, Left, Series, Unreadable
from ._frames import Frames, frames
from ._loader import Loader
from ._optional import Missing
from ._ring import Batch
from ._spec import Every, Part, Read, Spec
from ._steps import Steps, ticks
from ._store import Modality, Store, Verified
from ._stores import Stores
from ._writer import Writer
from .readers import READERS, open_source

__all__ = [
    "READERS",
    "Batch",
    "Episode",
    "Every",
    "Frames",
    "Left",
    "Loader",
    "Missing",
    "Modality",
    "Part",
    "Read",
    "Series",
    "Spec",
    "Steps",
    "Store",
    "Stores",
    "Unreadable",
    "Verified",
    "Writer",
    "convert",
    "frames",
    "open_source",
    "ticks",
]
