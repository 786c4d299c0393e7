# SPDX-License-Identifier: Apache-2.0
"""Times of a part: in nanoseconds from the anchor, or in steps of each data set's own rate."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from ._store import Store

SECOND = 1_000_000_000  # stamps are nanoseconds


def ticks(steps: Iterable[int], hertz: float) -> list[int]:
    """Nanoseconds from the anchor of ticks at a rate: `floor(k * 1 s / hertz)`. `ticks(range(-1, 1), 20)` is a history
    of two, `ticks(range(16), 20)` a chunk of sixteen. A target at a frame's time finds this frame."""
    num, den = period_of(hertz)
    return [k * num // den for k in steps]


def period_of(hertz: float) -> tuple[int, int]:
    """Nanoseconds of a period as a ratio: 29.97 is 2997 / 100, and what is nearest to 30000 / 1001 that."""
    rate = Fraction(hertz).limit_denominator(10_000)
    if not rate > 0:
        raise ValueError(f"hertz: found {hertz}, want a rate of 0.0001 or more")
    period = SECOND / rate
    return period.numerator, period.denominator


class Steps:
    """Times of a part in steps from the anchor, each as long as those of the episode's data set: `Steps(range(16))` are
    the next sixteen actions, of a set at 5 Hz and of one at 15 Hz in the same batch.

    Args:
        steps: In any order.
        hertz: By data set, its path or the last part of it, or by a store of `Stores`: its rate. Default: the "fps" or
            "hertz" that its reader found, which `robocache-data info` prints.
    """

    def __init__(self, steps: Iterable[int], hertz: Mapping[str, float] | None = None):
        self.steps, self.hertz = list(steps), dict(hertz or {})

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f"Steps({self.steps}, {self.hertz})"


class Schedule(NamedTuple):
    """When the targets of a part are.

    Attributes:
        deltas: Nanoseconds from the anchor, a list for each rate.
        which: int64 `[episodes]`: which list an episode has; None: there is one.
    """

    deltas: list[list[int]]
    which: Tensor | None

    def span(self) -> tuple[int, int]:
        """The earliest and the latest of all."""
        return min(map(min, self.deltas)), max(map(max, self.deltas))

    def spans(self) -> tuple[Tensor, Tensor]:
        """The same of each episode, or of all."""
        low, high = (torch.tensor([of(one) for one in self.deltas]) for of in (min, max))
        return (low, high) if self.which is None else (low[self.which], high[self.which])


def schedule_of(store: Store, deltas: list[int] | Steps) -> Schedule:
    """
    Raises:
        KeyError, ValueError: A data set that there is not, or whose rate is not known.
    """
    if not isinstance(deltas, Steps):
        return Schedule([deltas], None)
    sources = [episode["source"] for episode in store.episodes]
    known = {}
    for source in dict.fromkeys(sources):
        about = store.about.get("sources", {}).get(source, {})
        known[source] = about.get("fps") or about.get("hertz")
    rates = [known[source] for source in sources]
    for word, rate in deltas.hertz.items():
        part = store.parts_of.get(word, ())
        named = [i for i, source in enumerate(sources) if i in part or word in (source, Path(source).name)]
        if not named:
            raise KeyError(f"hertz: found {word!r}, want one of {', '.join(map(repr, [*known, *store.parts_of]))}")
        for i in named:
            rates[i] = rate
    for source, rate in zip(sources, rates):
        if rate is None:
            raise ValueError(f"hertz: found no rate of {source!r}, want one, since its reader did not find it")
    rows = {rate: row for row, rate in enumerate(dict.fromkeys(rates))}
    return Schedule([ticks(deltas.steps, rate) for rate in rows], torch.tensor([rows[rate] for rate in rates]))
