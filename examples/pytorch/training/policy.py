# SPDX-License-Identifier: Apache-2.0
"""A causal transformer that predicts actions from what the robot has seen so far."""

import torch
from torch import nn


class Policy(nn.Module):
    """`[B, T, seen]` to `[B, T, predicted]`."""

    def __init__(self, seen, predicted, length, *, layers=4, heads=8, width=1024):
        super().__init__()
        self.enter = nn.Linear(seen, width)
        self.place = nn.Parameter(torch.zeros(length, width))
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.leave = nn.Linear(width, predicted)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length), persistent=False)

    def forward(self, seen):
        """@param seen: bfloat16, under autocast."""
        return self.leave(self.body(self.enter(seen) + self.place, mask=self.mask, is_causal=True))


def loss_of(found, predicted, valid, share):
    """Mean square error over predictions that are backed by data.

    Divided by what the whole batch could have had, the same for every split of it: parts of ranks add up to the loss of
    one rank with the whole batch.
    """
    error = (found.float() - predicted.float()).square().mean(-1)
    return (error * valid * share[:, None]).sum() / error.shape[1]
