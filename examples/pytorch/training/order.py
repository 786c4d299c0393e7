# SPDX-License-Identifier: Apache-2.0
"""The order of the windows, which all data paths share: that of the store's loader."""

import torch

from robocache_torch.data._sampler import Sampler, plan_of

from .task import Task


class Order:
    """Which windows the batch of each step has, for one rank of several.

    Args:
        batch: Windows of a step, of all ranks together.
    """

    def __init__(self, task: Task, batch: int, seed: int, rank: int, ranks: int, device: torch.device):
        if batch % ranks != 0:
            raise SystemExit(f"--batch: found {batch}, want a multiple of the {ranks} processes")
        try:
            plan = plan_of(task.store, task.spec)
        except ValueError:
            raise SystemExit(
                f"--window: found {task.length} targets, {-task.spec.parts['windows'].deltas[0] / 1e9:.1f} s, want "
                "less: no episode is as long in all modalities"
            ) from None
        self.batch, self.seed, self.rank, self.ranks, self.device = batch, seed, rank, ranks, device
        self.sampler = Sampler(plan, batch=batch, rank=rank, ranks=ranks, seed=seed, device=device)
        self.windows, self.steps, self.size = self.sampler.windows, self.sampler.steps, self.sampler.rows

    def share(self, step: int) -> float:
        """Of each window in the batch of all ranks; padding has none."""
        return 1 / min(self.batch, self.windows - step % self.steps * self.batch)

    def several(self, step: int, count: int, device: torch.device):
        """Episodes, anchors and shares of the batches of `count` steps, one after the other."""
        first = torch.tensor([step], device=device)
        plan = self.sampler.plan if device.type == "cuda" else self.sampler.host_plan
        episodes, anchors, padding = self.sampler.drawn(plan, first, count)
        shares = torch.tensor([self.share(one) for one in range(step, step + count)], device=device)
        return episodes, anchors, torch.where(padding.unflatten(0, (count, -1)), 0.0, shares[:, None]).flatten()
