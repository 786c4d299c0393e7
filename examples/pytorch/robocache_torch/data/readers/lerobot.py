# SPDX-License-Identifier: Apache-2.0
"""LeRobot's data sets, v2.0, v2.1 and v3.0: Parquet files read by pyarrow. Videos are not decoded, see `frames`."""

import json

import numpy as np

from .._episode import Episode, Series, Unreadable
from .._optional import need
from ._source import Source, on_grid, read_json

# Columns that say which row this is.
INDICES = ("timestamp", "frame_index", "episode_index", "index")
# LeRobot's own tolerance of a time stamp, in seconds.
TOLERANCE = 1e-4


class LeRobot(Source):
    """Stamps are exact on the grid of the data set's rate: by frame numbers. Rows whose time is more than 0.1 ms off
    that are counted as "off_grid". Each camera is a modality of frame numbers within its video file, which the
    episode's `extra["videos"]` names."""

    def __init__(self, path):
        super().__init__(path)
        self._parquet = need("pyarrow.parquet", "pyarrow", "reading LeRobot's data sets")
        self.info = read_json(self.path / "meta" / "info.json")
        self.fps, self.features = self.info["fps"], self.info["features"]
        version = self.info["codebase_version"]
        if version not in ("v2.0", "v2.1", "v3.0"):
            raise ValueError(f"{self.path}: found codebase_version {version}, want v2.0, v2.1 or v3.0")
        self._episodes, tasks = self._read_v3() if version == "v3.0" else self._read_v2()
        self.about = {"format": f"lerobot {version}", "fps": self.fps, "robot": self.info.get("robot_type")}
        self.about["tasks"] = tasks
        if (self.path / "meta" / "stats.json").exists():
            self.about["stats"] = read_json(self.path / "meta" / "stats.json")
        self._cached = (None, None)

    @staticmethod
    def recognises(path):
        return (path / "meta" / "info.json").is_file()

    def keys(self):
        return sorted(self._episodes)

    def name_of(self, key):
        return f"episode_{key:06d}"

    def read(self, key):
        known = self._episodes[key]
        table, notes = self._rows_of(key, known["data"]), []
        frames = table["frame_index"].to_numpy()
        stamps = on_grid(frames, self.fps)
        if len(frames) != known["length"]:
            notes.append(f"{known['data']}: found {len(frames)} rows, want {known['length']}")
        off_grid = int((np.abs(table["timestamp"].to_numpy() - frames / self.fps) > TOLERANCE).sum())
        series, videos = {}, {}
        for name, feature in self.features.items():
            if name in INDICES:
                continue
            if feature["dtype"] == "video":
                file, first = known["videos"].get(name, (None, 0))
                if file is None:
                    notes.append(f"{name}: found no video in the episode's metadata")
                    continue
                if not (self.path / file).is_file():
                    notes.append(f"{file}: found no such file")
                videos[name] = file
                series[name] = Series(frames[:, None] + first, stamps, ["frame"])
            elif feature["dtype"] in ("string", "image", "language") or name not in table.column_names:
                notes.append(f"{name}: {feature['dtype']} is not read")
            else:
                values, good = rows_of(table[name], feature, f"{known['data']}: {name}")
                counts = {"off_grid": off_grid, "corrupt": int((~good).sum())}
                series[name] = Series(values, stamps[good], names_of(feature), counts=counts)
        return Episode(
            self.name_of(key), series, "; ".join(known["tasks"]), notes, {"videos": videos} if videos else {}
        )

    def _rows_of(self, key, file):
        if self._cached[0] != file:  # a file of v3.0 holds many episodes
            path = self.path / file
            if not path.is_file():
                raise Unreadable(f"{file}: found no such file")
            try:
                self._cached = (file, self._parquet.read_table(path))
            except (OSError, ValueError) as trouble:  # what pyarrow raises is one of the two
                raise Unreadable(f"{file}: {trouble}") from None
        table = self._cached[1]
        absent = [name for name in ("frame_index", "timestamp", "episode_index") if name not in table.column_names]
        if absent:
            raise Unreadable(f"{file}: found no column {absent[0]}")
        table = table.filter(table["episode_index"].to_numpy() == key)
        if len(table) == 0:
            raise Unreadable(f"{file}: found no row of episode {key}")
        if table["frame_index"].null_count or table["timestamp"].null_count:
            raise Unreadable(f"{file}: found rows of episode {key} without frame_index or timestamp")
        return table

    def _read_v2(self):
        cameras = [name for name, feature in self.features.items() if feature["dtype"] == "video"]
        episodes = {}
        for line in read_lines(self.path / "meta" / "episodes.jsonl"):
            number = line["episode_index"]
            at = {"episode_chunk": number // self.info["chunks_size"], "episode_index": number}
            episodes[number] = {
                "data": self.info["data_path"].format(**at),
                "length": line["length"],
                "tasks": line["tasks"],
                "videos": {name: (self.info["video_path"].format(video_key=name, **at), 0) for name in cameras},
            }
        tasks = {line["task_index"]: line["task"] for line in read_lines(self.path / "meta" / "tasks.jsonl")}
        return episodes, [tasks[number] for number in sorted(tasks)]

    def _read_v3(self):
        cameras = [name for name, feature in self.features.items() if feature["dtype"] == "video"]
        episodes = {}
        for file in sorted((self.path / "meta" / "episodes").rglob("*.parquet")):
            table = self._parquet.read_table(file)
            kept = [name for name in table.column_names if not name.startswith("stats/")]
            for line in table.select(kept).to_pylist():
                at = {"chunk_index": line["data/chunk_index"], "file_index": line["data/file_index"]}
                videos = {}
                for name in cameras:
                    of_video = {word: line.get(f"videos/{name}/{word}") for word in ("chunk_index", "file_index")}
                    if None not in of_video.values():
                        first = round(line[f"videos/{name}/from_timestamp"] * self.fps)
                        videos[name] = (self.info["video_path"].format(video_key=name, **of_video), first)
                episodes[line["episode_index"]] = {
                    "data": self.info["data_path"].format(**at),
                    "length": line["length"],
                    "tasks": line["tasks"],
                    "videos": videos,
                }
        tasks = self._parquet.read_table(self.path / "meta" / "tasks.parquet").to_pylist()
        # The text is the index of a pandas table, which has a name or not.
        texts = {line.pop("task_index"): next(iter(line.values())) for line in tasks}
        return episodes, [texts[number] for number in sorted(texts)]


def read_lines(path):
    """The values of a file with one line of JSON each."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def rows_of(column, feature, what):
    """Samples `[rows, ...]` of a column, and which rows have as many numbers as the feature says; only those are given.
    An absent number is NaN."""
    dtype = np.dtype(feature["dtype"])
    shape = tuple(feature["shape"])
    flat = column.combine_chunks()
    levels = 0
    while hasattr(flat, "flatten") and hasattr(flat.type, "value_type"):
        flat, levels = flat.flatten(), levels + 1
    count = int(np.prod(shape, dtype=np.int64))
    if len(flat) == len(column) * count and column.null_count == 0:
        good = np.ones(len(column), bool)
        numbers = flat.to_numpy(zero_copy_only=False)
    else:
        lists = [np.ravel(one) if one is not None else np.empty(0) for one in column.to_pylist()]
        good = np.array([len(one) == count for one in lists], bool)
        numbers = np.concatenate([np.empty(0, dtype), *(one for one, fits in zip(lists, good) if fits)])
    try:
        return numbers.astype(dtype).reshape(-1, *shape), good
    except (TypeError, ValueError) as trouble:
        raise Unreadable(f"{what}: {trouble}") from None


def names_of(feature):
    """One for each channel, if the feature has as many."""
    found = feature.get("names")
    while isinstance(found, dict) and len(found) == 1:
        found = next(iter(found.values()))
    while isinstance(found, list) and len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    count = int(np.prod(feature["shape"], dtype=np.int64))
    fits = isinstance(found, list) and len(found) == count and all(isinstance(one, str) for one in found)
    return found if fits else None
