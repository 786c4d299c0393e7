# SPDX-License-Identifier: Apache-2.0
"""`resample`, `fuse` and `inspect`."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import FLOATS, INTEGERS, Number, count_of, real_number, result_type, want_tensor
from ._flat import flatten, flatten_alone, rules_of
from ._layout import HOLDS, Report, stand_in
from ._timelines import Stream, Timeline, as_timeline, is_packed


class Resampled(NamedTuple):
    """Values `[B, T, D]` and their valid mask `[B, T]`; of packed targets `[rows, D]` and `[rows]`."""

    values: Tensor
    valid: Tensor


class Fused(NamedTuple):
    """Values `[B, T, C]`, the valid mask of each stream `[B, T, N]`, and that of all `[B, T]`."""

    values: Tensor
    valid: Tensor
    all_valid: Tensor


class Inspected(NamedTuple):
    """Of each trajectory, int64 `[B]`.

    Attributes:
        unsorted: Samples stamped before their predecessor.
        duplicated: Samples stamped as their predecessor.
        non_finite: Stamps that are NaN or infinite.
        out_of_range: Lengths, offsets and trajectories that had to be clamped or ignored.
    """

    unsorted: Tensor
    duplicated: Tensor
    non_finite: Tensor
    out_of_range: Tensor


def resample(
    values: Tensor,
    times: Timeline | Tensor,
    targets: Timeline | Tensor,
    *,
    method: str = "linear",
    before: str = "clamp",
    after: str = "clamp",
    max_gap: Number | None = None,
    fill: float = 0.0,
    causal: bool = False,
    tolerance: Number = 0,
    dtype: torch.dtype | None = None,
) -> Resampled:
    """A batch of trajectories at other times.

    On the GPU one launch, on the current stream, without waiting; on the CPU all cores. Both give the same bits.
    Gradients: of values, and of float target times (linear only), for previous, next, nearest and linear. `fuse` says
    where the work is done, and that values may be in pinned memory.

    Args:
        values: `[B, N, D]`, packed `[rows, D]` with ragged times, or one trajectory `[N, D]` with times `[N]`, which
            gives results without the batch, too. float32, float16, bfloat16; for the hold methods also uint8, int32,
            int64. Slices and expanded tensors are read where they are, if channels are adjacent.
        times: When they were sampled: a `Timeline`, or a tensor of stamps `[B, N]` or `[N]`. Stamps ascend.
        targets: Where values are wanted: the same kinds, `windows` too. In any order.
        method: previous, next, nearest, linear, angle, catmull_rom, pchip, akima or slerp.
        before, after: Before the first and after the last sample: clamp, fill, extrapolate; after also hold, which is valid.
        max_gap: In the stamps' unit. Where the samples around a target are further apart, the result is `fill` and not
            valid. None: no limit.
        fill: Written where there is no value.
        causal: A promise that no sample stamped after its target is used: asks for "previous" and before="fill".
        tolerance: Of previous, next and nearest, in the stamps' unit: samples stamped up to this much after a target
            count as at the target, so that a frame is found although its stamp and the target were rounded.
        dtype: Of the result; default: that of the values.

    Returns:
        Values, and a mask that is True where they are backed by data.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted. Nothing is computed then.
    """
    want_tensor(values, "values", FLOATS + INTEGERS)
    source, target = as_timeline(times, "times"), as_timeline(targets, "targets")
    alone = _is_alone(values, source, "")
    values = values.unsqueeze(0) if alone else values
    if values.dtype in INTEGERS and method not in HOLDS:
        raise TypeError(
            f"values: found {values.dtype}, want a float type for method {method!r}; "
            f"integers are moved by {', '.join(HOLDS)}"
        )
    dtype = _result_type(dtype, values.dtype)
    stream = Stream(values, source, method, before, after, max_gap, fill, causal, tolerance=tolerance)
    rules = rules_of(stream, "")
    fill = stand_in(real_number(fill, "fill"))
    times = flatten([stream], target, [""])
    result = torch.ops.robocache.resample(values=values, **times, rules=rules, fill=fill, dtype=dtype)
    return Resampled(*without_batch(result, alone, target))


def fuse(streams: Sequence[Stream], targets: Timeline | Tensor, *, dtype: torch.dtype | None = None) -> Fused:
    """Streams of different rates, types and rules, as one aligned tensor.

    One launch for up to 16 streams, on the current stream, without waiting; more streams go in groups of 16. Gradients:
    of the streams' values, scale and shift, for previous, next, nearest and linear; of float target times, where all
    streams are linear.

    The work is done, and results are, on the GPU that times and targets are on; where these have no tensors (uniform),
    on that of the values; without a tensor on a GPU, on the CPU. All tensors are there, but on a GPU values of some
    streams or of all may be in pinned memory of the host (`values.pin_memory()`): the kernel reads them from there, with
    the same bits. They have adjacent channels, must not change until the call has run on its stream, and no input has
    gradients then. They may be deleted at once: PyTorch does not use memory that it pinned itself again before the call
    has run. Memory that others pinned is the caller's to keep, and so is what a CUDA graph reads, as long as it is
    replayed. On the CPU pinned values are as any others.

    Args:
        streams: One or more. Their channels are side by side, in this order. Where all of them are one trajectory
            `[N, D]` with times `[N]`, results have no batch either.
        targets: Where values are wanted: a `Timeline`, `windows` too, or a tensor of stamps `[B, T]` or `[T]`.
        dtype: Of the result; default: what the streams' types promote to.

    Returns:
        Values, the valid mask of each stream, and the mask that is True where all are valid.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted. Nothing is computed then.
    """
    want_list(streams, "streams")
    target = as_timeline(targets, "targets")
    names = [f"streams[{i}]." for i in range(len(streams))]
    given, alone = prepared(streams, names)
    for stream, name in zip(given, names):
        for factor, what in ((stream.scale, "scale"), (stream.shift, "shift")):
            _want_factor(factor, f"{name}{what}", stream.values)
    dtype = result_type(dtype, widest_type(given))
    affine: list[Tensor] = []
    scale_places = [place_in(affine, stream.scale) for stream in given]
    shift_places = [place_in(affine, stream.shift) for stream in given]
    rules = [rule for stream, name in zip(given, names) for rule in rules_of(stream, name)]
    fills = [stand_in(real_number(stream.fill, f"{name}fill")) for stream, name in zip(given, names)]
    times = flatten(given, target, names)
    values = [stream.values for stream in given]
    result = torch.ops.robocache.fuse(
        values=values,
        affine=affine or [values[0].detach()],  # a package of AOTInductor cannot hold a list of no tensors
        scale_places=scale_places,
        shift_places=shift_places,
        **times,
        rules=rules,
        fills=fills,
        dtype=dtype,
    )
    return Fused(*without_batch(result, all(alone), target))


def inspect(times: Timeline | Tensor, *, source_batch: int | None = None) -> Inspected:
    """Counts violations of what `resample` and `fuse` assume and cannot check without waiting for the GPU.

    One launch, on the current stream, without waiting: call it beside a fusion and read the counts later. Where all are
    0, results are what docs/semantics.md says. Float32 stamps that cannot tell neighbours apart count as duplicates
    here. There are no gradients.

    Args:
        times: A `Timeline` of any kind, or a tensor of stamps `[B, N]` or `[N]`; of sources or targets. Uniform times
            with offsets need their rows.
        source_batch: Of windows that name their trajectories: how many trajectories the source has.

    Returns:
        int64 `[B]` each, on the device of the times; B is 1 of times `[N]`, and of uniform ones without a batch.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted.
    """
    when = as_timeline(times, "times")
    names_trajectories = when.kind == "windows" and when.index is not None
    if names_trajectories and source_batch is None:
        raise ValueError("source_batch: found None, want that of the source, since the windows name its trajectories")
    batch = 0 if source_batch is None else count_of(source_batch, "source_batch")
    counts = torch.ops.robocache.inspect(**flatten_alone(when, "times"), source_batch=batch)
    return Inspected(**dict(zip(Report._fields, counts.unbind(1))))


def want_list(given, name: str) -> None:
    """One or more, as a list: what a list holds here are named tuples, which have lengths, too."""
    if hasattr(given, "_fields"):
        raise TypeError(f"{name}: found one {type(given).__name__}, want a list of them")
    if len(given) == 0:
        raise ValueError(f"{name}: found none, want one or more")


def prepared(streams: Sequence[Stream], names: Sequence[str]) -> tuple[list[Stream], list[bool]]:
    """Streams whose times are timelines and whose values have a batch, and whether each had none."""
    given, alone = [], []
    for stream, name in zip(streams, names):
        if not isinstance(stream, Stream):
            raise TypeError(f"{name[:-1]}: found {type(stream).__name__}, want a Stream")
        want_tensor(stream.values, f"{name}values", FLOATS)
        times = as_timeline(stream.times, f"{name}times")
        alone.append(_is_alone(stream.values, times, name))
        values = stream.values.unsqueeze(0) if alone[-1] else stream.values
        _, _, *rules = stream
        given.append(Stream(values, times, *rules))
    return given, alone


def widest_type(streams: Sequence[Stream]) -> torch.dtype:
    """What the types of their values promote to."""
    widest = streams[0].values.dtype
    for stream in streams[1:]:
        widest = torch.promote_types(widest, stream.values.dtype)
    return widest


def _is_alone(values, times, name):
    """Whether it is one trajectory `[N, D]`, without a batch."""
    alone = values.dim() == 2 and not is_packed(times)
    if alone and times.kind == "dense":
        raise ValueError(f"{name}values: found {list(values.shape)}, want [B, N, D], as its times are [B, N]")
    return alone


def without_batch(results, alone, target):
    """Of sources that are all alone, at targets that are the same for any batch."""
    if alone and target.kind in ("shared", "uniform") and target.index is None and target.batch is None:
        return [result.squeeze(0) for result in results]
    return results


def place_in(affine, factor):
    """Adds a scale or a shift to the list; -1 without one."""
    if factor is None:
        return -1
    affine.append(factor.contiguous())
    return len(affine) - 1


def _want_factor(factor, name, values):
    if factor is None:
        return
    want_tensor(factor, name, (torch.float32,))
    if factor.dim() != 1 or factor.shape[0] != values.shape[-1]:
        raise ValueError(f"{name}: found {list(factor.shape)}, want [{values.shape[-1]}], one per channel")


def _result_type(dtype, of_values):
    if of_values in INTEGERS and dtype not in (None, of_values):
        raise TypeError(f"dtype: found {dtype}, want {of_values}: integers keep their type")
    return of_values if of_values in INTEGERS else result_type(dtype, of_values)
