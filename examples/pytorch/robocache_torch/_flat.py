# SPDX-License-Identifier: Apache-2.0
"""How timelines, streams and their rules become the flat lists that operators take: see csrc/timelines.hpp."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import adjacent, plain_number, real_number, want_device, word_of
from ._timelines import STAMPS, Stream, Timeline, is_packed

# In the order of robocache::timeline_kind and edge.
KINDS = ("dense", "shared", "ragged", "uniform", "windows")
EDGES = ("clamp", "fill", "extrapolate")

# What the library says of its methods: all of them, in the order of robocache::interpolation; those that take one
# sample as it is; those that have gradients of values; and of target times.
_names, *_traits = torch.ops.robocache.methods()
METHODS = tuple(_names)
HOLDS, DIFFERENTIABLE, MOVING = (
    tuple(name for name, has in zip(METHODS, trait) if has) for trait in _traits
)

# What a timeline and a stream have of times that are numbers, in the order that operators take them.
TICKS = ("start", "period", "period[1]", "max_gap", "latency", "tolerance")

# max_gap, latency and tolerance of times that belong to no stream.
NO_RULES = (None, 0, 0)


class FlatTimes(NamedTuple):
    """The lists, in the operators' order."""

    sources: list[Tensor | None]
    target_stamps: Tensor | None
    target_starts: Tensor | None
    target_index: Tensor | None
    kinds: list[int]
    stamp: int
    sizes: list[int]
    whole: list[int]
    real: list[float]


def flatten(streams: Sequence[Stream], target: Timeline, device: torch.device, names: Sequence[str]) -> FlatTimes:
    """Checks timelines against values and each other, and makes lists of them.

    Args:
        streams: Their `times` are timelines.
        names: Of each stream, for messages.
    """
    batch = target.batch
    for stream, name in zip(streams, names):
        batch = _check_series(stream, f"{name}times", f"{name}values", device, batch, target)
    if target.batch is None and batch is None:
        batch = 1
    stamp = _type_of([(stream.times, f"{name}times") for stream, name in zip(streams, names)] + [(target, "targets")])
    sources: list[Tensor | None] = []
    kinds: list[int] = []
    sizes: list[int] = []
    whole: list[int] = []
    real: list[float] = []
    for stream, name in zip(streams, names):
        when = stream.times
        source_batch = when.batch if when.batch is not None else _batch_of_values(stream.values, batch)
        rows = stream.values.shape[0] if when.rows is None and is_packed(when) else when.rows
        sources += [adjacent(when.stamps), adjacent(when.starts), adjacent(when.index)]
        rules = (stream.max_gap, stream.latency, stream.tolerance)
        _append(when, source_batch, rows, stamp, rules, name, kinds, sizes, whole, real)
    _want_device_of(target, "targets", device)
    _want_rows(target, "targets")
    _append(target, batch, target.rows, stamp, NO_RULES, "targets.", kinds, sizes, whole, real)
    # Lists are never empty: PyTorch's autograd takes an empty one for a list of tensors.
    whole, real = whole or [0], real or [0.0]
    return FlatTimes(
        sources,
        adjacent(target.stamps),
        adjacent(target.starts),
        adjacent(target.index),
        kinds,
        STAMPS.index(stamp),
        sizes,
        whole,
        real,
    )


def flatten_alone(when: Timeline, name: str) -> tuple:
    """A timeline by itself: a tensor that says on which device, and then what operators take of it."""
    _want_rows(when, name)
    tensors = [adjacent(tensor) for tensor in (when.stamps, when.starts, when.index)]
    given = [tensor for tensor in tensors if tensor is not None]
    place = given[0] if given else torch.empty(0)
    _want_device_of(when, name, place.device, "its other tensors are")
    stamp = _type_of([(when, name)])
    kinds, sizes, whole, real = [], [], [], []
    batch = 1 if when.batch is None else when.batch
    _append(when, batch, when.rows, stamp, NO_RULES, f"{name}.", kinds, sizes, whole, real)
    return (place, *tensors, kinds, STAMPS.index(stamp), sizes, whole or [0], real or [0.0])


def rules_of(stream: Stream, name: str) -> list[int]:
    """Method, edges and causality as numbers."""
    if stream.causal and (stream.method, stream.before) != ("previous", "fill"):
        raise ValueError(
            f"{name}causal: found method {stream.method!r} and before {stream.before!r}, want 'previous' and 'fill'"
        )
    return [
        word_of(stream.method, METHODS, f"{name}method"),
        word_of(stream.before, EDGES, f"{name}before"),
        word_of(stream.after, EDGES, f"{name}after"),
        int(bool(stream.causal)),
    ]


