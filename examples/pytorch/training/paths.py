# SPDX-License-Identifier: Apache-2.0
"""Ways of the data to the model. Each gives, batch for batch, the same thing: see `Sample`."""

import queue
import threading
from dataclasses import dataclass

import numpy as np
import torch

import robocache_torch as rc

from .episodes import Recording
from .windows import Shards, Windows


@dataclass
class Sample:
    """What the model gets of a batch."""

    seen: torch.Tensor  # bfloat16 [B, T, channels]: normalised
    predicted: torch.Tensor  # bfloat16 [B, T, channels]: normalised
    weight: torch.Tensor  # float32 [B, T]: 1 where the prediction is backed by data, else 0
    total: int  # windows of all ranks


class DataPath:
    """One way. Made once; then `sample(step)`, with steps that ascend."""

    def __init__(self, recording: Recording, windows: Windows, shards: Shards, device: torch.device):
        self.recording, self.windows, self.shards, self.device = recording, windows, shards, device

    def sample(self, step: int) -> Sample:
        raise NotImplementedError

    def split(self, values, valid, batch):
        """From channels side by side to what the model gets."""
        seen, predicted = values.split([self.recording.seen, self.recording.predicted], dim=-1)
        real = to_device(batch.real, values.device)
        return Sample(seen, predicted, valid[..., -1] * real[:, None], batch.total)

    def close(self):
        """Lets go of threads and processes."""


class OnGpu(DataPath):
    """All episodes packed on the GPU; one launch a batch resamples, normalises and rounds."""

    def __init__(self, *given):
        super().__init__(*given)
        self.modalities = [
            (one.values.to(self.device), rc.ragged(one.stamps.to(self.device), one.offsets.to(self.device)))
            for one in self.recording.modalities
        ]
        self.factors = [factors_of(one, self.device) for one in self.recording.modalities]
        self.anchors, self.episodes, self.deltas = (
            tensor.to(self.device) for tensor in (self.windows.anchors, self.windows.episodes, self.windows.deltas)
        )

    def sample(self, step):
        batch = self.shards.at(step)
        rows = to_device(batch.windows, self.device)
        targets = rc.windows(self.anchors[rows], self.deltas, self.episodes[rows])
        fused = fuse(self.recording, self.modalities, self.factors, targets)
        return self.split(fused.values, fused.valid, batch)


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
        return self.split(fused.values, fused.valid, batch)

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


class WithNumpy(DataPath):
    """NumPy in the workers of a DataLoader, as most data sets are read today."""

    def __init__(self, *given, workers=4):
        super().__init__(*given)
        self.workers, self.batches, self.step = workers, None, None

    def sample(self, step):
        if self.batches is None:
            loader = torch.utils.data.DataLoader(
                NumpyWindows(self.recording, self.windows, self.shards, step),
                batch_size=None,
                num_workers=self.workers,
                pin_memory=self.device.type == "cuda",
            )
            self.batches, self.step = iter(loader), step
        want_next(step, self.step)
        self.step += 1
        values, valid = next(self.batches)
        batch = self.shards.at(step)
        return self.split(values.to(self.device, non_blocking=True), valid.to(self.device, non_blocking=True), batch)

    def close(self):
        self.batches = None


class NumpyWindows(torch.utils.data.Dataset):
    """Batches from a step on, made in a worker."""

    def __init__(self, recording, windows, shards, first):
        self.recording, self.windows, self.shards, self.first = recording, windows, shards, first
        self.values = [one.values.float().numpy() for one in recording.modalities]

    def __len__(self):
        return 2**31

    def __getitem__(self, i):
        batch = self.shards.at(self.first + i)
        picked = batch.windows.tolist()
        deltas = self.windows.deltas.numpy()
        values = np.empty((len(picked), len(deltas), self.recording.seen + self.recording.predicted), np.float32)
        valid = np.empty((*values.shape[:2], len(self.recording.modalities)), bool)
        for row, window in enumerate(picked):
            targets = self.windows.anchors[window].item() + deltas
            episode = self.windows.episodes[window].item()
            channel = 0
            for k, one in enumerate(self.recording.modalities):
                begin, end = one.offsets[episode].item(), one.offsets[episode + 1].item()
                stamps, samples = one.stamps[begin:end].numpy(), self.values[k][begin:end]
                left = np.clip(np.searchsorted(stamps, targets, "right") - 1, 0, len(stamps) - 2)
                gap = stamps[left + 1] - stamps[left]
                weight = np.clip((targets - stamps[left]) / np.maximum(gap, 1), 0, 1)[:, None]
                mixed = samples[left] * (1 - weight) + samples[left + 1] * weight
                good = (targets >= stamps[0]) & (targets <= stamps[-1]) & (gap <= self.recording.max_gap)
                # At a sample no gap matters.
                good |= (targets == stamps[left]) | (targets == stamps[left + 1])
                mixed = (mixed - one.mean.numpy()) / one.deviation.numpy()
                values[row, :, channel : channel + one.width] = np.where(good[:, None], mixed, 0)
                valid[row, :, k] = good
                channel += one.width
        return torch.from_numpy(values).to(torch.bfloat16), torch.from_numpy(valid)


