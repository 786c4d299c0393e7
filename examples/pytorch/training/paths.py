# SPDX-License-Identifier: Apache-2.0
"""Paths of the data to the model. Each gives the same batches: see `Sample`."""

import numpy as np
import torch

from .ahead import Ahead
from .data_path import DataPath, Sample
from .order import Order
from .task import MAX_GAP, Task


class FromStore(DataPath):
    """The store's loader: a few batches in one launch, ahead of the model."""

    place = "device"

    def __init__(self, task, order):
        super().__init__(task, order)
        self.loader = task.store.loader(
            task.spec,
            order.batch,
            place=self.place,
            device=order.device,
            seed=order.seed,
            rank=order.rank,
            ranks=order.ranks,
        )
        self.group, self.beforehand = self.loader.group, 2 * self.loader.group

    def sample(self, step):
        if step != self.loader.epoch * self.loader.steps + self.loader.step:
            epoch, step = divmod(step, self.loader.steps)
            self.loader.load_state_dict({"seed": self.order.seed, "epoch": epoch, "step": step})
        batch = self.loader.next()
        windows = batch["windows"]
        share = torch.where(batch.padding, 0.0, 1 / self.loader.real())
        return Sample(windows.values, windows.valid[..., -1], share)  # the last one is what is predicted

    def close(self):
        self.loader.close()


class FromPinned(FromStore):
    """The same with values in pinned memory of the host: for episodes that are larger than the GPU."""

    place = "pinned"


def normalised(task):
    """By modality, float32 on the host, of episodes one after the other: values, stamps, offsets, mean and deviation of
    each channel; a deviation of a channel that never changes is 1."""
    found = []
    for read in task.reads:
        one = task.store.modality(read.name)
        numbers = one.values.double()
        deviation = numbers.std(0, correction=0)
        deviation = torch.where(deviation > 0, deviation, 1.0).float()
        found.append((one.values, one.stamps, one.offsets, numbers.mean(0).float(), deviation))
    return found


class WithNumpy(DataPath):
    """NumPy in the workers of a DataLoader, as most data sets are read today."""

    def __init__(self, task, order, workers=4):
        super().__init__(task, order)
        self.workers, self.batches, self.step = workers, None, None
        self.beforehand = 2 * workers  # what a DataLoader asks its workers for

    def group_from(self, step):
        if self.batches is None:
            loader = torch.utils.data.DataLoader(
                NumpyWindows(self.task, self.order, step),
                batch_size=None,
                num_workers=self.workers,
                pin_memory=self.device.type == "cuda",
            )
            self.batches, self.step = iter(loader), step
        if step != self.step:
            raise ValueError(f"step: found {step}, want {self.step}, the next one")
        self.step += 1
        return [Sample(*(tensor.to(self.device, non_blocking=True) for tensor in next(self.batches)))]

    def close(self):
        self.batches = None


class NumpyWindows(torch.utils.data.Dataset):
    """Batches from a step on, made in a worker."""

    def __init__(self, task, order, first):
        self.task, self.order, self.first = task, order, first
        self.series = [(values.float().numpy(), *rest) for values, *rest in normalised(task)]
        self.deltas = np.array(task.spec.parts["windows"].deltas)

    def __len__(self):
        return 2**31

    def __getitem__(self, i):
        episodes, anchors, share = self.order.several(self.first + i, 1, torch.device("cpu"))
        values = np.empty((len(anchors), len(self.deltas), self.task.seen + self.task.predicted), np.float32)
        valid = np.empty(values.shape[:2], bool)
        for row, (episode, anchor) in enumerate(zip(episodes.tolist(), anchors.tolist())):
            targets = anchor + self.deltas
            channel = 0
            for all_values, all_stamps, offsets, mean, deviation in self.series:
                begin, end = offsets[episode].item(), offsets[episode + 1].item()
                stamps, samples = all_stamps[begin:end].numpy(), all_values[begin:end]
                left = np.clip(np.searchsorted(stamps, targets, "right") - 1, 0, len(stamps) - 2)
                gap = stamps[left + 1] - stamps[left]
                weight = np.clip((targets - stamps[left]) / np.maximum(gap, 1), 0, 1)[:, None]
                mixed = samples[left] * (1 - weight) + samples[left + 1] * weight
                good = (targets >= stamps[0]) & (targets <= stamps[-1]) & (gap <= MAX_GAP)
                # A target at a sample is valid whatever the gap.
                good |= (targets == stamps[left]) | (targets == stamps[left + 1])
                mixed = (mixed - mean.numpy()) / deviation.numpy()
                values[row, :, channel : channel + len(mean)] = np.where(good[:, None], mixed, 0)
                valid[row] = good  # the last one's is left, which is predicted
                channel += len(mean)
        return torch.from_numpy(values).to(torch.bfloat16), torch.from_numpy(valid), share


