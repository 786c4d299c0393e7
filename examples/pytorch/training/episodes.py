# SPDX-License-Identifier: Apache-2.0
"""Episodes of several modalities, each with its own stamps: made up in RT-X's shape, as a store."""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import torch

from robocache_torch import data

SECOND = 1_000_000_000  # stamps are int64 nanoseconds
MODALITIES = ("vision", "state", "actions")


def ticks(random, seconds, rate, start):
    """Stamps of a sensor: a tenth of a period of jitter, a dropout now and then, never backwards."""
    count = int(seconds * rate)
    period = SECOND / rate
    stamps = start + (np.arange(count) + random.uniform(-0.1, 0.1, count)) * period
    keep = np.ones(count, bool)
    for _ in range(random.poisson(seconds / 20)):
        begin = random.integers(count)
        keep[begin : begin + random.integers(2, max(3, int(rate * 0.3)))] = False
    keep[0] = keep[-1] = True
    return np.maximum.accumulate(stamps[keep].astype(np.int64))


def made_up(folder, episodes, seconds, seed, *, vision=512, vision_rate=30.0, state=14, state_rate=100.0, actions=7):
    """A store of a robot that follows a smooth path, in RT-X's shape: the camera's features and the joints tell where
    it is, the actions where it goes next. One that was made with the same numbers before is used again.

    Values are bfloat16 for vision, float32 for the rest.
    """
    made = {"episodes": episodes, "seconds": seconds, "seed": seed, "vision": vision, "vision_rate": vision_rate}
    made |= {"state": state, "state_rate": state_rate, "actions": actions}
    folder = Path(folder)
    if (folder / "made.json").exists() and json.loads((folder / "made.json").read_text()) == made:
        return data.Store(folder)
    shutil.rmtree(folder, ignore_errors=True)
    random = np.random.default_rng(seed)
    harmonics = 4
    mix_vision = random.normal(size=(actions, vision)) / math.sqrt(actions)
    mix_state = random.normal(size=(actions, state)) / math.sqrt(actions)
    with data.Writer(folder) as writer:
        for number in range(episodes):
            length = seconds * random.uniform(0.6, 1.4)
            frequency = random.uniform(0.05, 0.6, (harmonics, actions))
            phase = random.uniform(0, 2 * np.pi, (harmonics, actions))
            start = int(random.integers(1_600_000_000, 1_700_000_000)) * SECOND

            def path(stamps):
                at = (stamps - start)[:, None, None] / SECOND * frequency * 2 * np.pi + phase  # used at once
                return np.sin(at).sum(1) / harmonics

            series = {}
            for name, rate, mix in (("vision", vision_rate, mix_vision), ("state", state_rate, mix_state)):
                stamps = ticks(random, length, rate, start)
                noise = random.normal(scale=0.05, size=(len(stamps), mix.shape[1]))
                series[name] = stamps, path(stamps) @ mix + noise
            stamps = ticks(random, length, state_rate, start)
            series["actions"] = stamps, path(stamps + SECOND // 5)
            types = {"vision": torch.bfloat16}
            of_store = {
                name: data.Series(torch.from_numpy(values).to(types.get(name, torch.float32)), stamps)
                for name, (stamps, values) in series.items()
            }
            writer.add(data.Episode(f"episode {number}", of_store))
    (folder / "made.json").write_text(json.dumps(made), encoding="utf-8")
    return data.Store(folder)
