# SPDX-License-Identifier: Apache-2.0
"""Training windows: which exist, and in which order ranks and epochs see them."""

from dataclasses import dataclass

import torch

from .episodes import SECOND, Recording


@dataclass
class Windows:
    """Window w ends at `anchors[w]` in episode `episodes[w]`; its targets are at anchor + `deltas`, ascending."""

    anchors: torch.Tensor  # int64 [windows]
    episodes: torch.Tensor  # int64 [windows]
    deltas: torch.Tensor  # int64 [length]

    def __len__(self):
        return len(self.anchors)


def windows_of(recording: Recording, length: int, rate: float, stride: float) -> Windows:
    """All windows of `length` targets at `rate`, `stride` seconds apart, that lie within their episodes."""
    # Each rounded separately, so that no rate drifts.
    deltas = torch.tensor([-round(k * SECOND / rate) for k in range(length - 1, -1, -1)], dtype=torch.int64)
    anchors, episodes = [], []
    for episode in range(recording.episodes):
        first, last = recording.span(episode)
        begin = first - int(deltas[0])
        if begin > last:
            continue
        own = torch.arange(begin, last + 1, max(1, round(stride * SECOND)), dtype=torch.int64)
        anchors.append(own)
        episodes.append(torch.full_like(own, episode))
    if not anchors:
        raise SystemExit(
            f"--window: found {length} targets at {rate:g} Hz, {-int(deltas[0]) / SECOND:.1f} s, want less: "
            "no episode is as long in all modalities"
        )
    return Windows(torch.cat(anchors), torch.cat(episodes), deltas)


@dataclass
class Batch:
    """What a rank takes from a global batch. Rows beyond its windows repeat one, and have no weight."""

    windows: torch.Tensor  # int64 [batch of the rank]
    share: torch.Tensor  # float32 [batch of the rank]: 1 / windows of all ranks, or 0 for a row that repeats


class Shards:
    """The order of an epoch, for one rank of several: every window once, whatever their number."""

    def __init__(self, windows: int, batch: int, seed: int, rank: int = 0, ranks: int = 1):
        if batch % ranks != 0:
            raise SystemExit(f"--batch: found {batch}, want a multiple of the {ranks} processes")
        self.windows, self.batch, self.seed, self.rank, self.ranks = windows, batch, seed, rank, ranks
        self.size = batch // ranks  # of the rank's part of a batch
        self.kept = None, None  # epoch, order

    @property
    def steps(self):
        """Of an epoch."""
        return -(-self.windows // self.batch)

    def at(self, step: int) -> Batch:
        """The batch of a step, counted over all epochs: the same windows for every number of ranks."""
        epoch, place = divmod(step, self.steps)
        of, order = self.kept
        if of != epoch:
            random = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            order = torch.randperm(self.windows, generator=random)
            self.kept = epoch, order
        ours = order[place * self.batch : (place + 1) * self.batch]
        mine = ours[self.rank :: self.ranks]
        share = torch.zeros(self.size)
        share[: len(mine)] = 1 / len(ours)
        repeated = ours[:1].expand(self.size - len(mine))
        return Batch(torch.cat([mine, repeated]), share)

    def several(self, first: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Windows of the batches of `count` steps, and their shares, [count, batch of the rank]."""
        batches = [self.at(step) for step in range(first, first + count)]
        return torch.stack([one.windows for one in batches]), torch.stack([one.share for one in batches])