class PlainTorch(DataPath):
    """What people write in PyTorch: padded episodes on the GPU, searchsorted, gather, lerp."""

    def __init__(self, task, order):
        super().__init__(task, order)
        self.group = batches_together(task, order)
        self.deltas = torch.tensor(task.spec.parts["windows"].deltas, device=self.device)
        self.padded = []
        for values, stamps, offsets, mean, deviation in normalised(task):
            bounds = offsets.tolist()
            episodes = list(zip(bounds, bounds[1:]))
            pad = torch.nn.utils.rnn.pad_sequence
            # After all times, and a number that float64 holds, through which pad_sequence takes it.
            stamps = pad([stamps[a:b] for a, b in episodes], batch_first=True, padding_value=2**62)
            values = pad([values[a:b] for a, b in episodes], batch_first=True)
            self.padded.append([x.to(self.device) for x in (stamps, values, offsets.diff(), mean, deviation)])

    def group_from(self, step):
        episodes, anchors, share = self.order.several(step, self.group, self.device)
        targets = anchors[:, None] + self.deltas
        parts = []
        for stamps, values, counts, mean, deviation in self.padded:
            own, count = stamps[episodes], counts[episodes][:, None]
            left = (torch.searchsorted(own, targets, right=True) - 1).clamp(min=0).minimum(count - 2)
            before, after = own.gather(1, left), own.gather(1, left + 1)
            gap = after - before
            weight = ((targets - before) / gap.clamp(min=1)).clamp(0, 1)[..., None].float()
            a = values[episodes[:, None], left].float()
            b = values[episodes[:, None], left + 1].float()
            good = (targets >= before) & (targets <= after) & (gap <= MAX_GAP)
            good |= (targets == before) | (targets == after)  # a target at a sample is valid whatever the gap
            mixed = (torch.lerp(a, b, weight) - mean) / deviation
            parts.append(torch.where(good[..., None], mixed, 0).to(torch.bfloat16))
        # The last modality is what is predicted.
        together = [part.unflatten(0, (self.group, -1)) for part in (torch.cat(parts, -1), good, share)]
        return list(map(Sample, *together))


def batches_together(task, order):
    """How many batches one launch makes, which share its fixed cost: as many as 64 MB hold, from one to eight."""
    batch = 2 * (task.seen + task.predicted) * task.length * order.size
    return max(1, min(8, 2**26 // batch))


class ReadyMade(DataPath):
    """A few batches that were made beforehand, repeatedly: the step without any preprocessing."""

    def __init__(self, task, order):
        super().__init__(task, order)
        path = FromStore(task, order)
        self.group = path.group
        self.kept = [Sample(*(one.clone() for one in vars(path.sample(step)).values())) for step in range(self.group)]
        path.close()

    def group_from(self, step):
        return self.kept


PATHS = {"gpu": FromStore, "pinned": FromPinned, "numpy": WithNumpy, "torch": PlainTorch}
NAMES = {
    "ready": "input ready-made",
    "again": "the same again, to show the noise",
    "gpu": "RoboCache, episodes on the device",
    "pinned": "RoboCache, episodes in the host's memory",
    "numpy": "NumPy in a DataLoader",
    "torch": "plain PyTorch on the device",
}


def opened(name: str, task: Task, order: Order, **more) -> DataPath:
    """The path of a name, which makes its batches ahead of the model."""
    path = PATHS[name](task, order, **more)
    return path if isinstance(path, FromStore) else Ahead(path)
