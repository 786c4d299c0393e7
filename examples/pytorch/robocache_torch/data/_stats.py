# SPDX-License-Identifier: Apache-2.0
"""Statistics of a store's channels, by `Summarizer`: shard by shard, so that a store may be larger than the memory."""

import math

import torch

from .._rows import Summarizer
from ._store import FUSED_AS, Store

QUANTILES = (0.01, 0.5, 0.99)
# Counters for quantiles take 32 kB for each of a channel.
MOST_CHANNELS = 1024


def stats_of(store: Store, names, quantiles=QUANTILES, bar=None) -> tuple[dict[str, list[dict]], dict[str, str]]:
    """By modality, for each channel: count, nan, infinite, min, max, mean, std (as NumPy has it) and quantiles
    ("q0.01"); and why others are left out: images, whose channels are pixels.

    float64 is rounded to float32 first, as `Store.modality` does.
    """
    found, unread = {}, {}
    for name in names:
        rows, channels = store.rows(name), math.prod(store.schemas[name]["shape"])
        if channels > MOST_CHANNELS:
            unread[name] = f"it has {channels} channels, more than {MOST_CHANNELS}"
            continue
        stored = getattr(torch, store.schemas[name]["dtype"])
        dtype = FUSED_AS.get(stored, stored)
        summarizer = Summarizer(channels, quantiles, dtype=dtype)
        for _ in range(summarizer.passes if rows else 0):
            for values, _, _ in store.parts(name):
                summarizer.add(values.to(dtype))
            summarizer.end_pass()
            if bar is not None:
                bar.update()
        summary = summarizer.summary()
        deviation = summary.std()
        of_channels = store.schemas[name]["names"] or [str(i) for i in range(channels)]
        found[name] = [
            {
                "channel": of_channels[i],
                **{
                    word: getattr(summary, word)[i].item()
                    for word in ("count", "nan", "infinite", "min", "max", "mean")
                },
                "std": deviation[i].item(),
                **{f"q{one:g}": summary.quantiles[i, k].item() for k, one in enumerate(quantiles)},
            }
            for i in range(channels)
        ]
    return found, unread
