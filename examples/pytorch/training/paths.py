# SPDX-License-Identifier: Apache-2.0
"""Paths of the data to the model. Each gives the same batches: see `Sample`."""

import numpy as np
import torch

import robocache_torch as rc

from .data_path import DataPath, Sample, batches_together, factors_of, fuse, samples_of, to_device


class OnGpu(DataPath):
    """All episodes packed on the GPU; one launch for a few batches resamples, normalises and rounds."""

    def __init__(self, *given):
        super().__init__(*given)
        self.modalities = [
            (self.keep(one.values), rc.ragged(one.stamps.to(self.device), one.offsets.to(self.device)))
            for one in self.recording.modalities
        ]
        self.factors = [factors_of(one, self.device) for one in self.recording.modalities]
        self.deltas = self.windows.deltas.to(self.device)
        self.group = batches_together(self.recording, self.windows, self.shards)
        self.held = range(0)  # those steps of `given` with which a group can begin

    def keep(self, values):
        """Where the launches read them."""
        return values.to(self.device)

    def group_from(self, step):
        if step not in self.held:
            # As much as an epoch at once: a step has nothing to copy. In whole groups: all launches make as much.
            count = self.whole(self.shards.steps)
            windows, shares = self.shards.several(step, count)
            self.given = [
                to_device(of_all, self.device)
                for of_all in (self.windows.anchors[windows], self.windows.episodes[windows], shares)
            ]
            self.held = range(step, step + count - self.group + 1)
        place = step - self.held.start
        anchors, episodes, share = (of_all[place : place + self.group].flatten() for of_all in self.given)
        targets = rc.windows(anchors, self.deltas, episodes)
        return samples_of(*fuse(self.recording, self.modalities, self.factors, targets), share, self.group)


class FromPinned(OnGpu):
    """The same with values in pinned memory of the host: for episodes that are larger than the GPU."""

    def keep(self, values):
        return values.pin_memory() if self.device.type == "cuda" else values


class WithNumpy(DataPath):
    """NumPy in the workers of a DataLoader, as most data sets are read today."""

    def __init__(self, *given, workers=4):
        super().__init__(*given)
        self.workers, self.batches, self.step = workers, None, None
        self.beforehand = 2 * workers  # what a DataLoader asks its workers for

    def group_from(self, step):
        if self.batches is None:
            loader = torch.utils.data.DataLoader(
                NumpyWindows(self.recording, self.windows, self.shards, step),
                batch_size=None,
                num_workers=self.workers,
                pin_memory=self.device.type == "cuda",
            )
            self.batches, self.step = iter(loader), step
        if step != self.step:
            raise ValueError(f"step: found {step}, want {self.step}, the next one")
        self.step += 1
        values, valid = next(self.batches)
        batch = self.shards.at(step)
        values, valid = (tensor.to(self.device, non_blocking=True) for tensor in (values, valid))
        return [Sample(values, valid, to_device(batch.share, self.device))]

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
        valid = np.empty(values.shape[:2], bool)
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
                # A target at a sample is valid whatever the gap.
                good |= (targets == stamps[left]) | (targets == stamps[left + 1])
                mixed = (mixed - one.mean.numpy()) / one.deviation.numpy()
                values[row, :, channel : channel + one.width] = np.where(good[:, None], mixed, 0)
                valid[row] = good  # the last one's is left, which is predicted
                channel += one.width
        return torch.from_numpy(values).to(torch.bfloat16), torch.from_numpy(valid)


class PlainTorch(DataPath):
    """What people write in PyTorch: padded episodes on the GPU, searchsorted, gather, lerp."""

    def __init__(self, *given):
        super().__init__(*given)
        self.group = batches_together(self.recording, self.windows, self.shards)
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

    def group_from(self, step):
        windows, share = (of_all.flatten() for of_all in self.shards.several(step, self.group))
        rows = to_device(windows, self.device)
        targets = self.anchors[rows][:, None] + self.deltas
        episodes = self.episodes[rows]
        parts = []
        for stamps, values, counts, mean, deviation in self.padded:
            own, count = stamps[episodes], counts[episodes][:, None]
            left = (torch.searchsorted(own, targets, right=True) - 1).clamp(min=0).minimum(count - 2)
            before, after = own.gather(1, left), own.gather(1, left + 1)
            gap = after - before
            weight = ((targets - before) / gap.clamp(min=1)).clamp(0, 1)[..., None].float()
            a = values[episodes[:, None], left].float()
            b = values[episodes[:, None], left + 1].float()
            good = (targets >= before) & (targets <= after) & (gap <= self.recording.max_gap)
            good |= (targets == before) | (targets == after)  # a target at a sample is valid whatever the gap
            mixed = (torch.lerp(a, b, weight) - mean) / deviation
            parts.append(torch.where(good[..., None], mixed, 0).to(torch.bfloat16))
        # The last modality is what is predicted.
        return samples_of(torch.cat(parts, -1), good, to_device(share, self.device), self.group)


class ReadyMade(DataPath):
    """A few batches that were made beforehand, repeatedly: the step without any preprocessing."""

    def __init__(self, *given):
        super().__init__(*given)
        self.kept = OnGpu(*given).group_from(0)
        self.group = len(self.kept)

    def group_from(self, step):
        return self.kept


PATHS = {"gpu": OnGpu, "pinned": FromPinned, "numpy": WithNumpy, "torch": PlainTorch}
NAMES = {
    "ready": "input ready-made",
    "again": "the same again, to show the noise",
    "gpu": "RoboCache, episodes on the device",
    "pinned": "RoboCache, episodes in the host's memory",
    "numpy": "NumPy in a DataLoader",
    "torch": "plain PyTorch on the device",
}
