#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fusing as it is written in PyTorch, on the inputs of bench_fuse: searchsorted, gather and lerp per stream, then cat.

Windows over the store: recordings follow each other in time, so the packed stamps of all episodes ascend, and one
searchsorted over them finds each bracket; what falls outside the window's episode is moved to its first or last one by
the episode's offsets. (RoboCache needs no order among episodes.)

torch_common.py says how it is timed.
"""

import functools

import torch
from torch_common import (
    LENGTHS,
    STAMPS,
    VALUES,
    WINDOWS,
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

RESULT, RESULT_BYTES = torch.bfloat16, 2
EPISODES, PERIOD = 10_000, 20_000_000

# length, channels, dtype, method of each stream; then B, T and the stamps' type
BATCHES = (
    ([(100, 512), (200, 128), (300, 64)], 256, 128, "fp32"),
    ([(30, 512), (100, 64), (200, 12)], 4, 50, "fp32"),
    (
        [
            (30, 512),
            (100, 14, "fp32"),
            (100, 7, "fp32"),
            (333, 6, "fp32"),
            (200, 6),
            (100, 4, "fp32", "slerp"),
            (5, 3, "fp32", "previous"),
            (50, 12),
        ],
        1,
        50,
        "int64",
    ),
)
# samples per second, channels; then windows and targets of each
STORE = ([(100, 14), (100, 7), (30, 6)], 4096, 32)


def complete(stream):
    """A stream with its dtype and method."""
    return stream + ("bf16", "linear")[len(stream) - 2 :]


def name_of(streams, batch, length, stamps, store=False):
    """What bench_fuse calls the case."""
    words = []
    for rate, channels, dtype, method in map(complete, streams):
        word = f"{rate}{'Hz' if store else ''}x{channels}"
        word += "" if dtype == "bf16" else f":{dtype}"
        words.append(word + ("" if method == "linear" else f":{method}"))
    name = f"fuse/bf16/B:{batch}/{'+'.join(words)}/T:{length}"
    return name + ("/stamps:int64" if stamps == "int64" else "") + ("/windows" if store else "") + "/cold"


def previous(values, stamps, targets):
    rows = (torch.searchsorted(stamps, targets, right=True) - 1).clamp(min=0)
    return values.gather(1, rows[..., None].expand(-1, -1, values.shape[2]))


def slerp(values, stamps, targets):
    right = torch.searchsorted(stamps, targets, right=True).clamp(1, stamps.shape[1] - 1)
    left = right - 1
    t0, t1 = stamps.gather(1, left), stamps.gather(1, right)
    weight = ((targets - t0) / (t1 - t0)).clamp(0, 1)[..., None]
    a = values.gather(1, left[..., None].expand(-1, -1, 4)).float()
    b = values.gather(1, right[..., None].expand(-1, -1, 4)).float()
    return arc(a, b, weight)


def arc(a, b, weight):
    """Part of the way from one rotation to another, along the shorter arc."""
    cosine = (a * b).sum(-1, keepdim=True)
    b = torch.where(cosine < 0, -b, b)
    angle = torch.acos(cosine.abs().clamp(max=1.0))
    sine = torch.sin(angle)
    near = sine < 1e-4
    divisor = torch.where(near, torch.ones_like(sine), sine)
    x = torch.where(near, 1 - weight, torch.sin((1 - weight) * angle) / divisor)
    y = torch.where(near, weight, torch.sin(weight * angle) / divisor)
    return torch.nn.functional.normalize(a * x + b * y, dim=-1)


METHODS = {"linear": resample, "previous": previous, "slerp": slerp}


def fuse_batch(methods, targets, *series):
    """series: stamps and values of each stream, in turn."""
    parts = [
        METHODS[method](values, stamps, targets).to(RESULT)
        for method, stamps, values in zip(methods, series[::2], series[1::2])
    ]
    return torch.cat(parts, dim=-1)


def fuse_windows(anchors, trajectory, deltas, *series):
    """series: packed stamps, offsets and packed values of each stream, in turn."""
    targets = anchors[:, None] + deltas
    parts = []
    for stamps, offsets, values in zip(series[::3], series[1::3], series[2::3]):
        first, last = offsets[trajectory][:, None], offsets[trajectory + 1][:, None] - 1
        right = torch.searchsorted(stamps, targets, right=True)
        right = torch.minimum(torch.maximum(right, first + 1), last)
        left = right - 1
        t0 = stamps[left]
        weight = ((targets - t0) / (stamps[right] - t0)).clamp(0, 1)[..., None]
        parts.append(torch.lerp(values[left].float(), values[right].float(), weight).to(RESULT))
    return torch.cat(parts, dim=-1)


def make_values(rows, channels, dtype, method, device):
    numbers = random_unit(VALUES, rows * channels, device).view(rows, channels)
    if method == "slerp":
        numbers = torch.nn.functional.normalize(2 * numbers - 1, dim=-1)
    return numbers.to(RESULT if dtype == "bf16" else torch.float32)


def make_batch(streams, batch, length, stamp_type, device):
    """bench/fuse/inputs.hpp, make_batch: running sums in microseconds, stretched to the longest stream's span."""
    all_us, drawn = [], 0
    for stream in streams:
        steps = 5_000 + random_below(STAMPS, batch * stream[0], 10_000, device, drawn).view(batch, stream[0])
        drawn += steps.numel()
        steps[:, 0] = 0
        all_us.append(steps.cumsum(1))
    span_ns = max(all_us, key=lambda us: us.shape[1])[:, -1:] * 1_000
    to_stamp = seconds if stamp_type == "fp32" else torch.clone
    inputs = [to_stamp(evenly(torch.zeros_like(span_ns), span_ns, length))]
    for us, stream in zip(all_us, map(complete, streams)):
        stamps = to_stamp(us * span_ns // us[:, -1:])
        values = make_values(stamps.numel(), *stream[1:], device)
        inputs += [stamps, values.view(batch, stream[0], stream[1])]
    return tuple(inputs)


def batch_bytes(streams, inputs):
    """The fewest bytes: touched source rows once, result rows once, stamps and targets once."""
    targets = inputs[0]
    size = targets.numel() * targets.element_size()
    for stream, stamps, values in zip(map(complete, streams), inputs[1::2], inputs[2::2]):
        if stream[3] == "previous":
            rows = torch.searchsorted(stamps, targets, right=True) - 1
            touched = int(torch.zeros_like(stamps, dtype=torch.bool).scatter_(1, rows, True).sum())
        else:
            touched = touched_rows(stamps, targets)
        size += values.shape[2] * (touched * values.element_size() + targets.numel() * RESULT_BYTES)
        size += stamps.numel() * stamps.element_size()
    return size


def measure_batch(streams, batch, length, stamp_type, name, device, l2_bytes):
    inputs = make_batch(streams, batch, length, stamp_type, device)
    size = batch_bytes(streams, inputs)
    sets = [inputs] + [tuple(x.clone() for x in inputs) for _ in range(sets_in_rotation(size, l2_bytes) - 1)]
    methods = [complete(stream)[3] for stream in streams]

    def fuse(*inputs):
        return fuse_batch(methods, *inputs)

    return measure(name, fuse, sets, size, checksum(inputs[:1] + inputs[1::2]))


def make_store(streams, device):
    """bench/fuse/inputs.hpp, make_store: each episode's begin and milliseconds, and the streams."""
    begin = 1_700_000_000_000_000_000 + torch.arange(EPISODES, device=device) * 100_000_000_000
    ms = 5_000 + random_below(LENGTHS, EPISODES, 15_000, device)
    series, drawn = [], 0
    for stream in map(complete, streams):
        rate = stream[0]
        counts = ms * rate // 1_000
        offsets = torch.nn.functional.pad(counts.cumsum(0), (1, 0))
        rows = int(offsets[-1])
        episode = torch.repeat_interleave(torch.arange(EPISODES, device=device), counts)
        k = torch.arange(rows, device=device) - offsets[episode]
        late = random_below(STAMPS, rows, 4_000_000, device, drawn)
        drawn += rows
        stamps = begin[episode] + k * 1_000_000_000 // rate + late
        series += [stamps, offsets, make_values(rows, *stream[1:], device)]
    return begin, ms, tuple(series)


def make_windows(begin, ms, windows, length, number, device):
    """Those of one set of buffers."""
    draws = 2 * windows
    bits = random_below(WINDOWS, draws, EPISODES, device, number * draws)
    trajectory = bits[::2].clone()
    bound = torch.ones(draws, dtype=torch.int64, device=device)
    bound[1::2] = ms[trajectory] * 1_000_000
    into_it = random_below(WINDOWS, draws, bound, device, number * draws)[1::2]
    deltas = (torch.arange(length, device=device) - (length // 2 - 1)) * PERIOD
    return begin[trajectory] + into_it, trajectory, deltas


def windows_bytes(windows, series):
    """The fewest bytes: touched rows and their stamps, offsets of the episodes read, result rows, windows."""
    anchors, trajectory, deltas = windows
    targets = anchors[:, None] + deltas
    read = int(torch.unique(trajectory).numel())
    size = 8 * (anchors.numel() + trajectory.numel() + deltas.numel())
    for stamps, offsets, values in zip(series[::3], series[1::3], series[2::3]):
        first, last = offsets[trajectory][:, None], offsets[trajectory + 1][:, None] - 1
        right = torch.minimum(torch.maximum(torch.searchsorted(stamps, targets, right=True), first + 1), last)
        left = right - 1
        touched = torch.zeros_like(stamps, dtype=torch.bool)
        touched[torch.where(targets < stamps[right], left, right)] = True
        touched[torch.where(targets > stamps[left], right, left)] = True
        rows = int(touched.sum())
        size += values.shape[1] * (rows * values.element_size() + targets.numel() * RESULT_BYTES)
        size += rows * stamps.element_size() + read * 16
    return size


def measure_store(streams, windows, length, name, device, l2_bytes):
    begin, ms, series = make_store(streams, device)
    first = make_windows(begin, ms, windows, length, 0, device)
    size = windows_bytes(first, series)
    count = sets_in_rotation(size, l2_bytes)
    sets = [make_windows(begin, ms, windows, length, number, device) + series for number in range(count)]
    return measure(name, fuse_windows, sets, size, checksum(first + series[::3]))


def main():
    cases = []
    for streams, batch, length, stamps in BATCHES:
        name = name_of(streams, batch, length, stamps)
        cases.append((name, functools.partial(measure_batch, streams, batch, length, stamps, name)))
    name = name_of(*STORE, "int64", store=True)
    cases.insert(2, (name, functools.partial(measure_store, *STORE, name)))
    run("torch_fuse", __doc__.splitlines()[0], cases)


if __name__ == "__main__":
    main()
