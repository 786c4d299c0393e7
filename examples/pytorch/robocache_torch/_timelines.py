# SPDX-License-Identifier: Apache-2.0
"""Timelines and streams, and how they become the flat lists that operators take."""

import math
import operator
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

# In the order of robocache::timeline_kind, interpolation, edge and stamp_dtype.
KINDS = ("dense", "shared", "ragged", "uniform", "windows")
METHODS = ("previous", "next", "nearest", "linear", "angle", "catmull_rom", "pchip", "akima", "slerp")
EDGES = ("clamp", "fill", "extrapolate")
STAMPS = (torch.float32, torch.float64, torch.int64)

Number = int | float


class Timeline(NamedTuple):
    """When samples are taken. Make one with `dense`, `shared`, `ragged`, `uniform` or `windows`.

    Stamps are float32, float64 or int64, in any unit, the same for all timelines of a call; they ascend within a
    trajectory. Where a function takes a timeline, a tensor of one dimension means `shared`, and one of two `dense`.
    """

    kind: str
    stamps: Tensor | None = None  # windows: deltas
    starts: Tensor | None = None  # windows: anchors
    index: Tensor | None = None  # dense: lengths; ragged, uniform: offsets; windows: trajectories
    batch: int | None = None  # None: that of the values
    length: int = 0
    rows: int | None = None  # packed; None of a uniform source: those of its values
    start: Number = 0
    period: tuple[Number, Number] = (1, 1)


def dense(stamps: Tensor, lengths: Tensor | None = None) -> Timeline:
    """Stamps `[B, N]`, one row a trajectory.

    Args:
        stamps: `[B, N]`.
        lengths: int64 `[B]`, optional: how many samples of each row are real; clamped into [0, N].
    """
    _want_stamps(stamps, "stamps", 2)
    _want_index(lengths, "lengths", stamps.shape[0])
    return Timeline("dense", stamps, None, lengths, stamps.shape[0], stamps.shape[1])


def shared(stamps: Tensor) -> Timeline:
    """Stamps `[N]`, the same for every trajectory."""
    _want_stamps(stamps, "stamps", 1)
    return Timeline("shared", stamps, length=stamps.shape[0])


def ragged(stamps: Tensor, offsets: Tensor) -> Timeline:
    """Packed stamps `[rows]`: trajectory b owns rows `offsets[b]` to `offsets[b + 1]`.

    Args:
        stamps: `[rows]`.
        offsets: int64 `[B + 1]`, ascending; each is clamped into [0, rows].
    """
    _want_stamps(stamps, "stamps", 1)
    batch = _batch_of(offsets)
    return Timeline("ragged", stamps, None, offsets, batch, rows=stamps.shape[0])


def uniform(
    start: Number | Tensor,
    period: Number | tuple[Number, Number],
    length: int | None = None,
    *,
    offsets: Tensor | None = None,
    rows: int | None = None,
) -> Timeline:
    """Samples at `start + i * period`; nothing is stored or searched.

    Under torch.compile give starts that change as a tensor: float numbers are constants of a graph.

    Args:
        start: Of all trajectories, or a tensor `[B]`, one each.
        period: Above 0. Of int64 stamps also `(num, den)`: sample i is at `start + floor(i * num / den)`, so that
            `(1_000_000, 30)` is 30 Hz in microseconds, without drift.
        length: N, samples a trajectory.
        offsets: int64 `[B + 1]`, instead of `length`: trajectories have lengths of their own, and rows are packed.
        rows: With `offsets`: packed rows in all. Targets need it (`offsets[B]` stands on the GPU), sources do not.
    """
    starts = start if isinstance(start, Tensor) else None
    if starts is not None:
        _want_stamps(starts, "start", 1)
    batch = None if starts is None else starts.shape[0]
    if (length is None) == (offsets is None):
        raise ValueError(
            f"length: found {length} with offsets {'absent' if offsets is None else 'given'}, want one of the two"
        )
    if offsets is not None:
        found = _batch_of(offsets)
        if batch is not None and batch != found:
            raise ValueError(f"offsets: found {found + 1} elements, want {batch + 1}: one more than starts")
        batch = found
    ratio = tuple(period) if isinstance(period, (tuple, list)) else (period, 1)
    if len(ratio) != 2:
        raise ValueError(f"period: found {len(ratio)} numbers, want one, or (num, den)")
    ratio = (plain_number(ratio[0], "period"), plain_number(ratio[1], "period"))
    if not (ratio[0] > 0 and ratio[1] > 0):
        raise ValueError(f"period: found {period}, want a number above 0, or two of them")
    first = 0 if starts is not None else plain_number(start, "start")
    return Timeline(
        "uniform",
        None,
        starts,
        offsets,
        batch,
        0 if length is None else _count(length, "length"),
        None if rows is None else _count(rows, "rows"),
        first,
        ratio,
    )


