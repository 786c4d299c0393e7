# SPDX-License-Identifier: Apache-2.0
"""The operators in plain PyTorch and float64: what results and gradients are compared with."""

import torch

ROUNDING = {torch.float32: 2.0**-24, torch.float16: 2.0**-11, torch.bfloat16: 2.0**-8}


def bracket(stamps, targets):
    """Of `[B, N]` and `[B, T]`: indices of the samples around each target, and the weight of the second."""
    i = (torch.searchsorted(stamps.contiguous(), targets.contiguous(), right=True) - 1).clamp(0, stamps.shape[1] - 2)
    t0, t1 = stamps.gather(1, i), stamps.gather(1, i + 1)
    return i, (targets - t0).double() / (t1 - t0).double()


def take(values, rows):
    return values.gather(1, rows.unsqueeze(-1).expand(-1, -1, values.shape[-1]))


def linear(values, stamps, targets):
    """Clamped at the edges, differentiable in values and targets."""
    i, weight = bracket(stamps, targets)
    weight = weight.clamp(0, 1).unsqueeze(-1)
    return take(values.double(), i) * (1 - weight) + take(values.double(), i + 1) * weight


def previous(values, stamps, targets):
    i = (torch.searchsorted(stamps.contiguous(), targets.contiguous(), right=True) - 1).clamp(min=0)
    return take(values.double(), i)


def cells(points, origin, size, shape):
    """Of `[N, 3]`: z, y, x of each point as one number; -1 outside."""
    place = torch.floor((points - points.new_tensor(origin)) / points.new_tensor(size))
    limit = points.new_tensor(shape)
    inside = ((place >= 0) & (place < limit)).all(1)
    x, y, z = torch.where(inside[:, None], place, torch.zeros_like(place)).long().unbind(1)
    return torch.where(inside, (z * shape[1] + y) * shape[0] + x, -1)


def reduce_cells(index, features, total, what):
    """Sum, mean, maximum or minimum of the features of each of `total` cells, in float64; 0 where there is none."""
    rows = index >= 0
    target = features.new_zeros((total, features.shape[1]), dtype=torch.float64)
    where = index[rows].unsqueeze(1).expand(-1, features.shape[1])
    how = {"sum": "sum", "mean": "mean", "max": "amax", "min": "amin"}[what]
    return target.scatter_reduce(0, where, features[rows].double(), how, include_self=False)


def close(found, expected, magnitude, factor=4):
    """Within `factor` roundings of the result's type, and as many of FP32, of numbers of this magnitude."""
    limit = factor * (ROUNDING[found.dtype] + ROUNDING[torch.float32]) * magnitude
    error = (found.double() - expected).abs().max().item() if found.numel() else 0.0
    assert error <= limit, f"error {error:.3g}, allowed {limit:.3g}"
