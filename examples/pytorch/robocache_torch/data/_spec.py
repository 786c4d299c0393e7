# SPDX-License-Identifier: Apache-2.0
"""What a batch has: tensors of windows, by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from .._arguments import FLOATS, INTEGERS
from .._layout import HOLDS
from .._policy import PolicyStream, Relative
from .._timelines import Stream
from ._source import Reach
from ._steps import Schedule, Steps, schedule_of
from ._store import FUSED_AS, Store

# Ticks of a rate that does not divide a second are rounded down, each by itself: a sample may lie this much behind.
ROUNDING = 1
# Samples that methods read on each side of a bracket. All of them read one at an edge: extrapolation and velocities.
BESIDE = {"akima": 2}

NORMALISATIONS = ("mean_std", "min_max", "q01_q99")
_OF_STREAMS = frozenset(Stream._fields) - {"values", "times", "scale", "shift"}
_OF_POLICIES = frozenset(PolicyStream._fields) - {"stream", "ticks_per_second"}


class Read:
    """A modality in a part of a batch.

    Args:
        name: Of the modality.
        channels: Which of its channels, a slice; None: all.
        normalise: "mean_std": mean 0, deviation 1; "min_max" and "q01_q99": these values to -1 and 1; or a pair of
            float32 tensors, scale and shift, of what the read gives, as `rc.Stream` and `rc.PolicyStream` have them.
            Channels that never change keep their scale.
        rules: Those of `rc.Stream` and `rc.PolicyStream` by name, in nanoseconds: method, max_gap, latency, after, ...;
            source, result, relative, low, high, derivative, ... Where `relative` names a stream of another part, it
            has that part's name: `rc.Relative(to=(0, "observation"))`. `tolerance` is 1 for methods that hold.

    Raises:
        TypeError, ValueError: A rule that is not known.
    """

    def __init__(
        self,
        name: str,
        *,
        channels: slice | None = None,
        normalise: str | tuple[Tensor, Tensor] | None = None,
        **rules,
    ):
        for word in rules:
            if word not in _OF_STREAMS | _OF_POLICIES:
                raise TypeError(f"{name}: found {word!r}, want a rule of rc.Stream or rc.PolicyStream")
        if isinstance(normalise, str) and normalise not in NORMALISATIONS:
            raise ValueError(f"{name}: normalise: found {normalise!r}, want {', '.join(NORMALISATIONS)}, or a pair")
        self.name, self.channels, self.normalise = name, channels, normalise
        self.of_stream = {word: rule for word, rule in rules.items() if word in _OF_STREAMS}
        self.of_policy = {word: rule for word, rule in rules.items() if word in _OF_POLICIES}
        if self.method in HOLDS and not self.of_stream.get("causal"):
            self.of_stream.setdefault("tolerance", ROUNDING)

    def holding(self) -> "Read":
        """The same, whose newest sample counts until there is another one, if it does not say what comes after it."""
        return self.but(after=self.of_stream.get("after", "hold"))

    def but(self, **rules) -> "Read":
        """The same with other rules."""
        rules = {**self.of_stream, **self.of_policy, **rules}
        return Read(self.name, channels=self.channels, normalise=self.normalise, **rules)

    @property
    def method(self) -> str:
        return self.of_stream.get("method", "linear")

    @property
    def relative(self) -> Relative | None:
        return self.of_policy.get("relative")

    def plain(self) -> bool:
        """Whether results are values of samples, or between them: statistics of samples are theirs, too."""
        return not any(self.of_policy.get(word) for word in ("source", "relative", "sin_cos", "velocity"))


@dataclass(frozen=True)
class Part:
    """One tensor of a batch, `[B, T, channels]`.

    Attributes:
        reads: Modalities side by side: names, or `Read`.
        deltas: When, in nanoseconds from the anchor: see `ticks`; or `Steps` of each data set's own rate.
        as_of: A history as the robot has it: it knows no sample stamped after the anchor. Behind the newest one
            `after` is "hold", unless a read says otherwise.
        dtype: Of the tensor; default: what the modalities' types promote to. uint8, int32 and int64 for one modality
            of such a type by a method that holds: labels, images.
    """

    reads: Sequence[str | Read]
    deltas: Sequence[int] | Steps
    as_of: bool = False
    dtype: torch.dtype | None = None

    def __post_init__(self):
        if isinstance(self.reads, str):
            raise TypeError(f"reads: found {self.reads!r}, want a list of names or Reads")
        reads = [Read(one) if isinstance(one, str) else one for one in self.reads]
        if self.as_of:
            reads = [one.holding() for one in reads]
        object.__setattr__(self, "reads", reads)
        if not isinstance(self.deltas, Steps):
            object.__setattr__(self, "deltas", list(self.deltas))
        for what, found in (("reads", reads), ("deltas", self.deltas)):
            if not found:
                raise ValueError(f"{what}: found none, want one or more")


class Every(NamedTuple):
    """Anchors on a grid in each episode, from its first time on.

    Attributes:
        hertz: How many a second.
        anywhere: Each epoch has one time, drawn anew, from every interval of the grid instead of its beginning.
    """

    hertz: float
    anywhere: bool = False


@dataclass(frozen=True)
class Spec:
    """What a batch has.

    Attributes:
        parts: Its tensors by name.
        anchors: Which windows there are: at each sample of this modality, or `Every` so often.
        whole: Windows alone whose targets all lie between the first and the last sample of their modalities. Else
            anchors are all samples, or the times at which all modalities have samples, and masks say what is missing.
    """

    parts: Mapping[str, Part]
    anchors: str | Every
    whole: bool = False
    names: list[str] = field(init=False)  # of all modalities

    def __post_init__(self):
        if not self.parts:
            raise ValueError("parts: found none, want one or more")
        names = [read.name for part in self.parts.values() for read in part.reads]
        self._want_times_of_relatives()
        object.__setattr__(self, "names", list(dict.fromkeys(names)))

    def _want_times_of_relatives(self):
        for name, part, read in self.reads():
            if read.relative is None:
                continue
            others = [of[1] for of in read.relative[:2] if isinstance(of, (tuple, list))]
            for one in (name, *others):
                if one in self.parts and isinstance(self.parts[one].deltas, Steps):
                    raise ValueError(f"{read.name}: relative: found Steps in part {one!r}, want deltas in nanoseconds")

    def schedules(self, store: Store) -> dict[str, Schedule]:
        """By the parts' names."""
        return {name: schedule_of(store, part.deltas) for name, part in self.parts.items()}

    def reads(self):
        """(part's name, part, read) of each."""
        return [(name, part, read) for name, part in self.parts.items() for read in part.reads]

    def stored_type(self, store: Store, part: Part, read: Read) -> torch.dtype | None:
        """The type that a read wants its modality in; None: any float type."""
        stored = getattr(torch, store.schemas[read.name]["dtype"])
        usual = FUSED_AS.get(stored, stored)
        if part.dtype in INTEGERS:
            if len(part.reads) > 1 or usual not in INTEGERS or read.method not in HOLDS or not read.plain():
                raise ValueError(
                    f"{read.name}: found a part of {part.dtype}, want one modality of integers alone, plain, by "
                    f"{', '.join(HOLDS)}"
                )
            return part.dtype
        return torch.float32 if usual in INTEGERS else None

    def reaches(self, store: Store) -> dict[str, Reach]:
        """What windows read of each modality.

        Raises:
            KeyError: No such modality.
            ValueError: A modality is wanted as integers and as floats.
        """
        found: dict[str, Reach] = {}
        schedules = self.schedules(store)
        for part_name, part, read in self.reads():
            if read.name not in store.schemas:
                raise KeyError(f"modality: found {read.name!r}, want one of {', '.join(store.names) or 'none'}")
            times = [*schedules[part_name].span()]
            times += [relative.at for _, _, one in self.reads() if (relative := one.relative) is not None]
            latency, tolerance = read.of_stream.get("latency", 0), read.of_stream.get("tolerance", 0)
            first, last = min(times) + latency, max(times) + latency + tolerance
            if any(part.as_of for part in self.parts.values()):
                first = min(first, 0)  # the newest sample that is known, however long ago it was stamped
            mine = Reach(first, last, BESIDE.get(read.method, 1), self.stored_type(store, part, read))
            other = found.get(read.name, mine)
            if other.dtype != mine.dtype:
                raise ValueError(f"{read.name}: found a part of {mine.dtype} and one of {other.dtype}, want one type")
            found[read.name] = Reach(
                min(mine.first, other.first), max(mine.last, other.last), max(mine.beside, other.beside), mine.dtype
            )
        return found

    def spans(self, store: Store) -> list[tuple[str, Tensor, Tensor]]:
        """Of each read its modality, and the first and the last time that its targets look for, from the anchor: int64,
        of each episode or of all."""
        found, schedules = [], self.schedules(store)
        for name, _, read in self.reads():
            latency = read.of_stream.get("latency", 0)
            found.append((read.name, *(one + latency for one in schedules[name].spans())))
        return found
