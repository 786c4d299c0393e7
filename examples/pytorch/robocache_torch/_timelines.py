# SPDX-License-Identifier: Apache-2.0
"""Timelines and streams: what `resample` and `fuse` take."""

from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import Number, count_of, plain_number, want_index, want_tensor

STAMPS = (torch.float32, torch.float64, torch.int64)


class Timeline(NamedTuple):
    """When samples are taken. Make one with `dense`, `shared`, `ragged`, `uniform`, `windows` or `ring`.

    Stamps are float32, float64 or int64, in any unit, the same for all timelines of a call; they ascend within a
    trajectory. Where a function takes a timeline, a tensor of one dimension means `shared`, and one of two `dense`.
    What does not fit raises a TypeError or ValueError that names the argument.
    """

    kind: str
    stamps: Tensor | None = None  # windows: deltas
    starts: Tensor | None = None  # windows: anchors
    index: Tensor | None = None  # dense: lengths; ragged, uniform: offsets; windows: trajectories; ring: counts
    batch: int | None = None  # None: that of the values
    length: int = 0
    rows: int | None = None  # packed; None of a uniform source: those of its values
    start: Number = 0
    period: tuple[Number, Number] = (1, 1)
    as_of: Tensor | None = None  # windows


def dense(stamps: Tensor, lengths: Tensor | None = None) -> Timeline:
    """Stamps `[B, N]`, one row per trajectory.

    Args:
        stamps: `[B, N]`.
        lengths: int64 `[B]`, optional: how many samples of each row are real; clamped into [0, N].
    """
    _want_stamps(stamps, "stamps", 2)
    want_index(lengths, "lengths", stamps.shape[0])
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
        length: N, samples per trajectory.
        offsets: int64 `[B + 1]`, instead of `length`: trajectories have different lengths, and rows are packed.
        rows: With `offsets`: packed rows in all. Targets need it (`offsets[B]` is on the GPU), sources do not.
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
        0 if length is None else count_of(length, "length"),
        None if rows is None else count_of(rows, "rows"),
        first,
        ratio,
    )


def windows(
    anchors: Tensor, deltas: Tensor, trajectory: Tensor | None = None, as_of: Tensor | None = None
) -> Timeline:
    """Targets only, what a training sampler asks for: target k of window b is at `anchors[b] + deltas[k]`.

    Args:
        anchors: `[B]`.
        deltas: `[N]`, in any order, of the anchors' type.
        trajectory: int64 `[B]`, optional: which source trajectory window b reads. Without it, window b reads b.
        as_of: `[B]`, optional, of the anchors' type, or the anchors themselves: for window b samples stamped later do
            not exist, whatever the method, as for a robot whose clock shows that. The last sample before is the edge:
            `after` says what comes behind it. There are no gradients then.
    """
    _want_stamps(anchors, "anchors", 1)
    _want_stamps(deltas, "deltas", 1)
    if anchors.dtype != deltas.dtype:
        raise TypeError(f"deltas: found {deltas.dtype}, want {anchors.dtype}, that of anchors")
    want_index(trajectory, "trajectory", anchors.shape[0])
    if as_of is not None:
        want_tensor(as_of, "as_of", (anchors.dtype,))
        if as_of.shape != anchors.shape:
            raise ValueError(f"as_of: found {list(as_of.shape)}, want {list(anchors.shape)}, one per anchor")
    return Timeline("windows", deltas, anchors, trajectory, anchors.shape[0], deltas.shape[0], as_of=as_of)


def ring(stamps: Tensor, written: Tensor) -> Timeline:
    """Sources only, what grows while a robot runs: the last samples of each trajectory. `Ring` has both tensors.

    Args:
        stamps: `[B, capacity]`: sample number j since the reset is in slot `j % capacity`, of stamps and of values.
        written: int64 `[B]`: how many samples there were since the reset; `min(written[b], capacity)` are left.
    """
    _want_stamps(stamps, "stamps", 2)
    want_tensor(written, "written", (torch.int64,))
    want_index(written, "written", stamps.shape[0])
    return Timeline("ring", stamps, None, written, stamps.shape[0], stamps.shape[1])


class Stream(NamedTuple):
    """A series with its own rules inside a fusion.

    Attributes:
        values: `[B, N, D]`, packed `[rows, D]` with a ragged timeline, or one trajectory `[N, D]` with times `[N]`:
            float32, float16 or bfloat16. Where times or targets are on a GPU: there, or in pinned memory of the host
            (`values.pin_memory()`), adjacent channels and no gradients; see `fuse`.
        times: When they were sampled: a `Timeline`, or a tensor `[B, N]` or `[N]`.
        method: One of `METHODS`.
        before, after: What results are before the first sample and after the last: "clamp", "fill" or "extrapolate";
            after the last also "hold": as clamp, but valid, up to `max_gap`.
        max_gap: Beyond this gap the result is the fill value, and not valid; None: no limit.
        fill: Written where there is no value, in units of the result.
        causal: A promise that no sample stamped after its target is used; asks for "previous" and before="fill".
        latency: A sample stamped s describes the time s - latency.
        scale, shift: float32 `[D]`, optional: a value v becomes `v * scale + shift`, after interpolation.
        tolerance: Of previous, next and nearest, in the stamps' unit: samples stamped up to this much after a target
            count as at the target, so that a frame is found although its stamp and the target were rounded.
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
    tolerance: Number = 0


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


def is_packed(when: Timeline) -> bool:
    """Whether rows of all trajectories are stored one after the other."""
    return when.kind == "ragged" or (when.kind == "uniform" and when.index is not None)


def _want_stamps(stamps, name, dimensions):
    want_tensor(stamps, name, STAMPS)
    if stamps.dim() != dimensions:
        raise ValueError(f"{name}: found {stamps.dim()} dimensions, want {dimensions}")


def _batch_of(offsets):
    want_tensor(offsets, "offsets", (torch.int64,))
    want_index(offsets, "offsets", None)
    return offsets.shape[0] - 1
