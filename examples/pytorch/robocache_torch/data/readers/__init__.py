# SPDX-License-Identifier: Apache-2.0
"""Readers of other projects' data sets, one small file each, on the library that owns the format."""

import inspect
from pathlib import Path

from .bags import Bags
from .calvin import Calvin
from .csv_files import CsvFiles
from .lerobot import LeRobot
from .poses import Poses
from .rlds import Rlds
from .robomimic import Robomimic

# In the order in which a path is tried.
READERS = {
    "lerobot": LeRobot,
    "rlds": Rlds,
    "robomimic": Robomimic,
    "calvin": Calvin,
    "bags": Bags,
    "poses": Poses,
    "csv": CsvFiles,
}


def open_source(path: str | Path, reader: str | None = None, **options):
    """The data set at a path.

    Args:
        path: A file or folder.
        reader: One of `READERS`; default: the first that recognises the path.
        options: Of the reader.

    Raises:
        FileNotFoundError, ValueError: No such path, no such reader, or none that recognises the path.
        TypeError: The reader has no such option; the message lists its options.
        Missing: A library is not installed; the message names it.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: found no such file or folder")
    if reader is None:
        reader = next((name for name, kind in READERS.items() if kind.recognises(path)), None)
        if reader is None:
            raise ValueError(f"{path}: found nothing that a reader recognises, want one of {', '.join(READERS)}")
    if reader not in READERS:
        raise ValueError(f"reader: found {reader!r}, want one of {', '.join(READERS)}")
    kind = READERS[reader]
    known = list(inspect.signature(kind).parameters)[1:]
    for name in options:
        if name not in known:
            raise TypeError(f"{name}: the reader {reader!r} has no such option; it has {', '.join(known) or 'none'}")
    return kind(path, **options)
