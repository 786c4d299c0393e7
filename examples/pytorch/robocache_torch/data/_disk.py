# SPDX-License-Identifier: Apache-2.0
"""The place "disk": values stay in the files of a store, and threads read the rows of windows ahead of their use."""

import json
import math
from pathlib import Path

import torch
from torch import Tensor

from ._sampler import Sampler
from ._source import Reach, Windows
from ._store import FUSED_AS, Modality, Store

MOST_SLOTS = 8
# They wait for the disk most of the time, and a disk wants many requests at once.
THREADS = 16
ALIGNMENT = 256  # of what is in a slot


class Disk:
    """A source whose values are read from a store's files by threads, into slots of pinned memory, as many as a budget
    has room for. So a store may be larger than the host's memory.

    A slot has the rows that a group's windows need, window after window, so that window i reads trajectory i. It has
    room for as many rows as any windows of the store need. The rows of an episode that are not in it do not change the
    result: of every target the samples around it are there, and an edge is one of the episode.

    Stamps and offsets of all episodes are kept in the host's memory: 8 bytes for each sample.

    Args:
        store: Whose files do not change meanwhile.
        reaches: What windows read, by the name of the modality.
        rows: Windows of a group.
        device: Of the kernels: a GPU, or the CPU.
        budget: Bytes of pinned memory, at most.
        threads: How many read.

    Attributes:
        slots: How many there are: as many as the budget has room for, from 2 to 8.
        pinned_bytes: Of all slots.
        resident_bytes: Of stamps and offsets.

    Raises:
        KeyError, ValueError: No such modality; the budget has no room for two slots.
    """

    wants_windows = True
    draws_windows = True

    def __init__(
        self,
        store: Store,
        reaches: dict[str, Reach],
        rows: int,
        device: torch.device,
        budget: int,
        threads: int = THREADS,
    ):
        tables = [_Table(store, name, reach) for name, reach in reaches.items()]
        self.resident_bytes = sum(one.stamps.nbytes + one.offsets.nbytes for one in tables)
        sizes = [part.bytes for one in tables for part in one.parts(rows)]
        slot = sum(sizes)
        self.slots = min(budget // slot, MOST_SLOTS)
        if self.slots < 2:
            raise ValueError(f"budget: found {budget} bytes, want {2 * slot} or more: two times {rows} windows")
        self.pinned_bytes = self.slots * slot
        pieces = iter(torch.ops.robocache.host_bytes(self.pinned_bytes, device).split(sizes * self.slots))
        numbers = torch.arange(rows, device=device)
        self._trajectory, self._series, memory = numbers, [], []
        for _ in range(self.slots):
            self._series.append({})
            for one in tables:
                values, stamps, offsets = (part.of(next(pieces)) for part in one.parts(rows))
                there = [torch.zeros_like(part, device=device) for part in (stamps, offsets)]
                there = [stamps, offsets] if device.type == "cpu" else there
                offsets.zero_()
                memory += [values, stamps, offsets, *there]
                self._series[-1][one.name] = Modality(one.name, values, *there, *one.of_channels)
        self._ring = torch.classes.robocache.DiskRing(
            [one.name for one in tables],
            [one.stamps for one in tables],
            [one.offsets for one in tables],
            [one.first_rows for one in tables],
            [one.places for one in tables],
            [torch.empty(0, dtype=one.stored) for one in tables],
            [number for one in tables for number in one.reach[:3]],
            memory,
            [str(store.folder / shard["file"]) for shard in store.shards],
            threads,
            device,
        )

    @property
    def bytes_read(self) -> int:
        """From files, so far."""
        return self._ring.bytes_read()

    def series(self, name: str, slot: int) -> Modality:
        return self._series[slot][name]

    def trajectory(self, slot: int) -> Tensor:
        return self._trajectory

    def want(self, slot: int, windows: Windows) -> None:
        for one in windows:
            if one.shape != self._trajectory.shape or one.dtype != torch.int64 or not one.is_cpu:
                raise ValueError(
                    f"windows: found {list(windows.trajectory.shape)} and {list(windows.anchors.shape)}, "
                    f"want int64 {list(self._trajectory.shape)} on the CPU"
                )
        self._ring.want(slot, windows.trajectory.contiguous(), windows.anchors.contiguous())

    def draw_from(self, sampler: Sampler, batches: int) -> None:
        """From now on threads draw the windows of this sampler: see `want_drawn`."""
        *tensors, num, den = sampler.host_plan
        self._ring.draw_from(*tensors, num, den, batches, sampler.batch, sampler.rank, sampler.ranks)

    def want_drawn(self, slot: int, step: int, seed: int) -> None:
        self._ring.want_drawn(slot, step, seed)

    def wait(self, slot: int) -> None:
        while not self._ring.wait(slot, 200):  # milliseconds, so that a keyboard interrupt is heard
            pass
        if trouble := self._ring.take(slot):
            self._ring.done(slot)
            raise OSError(trouble)

    def done(self, slot: int) -> None:
        self._ring.done(slot)

    def close(self) -> None:
        self._ring.close()


class _Part:
    """Of a slot: a tensor."""

    def __init__(self, shape, dtype):
        self.shape, self.dtype = shape, dtype
        self.used = math.prod(shape) * dtype.itemsize
        self.bytes = max(1, -(-self.used // ALIGNMENT)) * ALIGNMENT

    def of(self, piece):
        return piece[: self.used].view(self.dtype).view(self.shape)


class _Table:
    """One modality: which rows are where."""

    def __init__(self, store, name, reach):
        schema = store.schemas[name]
        parts = [(stamps, offsets) for _, stamps, offsets in store.parts(name)]
        self.name, self.reach, self.stored = name, reach, getattr(torch, schema["dtype"])
        self.dtype = reach.dtype or FUSED_AS.get(self.stored, self.stored)
        self.shape = tuple(schema["shape"])
        self.of_channels = schema["names"], schema["units"], self.shape
        zero = torch.zeros(1, dtype=torch.int64)
        self.stamps = torch.cat([torch.empty(0, dtype=torch.int64), *(stamps for stamps, _ in parts)])
        self.offsets = torch.cat([zero, *(offsets.diff() for _, offsets in parts)]).cumsum(0)
        self.first_rows = torch.tensor([0, *(len(stamps) for stamps, _ in parts)]).cumsum(0)
        self.places = torch.tensor([_place_of(store.folder / shard["file"], name) for shard in store.shards])
        # Those within the reach of a window, those around it, and those beside these.
        span = min(reach.last - reach.first, 2**63 - 1)
        most = torch.ops.robocache.most_rows(self.stamps, self.offsets, span)
        self.most = min(most + 2 + 2 * reach.beside, int(self.offsets.diff().max()) if len(store) else 0)

    def parts(self, rows):
        """Values, stamps and offsets of so many windows."""
        capacity = self.most * rows
        width = math.prod(self.shape)
        return (
            _Part((capacity, width), self.dtype),
            _Part((capacity,), torch.int64),
            _Part((rows + 1,), torch.int64),
        )


def _place_of(shard: Path, name: str) -> int:
    """How many bytes of a file stand before the values of a modality; 0 if it has none. A safetensors file begins with
    the size of its header, which is JSON."""
    with open(shard, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        tensor = json.loads(file.read(size)).get(f"{name}/values")
    return 0 if tensor is None else 8 + size + tensor["data_offsets"][0]
