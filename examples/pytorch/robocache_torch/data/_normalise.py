# SPDX-License-Identifier: Apache-2.0
"""Scale and shift of what is normalised, from statistics of the store."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from .._layout import ROTATIONS
from .._policy_operators import result_channels
from .._rows import Summarizer, Summary
from ._ring import Made
from ._sampler import Sampler
from ._source import Source
from ._spec import Read, Spec
from ._store import Store
from ._windows import Factors, Launch

QUANTILES = {"mean_std": (), "min_max": (), "q01_q99": (0.01, 0.99)}
# Statistics of what depends on the window are of so many windows, or a few more.
MOST_WINDOWS = 2**20
# Values that are copied to the device at a time.
CHUNK_BYTES = 2**26


def factors_of(store: Store, spec: Spec, source: Source, sampler: Sampler, group: int) -> Factors:
    """By part and place: of values the statistics of all samples of the store; of what depends on the window (relative
    values, rotations in another format, sines, velocities) those of its valid results in up to a million windows, the
    same on every rank."""
    found: Factors = {}
    for name, part in spec.parts.items():
        for at, read in enumerate(part.reads):
            if read.normalise is None:
                continue
            device = sampler.plan.offsets.device
            if isinstance(read.normalise, str):
                fractions = QUANTILES[read.normalise]
                if read.plain():
                    summary = _of_samples(store, source, read, fractions, device)
                else:
                    summary = _of_windows(store, spec, source, sampler, group, name, at, fractions)
                scale, shift = scale_and_shift(summary, read.normalise)
            else:
                scale, shift = read.normalise
            found[name, at] = tuple(one.to(device, torch.float32) for one in (scale, shift))
    return found


def scale_and_shift(summary: Summary, how: str) -> tuple[Tensor, Tensor]:
    """`v * scale + shift` of each channel, float64: see `Read`."""
    if how == "mean_std":
        middle, reach = summary.mean, summary.std()
    elif how == "min_max":
        middle, reach = (summary.min + summary.max) / 2, (summary.max - summary.min) / 2
    else:
        low, high = summary.quantiles.unbind(-1)
        middle, reach = (low + high) / 2, (high - low) / 2
    scale = torch.where(reach > 0, 1 / reach, 1.0)
    return scale, -middle * scale


def _of_samples(store, source, read, fractions, device):
    values = source.series(read.name, 0).values
    width = math.prod(store.schemas[read.name]["shape"])
    channels = range(width)[read.channels or slice(None)]
    summarizer = Summarizer(len(channels), fractions, dtype=values.dtype, device=device)
    rows = max(1, CHUNK_BYTES // (width * values.element_size()))
    for _ in range(summarizer.passes):
        for part, _, _ in store.parts(read.name):
            for chunk in part.split(rows):
                summarizer.add(chunk[:, read.channels or slice(None)].to(device, values.dtype))
        summarizer.end_pass()
    return summarizer.summary()


def _of_windows(store, spec, source, sampler, group, name, at, fractions):
    """Of an epoch's windows, without any normalisation."""
    part = spec.parts[name]
    raw = replace(spec, parts={of: replace(one, reads=list(map(_raw, one.reads))) for of, one in spec.parts.items()})
    raw.parts[name] = replace(raw.parts[name], dtype=torch.float32)
    device = sampler.plan.offsets.device
    alone = Sampler(sampler.host_plan, batch=sampler.rows, rank=0, ranks=1, seed=0, device=device)
    widths = [_width_of(source, one) for one in part.reads]
    first = sum(widths[:at])
    summarizer = Summarizer(widths[at], fractions, device=device)
    steps = min(alone.steps, -(-MOST_WINDOWS // alone.rows))
    for _ in range(summarizer.passes):
        launch = Launch(raw, source, {}, device, spec.schedules(store))
        batches = Made(alone, source, launch, group, 0)
        for _ in range(steps):
            batch = batches.next()
            mask = batch[name].valid[..., at] & ~batch.padding[:, None]
            values = batch[name].values[..., first : first + widths[at]]
            summarizer.add(values.flatten(0, 1), mask=mask.flatten())
        summarizer.end_pass()
    return summarizer.summary()


def _raw(read: Read) -> Read:
    policies = {word: rule for word, rule in read.of_policy.items() if word not in ("low", "high")}
    return Read(read.name, channels=read.channels, **read.of_stream, **policies)


def _width_of(source, read):
    """Channels of its results."""
    values = source.series(read.name, 0).values
    channels = len(range(values.shape[1])[read.channels or slice(None)])
    words = tuple(ROTATIONS)
    rules = read.of_policy
    layout = words.index(rules["source"]) if rules.get("source") else -1
    result = words.index(rules["result"]) if rules.get("result") else layout
    derived = rules.get("derivative", "value") != "value"
    return result_channels(channels, layout, result, derived, rules.get("sin_cos"))
