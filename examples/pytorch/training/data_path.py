# SPDX-License-Identifier: Apache-2.0
"""What all data paths share."""

from dataclasses import dataclass

import torch

import robocache_torch as rc

from .episodes import Recording
from .windows import Shards, Windows


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

    def __init__(self, recording: Recording, windows: Windows, shards: Shards, device: torch.device):
        self.recording, self.windows, self.shards, self.device = recording, windows, shards, device
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


def factors_of(one, device):
    """Scale and shift that normalise a modality."""
    scale = 1 / one.deviation
    return scale.to(device), (-one.mean * scale).to(device)


def to_device(tensor, device):
    """Without waiting for it."""
    if tensor.device == device or device.type == "cpu":
        return tensor
    return tensor.pin_memory().to(device, non_blocking=True)


def fuse(recording, sources, factors, targets):
    """All modalities, normalised, side by side, in one launch: values, and where those of the last one are valid."""
    streams = [
        rc.Stream(
            values, times, one.method, max_gap=recording.max_gap, before="fill", after="fill", scale=scale, shift=shift
        )
        for one, (values, times), (scale, shift) in zip(recording.modalities, sources, factors)
    ]
    fused = rc.fuse(streams, targets, dtype=torch.bfloat16)
    return fused.values, fused.valid[..., -1]


def batches_together(recording, windows, shards):
    """How many batches one launch makes, which share its fixed cost: as many as 64 MB hold, from one to eight."""
    batch = 2 * (recording.seen + recording.predicted) * len(windows.deltas) * shards.size
    return max(1, min(8, 2**26 // batch))


def samples_of(values, valid, share, count):
    """What was made of `count` batches together, batch by batch."""
    return list(map(Sample, *(part.unflatten(0, (count, -1)) for part in (values, valid, share))))