def windows(anchors: Tensor, deltas: Tensor, trajectory: Tensor | None = None) -> Timeline:
    """Targets only, what a training sampler asks for: target k of window b is at `anchors[b] + deltas[k]`.

    Args:
        anchors: `[B]`.
        deltas: `[N]`, in any order, of the anchors' type.
        trajectory: int64 `[B]`, optional: which source trajectory window b reads. Without it, window b reads b.
    """
    _want_stamps(anchors, "anchors", 1)
    _want_stamps(deltas, "deltas", 1)
    if anchors.dtype != deltas.dtype:
        raise TypeError(f"deltas: found {deltas.dtype}, want {anchors.dtype}, that of anchors")
    _want_index(trajectory, "trajectory", anchors.shape[0])
    return Timeline("windows", deltas, anchors, trajectory, anchors.shape[0], deltas.shape[0])


class Stream(NamedTuple):
    """A series with its own rules inside a fusion.

    Attributes:
        values: `[B, N, D]`, or packed `[rows, D]` with a ragged timeline: float32, float16 or bfloat16.
        times: When they were sampled: a `Timeline`, or a tensor `[B, N]` or `[N]`.
        method: One of `METHODS`.
        before, after: What stands before the first sample and after the last: "clamp", "fill" or "extrapolate".
        max_gap: Beyond this gap the result is the fill value, and not valid; None: no limit.
        fill: Written where there is no value, in units of the result.
        causal: A promise that no sample stamped after its target is used; asks for "previous" and before="fill".
        latency: A sample stamped s describes the time s - latency.
        scale, shift: float32 `[D]`, optional: a value v becomes `v * scale + shift`, after interpolation.
    """

    values: Tensor
    times: Timeline | Tensor
    method: str = "linear"
    before: str = "clamp"
    after: str = "clamp"
    max_gap: Number | None = None
    fill: float = 0.0
    causal: bool = False
    latency: Number = 0
    scale: Tensor | None = None
    shift: Tensor | None = None


class FlatTimes(NamedTuple):
    """What operators take: see csrc/timelines.hpp."""

    sources: list[Tensor | None]
    target_stamps: Tensor | None
    target_starts: Tensor | None
    target_index: Tensor | None
    kinds: list[int]
    stamp: int
    sizes: list[int]
    whole: list[int]
    real: list[float]


def as_timeline(times: Timeline | Tensor, argument: str) -> Timeline:
    """A tensor is a shared or a dense timeline."""
    if isinstance(times, Timeline):
        return times
    if not isinstance(times, Tensor):
        raise TypeError(f"{argument}: found {type(times).__name__}, want a Timeline or a tensor of stamps")
    if times.dim() not in (1, 2):
        raise ValueError(f"{argument}: found {times.dim()} dimensions, want stamps [B, N], or [N] shared by the batch")
    _want_stamps(times, argument, times.dim())
    return shared(times) if times.dim() == 1 else dense(times)


def plain_number(number, name: str) -> Number:
    """An int or a float, also of a NumPy scalar."""
    if isinstance(number, (int, float)):
        return number
    for kind in (operator.index, float):
        try:
            return kind(number)
        except (TypeError, ValueError):
            pass
    raise TypeError(f"{name}: found {type(number).__name__}, want a number")


def is_packed(when: Timeline) -> bool:
    """Whether rows of all trajectories lie one after the other."""
    return when.kind == "ragged" or (when.kind == "uniform" and when.index is not None)


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
    stamp = _stamp_type(streams, target, names)
    sources: list[Tensor | None] = []
    kinds: list[int] = []
    sizes: list[int] = []
    whole: list[int] = []
    real: list[float] = []
    for stream, name in zip(streams, names):
        when = stream.times
        source_batch = when.batch if when.batch is not None else _batch_of_values(stream.values, batch)
        if when.rows is None and is_packed(when):
            when = when._replace(rows=stream.values.shape[0])
        sources += [_adjacent(when.stamps), _adjacent(when.starts), _adjacent(when.index)]
        _append(when, source_batch, stamp, stream.max_gap, stream.latency, name, kinds, sizes, whole, real)
    _want_device(target, "targets", device)
    if is_packed(target) and target.rows is None:
        raise ValueError(
            "targets: found offsets without rows, want uniform(..., offsets=..., rows=...): how many there "
            "are in all stands on the GPU"
        )
    _append(target, batch, stamp, None, 0, "targets.", kinds, sizes, whole, real)
    # Lists are never empty: PyTorch's autograd takes an empty one for a list of tensors.
    whole, real = whole or [0], real or [0.0]
    return FlatTimes(
        sources,
        _adjacent(target.stamps),
        _adjacent(target.starts),
        _adjacent(target.index),
        kinds,
        STAMPS.index(stamp),
        sizes,
        whole,
        real,
    )


