# SPDX-License-Identifier: Apache-2.0
"""What people have: data sets of PyTorch's DataLoader that read the same windows."""

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, RandomSampler

from robocache_torch import data


class LargeInNumPy(Dataset):
    """Windows of a store's mapped files, interpolated by NumPy."""

    def __init__(self, folder, names, windows, deltas):
        self.folder, self.names, self.windows, self.deltas = folder, names, windows, deltas
        self.shards = None

    def __len__(self):
        return len(self.windows[0])

    def __getitem__(self, index):
        if self.shards is None:  # of this process
            store = data.Store(self.folder)
            self.shards = [
                [tuple(one.view(torch.int16).numpy() if one.dtype == torch.bfloat16 else one.numpy() for one in part)
                 for part in parts]
                for parts in zip(*(store.parts(name) for name in self.names))
            ]
            self.first = np.cumsum([0] + [shard["episodes"] for shard in store.shards])
        episode, anchor = self.windows[0][index], self.windows[1][index]
        shard = np.searchsorted(self.first, episode, "right") - 1
        targets, found = anchor + self.deltas, []
        for values, stamps, offsets in self.shards[shard]:
            begin, end = offsets[episode - self.first[shard] : episode - self.first[shard] + 2]
            times = stamps[begin:end]
            right = np.clip(np.searchsorted(times, targets, "right"), 1, len(times) - 1)
            low, high = right[0] - 1, right[-1] + 1
            rows = values[begin + low : begin + high]
            if rows.dtype == np.int16:  # bfloat16, of which NumPy knows nothing
                rows = (rows.astype(np.uint16).astype(np.uint32) << 16).view(np.float32)
            left = right - 1
            weight = ((targets - times[left]) / (times[right] - times[left])).astype(np.float32)[:, None]
            a, b = rows[left - low], rows[right - low]
            found.append(a + weight * (b - a))
        return torch.from_numpy(np.concatenate(found, 1))


class ActInNumPy(Dataset):
    """States and chunks of actions of episodes that are arrays in memory, as training scripts slice them."""

    def __init__(self, store):
        self.state, self.action = (store.modality(name) for name in ("observation.state", "action"))
        self.state, self.bounds = self.state.values.numpy(), self.state.offsets.numpy()
        self.action = self.action.values.numpy()
        self.episode = np.repeat(np.arange(len(store)), np.diff(self.bounds))

    def __len__(self):
        return len(self.state)

    def __getitem__(self, row):
        begin, end = self.bounds[self.episode[row]], self.bounds[self.episode[row] + 1]
        actions = np.arange(row, row + 100)
        seen = self.state[[max(row - 1, begin), row]]
        return seen, self.action[np.minimum(actions, end - 1)], actions < end


def lerobot_set(folder):
    """LeRobotDataset itself, with `delta_timestamps`."""
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    deltas = {"observation.state": [-1 / 50, 0.0], "action": [k / 50 for k in range(100)]}
    return LeRobotDataset("bench/arms", root=folder, delta_timestamps=deltas)


def from_lerobot(batch):
    return batch["observation.state"], batch["action"], ~batch["action_is_pad"]


def batches(dataset, batch_size, workers):
    """Endless, pinned."""
    loader = DataLoader(
        dataset,
        batch_size,
        sampler=RandomSampler(dataset, replacement=True, num_samples=10**9),
        num_workers=workers,
        pin_memory=True,
        prefetch_factor=2 if workers else None,
    )
    yield from loader
