#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Linear resampling as it is written in PyTorch, on the inputs of bench_resample: batched searchsorted, gather, lerp.

torch_common.py says how it is timed.
"""

import functools

import torch
from torch_common import (
    STAMPS,
    VALUES,
    checksum,
    evenly,
    measure,
    random_below,
    random_unit,
    resample,
    run,
    seconds,
    sets_in_rotation,
    touched_rows,
)

# batch, source length, target length, channels
SHAPES = (
    (32, 500, 250, 256),
    (256, 500, 250, 32),
    (64, 4096, 1024, 32),
    (2048, 500, 250, 256),
    (1024, 4096, 1024, 32),
    (4096, 300, 150, 16),
    (4096, 300, 150, 14),
    (4096, 300, 150, 7),
    (1, 500, 250, 256),
)


def make_inputs(shape, device):
    """The inputs of bench/support/inputs.hpp: whole nanoseconds, converted to seconds once."""
    batch, source_length, target_length, channels = shape
    steps = 5_000_000 + random_below(STAMPS, batch * source_length, 10_000_000, device)
    ns = steps.view(batch, source_length).cumsum(1)
    targets = evenly(ns[:, :1], ns[:, -1:], target_length)
    values = random_unit(VALUES, batch * source_length * channels, device).to(torch.bfloat16)
    return values.view(batch, source_length, channels), seconds(ns), seconds(targets)


def bytes_of(inputs):
    """The fewest bytes: touched source rows once, result rows once, stamps and targets once."""
    values, stamps, targets = inputs
    rows = touched_rows(stamps, targets) + targets.numel()
    return rows * values.shape[2] * values.element_size() + 4 * (stamps.numel() + targets.numel())


def measure_shape(shape, name, device, l2_bytes):
    inputs = make_inputs(shape, device)
    size = bytes_of(inputs)
    sets = [inputs] + [tuple(x.clone() for x in inputs) for _ in range(sets_in_rotation(size, l2_bytes) - 1)]
    return measure(name, resample, sets, size, checksum(inputs[1:]))


def main():
    cases = []
    for shape in SHAPES:
        name = "resample/bf16/B:{}/S:{}/T:{}/D:{}/cold".format(*shape)
        cases.append((name, functools.partial(measure_shape, shape, name)))
    run("torch_resample", __doc__.splitlines()[0], cases)


if __name__ == "__main__":
    main()
