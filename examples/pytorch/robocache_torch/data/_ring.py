# SPDX-License-Identifier: Apache-2.0
"""Groups of batches, made when they are asked for, or ahead."""

import contextlib
import functools
import gc
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .._timed import Fused
from ._sampler import Sampler
from ._source import Source
from ._windows import Launch


@dataclass(frozen=True)
class Batch:
    """What one step trains with. On a GPU its memory is used again when the next batch is asked for: clone what is
    kept, or what another stream reads.

    Attributes:
        parts: By the names of the spec: values `[B, T, channels]`, valid `[B, T, reads]`, all_valid `[B, T]`. Where it
            is not valid, a target lies outside of its episode, or in a gap: LeRobot's `_is_pad` is `~all_valid`.
        episode: int64 `[B]`, its number in the store.
        anchors: int64 `[B]`, in nanoseconds.
        padding: bool `[B]`: fills up the last batch of an epoch with a window that it has already.
    """

    parts: dict[str, Fused]
    episode: Tensor
    anchors: Tensor
    padding: Tensor

    def __getitem__(self, name: str) -> Fused:
        return self.parts[name]


class Made:
    """Groups of batches, one after the other, each made when its first batch is asked for."""

    def __init__(self, sampler: Sampler, source: Source, launch: Launch, group: int, first: int):
        self.sampler, self.source, self.launch, self.group = sampler, source, launch, group
        self.wanted = first  # the first batch of the group that the source is asked for next
        self.turn = 0  # of the group that is made next
        self.step = torch.tensor([first], device=sampler.plan.offsets.device)
        self.batches: Iterator[Batch] = iter(())
        if source.draws_windows:
            source.draw_from(sampler, group)
        for slot in range(source.slots):
            self._want(slot)

    def next(self) -> Batch:
        batch = next(self.batches, None)
        if batch is None:
            self.batches = iter(self._group())
            batch = next(self.batches)
        return batch

    def close(self) -> None:
        """Before its memory is given back."""

    def _group(self) -> list[Batch]:
        slot = self.turn % self.source.slots
        self.source.wait(slot)
        made = self._make(slot)
        self.source.done(slot)
        self._want(slot)
        self.turn += 1
        return made

    def _want(self, slot):
        if self.source.draws_windows:
            self.source.want_drawn(slot, self.wanted, self.sampler.seed)
        else:
            windows = self.sampler.on_host(self.wanted, self.group) if self.source.wants_windows else None
            self.source.want(slot, windows)
        self.wanted += self.group

    def _make(self, slot) -> list[Batch]:
        trajectory, anchors, padding = self.sampler.draw(self.step, self.group)
        self.step.add_(self.group)
        parts = self.launch(slot, trajectory, anchors)
        rows = self.sampler.rows
        return [
            Batch(
                {name: Fused(*(one[first : first + rows] for one in part)) for name, part in parts.items()},
                *(one[first : first + rows] for one in (trajectory, anchors, padding)),
            )
            for first in range(0, self.group * rows, rows)
        ]


# Parts of a batch that are made side by side.
ABREAST = 4


@functools.cache
def _part_of_gpu(device: torch.device, multiprocessors: int):
    """A green context, kept as long as the process: graphs and streams of it may be in use until then."""
    try:
        from torch.cuda.green_contexts import GreenContext

        context = GreenContext.create(multiprocessors, device.index)
        context.Stream()
    except (ImportError, AttributeError, RuntimeError) as cause:
        raise ValueError(
            f"multiprocessors: found {multiprocessors}, want None here: PyTorch {torch.__version__} gives no streams "
            f"of a part of the GPU (2.11 does): {cause}"
        ) from None
    return context


def _streams_of(device, count, multiprocessors):
    if multiprocessors is None:
        return [torch.cuda.Stream(device) for _ in range(count)]
    context = _part_of_gpu(device, multiprocessors)
    return [context.Stream() for _ in range(count)]


@contextlib.contextmanager
def _nothing_collected():
    """A capture does not survive that a graph is destroyed, and the collector may find one in what others left."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Graphed(Made):
    """The same on streams of their own, a group ahead: each slot has a CUDA graph, and so memory of its own.

    Args:
        multiprocessors: Of the GPU that these streams may use; None: all.
    """

    def __init__(
        self,
        sampler: Sampler,
        source: Source,
        launch: Launch,
        group: int,
        first: int,
        multiprocessors: int | None = None,
    ):
        self.device = sampler.plan.offsets.device
        abreast = max(1, min(ABREAST, len(launch.fused)))
        self.stream, *launch.beside = _streams_of(self.device, abreast, multiprocessors)
        self.graphs: list[tuple[torch.cuda.CUDAGraph, list[Batch]]] = []
        self.ready = [torch.cuda.Event() for _ in range(source.slots)]
        self.free = [torch.cuda.Event() for _ in range(source.slots)]
        with torch.cuda.device(self.device):
            self.stream.wait_stream(torch.cuda.current_stream())  # it made the plan and the values
            with torch.cuda.stream(self.stream):
                super().__init__(sampler, source, launch, group, first)
                self._make(0)  # loads kernels, which a capture must not
                self.step.fill_(first)
                self.stream.synchronize()
                for slot in range(source.slots):
                    graph = torch.cuda.CUDAGraph()
                    capture = torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local")
                    with _nothing_collected(), capture:
                        made = self._make(slot)
                    self.graphs.append((graph, made))
                for _ in range(source.slots):
                    self._ahead()
        self.taken = 0  # groups whose batches have been asked for

    def _ahead(self):
        """Makes the next group, where the stream of batches is the current one."""
        slot = self.turn % self.source.slots
        self.source.wait(slot)
        self.graphs[slot][0].replay()
        self.source.done(slot)
        self.ready[slot].record(self.stream)
        self._want(slot)
        self.turn += 1

    def _group(self):
        current = torch.cuda.current_stream(self.device)
        if self.taken > 0:
            # What read the group before is on the current stream, so that its slot is free after it: for the group
            # behind those that are made already.
            slot = (self.taken - 1) % self.source.slots
            self.free[slot].record(current)
            self.stream.wait_event(self.free[slot])
            # Without contexts, which cost the host several times as much.
            before = torch.cuda.current_device()
            torch.cuda.set_stream(self.stream)
            try:
                self._ahead()
            finally:
                torch.cuda.set_stream(current)
                if before != self.device.index:
                    torch.cuda.set_device(before)
        slot = self.taken % self.source.slots
        current.wait_event(self.ready[slot])
        self.taken += 1
        return self.graphs[slot][1]

    def close(self):
        """Waits for what is being made."""
        self.stream.synchronize()
