# SPDX-License-Identifier: Apache-2.0
"""Bags of ROS 1 and ROS 2 (sqlite and MCAP), read by rosbags, without ROS. Each bag is an episode."""

import dataclasses
import operator

import numpy as np

from .._episode import Episode, Series, Unreadable
from .._optional import need
from ._source import SECOND, Source

ENDINGS = (".bag", ".mcap", ".db3")
JOINTS = "sensor_msgs/msg/JointState"
# Large arrays, whose numbers beside them would be channels too: only by field path.
UNREAD = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/PointCloud2")
# By the field that holds the numbers; ROS uses SI units (REP 103).
UNITS = {
    "angular_velocity": "rad/s",
    "linear_acceleration": "m/s^2",
    "position": "m",
    "translation": "m",
    "linear": "m/s",
    "angular": "rad/s",
    "force": "N",
    "torque": "N m",
}


class Bags(Source):
    """Topics at their own rates, a modality each: the numbers of a message, side by side (of an Odometry
    "pose.pose.position.x" and so on), without covariances. A JointState is three: "/topic/position", "/topic/velocity"
    and "/topic/effort", whose joints are in the order of the first message. Messages with another number of numbers
    than the topic's first, or that cannot be read, are counted as corrupt.

    Args:
        time: "header": when the message says it was sampled; "log": when it was recorded. Topics whose first message
            has no time in a header have that of the log.
        fields: Field paths by topic, instead of all numbers: {"/camera": ["data"], "/tf": ["transforms.0.transform"]}.
    """

    def __init__(self, path, time="header", fields=None):
        super().__init__(path)
        if time not in ("header", "log"):
            raise ValueError(f"time: found {time!r}, want header or log")
        self.time, self.fields = time, fields or {}
        self._high = need("rosbags.highlevel", "rosbags", "reading bags")
        self._types = need("rosbags.typesys", "rosbags", "reading bags")
        self.about = {"format": "bags", "time": time}

    @staticmethod
    def recognises(path):
        return bool(bags_in(path))

    def keys(self):
        return [str(one) for one in bags_in(self.path)]

    def name_of(self, key):
        return self.path.__class__(key).name

    def read(self, key):
        path = self.path.__class__(key)
        types = self._types.get_typestore(self._types.Stores.LATEST)  # of bags without definitions
        topics, notes = {}, []
        try:
            with self._high.AnyReader([path], default_typestore=types) as reader:
                unread = {one.topic for one in reader.connections if one.msgtype in UNREAD} - set(self.fields)
                notes += [f"{topic}: images and clouds are read by field path only" for topic in sorted(unread)]
                wanted = [one for one in reader.connections if one.topic not in unread]
                for connection, logged, raw in reader.messages(connections=wanted) if wanted else ():
                    topic = topics.get(connection.topic)
                    if topic is None:
                        topic = topics[connection.topic] = Topic(self.time, self.fields.get(connection.topic))
                    try:
                        message = reader.deserialize(raw, connection.msgtype)
                    except Exception:  # what it raises depends on where the bytes stop making sense
                        topic.unread += 1
                        continue
                    topic.add(message, connection.msgtype, logged)
        except (self._high.AnyReaderError, OSError, ValueError, KeyError, AssertionError) as trouble:
            raise Unreadable(f"{key}: {trouble}") from None
        series = {}
        for name, topic in topics.items():
            series |= topic.series(name, notes)
        return Episode(path.name, series, notes=notes)


class Topic:
    """Rows of one topic. Its first message says which numbers it has."""

    def __init__(self, time, fields):
        self.time, self.fields, self.unread, self.parts, self.skipped = time, fields, 0, None, []

    def add(self, message, kind, logged):
        """Adds a message."""
        stamp = stamp_of(message)
        if self.parts is None:
            self.time = "header" if self.time == "header" and stamp else "log"
            self._plan(message, kind)
        if self.time == "log":
            stamp = logged
        order = self._order_of(message) if kind == JOINTS and not self.fields else None
        for part in self.parts:
            part.add(message, stamp, order)

    def series(self, name, notes):
        """By the modality's name."""
        parts = self.parts or []
        notes += [f"{name}: {field} is not read" for field in self.skipped]
        if not any(part.rows for part in parts):
            notes.append(f"{name}: found no numbers in {self.unread} broken messages and the readable ones")
        return {name + part.suffix: part.series(self.unread) for part in parts if part.rows}

    def _plan(self, message, kind):
        if kind == JOINTS and not self.fields:
            self.joints = list(message.name)
            words = [word for word in ("position", "velocity", "effort") if len(getattr(message, word))]
            self.parts = [Part([word], self.joints, None, f"/{word}") for word in words]
            return
        paths, names = [], []
        for field in self.fields or [""]:
            value = value_at(message, field) if field else message
            for path, count in numbers_in(value, field, self.skipped):
                if "covariance" in path and path not in (self.fields or ()):
                    continue
                paths.append(path)
                names += [path] if count is None else [f"{path}[{i}]" for i in range(count)]
        units = [next((UNITS[word] for word in reversed(name.split(".")) if word in UNITS), "") for name in names]
        self.parts = [Part(paths, names, units if any(units) else None, "")] if paths else []

    def _order_of(self, message):
        """Where the joints of the first message are in this one; None if they are not the same."""
        if list(message.name) == self.joints:
            return slice(None)
        if sorted(message.name) != sorted(self.joints):
            return None
        return [list(message.name).index(name) for name in self.joints]


class Part:
    """One modality of a topic."""

    def __init__(self, paths, names, units, suffix):
        self.paths, self.names, self.units, self.suffix = paths, names, units, suffix
        self.rows, self.stamps, self.corrupt = [], [], 0

    def add(self, message, stamp, order):
        try:
            row = np.concatenate([np.ravel(value_at(message, path)) for path in self.paths])
            if self.suffix:
                row = row[order] if order is not None else row[:0]
        except (AttributeError, IndexError, TypeError, ValueError):
            row = ()
        if len(row) != len(self.names):
            self.corrupt += 1
            return
        self.rows.append(row)
        self.stamps.append(stamp)

    def series(self, unread):
        counts = {"corrupt": self.corrupt + unread}
        return Series(np.stack(self.rows), np.array(self.stamps, np.int64), self.names, self.units, counts)


def bags_in(path):
    """The bag at a path, or those in a folder."""
    if path.is_file():
        return [path] if path.suffix in ENDINGS else []
    if (path / "metadata.yaml").is_file():
        return [path]
    found = [one for one in path.iterdir() if one.is_file() and one.suffix in ENDINGS]
    return sorted(found + [one for one in path.iterdir() if (one / "metadata.yaml").is_file()])


def stamp_of(message):
    """Nanoseconds of the header; 0 if there is none."""
    header = getattr(message, "header", None)
    return 0 if header is None else header.stamp.sec * SECOND + header.stamp.nanosec


def value_at(message, path):
    """By field names and numbers of elements, with dots between them."""
    for word in path.split("."):
        message = message[int(word)] if word.isdigit() else operator.attrgetter(word)(message)
    return message


def numbers_in(value, path, skipped):
    """Path and count of each number (None) and array of numbers of a message; what is neither is named in `skipped`."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name not in ("__msgtype__", "header"):
                below = f"{path}.{field.name}" if path else field.name
                yield from numbers_in(getattr(value, field.name), below, skipped)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        yield path, value.size
    elif isinstance(value, (bool, int, float)):
        yield path, None
    else:
        skipped.append(path)
