# SPDX-License-Identifier: Apache-2.0
"""What a spec launches: windows and series as fusions."""

import torch
from torch import Tensor

from .._arguments import INTEGERS
from .._policy import PolicyFusion, PolicyStream, Relative, policy_input
from .._timed import Fused, fuse, resample
from .._timelines import Stream, windows
from ._source import Source
from ._spec import Part, Read, Spec
from ._steps import Schedule

# Scale and shift of each read, by part and place in it.
Factors = dict[tuple[str, int], tuple[Tensor, Tensor]]


class Launch:
    """Makes the tensors of batches.

    Args:
        factors: On the device, of the reads that are normalised.
        schedules: Of each part when its targets are.
    """

    def __init__(
        self, spec: Spec, source: Source, factors: Factors, device: torch.device, schedules: dict[str, Schedule]
    ):
        self.spec, self.source, self.factors = spec, source, factors
        self.beside: list[torch.cuda.Stream] = []  # streams on which parts are made side by side
        # On the device now: what a graph is captured of copies nothing from the host.
        self.rules = {
            (name, at): {word: _on(device, rule) for word, rule in read.of_policy.items()}
            for name, part in spec.parts.items()
            for at, read in enumerate(part.reads)
        }
        self.deltas = {name: torch.tensor(one.deltas, device=device) for name, one in schedules.items()}
        self.which = {name: one.which.to(device) for name, one in schedules.items() if one.which is not None}
        self.now = torch.zeros(1, dtype=torch.int64, device=device)
        for (name, at), both in factors.items():
            if name in self.which and any(factor.dim() > 1 for factor in both):
                raise ValueError(f"{name}: normalise: found factors for each step of read {at}, want one for all Steps")
        self.fused = [name for name, part in spec.parts.items() if part.dtype not in INTEGERS]
        # Without rules of policy inputs `fuse` gives the same, and is faster for long windows.
        self.plain = all(not read.of_policy for _, _, read in spec.reads()) and all(
            factor.dim() == 1 for both in factors.values() for factor in both
        )

    def __call__(self, slot: int, trajectory: Tensor, anchors: Tensor) -> dict[str, Fused]:
        """By the parts' names, of windows of the slot; on the current stream."""
        own = self.source.trajectory(slot)
        read = trajectory if own is None else own
        targets = {name: self._targets(name, trajectory, read, anchors) for name in self.spec.parts}
        made = {}
        if self.plain:
            made = self._side_by_side(slot, targets)
        elif self.fused:
            fusions = [
                PolicyFusion(self._streams(slot, name), targets[name], self.spec.parts[name].dtype)
                for name in self.fused
            ]
            made = dict(zip(self.fused, policy_input(fusions)))
        for name, part in self.spec.parts.items():
            if name not in made:
                made[name] = self._moved(slot, part, targets[name])
        return {name: self._by_window(name, made[name]) for name in self.spec.parts}

    def _targets(self, name, episode, trajectory, anchors):
        as_of = anchors if self.spec.parts[name].as_of else None
        if name not in self.which:
            return windows(anchors, self.deltas[name][0], trajectory, as_of)
        # The windows of a launch have the same deltas. So each target is a window of its own.
        deltas = self.deltas[name][self.which[name][episode.clamp(min=0)]]
        trajectory, as_of = (
            None if one is None else one.unsqueeze(1).expand_as(deltas).reshape(-1) for one in (trajectory, as_of)
        )
        return windows((anchors.unsqueeze(1) + deltas).reshape(-1), self.now, trajectory, as_of)

    def _by_window(self, name, made: Fused) -> Fused:
        if name not in self.which:
            return made
        return Fused(*(one.squeeze(1).unflatten(0, (-1, self.deltas[name].shape[1])) for one in made))

    def _side_by_side(self, slot, targets):
        """Each part by a launch of its own: small ones wait for memory most of the time, not for each other."""
        made, current = {}, torch.cuda.current_stream() if self.beside else None
        for at, name in enumerate(self.fused):
            stream = self.beside[at % len(self.beside)] if self.beside and at > 0 else current
            if stream is not current:
                stream.wait_stream(current)
            with torch.cuda.stream(stream):  # of None it does nothing
                made[name] = fuse(self._streams(slot, name), targets[name], dtype=self.spec.parts[name].dtype)
        for stream in self.beside[: len(self.fused) - 1]:
            current.wait_stream(stream)
        return made

    def _streams(self, slot, name):
        made = []
        for at, read in enumerate(self.spec.parts[name].reads):
            stream = self._stream(slot, read, *self.factors.get((name, at), (None, None)))
            made.append(self._policy(read, stream, self.rules[name, at]) if read.of_policy else stream)
        return made

    def _stream(self, slot, read, scale=None, shift=None):
        series = self.source.series(read.name, slot)
        values = series.values if read.channels is None else series.values[:, read.channels]
        return Stream(values, series.times(), scale=scale, shift=shift, **read.of_stream)

    def _policy(self, read: Read, stream: Stream, rules: dict):
        if read.relative is not None:
            relative = Relative(*map(self._numbered, read.relative[:2]), read.relative.at)
            rules = {**rules, "relative": relative}
        return PolicyStream(stream, ticks_per_second=1e9, **rules)

    def _numbered(self, of):
        """The place of a stream, with the number of the part that it names."""
        if not isinstance(of, (tuple, list)) or not isinstance(of[1], str):
            return of
        if of[1] not in self.fused:
            raise ValueError(f"relative: found part {of[1]!r}, want one of {', '.join(self.fused)}")
        return of[0], self.fused.index(of[1])

    def _moved(self, slot, part: Part, targets):
        """Labels and images, which no one blends."""
        stream = self._stream(slot, part.reads[0])
        words = ("method", "before", "after", "max_gap", "fill", "causal", "tolerance")
        rules = {word: getattr(stream, word) for word in words}
        targets = targets._replace(stamps=targets.stamps + stream.latency)
        found = resample(stream.values, stream.times, targets, **rules)
        return Fused(found.values, found.valid.unsqueeze(-1), found.valid)


def _on(device, rule):
    return rule.to(device) if isinstance(rule, Tensor) else rule
