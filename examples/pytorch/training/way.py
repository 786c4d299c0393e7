# SPDX-License-Identifier: Apache-2.0
"""What all ways of the data share."""

from dataclasses import dataclass

import torch

import robocache_torch as rc

from .episodes import Recording
from .windows import Shards, Windows


@dataclass
class Sample:
    """What the model gets of a batch."""

    seen: torch.Tensor  # bfloat16 [B, T, channels]: normalised
    predicted: torch.Tensor  # bfloat16 [B, T, channels]: normalised
    weight: (
        torch.Tensor
    )  # float32 [B, T]: the window's share of the batch where the prediction is backed by data, else 0


class DataPath:
    """One way. Made once; then `sample(step)`, with steps that ascend."""

    def __init__(self, recording: Recording, windows: Windows, shards: Shards, device: torch.device):
        self.recording, self.windows, self.shards, self.device = recording, windows, shards, device

    def sample(self, step: int) -> Sample:
        raise NotImplementedError

    def split(self, values, valid, share):
        """From channels side by side to what the model gets."""
        seen, predicted = values.split([self.recording.seen, self.recording.predicted], dim=-1)
        return Sample(seen, predicted, valid[..., -1] * to_device(share, values.device)[:, None])

    def close(self):
        """Lets go of threads and processes."""


def factors_of(one, device):
    """Scale and shift that normalise a modality."""
    scale = 1 / one.deviation
    return scale.to(device), (-one.mean * scale).to(device)


def want_next(step, expected):
    if step != expected:
        raise ValueError(f"step: found {step}, want {expected}, the next one")


def to_device(tensor, device):
    """Without waiting for it."""
    if tensor.device == device or device.type == "cpu":
        return tensor
    return tensor.pin_memory().to(device, non_blocking=True)


def fuse(recording, sources, factors, targets):
    """All modalities, normalised, side by side, in one launch."""
    streams = [
        rc.Stream(
            values, times, one.method, max_gap=recording.max_gap, before="fill", after="fill", scale=scale, shift=shift
        )
        for one, (values, times), (scale, shift) in zip(recording.modalities, sources, factors)
    ]
    return rc.fuse(streams, targets, dtype=torch.bfloat16)
