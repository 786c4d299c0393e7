# SPDX-License-Identifier: Apache-2.0
"""What all data paths share."""

from dataclasses import dataclass

import torch

from .order import Order
from .task import Task


@dataclass
class Sample:
    """What the model gets from a batch."""

    values: torch.Tensor  # bfloat16 [B, T, channels]: normalised; what is predicted comes last
    valid: torch.Tensor  # bool [B, T]: what is predicted is backed by data
    share: torch.Tensor  # float32 [B]: of the windows in the batch of all ranks


class DataPath:
    """One path. Made once; then `sample(step)`, with steps that ascend one by one."""

    group = 1  # batches that are made together
    beforehand = 0  # batches that are made before they are asked for

    def __init__(self, task: Task, order: Order):
        self.task, self.order = task, order
        self.device = order.device
        self.made = {}  # by step

    def sample(self, step: int) -> Sample:
        """The batch of a step."""
        if step not in self.made:
            self.made = dict(enumerate(self.group_from(step), step))
        return self.made[step]

    def group_from(self, step: int) -> list[Sample]:
        """The batches of a step and of those after it that are made together with it."""
        raise NotImplementedError

    def whole(self, steps: int) -> int:
        """Steps, rounded up to whole groups."""
        return -(-steps // self.group) * self.group

    def warm_up(self, least: int = 1) -> int:
        """How many steps take what was made beforehand, in whole groups: later steps begin with a group, and get
        batches as fast as they are made."""
        return self.whole(max(least, self.beforehand))

    def close(self):
        """Ends threads and processes."""
