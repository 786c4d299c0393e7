# SPDX-License-Identifier: Apache-2.0
"""Episodes in the host's memory, for which a GPU has no room."""

import queue
import threading

import numpy as np
import torch

import robocache_torch as rc

from .way import DataPath, factors_of, fuse, want_next


class FromPinned(DataPath):
    """Episodes in pinned memory: a thread picks what the next windows read and copies it, while the model computes."""

    def __init__(self, *given, ahead=2):
        super().__init__(*given)
        self.factors = [factors_of(one, self.device) for one in self.recording.modalities]
        self.deltas = self.windows.deltas.to(self.device)
        self.ranges = [ranges_of(one, self.windows) for one in self.recording.modalities]
        self.copies = torch.cuda.Stream(self.device) if self.device.type == "cuda" else None
        self.jobs, self.ready = queue.Queue(), queue.Queue()
        # What is being copied, copied, and read: as many sets of buffers.
        self.free = queue.Queue()
        for _ in range(ahead + 1):
            self.free.put({})
        self.ahead, self.asked, self.next, self.trouble = ahead, None, None, None
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def sample(self, step):
        if self.trouble is not None:
            raise self.trouble
        if self.asked is None:
            self.asked = self.next = step
        want_next(step, self.next)
        self.next += 1
        while self.asked < step + self.ahead:
            self.jobs.put(self.asked)
            self.asked += 1
        found = self.ready.get()
        if isinstance(found, BaseException):
            self.trouble = found
            raise found
        batch, tensors, buffers, copied = found
        if copied is not None:
            torch.cuda.current_stream(self.device).wait_event(copied)
        *modalities, anchors = tensors
        sources = [(values, rc.ragged(stamps, offsets)) for stamps, values, offsets in modalities]
        fused = fuse(self.recording, sources, self.factors, rc.windows(anchors, self.deltas))
        read = None
        if copied is not None:
            read = torch.cuda.Event(blocking=True)  # the thread sleeps while it waits
            read.record(torch.cuda.current_stream(self.device))
        self.free.put({**buffers, "read": read})
        return self.split(fused.values, fused.valid, batch.share)

    def work(self):
        try:
            if self.device.type == "cuda":
                torch.cuda.set_device(self.device)
            while (step := self.jobs.get()) is not None:
                self.ready.put(self.fetch(step, self.free.get()))
        except BaseException as trouble:  # told to the thread that waits
            self.ready.put(trouble)

    def fetch(self, step, buffers):
        """Packs what the windows of a step read, samples around their ends included, and sends it."""
        batch = self.shards.at(step)
        if buffers.get("read") is not None:
            buffers["read"].synchronize()
        tensors = []
        with torch.cuda.stream(self.copies):
            for i, (one, (begins, ends)) in enumerate(zip(self.recording.modalities, self.ranges)):
                first, counts = begins[batch.windows], (ends - begins)[batch.windows]
                offsets = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
                rows = torch.arange(int(offsets[-1])) + torch.repeat_interleave(first - offsets[:-1], counts)
                parts = [self.send(part, rows, buffers, (i, part.ndim)) for part in (one.stamps, one.values)]
                tensors.append([*parts, self.send(offsets, torch.arange(len(offsets)), buffers, (i, "offsets"))])
            tensors.append(self.send(self.windows.anchors, batch.windows, buffers, "anchors"))
            copied = None
            if self.copies is not None:
                copied = torch.cuda.Event()
                copied.record(self.copies)
        return batch, tensors, buffers, copied

    def send(self, part, rows, buffers, name):
        """Rows of a tensor, on the device."""
        if self.copies is None:
            return part.index_select(0, rows)
        # Whole buffers are kept, and grow: pinning memory takes longer than copying it.
        pinned, there = buffers.get(name, (None, None))
        if pinned is None or len(pinned) < len(rows):
            room = (len(rows) * 5 // 4 + 1, *part.shape[1:])
            pinned = torch.empty(room, dtype=part.dtype, pin_memory=True)
            there = torch.empty(room, dtype=part.dtype, device=self.device)
            buffers[name] = pinned, there
        torch.index_select(part, 0, rows, out=pinned[: len(rows)])
        there[: len(rows)].copy_(pinned[: len(rows)], non_blocking=True)
        return there[: len(rows)]

    def close(self):
        self.jobs.put(None)
        self.thread.join(timeout=10)


def ranges_of(one, windows):
    """From which row to which row of a modality each window reads: int64 [windows], twice."""
    stamps, offsets = one.stamps.numpy(), one.offsets.numpy()
    anchors, episodes = windows.anchors.numpy(), windows.episodes.numpy()
    begins, ends = np.empty_like(anchors), np.empty_like(anchors)
    for episode in np.unique(episodes):
        low, high = offsets[episode], offsets[episode + 1]
        mine = episodes == episode
        own = stamps[low:high]
        first = np.searchsorted(own, anchors[mine] + windows.deltas[0].item(), "right") - 1
        begins[mine] = low + np.maximum(first, 0)
        # Of samples that share a stamp the last one counts; one more, to interpolate up to.
        ends[mine] = low + np.minimum(np.searchsorted(own, anchors[mine], "right") + 1, high - low)
    return torch.from_numpy(begins), torch.from_numpy(ends)
