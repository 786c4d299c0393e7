# SPDX-License-Identifier: Apache-2.0
"""Which windows a store has, and which of them each batch gets: numbers of episodes alone, no list of windows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from ._source import Windows
from ._spec import Every, Spec
from ._steps import period_of
from ._store import Store


class Plan(NamedTuple):
    """What `sample_windows` draws from: `window_plan` of robocache/windows.hpp, on one device. int64 tensors."""

    offsets: Tensor
    trajectory: Tensor
    starts: Tensor
    lasts: Tensor | None
    stamps: Tensor | None
    set_offsets: Tensor
    draws: Tensor
    num: int = 1
    den: int = 1

    def to(self, device: torch.device) -> "Plan":
        return Plan(*(one.to(device) if isinstance(one, Tensor) else one for one in self))


def plan_of(
    store: Store,
    spec: Spec,
    weights: Mapping[str, float] | None = None,
    episodes: Sequence[int] | None = None,
) -> Plan:
    """The windows of a store, on the host: reads stamps, no values.

    Args:
        weights: By data set, its path or the last part of it, or by a store of `Stores`: which share of the windows is
            drawn from it. Sets that are not named are not drawn. None: each window once an epoch.
        episodes: Their numbers; None: all.

    Raises:
        KeyError, ValueError: An episode, a modality or a data set that there is not, or no window at all.
    """
    sets, shares = _sets_of(store, weights, episodes)
    low, high = _limits_of(store, spec)
    sampled = isinstance(spec.anchors, str)
    stamps = num = den = None
    if sampled:
        stamps, first_rows, ends = _rows_of(store, spec, low, high)
    else:
        num, den = period_of(spec.anchors.hertz)
    offsets, trajectory, starts, lasts, set_offsets, counts = [0], [], [], [], [0], []
    for chosen in sets:
        before = offsets[-1]
        for episode in chosen:
            begin = first_rows[episode] if sampled else low[episode]
            end = ends[episode] if sampled else high[episode]
            # On a grid the largest i with floor(i * num / den) <= end - begin, and one more.
            count = end - begin if sampled else ((end - begin + 1) * den - 1) // num + 1
            if count <= 0 or (not sampled and end < begin):
                continue
            offsets.append(offsets[-1] + count)
            trajectory.append(episode)
            starts.append(begin)
            lasts.append(end)
        set_offsets.append(len(trajectory))
        counts.append(offsets[-1] - before)
    if offsets[-1] == 0:
        count = sum(map(len, sets))
        raise ValueError(f"spec: found no window in {count} episodes, want anchors or parts that fit them")
    anywhere = isinstance(spec.anchors, Every) and spec.anchors.anywhere
    whole = [torch.tensor(one, dtype=torch.int64) for one in (offsets, trajectory, starts, lasts)]
    draws = torch.tensor([0, *_draws_of(counts, shares)]).cumsum(0)
    return Plan(
        *whole[:3],
        whole[3] if anywhere else None,
        stamps,
        torch.tensor(set_offsets),
        draws,
        num or 1,
        den or 1,
    )


def _sets_of(store, weights, episodes):
    """Episodes of each set, and the weight of each; None: that of its windows."""
    chosen = range(len(store)) if episodes is None else [int(one) for one in episodes]
    for one in chosen:
        if not 0 <= one < len(store):
            raise ValueError(f"episodes: found {one}, want 0 to {len(store) - 1}")
    if len(set(chosen)) != len(chosen):
        raise ValueError("episodes: found one twice, want each once")
    if weights is None:
        return [list(chosen)], None
    by_name: dict[str, list[int]] = {}
    for one in chosen:
        by_name.setdefault(store.episodes[one]["source"], []).append(one)
    for name, part in store.parts_of.items():
        by_name.setdefault(name, [one for one in chosen if one in part])
    sets, shares = [], []
    for word, weight in weights.items():
        found = [word] if word in by_name else [source for source in by_name if word == Path(source).name]
        if len(found) != 1:
            raise KeyError(f"weights: found {word!r}, want one of {', '.join(map(repr, by_name))}")
        if not 0 < weight < float("inf"):
            raise ValueError(f"weights: found {weight} of {word!r}, want a number above 0")
        sets.append(by_name.pop(found[0]))
        shares.append(weight)
    if len({one for chosen in sets for one in chosen}) != sum(map(len, sets)):
        raise ValueError(f"weights: found an episode in two of {', '.join(map(repr, weights))}, want it in one")
    return sets, shares


def _draws_of(counts, shares):
    """How many windows of an epoch each set has: as many as all have together, by their weights."""
    if shares is None:
        return counts
    for count in counts:
        if count == 0:
            raise ValueError("weights: found a data set without a window, want sets that have some")
    total = sum(counts)
    exact = [total * share / sum(shares) for share in shares]
    draws = [int(one) for one in exact]
    # What rounding left over goes to those that lost most.
    for at in sorted(range(len(exact)), key=lambda i: draws[i] - exact[i])[: total - sum(draws)]:
        draws[at] += 1
    if 0 in draws:
        raise ValueError(f"weights: found {shares} for {total} windows an epoch, want one window of each set or more")
    return draws


def _limits_of(store, spec):
    """Between which times anchors may be, lists by episode; `high < low` where there are none."""
    low = torch.full((len(store),), -(2**62))
    high = -low
    for name, first, last in spec.spans(store):
        begins, ends = _ends_of(store, name)
        low = torch.maximum(low, begins - (first if spec.whole else 0))
        high = torch.minimum(high, ends - (last if spec.whole else 0))
    return low.tolist(), high.tolist()


def _ends_of(store, name):
    """Stamps of each episode's first and last sample; 2^61 and -2^61 where there is none."""
    firsts, lasts = [], []
    for _, stamps, offsets in store.parts(name):
        begin, end = offsets[:-1], offsets[1:]
        there = end > begin
        for found, at, none in ((firsts, begin, 2**61), (lasts, end - 1, -(2**61))):
            one = torch.full_like(begin, none)
            one[there] = stamps[at[there]]
            found.append(one)
    return torch.cat(firsts), torch.cat(lasts)


