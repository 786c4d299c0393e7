# SPDX-License-Identifier: Apache-2.0
"""Episodes of several modalities, each with its own stamps: made up in RT-X's shape, or read from CSV files."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from robocache_torch.data.readers import csv_files

SECOND = 1_000_000  # stamps are int64 microseconds


@dataclass
class Modality:
    """What one sensor recorded, of all episodes: episode e owns rows `offsets[e]` to `offsets[e + 1]`."""

    name: str
    stamps: torch.Tensor  # int64 [rows]
    values: torch.Tensor  # [rows, width]
    offsets: torch.Tensor  # int64 [episodes + 1]
    method: str = "linear"
    mean: torch.Tensor = field(init=False)  # float32 [width]
    deviation: torch.Tensor = field(init=False)

    def __post_init__(self):
        numbers = self.values.float()
        self.mean = numbers.mean(0)
        # A channel that never changes is left as it is.
        self.deviation = torch.where(numbers.std(0) > 1e-6, numbers.std(0), 1.0)

    @property
    def width(self):
        return self.values.shape[1]


@dataclass
class Recording:
    """Modalities that the policy sees, and the one that it is to predict, which comes last."""

    modalities: list[Modality]
    max_gap: int

    @property
    def episodes(self):
        return len(self.modalities[0].offsets) - 1

    @property
    def seen(self):
        """Channels that the policy sees."""
        return sum(one.width for one in self.modalities[:-1])

    @property
    def predicted(self):
        return self.modalities[-1].width

    def span(self, episode):
        """The first and last time at which all modalities have samples."""
        firsts, lasts = [], []
        for one in self.modalities:
            begin, end = one.offsets[episode].item(), one.offsets[episode + 1].item()
            if begin == end:
                return 0, -1
            firsts.append(one.stamps[begin].item())
            lasts.append(one.stamps[end - 1].item())
        return max(firsts), min(lasts)


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


def made_up(episodes, seconds, seed, *, vision=512, vision_rate=30.0, state=14, state_rate=100.0, actions=7):
    """A robot that follows a smooth path, in RT-X's shape: the camera's features and the joints tell where it is, the
    actions where it goes next.

    Values are bfloat16 for vision, float32 for the rest.
    """
    random = np.random.default_rng(seed)
    harmonics = 4
    mix_vision = random.normal(size=(actions, vision)) / math.sqrt(actions)
    mix_state = random.normal(size=(actions, state)) / math.sqrt(actions)
    parts = {name: ([], []) for name in ("vision", "state", "actions")}
    for _ in range(episodes):
        length = seconds * random.uniform(0.6, 1.4)
        frequency = random.uniform(0.05, 0.6, (harmonics, actions))
        phase = random.uniform(0, 2 * np.pi, (harmonics, actions))
        start = int(random.integers(1_600_000_000, 1_700_000_000)) * SECOND

        def path(stamps):
            at = (stamps - start)[:, None, None] / SECOND * frequency * 2 * np.pi + phase  # used at once
            return np.sin(at).sum(1) / harmonics

        for name, rate, mix in (("vision", vision_rate, mix_vision), ("state", state_rate, mix_state)):
            stamps = ticks(random, length, rate, start)
            noise = random.normal(scale=0.05, size=(len(stamps), mix.shape[1]))
            parts[name][0].append(stamps)
            parts[name][1].append(path(stamps) @ mix + noise)
        stamps = ticks(random, length, state_rate, start)
        parts["actions"][0].append(stamps)
        parts["actions"][1].append(path(stamps + SECOND // 5))
    types = {"vision": torch.bfloat16}
    return Recording([packed(name, *both, types.get(name, torch.float32)) for name, both in parts.items()], SECOND // 2)


def packed(name, stamps, values, dtype):
    """One modality of episodes that are stored one after the other."""
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in stamps])])
    return Modality(
        name,
        torch.from_numpy(np.concatenate(stamps)),
        torch.from_numpy(np.concatenate(values).astype(np.float32)).to(dtype),
        torch.from_numpy(offsets),
    )


def read_csv(path):
    """Stamps in microseconds and values of a CSV file: see `csv_files.read_csv`. All rows are whole, and all cells
    numbers; times do not descend.
    """
    try:
        table = csv_files.read_csv(path)
    except ValueError as trouble:
        raise SystemExit(str(trouble)) from None
    if table.corrupt:
        raise SystemExit(f"{path}: line {table.corrupt[0].line}: {table.corrupt[0].why}")
    if not np.isfinite(table.values).all():
        row, column = np.argwhere(~np.isfinite(table.values))[0]
        line, name = table.lines[row], table.header[column + 1]
        raise SystemExit(f"{path}: line {line}, column {name}: found no number, want one")
    if (np.diff(table.stamps) < 0).any():
        line = table.lines[int(np.argmax(np.diff(table.stamps) < 0)) + 1]
        raise SystemExit(f"{path}: line {line}: found a time before that of the line above, want ascending times")
    return (table.stamps + 500) // 1000, table.values


def from_csv(folder, predicted):
    """Episodes from a folder: one, if it holds CSV files, one per modality; else one for each folder in it.

    See `read_csv` for what the files hold.

    Args:
        predicted: The name of the file, without .csv, that the policy is to predict.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SystemExit(f"--csv: {folder} is no folder")
    homes = csv_files.homes_of(folder)
    names = sorted(path.stem for path in homes[0].glob("*.csv")) if homes else []
    if predicted not in names or len(names) < 2:
        raise SystemExit(
            f"--predict: found {predicted!r}, want the name of one of several CSV files; "
            f"{homes[0] if homes else folder} has {', '.join(names) or 'none'}"
        )
    names.remove(predicted)
    modalities = []
    for name in [*names, predicted]:
        missing = [home for home in homes if not (home / f"{name}.csv").exists()]
        if missing:
            raise SystemExit(f"--csv: {missing[0]} has no {name}.csv, which {homes[0]} has")
        read = [read_csv(home / f"{name}.csv") for home in homes]
        widths = {values.shape[1] for _, values in read}
        if len(widths) > 1:
            raise SystemExit(
                f"--csv: found {name}.csv with {' and '.join(map(str, sorted(widths)))} columns of values, "
                "want the same in all folders"
            )
        modalities.append(packed(name, [stamps for stamps, _ in read], [values for _, values in read], torch.float32))
    return Recording(modalities, SECOND // 2)
