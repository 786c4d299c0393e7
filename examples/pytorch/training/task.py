# SPDX-License-Identifier: Apache-2.0
"""What is learned from a store: windows of what the policy sees and of what it predicts."""

import math
from dataclasses import dataclass

import torch

from robocache_torch import data

from .episodes import SECOND

MAX_GAP = SECOND // 2


@dataclass
class Task:
    """Batches have one tensor, `windows`: what is predicted comes last in it."""

    store: data.Store
    spec: data.Spec
    seen: int  # channels that the policy sees
    predicted: int
    length: int  # targets of a window

    @property
    def reads(self) -> list[data.Read]:
        return self.spec.parts["windows"].reads


def task_of(store: data.Store, predicted: str, length: int, rate: float, stride: float) -> Task:
    """Windows of `length` targets at `rate`, `stride` seconds apart, that lie within their episodes.

    Args:
        predicted: A modality; the policy sees all others whose values are floats.
    """
    floats = [name for name, one in store.schemas.items() if getattr(torch, one["dtype"]).is_floating_point]
    if predicted not in floats or len(floats) < 2:
        raise SystemExit(
            f"--predict: found {predicted!r}, want one of several modalities of floats; the store has "
            f"{', '.join(floats) or 'none'}"
        )
    floats.remove(predicted)
    rules = {"normalise": "mean_std", "max_gap": MAX_GAP, "before": "fill", "after": "fill"}
    part = data.Part(
        [data.Read(name, **rules) for name in [*floats, predicted]],
        data.ticks(range(1 - length, 1), rate),
        dtype=torch.bfloat16,
    )
    width = {name: math.prod(store.schemas[name]["shape"]) for name in [*floats, predicted]}
    spec = data.Spec({"windows": part}, data.Every(1 / stride), whole=True)
    return Task(store, spec, sum(width[name] for name in floats), width[predicted], length)