def rules_of(stream: Stream, name: str) -> list[int]:
    """Method, edges and causality as numbers."""
    if stream.causal and (stream.method, stream.before) != ("previous", "fill"):
        raise ValueError(
            f"{name}causal: found method {stream.method!r} and before {stream.before!r}, want 'previous' and 'fill'"
        )
    return [
        _place(stream.method, METHODS, f"{name}method"),
        _place(stream.before, EDGES, f"{name}before"),
        _place(stream.after, EDGES, f"{name}after"),
        int(stream.causal),
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
    if values.device != device:
        raise ValueError(f"{values_name}: found {values.device}, want {device}, where the other values are")
    _want_device(when, times_name, device)
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


def _stamp_type(streams, target, names):
    """The one type of all stamps; float64 or int64, as the numbers are, where all timelines are uniform."""
    chosen = None
    for when, name in [(s.times, f"{n}times") for s, n in zip(streams, names)] + [(target, "targets")]:
        for tensor in (when.stamps, when.starts):
            if tensor is None:
                continue
            if chosen is not None and tensor.dtype != chosen:
                raise TypeError(f"{name}: found stamps of {tensor.dtype}, want {chosen}, those of the other times")
            chosen = tensor.dtype
    if chosen is None:
        numbers = [x for when in [s.times for s in streams] + [target] for x in (when.start, *when.period)]
        chosen = torch.int64 if all(isinstance(x, int) for x in numbers) else torch.float64
    return chosen


def _append(when, batch, stamp, max_gap, latency, name, kinds, sizes, whole, real):
    kinds.append(KINDS.index(when.kind))
    sizes += [batch, when.length, when.rows or 0]
    if stamp == torch.int64:
        gap = 2**63 - 1 if max_gap is None or max_gap == math.inf else max_gap
        found = {
            "start": when.start,
            "period": when.period[0],
            "period[1]": when.period[1],
            "max_gap": gap,
            "latency": latency,
        }
        whole += [_tick(number, f"{name}{argument}") for argument, number in found.items()]
    else:
        gap = math.inf if max_gap is None else max_gap
        period = when.period[0] / when.period[1]
        real += [
            float(when.start),
            period,
            1.0,
            float(plain_number(gap, f"{name}max_gap")),
            float(plain_number(latency, f"{name}latency")),
        ]


def _tick(number, name):
    """A time in the unit of int64 stamps."""
    number = plain_number(number, name)
    if not isinstance(number, int):
        raise TypeError(f"{name}: found {number!r}, want an int, as stamps are int64")
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{name}: found {number}, want what int64 holds")
    return number


def _count(number, name):
    number = plain_number(number, name)
    if not isinstance(number, int):
        raise TypeError(f"{name}: found {number!r}, want an int")
    if number < 0:
        raise ValueError(f"{name}: found {number}, want 0 or more")
    return number


def _want_stamps(stamps, name, dimensions):
    if not isinstance(stamps, Tensor):
        raise TypeError(f"{name}: found {type(stamps).__name__}, want a tensor")
    if stamps.dtype not in STAMPS:
        raise TypeError(f"{name}: found {stamps.dtype}, want float32, float64 or int64")
    if stamps.dim() != dimensions:
        raise ValueError(f"{name}: found {stamps.dim()} dimensions, want {dimensions}")


def _want_index(index, name, count):
    if index is None:
        return
    if not isinstance(index, Tensor):
        raise TypeError(f"{name}: found {type(index).__name__}, want a tensor of int64")
    if index.dtype != torch.int64:
        raise TypeError(f"{name}: found {index.dtype}, want int64")
    if index.dim() != 1 or index.shape[0] != count:
        raise ValueError(f"{name}: found {list(index.shape)}, want [{count}]")


def _batch_of(offsets):
    if not isinstance(offsets, Tensor) or offsets.dtype != torch.int64:
        found = offsets.dtype if isinstance(offsets, Tensor) else type(offsets).__name__
        raise TypeError(f"offsets: found {found}, want a tensor of int64")
    if offsets.dim() != 1 or offsets.shape[0] == 0:
        raise ValueError(f"offsets: found {list(offsets.shape)}, want [B + 1]")
    return offsets.shape[0] - 1


def _batch_of_values(values, batch):
    return values.shape[0] if values.dim() == 3 else batch


def _want_device(when, name, device):
    for tensor in (when.stamps, when.starts, when.index):
        if tensor is not None and tensor.device != device:
            raise ValueError(f"{name}: found {tensor.device}, want {device}, where the values are")


def _place(word, words, name):
    if word not in words:
        raise ValueError(f"{name}: found {word!r}, want one of {', '.join(words)}")
    return words.index(word)


def _adjacent(tensor):
    return None if tensor is None else tensor.contiguous()