def _rows_of(store, spec, low, high):
    """Stamps of the modality whose samples are anchors, and of each episode the first of its rows and the one behind
    the last, lists."""
    if spec.anchors not in store.schemas:
        raise KeyError(f"anchors: found {spec.anchors!r}, want one of {', '.join(store.names) or 'none'}, or Every")
    parts = [(stamps, offsets.diff()) for _, stamps, offsets in store.parts(spec.anchors)]
    of_all = torch.cat([stamps for stamps, _ in parts])
    bounds = torch.cat([torch.zeros(1, dtype=torch.int64), *(counts for _, counts in parts)]).cumsum(0).tolist()
    begins, ends = bounds[:-1], bounds[1:]
    if spec.whole:
        for episode, (begin, end) in enumerate(zip(bounds, bounds[1:])):
            inside = torch.tensor([low[episode], high[episode] + 1])
            first, last = torch.searchsorted(of_all[begin:end], inside).tolist()
            begins[episode], ends[episode] = begin + first, begin + last
    return of_all, begins, ends


class Sampler:
    """Draws windows, for one rank of several: batch after batch, epoch after epoch.

    Attributes:
        windows: Of an epoch.
        steps: Batches of an epoch.
        rows: Windows of a rank's part of a batch.
    """

    def __init__(self, plan: Plan, *, batch: int, rank: int, ranks: int, seed: int, device: torch.device):
        self.plan, self.host_plan = plan.to(device), plan
        self.batch, self.rank, self.ranks, self.seed = batch, rank, ranks, seed
        self.windows = int(plan.draws[-1])
        self.steps = -(-self.windows // batch)
        self.rows = batch // ranks

    def draw(self, step: Tensor, batches: int) -> tuple[Tensor, Tensor, Tensor]:
        """Trajectories, anchors, and which rows are padding, of some batches, `[batches * rows]`; one launch.

        Args:
            step: int64 `[1]` on the device: the first batch, counted over all epochs.
        """
        return self.drawn(self.plan, step, batches)

    def on_host(self, step: int, batches: int) -> Windows:
        """The same windows, on the host."""
        return Windows(*self.drawn(self.host_plan, torch.tensor([step]), batches)[:2])

    def drawn(self, plan: Plan, step: Tensor, batches: int) -> tuple[Tensor, Tensor, Tensor]:
        *tensors, num, den = plan
        return torch.ops.robocache.sample_windows(
            step, *tensors, num, den, self.seed, batches, self.batch, self.rank, self.ranks
        )
