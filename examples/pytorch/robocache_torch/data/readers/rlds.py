# SPDX-License-Identifier: Apache-2.0
"""RLDS data sets, as Open X-Embodiment has them: TFRecord files, without TensorFlow. The messages are parsed by the
package tfrecord; its own iterator checks no checksums, and would cut zeros off the ends of encoded images."""

import io
import struct

import numpy as np

from .._episode import Episode, Left, Series, Unreadable
from .._optional import need
from ._source import Source, on_grid, plain, read_json

HEAD = struct.Struct("<QI")  # length, its checksum; behind the record another checksum
KINDS = {"tensor": "tensor", "scalar": "tensor", "image": "image", "text": "text"}


class Rlds(Source):
    """Steps have no times: they are at a rate that has to be given.

    Args:
        hertz: The rate of the robot's control: 5 for Bridge.
        images: Whether to decode images, with Pillow. Else the episode notes them.
    """

    def __init__(self, path, hertz=None, images=False):
        super().__init__(path)
        if hertz is None:
            raise ValueError("hertz: found none, want the rate of the steps, which RLDS does not store (Bridge: 5)")
        self.hertz, self.images = hertz, images
        self._example = need("tfrecord.example_pb2", "tfrecord", "reading RLDS data sets").Example
        self._crc32c = need("crc32c", "crc32c", "reading RLDS data sets").crc32c
        self._image = need("PIL.Image", "pillow", "decoding images") if images else None
        self.features = dict(features_of(read_json(self.path / "features.json")))
        self.info = read_json(self.path / "dataset_info.json")
        self.about = {"format": "rlds", "name": self.info.get("name"), "hertz": hertz}

    @staticmethod
    def recognises(path):
        return (path / "features.json").is_file() and (path / "dataset_info.json").is_file()

    def keys(self):
        self.left_out = []
        files = sorted(path for path in self.path.iterdir() if ".tfrecord" in path.name)
        self.left_out += self._missing_files({path.name for path in files})
        return [(path.name, *record) for path in files for record in self._records(path)]

    def name_of(self, key):
        return f"{key[0]}:{key[1]}"

    def read(self, key):
        file, number, offset, length = key
        with open(self.path / file, "rb") as stream:
            stream.seek(offset)
            data, check = stream.read(length), stream.read(4)
        if len(data) != length or len(check) != 4:
            raise Unreadable(f"{file}: record {number}: found the end of the file, want {length} bytes")
        if struct.unpack("<I", check)[0] != self._masked(data):
            raise Unreadable(f"{file}: record {number}: found another checksum than the file has")
        example = self._example()
        example.ParseFromString(data)
        lists = {name: getattr(one, one.WhichOneof("kind")).value for name, one in example.features.feature.items()}
        return self._episode(self.name_of(key), lists)

    def _episode(self, name, lists):
        first = next((one for one in ("steps/is_first", "steps/is_last", "steps/reward") if one in lists), None)
        if first is None:
            raise Unreadable(f"{name}: found none of is_first, is_last and reward, which have one number for each step")
        steps = len(lists[first])
        stamps = on_grid(np.arange(steps), self.hertz)
        series, notes, task = {}, [], ""
        for field, (kind, shape, dtype) in self.features.items():
            if not field.startswith("steps/") or field not in lists:
                continue
            short, numbers = field.removeprefix("steps/"), lists[field]
            if kind == "text":
                texts = list(dict.fromkeys(plain(list(numbers))))
                task = task or (texts[0] if "instruction" in short and texts else "")
                if len(texts) > 1:
                    notes.append(f"{short}: found {len(texts)} texts, of which the first is read")
            elif kind == "image" and self.images:
                series[short] = Series(self._decoded(name, short, numbers), stamps)
            elif kind == "tensor" and dtype is not None:
                count = int(np.prod(shape, dtype=np.int64))
                if len(numbers) != steps * count:
                    raise Unreadable(f"{name}: {short}: found {len(numbers)} numbers, want {steps} steps of {count}")
                series[short] = Series(np.asarray(numbers, dtype).reshape(steps, *shape), stamps)
            else:
                notes.append(f"{short}: {kind} is not read")
        metadata = {
            field.removeprefix("episode_metadata/"): plain(list(numbers))
            for field, numbers in lists.items()
            if field.startswith("episode_metadata/")
        }
        return Episode(name, series, task, notes, metadata)

    def _decoded(self, name, field, encoded):
        try:
            return np.stack([np.asarray(self._image.open(io.BytesIO(one))) for one in encoded])
        except (OSError, ValueError) as trouble:
            raise Unreadable(f"{name}: {field}: {trouble}") from None

    def _records(self, path):
        """Number, place and length of each record of a file, by its headers."""
        size = path.stat().st_size
        with open(path, "rb") as stream:
            number, offset = 0, 0
            while offset < size:
                head = stream.read(HEAD.size)
                length, check = HEAD.unpack(head) if len(head) == HEAD.size else (0, None)
                if check != self._masked(head[:8]):
                    why = f"found no record at byte {offset}; the rest is not read"
                    self.left_out.append(Left(path.name, why))
                    return
                yield number, offset + HEAD.size, length
                number, offset = number + 1, offset + HEAD.size + length + 4
                stream.seek(offset)

    def _masked(self, data):
        crc = self._crc32c(data)
        return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF

    def _missing_files(self, found):
        """Those that dataset_info.json counts."""
        for split in self.info.get("splits", []):
            lengths = split.get("shardLengths", [])
            for shard, episodes in enumerate(lengths):
                name = f"{self.info['name']}-{split['name']}.tfrecord-{shard:05d}-of-{len(lengths):05d}"
                if name not in found:
                    yield Left(name, f"found no such file; it has {episodes} episodes")


def features_of(tree, path=""):
    """Path, and (kind, shape, dtype) of each leaf of features.json; no dtype where numbers are not stored plainly."""
    if "featuresDict" in tree:
        for name, one in tree["featuresDict"]["features"].items():
            yield from features_of(one, f"{path}/{name}" if path else name)
    elif "sequence" in tree:
        yield from features_of(tree["sequence"]["feature"], path)
    else:
        kind = next((word for word in KINDS if word in tree), None)
        if kind is None:
            yield path, (tree.get("pythonClassName", "?").rsplit(".", 1)[-1], (), None)
            return
        about = tree[kind]
        shape = tuple(int(one) for one in about.get("shape", {}).get("dimensions", []))
        dtype = about.get("dtype")
        is_plain = dtype not in (None, "string", "bfloat16") and about.get("encoding", "none") == "none"
        yield path, (KINDS[kind], shape, np.dtype(dtype) if is_plain and KINDS[kind] == "tensor" else None)
