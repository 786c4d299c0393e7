# SPDX-License-Identifier: Apache-2.0
"""Episodes in the host's memory, too large for a GPU."""

import itertools
import queue
import threading

import numpy as np
import torch

import robocache_torch as rc

from .way import DataPath, batches_together, factors_of, fuse, samples_of, want_next


class FromPinned(DataPath):
    """Episodes in the host's memory: a thread picks what the next windows read, and sends it through pinned memory
    while the model computes."""

    def __init__(self, *given, ahead=2):
        super().__init__(*given)
        self.factors = [factors_of(one, self.device) for one in self.recording.modalities]
        self.deltas = self.windows.deltas.to(self.device)
        self.rows = [(bytes_of(one.stamps), bytes_of(one.values)) for one in self.recording.modalities]
        self.ranges = [ranges_of(one, self.windows) for one in self.recording.modalities]
        self.group = batches_together(self.recording, self.windows, self.shards)
        self.beforehand = (ahead - 1) * self.group
        self.copies = torch.cuda.Stream(self.device) if self.device.type == "cuda" else None
        self.jobs, self.ready = queue.Queue(), queue.Queue()
        # One set of buffers for what is being packed and copied, others for what was.
        self.free = queue.Queue()
        for _ in range(ahead):
            self.free.put({})
        self.ahead, self.asked, self.next, self.trouble = ahead, None, None, None
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def group_from(self, step):
        if self.trouble is not None:
            raise self.trouble
        if self.next is None:
            self.asked = self.next = step
        want_next(step, self.next)
        while self.asked < step + self.ahead * self.group:
            self.jobs.put(self.asked)
            self.asked += self.group
        found = self.ready.get()
        if isinstance(found, BaseException):
            self.trouble = found
            raise found
        self.next += self.group
        tensors, buffers, copied = found
        try:
            if copied is not None:
                torch.cuda.current_stream(self.device).wait_event(copied)
            anchors, segments, share, *modalities = tensors
            sources = [
                (values, rc.ragged(stamps, offsets))
                for stamps, values, offsets in zip(modalities[::3], modalities[1::3], modalities[2::3])
            ]
            fused = fuse(self.recording, sources, self.factors, rc.windows(anchors, self.deltas, segments))
            share = share.clone()  # as its buffer is used again
            if copied is not None:
                buffers["read"] = torch.cuda.Event(blocking=True)  # the thread sleeps while it waits
                buffers["read"].record(torch.cuda.current_stream(self.device))
        finally:
            self.free.put(buffers)  # also after an error: the thread waits for them
        return samples_of(*fused, share, self.group)

    def work(self):
        try:
            if self.device.type == "cuda":
                torch.cuda.set_device(self.device)
            while (step := self.jobs.get()) is not None:
                self.ready.put(self.fetch(step, self.free.get()))
        except BaseException as trouble:  # passed on to the thread that waits
            self.ready.put(trouble)

    def fetch(self, step, buffers):
        """Packs what the windows of a group read, including samples around their ends, and sends it."""
        if "read" in buffers:
            buffers["read"].synchronize()
        windows, share = (of_all.flatten() for of_all in self.shards.several(step, self.group))
        segments, firsts, lasts = self.segments_of(windows.numpy())
        # Of each part a tensor of its type, and its pieces.
        parts = [(one, [bytes_of(one)]) for one in (self.windows.anchors[windows], segments, share)]
        for one, rows, (begins, ends) in zip(self.recording.modalities, self.rows, self.ranges):
            bounds = list(zip(begins[firsts].tolist(), ends[lasts].tolist()))
            parts += [
                (whole, [of_whole[low:high] for low, high in bounds])
                for whole, of_whole in zip((one.stamps, one.values), rows)
            ]
            offsets = torch.tensor([0, *itertools.accumulate(high - low for low, high in bounds)])
            parts.append((offsets, [bytes_of(offsets)]))
        with torch.cuda.stream(self.copies):
            tensors = self.send(parts, buffers)
            copied = None
            if self.copies is not None:
                copied = torch.cuda.Event()
                copied.record(self.copies)
        return tensors, buffers, copied

    def send(self, parts, buffers):
        """Joins the pieces of each part, on the device: all parts in one copy."""
        heights = [sum(map(len, pieces)) for _, pieces in parts]
        sizes = [height * pieces[0].shape[1] for height, (_, pieces) in zip(heights, parts)]
        places = [0, *itertools.accumulate(-(-size // 256) * 256 for size in sizes)]
        if buffers.get("size", 0) < places[-1]:
            # Buffers are kept, and grow: pinning memory takes longer than copying it.
            buffers["size"] = places[-1] * 5 // 4
            on_gpu = self.device.type == "cuda"
            buffers["here"] = torch.empty(buffers["size"], dtype=torch.uint8, pin_memory=on_gpu)
            buffers["there"] = torch.empty_like(buffers["here"], device=self.device) if on_gpu else buffers["here"]
        here, there = buffers["here"], buffers["there"]
        for (_, pieces), place, size, height in zip(parts, places, sizes, heights):
            # NumPy's: on many cores PyTorch's takes twice as long in a thread.
            np.concatenate(pieces, out=here[place : place + size].view(height, pieces[0].shape[1]).numpy())
        if there is not here:
            there[: places[-1]].copy_(here[: places[-1]], non_blocking=True)
        return [
            there[place : place + size].view(like.dtype).view(height, *like.shape[1:])
            for (like, _), place, size, height in zip(parts, places, sizes, heights)
        ]

    def segments_of(self, windows):
        """Windows that overlap read one segment of their episode, which is sent once: which one each of them reads, and
        the first and the last window of each segment."""
        anchors, episodes = self.windows.anchors.numpy()[windows], self.windows.episodes.numpy()[windows]
        order = np.lexsort((anchors, episodes))
        apart = np.diff(episodes[order]) != 0
        apart |= np.diff(anchors[order]) > -self.windows.deltas[0].item()
        segments = np.empty_like(order)
        segments[order] = np.cumsum(np.append(False, apart))
        return (
            torch.from_numpy(segments),
            windows[order[np.append(True, apart)]],
            windows[order[np.append(apart, True)]],
        )

    def close(self):
        self.jobs.put(None)
        self.thread.join(timeout=10)


def bytes_of(tensor):
    """Its rows: NumPy's uint8 [rows, bytes of a row]."""
    return tensor.reshape(len(tensor), -1).view(torch.uint8).numpy()


def ranges_of(one, windows):
    """The first and last row of a modality that each window reads: NumPy's int64 [windows], twice."""
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
    return begins, ends
