# SPDX-License-Identifier: Apache-2.0
"""What readers give and writers take: an episode of several series, and what is wrong with it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from .._rows import clean
from .._timed import inspect
from .._timelines import shared


class Unreadable(Exception):
    """An episode cannot be read; the message names the file and says why."""


class Left(NamedTuple):
    """An episode that is not in the store.

    Attributes:
        episode: Its name.
        why: What was found, and where.
        source: Its data set.
    """

    episode: str
    why: str
    source: str = ""


@dataclass
class Series:
    """One modality of one episode.

    Attributes:
        values: `[rows, ...]`, a tensor or array of any type that safetensors stores; the dimensions behind the first
            are the shape of a sample, flattened in the store.
        stamps: int64 `[rows]`, in nanoseconds.
        names: Of the channels, optional: one for each.
        units: Of the channels, optional: one for each ("rad", "m/s").
        counts: What the reader found wrong, by word: {"corrupt": 2}. Rows that it had to leave out are among them.
    """

    values: Tensor
    stamps: Tensor
    names: Sequence[str] | None = None
    units: Sequence[str] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    shape: tuple[int, ...] = field(init=False)

    def __post_init__(self):
        values, stamps = torch.as_tensor(self.values), torch.as_tensor(self.stamps)
        if values.dim() < 1 or stamps.shape != values.shape[:1]:
            raise ValueError(f"stamps: found {list(stamps.shape)}, want one for each of values {list(values.shape)}")
        if stamps.dtype != torch.int64:
            raise TypeError(f"stamps: found {stamps.dtype}, want int64 nanoseconds")
        self.shape = tuple(values.shape[1:]) or (1,)
        self.values = values.reshape(len(stamps), math.prod(self.shape)).contiguous()
        self.stamps = stamps.contiguous()
        for words, name in ((self.names, "names"), (self.units, "units")):
            if words is not None and len(words) != self.width:
                raise ValueError(f"{name}: found {len(words)}, want one for each of {self.width} channels")

    @property
    def width(self) -> int:
        """Channels."""
        return self.values.shape[1]

    def schema(self) -> dict:
        """What all episodes of a store have in common."""
        return {
            "dtype": str(self.values.dtype).removeprefix("torch."),
            "shape": list(self.shape),
            "names": None if self.names is None else list(self.names),
            "units": None if self.units is None else list(self.units),
        }

    def problems(self) -> dict[str, int]:
        """What is wrong, by word, without the words that count 0: "backward" and "duplicated" stamps, rows with "nan",
        and what the reader counted."""
        found = dict(self.counts)
        if len(self.stamps) > 1:
            stamps = inspect(shared(self.stamps))
            found["backward"] = found.get("backward", 0) + int(stamps.unsorted.sum())
            found["duplicated"] = found.get("duplicated", 0) + int(stamps.duplicated.sum())
        found["nan"] = found.get("nan", 0) + int(self._has_nan().sum())
        return {word: count for word, count in found.items() if count}

    def cleaned(self) -> tuple["Series", dict[str, int]]:
        """Without rows with NaN, steps back in time and duplicated stamps (the first is kept), by `clean`; and how many
        rows that were, by word."""
        if len(self.stamps) == 0:
            return self, {}
        # Rows are picked by their numbers: `clean` does not take every type that a store holds.
        numbers = torch.arange(len(self.stamps))[:, None]
        left = clean(numbers, self.stamps, mask=~self._has_nan()).trim()
        dropped = {
            "nan": int(left.invalid.sum()),
            "backward": int(left.backward.sum()),
            "duplicated": int(left.duplicated.sum()),
        }
        rows = left.source_rows
        values = self.values[rows].reshape(-1, *self.shape)
        return (
            Series(values, self.stamps[rows], self.names, self.units, self.counts),
            {word: count for word, count in dropped.items() if count},
        )

    def _has_nan(self):
        if not self.values.is_floating_point():
            return torch.zeros(len(self.values), dtype=torch.bool)
        return self.values.isnan().any(1)


@dataclass
class Episode:
    """Series that were recorded together.

    Attributes:
        name: Unique in a data set; people read it in messages.
        series: By the modality's name.
        task: What the robot was told, or "".
        notes: What the reader could not find or did not read, sentences.
        extra: What else is known, for JSON: the video files of the episode, say.
        source: The data set; `convert` does not take an episode of the same source and name twice.
    """

    name: str
    series: dict[str, Series]
    task: str = ""
    notes: list[str] = field(default_factory=list)
    extra: dict = field(default_factory=dict)
    source: str = ""