class PlainTorch(DataPath):
    """What people write in PyTorch: padded episodes on the GPU, searchsorted, gather, lerp."""

    def __init__(self, *given):
        super().__init__(*given)
        self.padded = []
        for one in self.recording.modalities:
            bounds = one.offsets.tolist()
            episodes = list(zip(bounds, bounds[1:]))
            pad = torch.nn.utils.rnn.pad_sequence
            # After all times, and a number that float64 holds, through which pad_sequence takes it.
            stamps = pad([one.stamps[a:b] for a, b in episodes], batch_first=True, padding_value=2**62)
            values = pad([one.values[a:b] for a, b in episodes], batch_first=True)
            counts = one.offsets.diff()
            self.padded.append([x.to(self.device) for x in (stamps, values, counts, one.mean, one.deviation)])
        self.anchors, self.episodes, self.deltas = (
            tensor.to(self.device) for tensor in (self.windows.anchors, self.windows.episodes, self.windows.deltas)
        )

    def sample(self, step):
        batch = self.shards.at(step)
        rows = to_device(batch.windows, self.device)
        targets = self.anchors[rows][:, None] + self.deltas
        episodes = self.episodes[rows]
        parts, masks = [], []
        for stamps, values, counts, mean, deviation in self.padded:
            own, count = stamps[episodes], counts[episodes][:, None]
            left = (torch.searchsorted(own, targets, right=True) - 1).clamp(min=0).minimum(count - 2)
            before, after = own.gather(1, left), own.gather(1, left + 1)
            gap = after - before
            weight = ((targets - before) / gap.clamp(min=1)).clamp(0, 1)[..., None].float()
            a = values[episodes[:, None], left].float()
            b = values[episodes[:, None], left + 1].float()
            good = (targets >= before) & (targets <= after) & (gap <= self.recording.max_gap)
            good |= (targets == before) | (targets == after)  # at a sample no gap matters
            mixed = (torch.lerp(a, b, weight) - mean) / deviation
            parts.append(torch.where(good[..., None], mixed, 0).to(torch.bfloat16))
            masks.append(good)
        return self.split(torch.cat(parts, -1), torch.stack(masks, -1), batch)


class ReadyMade(DataPath):
    """One batch, resampled beforehand: the step without any preprocessing."""

    def __init__(self, *given):
        super().__init__(*given)
        self.kept = OnGpu(*given).sample(0)

    def sample(self, step):
        return self.kept


PATHS = {"gpu": OnGpu, "pinned": FromPinned, "numpy": WithNumpy, "torch": PlainTorch}
NAMES = {
    "ready": "input ready-made",
    "gpu": "RoboCache, episodes on the device",
    "pinned": "RoboCache, episodes in pinned memory",
    "numpy": "NumPy in a DataLoader",
    "torch": "plain PyTorch on the device",
}


def factors_of(one, device):
    """Scale and shift that normalise a modality."""
    scale = 1 / one.deviation
    return scale.to(device), (-one.mean * scale).to(device)


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


def want_next(step, expected):
    if step != expected:
        raise ValueError(f"step: found {step}, want {expected}, the next one")


def to_device(tensor, device):
    """Without waiting for it."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def fuse(recording, sources, factors, targets):
    """All modalities, normalised, side by side, in one launch."""
    streams = [
        rc.Stream(
            values, times, one.method, max_gap=recording.max_gap, before="fill", after="fill", scale=scale, shift=shift
        )
        for one, (values, times), (scale, shift) in zip(recording.modalities, sources, factors)
    ]
    return rc.fuse(streams, targets, dtype=torch.bfloat16)
