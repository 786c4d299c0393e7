# SPDX-License-Identifier: Apache-2.0
"""`Store`: episodes on disk, opened memory-mapped."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from .._timelines import Stream, Timeline, ragged
from ._episode import Left
from ._optional import need
from ._shards import empty, ignored_files, read_index, sha256_of

PLACES = ("host", "pinned", "device")
# What `fuse` takes of the types that it does not know.
FUSED_AS = {
    torch.float64: torch.float32,
    torch.bool: torch.uint8,
    torch.int8: torch.int32,
    torch.int16: torch.int32,
    torch.uint16: torch.int32,
    torch.uint32: torch.int64,
}


class Modality(NamedTuple):
    """One modality of all episodes, packed: episode e owns rows `offsets[e]` to `offsets[e + 1]`.

    Attributes:
        name: Its name.
        values: `[rows, channels]`.
        stamps: int64 `[rows]`, in nanoseconds.
        offsets: int64 `[episodes + 1]`.
        names, units: Of the channels, or None.
        shape: Of a sample: `values.unflatten(1, shape)`.
    """

    name: str
    values: Tensor
    stamps: Tensor
    offsets: Tensor
    names: list[str] | None
    units: list[str] | None
    shape: tuple[int, ...]

    def times(self) -> Timeline:
        """When rows were sampled: `rc.ragged(stamps, offsets)`."""
        return ragged(self.stamps, self.offsets)

    def stream(self, method: str = "linear", **rules) -> Stream:
        """For `rc.fuse`; `rules` are those of `rc.Stream`."""
        return Stream(self.values, self.times(), method, **rules)

    def episode(self, number: int) -> tuple[Tensor, Tensor]:
        """Values and stamps of one episode."""
        begin, end = self.offsets[number].item(), self.offsets[number + 1].item()
        return self.values[begin:end], self.stamps[begin:end]


class Verified(NamedTuple):
    """What `verify` found: a shard, and what is wrong with it; "" if nothing."""

    file: str
    trouble: str


class Store:
    """A folder of shards that `Writer` and `convert` made.

    Opening reads the index and the shards' headers, and maps the shards into memory: values are read from the disk when
    they are used. Shards that a writer appends later are seen by a store that is opened later.

    Args:
        folder: Of the store.

    Attributes:
        episodes: The table, one dictionary for each episode: name, source, task, problems (counted by modality and
            word), dropped (what `clean` dropped, the same way), notes, extra.
        names: Of the modalities.
        schemas: By modality: dtype, shape of a sample, names and units of channels.
        about: What is known of the data; `about["sources"]` by the path of each data set that `convert` read.
        left_out: Episodes that could not be read, and why.
        ignored: Files of shards that a killed writer left; they do not count, and may be deleted.
        parts_of: Of `Stores`: the episodes of each, by name.

    Raises:
        FileNotFoundError, ValueError: No store, or a shard is missing or has another size than the index says.
        Missing: safetensors is not installed.
    """

    parts_of: dict[str, range] = {}

    def __repr__(self) -> str:
        return f"Store({str(self.folder)!r}): {len(self.episodes)} episodes of {', '.join(self.names) or 'nothing'}"

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self._safe_open = need("safetensors", "safetensors", "a store").safe_open
        self.index = read_index(self.folder)
        self.ignored = ignored_files(self.folder, self.index)
        self.about, self.schemas = self.index["about"], self.index["modalities"]
        self.left_out = [Left(*one) for one in self.index["left_out"]]
        self.names = list(self.schemas)
        self.shards = self.index["shards"]
        self._files, self.episodes = [], []
        for shard in self.shards:
            path = self.folder / shard["file"]
            if trouble := self._trouble_of(shard):
                raise ValueError(f"{path}: {trouble}")
            file = self._safe_open(path, framework="pt")
            self._files.append((file, set(file.keys())))
            self.episodes += json.loads(file.metadata()["episodes"])

    def __len__(self) -> int:
        return len(self.episodes)

    def rows(self, name: str) -> int:
        """Samples of a modality, of all episodes."""
        self._want(name)
        return sum(shard["rows"].get(name, 0) for shard in self.shards)

    def parts(self, name: str) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Values, stamps and offsets of a modality, shard by shard, in the types that are on the disk, and mapped from
        there: nothing is copied. Offsets count within the shard."""
        self._want(name)
        for shard, (file, keys) in zip(self.shards, self._files):
            if f"{name}/values" in keys:
                yield tuple(file.get_tensor(f"{name}/{word}") for word in ("values", "stamps", "offsets"))
            else:
                none = empty(self.schemas[name])
                yield none.values, none.stamps, torch.zeros(shard["episodes"] + 1, dtype=torch.int64)

    def modality(
        self,
        name: str,
        place: str = "host",
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str = "cuda",
    ) -> Modality:
        """A modality of all episodes as tensors for `rc.ragged` and `rc.fuse`.

        Args:
            name: One of `names`.
            place: Where values live. "host": on the CPU, mapped from the disk where there is one shard and no other
                type is asked for, so not to be written to; else a copy. "pinned": in pinned memory of the host, which
                kernels read; stamps and offsets are on the device. "device": all there.
            dtype: Of the values; default: that of the disk if `fuse` takes it; else float32 for float64, uint8 for
                bool, int32 for int8, int16 and uint16, int64 for uint32.
            device: Of "pinned" and "device".

        Raises:
            KeyError, ValueError: No such modality or place.
        """
        if place not in PLACES:
            raise ValueError(f"place: found {place!r}, want {', '.join(PLACES)}")
        self._want(name)
        schema = self.schemas[name]
        stored = getattr(torch, schema["dtype"])
        dtype = dtype or FUSED_AS.get(stored, stored)
        target = torch.device("cpu" if place == "host" else device)
        parts = list(self.parts(name))
        counts = [part[2].diff() for part in parts]
        zero = torch.zeros(1, dtype=torch.int64)
        offsets = torch.cat([zero, *counts]).cumsum(0)
        if place == "host" and len(parts) == 1 and dtype == stored:
            values, stamps, offsets = parts[0]
        else:
            rows, width = int(offsets[-1]), empty(schema).width
            home = torch.device("cpu") if place == "pinned" else target
            if place == "pinned":  # not twice as much, as of PyTorch's allocator, which rounds up to a power of two
                memory = torch.ops.robocache.host_bytes(rows * width * dtype.itemsize, target)
                values = memory.view(dtype).view(rows, width)
            else:
                values = torch.empty((rows, width), dtype=dtype, device=home)
            stamps = torch.empty(rows, dtype=torch.int64, device=target)
            first = 0
            for part, times, _ in parts:  # shard by shard: the host never holds a second copy of all
                values[first : first + len(part)] = part.to(home)
                stamps[first : first + len(part)] = times.to(target)
                first += len(part)
        shape = tuple(schema["shape"])
        return Modality(name, values, stamps, offsets.to(target), schema["names"], schema["units"], shape)

    def loader(self, spec, batch_size: int, **how):
        """A `Loader`: batches of windows, as a `Spec` says.

        Args:
            how: As `Loader` takes them: place, budget, device, seed, weights, episodes,
                rank, ranks, multiprocessors.
        """
        from ._loader import Loader  # which needs this file

        return Loader(self, spec, batch_size, **how)

    def verify(self) -> Iterator[Verified]:
        """Reads each shard whole: its size, its checksum, its offsets and its rows."""
        for number, shard in enumerate(self.shards):
            trouble = self._trouble_of(shard)
            if not trouble and sha256_of(self.folder / shard["file"]) != shard["sha256"]:
                trouble = "found another checksum than the index has"
            yield Verified(shard["file"], trouble or self._trouble_in(number))

    def _trouble_of(self, shard):
        path = self.folder / shard["file"]
        if not path.is_file():
            return "found no such file, which the index names"
        if path.stat().st_size != shard["bytes"]:
            return f"found {path.stat().st_size} bytes, want {shard['bytes']}, as the index says"
        return ""

    def _trouble_in(self, number):
        shard, (file, keys) = self.shards[number], self._files[number]
        for name, rows in shard["rows"].items():
            if f"{name}/values" not in keys:
                return f"found no {name}, which the index names"
            values, stamps, offsets = (file.get_tensor(f"{name}/{word}") for word in ("values", "stamps", "offsets"))
            bounds = offsets.tolist()
            if not (len(values) == len(stamps) == rows == bounds[-1]):
                return f"{name}: found {len(values)} values, {len(stamps)} stamps, offsets to {bounds[-1]}, want {rows}"
            if bounds[0] != 0 or bounds != sorted(bounds) or len(bounds) != shard["episodes"] + 1:
                return f"{name}: found offsets that do not ascend from 0 over {shard['episodes']} episodes"
        return ""

    def _want(self, name):
        if name not in self.schemas:
            raise KeyError(f"modality: found {name!r}, want one of {', '.join(self.names) or 'none'}")
