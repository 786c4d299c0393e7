# SPDX-License-Identifier: Apache-2.0
"""The stores that loaders are measured on."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch

from robocache_torch import data
from robocache_torch.data._shards import SHARD, Shard

SECONDS = 60  # of an episode
# The windows out of the host's memory of docs/performance.md: name, Hz, channels, type.
MODALITIES = (
    ("vision", 30, 512, torch.bfloat16),
    ("joints", 100, 14, torch.float32),
    ("gripper", 10, 7, torch.float32),
)


def episode(number, noise):
    random = np.random.default_rng(number)
    series = {}
    for name, hertz, width, dtype in MODALITIES:
        rows = SECONDS * hertz
        stamps = np.arange(rows) * 10**9 // hertz + random.integers(0, 10**6, rows)
        first = int(random.integers(0, len(noise) - rows * width))
        series[name] = data.Series(noise[first : first + rows * width].view(rows, width).to(dtype), stamps)
    return data.Episode(f"e{number}", series, source="/made/up")


def write_shard(folder, number, episodes):
    torch.set_num_threads(1)
    noise = torch.randn(2_000_000, generator=torch.Generator().manual_seed(number))
    shard = Shard({})
    for one in range(episodes):
        shard.add(episode(number * episodes + one, noise), cleaned=False)
    return shard.schemas, shard.write(Path(folder) / SHARD.format(number=number, part=0))


def make_large(folder, gigabytes, processes):
    """A store of at least so many gigabytes, by processes."""
    episodes = 200 if gigabytes >= 1 else 2  # of a shard
    of_shard = episodes * sum(SECONDS * hertz * (width * dtype.itemsize + 8) for _, hertz, width, dtype in MODALITIES)
    count = -(-int(gigabytes * 1e9) // of_shard)
    with ProcessPoolExecutor(processes) as pool, data.Writer(folder) as writer:
        for schemas, entry in pool.map(write_shard, [folder] * count, range(count), [episodes] * count):
            writer.append(schemas, [entry])
    return data.Store(folder)


def large_spec():
    """250 targets in 5 s, all modalities side by side."""
    names = [name for name, _, _, _ in MODALITIES]
    part = data.Part(names, data.ticks(range(-249, 1), 50), dtype=torch.bfloat16)
    return data.Spec({"all": part}, data.Every(50), whole=True)


def act_spec():
    """What ACT takes of a set with states and actions at 50 Hz: two states, and a chunk of 100 actions."""
    seen = data.Part(["observation.state"], data.ticks(range(-1, 1), 50), as_of=True)
    return data.Spec({"seen": seen, "action": data.Part(["action"], data.ticks(range(100), 50))}, "action")
