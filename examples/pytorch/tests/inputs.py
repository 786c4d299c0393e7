# SPDX-License-Identifier: Apache-2.0
"""Streams and targets for tests, and how they are refused."""

import pytest
import torch

import robocache_torch as rc

# What the operator beneath `voxelize` is asked for, where it is asked for everything.
ALL_OF_A_GRID = {
    "reductions": 0b1111,
    "count": True,
    "occupied": True,
    "bits": True,
    "channels_first": False,
    "unordered": False,
    "max_fill": 0.0,
    "min_fill": 0.0,
    "occupied_dtype": torch.uint8,
    "dtype": torch.float32,
}


def series(device, batch=3, samples=40, channels=5, dtype=torch.float32, stamp=torch.float64):
    gaps = torch.randint(1, 50, (batch, samples))
    stamps = gaps.cumsum(1).to(stamp)
    return torch.randn(batch, samples, channels).to(dtype).to(device), stamps.to(device)


def inner_targets(stamps, count=25):
    """Inside, between samples and on some of them."""
    low, high = stamps[:, :1].double(), stamps[:, -1:].double()
    targets = low + (high - low) * torch.rand(stamps.shape[0], count, dtype=torch.float64, device=stamps.device)
    targets = targets.to(stamps.dtype)
    targets[:, :5] = stamps[:, 3:8]
    return targets


def streams_of(device, dtype=torch.float32, gradients=False):
    vision, vision_times = series(device, samples=30, channels=8, dtype=dtype)
    state, state_times = series(device, samples=90, channels=3)
    scale, shift = torch.rand(3, device=device) + 0.5, torch.randn(3, device=device)
    if gradients:
        for tensor in (vision, state, scale, shift):
            tensor.requires_grad_()
    return [
        rc.Stream(vision, vision_times, "previous", before="fill", max_gap=40),
        rc.Stream(state, state_times, scale=scale, shift=shift, latency=2.5),
    ]


def windows_of(stamps, deltas, **more):
    """One window for each trajectory, around its sample 20."""
    deltas = torch.tensor(deltas, dtype=stamps.dtype, device=stamps.device)
    return rc.windows(stamps[:, 20] + 0.5, deltas, **more)


def made(streams, targets):
    """The result of a policy input of one fusion."""
    (result,) = rc.policy_input([rc.PolicyFusion(streams, targets)])
    return result


def check_refused(call, error, words):
    """The message begins with the argument's name, and says what was found and what is wanted."""
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value).startswith(words)
    assert "found" in str(raised.value) and "want" in str(raised.value)