def _check_series(stream, times_name, values_name, device, batch, target):
    when, values = stream.times, stream.values
    for tensor in (when.stamps, when.starts):
        if tensor is not None and tensor.requires_grad and torch.is_grad_enabled():
            raise ValueError(
                f"{times_name}: found stamps that require gradients, want such that do not: "
                "only targets have gradients; times.detach() says so"
            )
    if when.kind == "windows":
        raise ValueError(
            f"{times_name}: found windows, want dense, shared, ragged or uniform times; windows are targets"
        )
    want_device(values, values_name, device, "the other values are")
    if values.dim() > 1 and values.shape[-1] == 0:
        raise ValueError(f"{values_name}: found {list(values.shape)}, want one channel or more")
    _want_device_of(when, times_name, device)
    if is_packed(when):
        if values.dim() != 2:
            raise ValueError(
                f"{values_name}: found {list(values.shape)}, want packed [rows, D], as its times are packed"
            )
        rows = when.rows
        if rows is not None and values.shape[0] < rows:
            raise ValueError(f"{values_name}: found {values.shape[0]} rows, want {rows}, one a stamp")
        found = when.batch
    else:
        if values.dim() != 3:
            raise ValueError(f"{values_name}: found {list(values.shape)}, want [B, N, D]")
        if values.shape[1] != when.length:
            raise ValueError(f"{values_name}: found {values.shape[1]} samples, want {when.length}, one a stamp")
        found = values.shape[0]
        if when.batch is not None and when.batch != found:
            raise ValueError(f"{values_name}: found a batch of {found}, want {when.batch}, that of {times_name}")
    picks = target.kind == "windows" and target.index is not None
    if picks:
        return batch
    if batch is not None and found != batch:
        hint = "; or windows that name their trajectory" if target.kind == "windows" else ""
        raise ValueError(f"{values_name}: found a batch of {found}, want {batch}, that of the others{hint}")
    return found


def _type_of(timelines):
    """The one type of all stamps; float64 or int64, as the numbers are, where all timelines are uniform.

    Args:
        timelines: Each with its name.
    """
    chosen = first = None
    for when, name in timelines:
        for tensor in (when.stamps, when.starts):
            if tensor is None:
                continue
            if chosen is not None and tensor.dtype != chosen:
                raise TypeError(f"{name}: found stamps of {tensor.dtype}, want {chosen}, that of {first}")
            chosen, first = tensor.dtype, first or name
    if chosen is None:
        numbers = [number for when, _ in timelines for number in (when.start, *when.period)]
        chosen = torch.int64 if all(isinstance(x, int) for x in numbers) else torch.float64
    return chosen


def _append(when, batch, rows, stamp, rules, name, kinds, sizes, whole, real):
    """Adds a timeline to the lists.

    Args:
        rules: max_gap, latency and tolerance of its stream.
    """
    max_gap, latency, tolerance = rules
    kinds.append(KINDS.index(when.kind))
    sizes += [batch, when.length, rows or 0]
    if stamp == torch.int64:
        gap = 2**63 - 1 if max_gap is None or max_gap == math.inf else max_gap
        for number, argument in zip((when.start, *when.period, gap, latency, tolerance), TICKS):
            whole.append(_tick(number, name, argument))
    else:
        gap = math.inf if max_gap is None else max_gap
        period = when.period[0] / when.period[1]
        real += [
            float(when.start),
            period,
            1.0,
            real_number(gap, f"{name}max_gap"),
            real_number(latency, f"{name}latency"),
            real_number(tolerance, f"{name}tolerance"),
        ]


def _tick(number, name, argument):
    """A time in the unit of int64 stamps."""
    if not isinstance(number, int):
        number = plain_number(number, f"{name}{argument}")
        if not isinstance(number, int):
            raise TypeError(f"{name}{argument}: found {number!r}, want an int, as stamps are int64")
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{name}{argument}: found {number}, want what int64 holds")
    return number


def _batch_of_values(values, batch):
    return values.shape[0] if values.dim() == 3 else batch


def _want_rows(when, name):
    if is_packed(when) and when.rows is None:
        raise ValueError(
            f"{name}: found offsets without rows, want uniform(..., offsets=..., rows=...): how many there "
            "are in all is known on the GPU alone"
        )


def _want_device_of(when, name, device, where="the values are"):
    for tensor in (when.stamps, when.starts, when.index):
        want_device(tensor, name, device, where)
