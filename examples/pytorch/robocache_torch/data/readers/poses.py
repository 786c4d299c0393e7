# SPDX-License-Identifier: Apache-2.0
"""Poses as TUM's RGB-D benchmark and EuRoC write them: text files. Each file is an episode."""

import numpy as np

from .._episode import Episode, Series, Unreadable
from ._source import SECOND, Source
from ._tables import read_table

TUM = ["x", "y", "z", "qx", "qy", "qz", "qw"]
EUROC = ["x", "y", "z", "qw", "qx", "qy", "qz"]
UNITS = ["m", "m", "m", "", "", "", ""]


class Poses(Source):
    """A modality "pose" of position and quaternion, in the order of the file: TUM's is x y z w, EuRoC's w x y z. What
    EuRoC has behind the pose (velocity and biases) is the modality "state". Lines that cannot be read are counted as
    corrupt."""

    def __init__(self, path):
        super().__init__(path)
        self.about = {"format": "poses"}

    @staticmethod
    def recognises(path):
        return bool(pose_files(path))

    def keys(self):
        return [str(one) for one in pose_files(self.path)]

    def name_of(self, key):
        path = self.path.__class__(key)
        return path.name if path.parent == self.path.parent else str(path.relative_to(self.path))

    def read(self, key):
        path = self.path.__class__(key)
        euroc = kind_of(path) == "euroc"
        try:
            table = read_table(path, "," if euroc else None, 1 if euroc else SECOND, comments=True)
        except (OSError, ValueError) as trouble:
            raise Unreadable(str(trouble)) from None
        width = table.values.shape[1]
        if width < 7 or (not euroc and width != 7):
            raise Unreadable(f"{path.name}: found {width} numbers behind the time, want 7")
        counts = {"corrupt": len(table.corrupt)}
        names = EUROC if euroc else TUM
        series = {"pose": Series(table.values[:, :7], table.stamps, names, UNITS, counts)}
        if width > 7:
            series["state"] = Series(np.ascontiguousarray(table.values[:, 7:]), table.stamps, counts=counts)
        return Episode(self.name_of(key), series)


def pose_files(path):
    """The file at a path, or those below a folder."""
    if path.is_file():
        return [path] if kind_of(path) else []
    candidates = [one for ending in ("*.txt", "*.tum", "*.csv") for one in path.rglob(ending)]
    return sorted(one for one in candidates if kind_of(one))


def kind_of(path):
    """ "tum", "euroc" or None: by the first lines."""
    if path.suffix not in (".txt", ".tum", ".csv"):
        return None
    try:
        with open(path, encoding="utf-8") as file:
            lines = [file.readline() for _ in range(10)]
    except (OSError, UnicodeDecodeError):
        return None
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    # EuRoC's header names a position p_RS_R_x and a quaternion q_RS_w; its times are in nanoseconds.
    if lines[0].startswith("#timestamp") and "p_R" in lines[0] and "q_R" in lines[0]:
        return "euroc"
    try:
        return "tum" if len([float(word) for word in first.split()]) == 8 else None
    except ValueError:
        return None
