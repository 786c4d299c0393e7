# SPDX-License-Identifier: Apache-2.0
"""`resample` and `fuse`."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import FLOATS, INTEGERS, Number, result_type, want_device, want_tensor
from ._flat import METHODS, flatten, rules_of
from ._timelines import Stream, Timeline, as_timeline, is_packed

HOLDS = METHODS[:3]


class Resampled(NamedTuple):
    """Values `[B, T, D]` and their valid mask `[B, T]`; of packed targets `[rows, D]` and `[rows]`."""

    values: Tensor
    valid: Tensor


class Fused(NamedTuple):
    """Values `[B, T, C]`, the valid mask of each stream `[B, T, N]`, and that of all `[B, T]`."""

    values: Tensor
    valid: Tensor
    all_valid: Tensor


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
    dtype: torch.dtype | None = None,
) -> Resampled:
    """A batch of trajectories at other times.

    On the GPU one launch, on the current stream, without waiting; on the CPU all cores. Both give the same bits.
    Gradients: of values, and of float target times (linear only), for previous, next, nearest and linear.

    Args:
        values: `[B, N, D]`, packed `[rows, D]` with ragged times, or one trajectory `[N, D]` with times `[N]`, which
            gives results without the batch, too. float32, float16, bfloat16; for the hold methods also uint8, int32,
            int64. Slices and expanded tensors are read where they are, if channels are adjacent.
        times: When they were sampled: a `Timeline`, or a tensor of stamps `[B, N]` or `[N]`. Stamps ascend.
        targets: Where values are wanted: the same kinds, `windows` too. In any order.
        method: previous, next, nearest, linear, angle, catmull_rom, pchip, akima or slerp.
        before, after: Before the first and after the last sample: clamp, fill or extrapolate. Not valid there.
        max_gap: In the stamps' unit. Where the samples around a target are further apart, the result is `fill` and not
            valid. None: no limit.
        fill: Written where there is no value.
        causal: A promise that no sample stamped after its target is used: asks for "previous" and before="fill".
        dtype: Of the result; default: that of the values.

    Returns:
        Values, and a mask that is True where they are backed by data.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted. Nothing is computed then.
    """
    want_tensor(values, "values", FLOATS + INTEGERS)
    source, target = as_timeline(times, "times"), as_timeline(targets, "targets")
    alone = values.dim() == 2 and not is_packed(source)
    if alone:
        if source.kind == "dense":
            raise ValueError(f"values: found {list(values.shape)}, want [B, N, D], as times are [B, N]")
        values = values.unsqueeze(0)
    if values.dtype in INTEGERS and method not in HOLDS:
        raise TypeError(
            f"values: found {values.dtype}, want a float type for method {method!r}; "
            f"integers are moved by {', '.join(HOLDS)}"
        )
    dtype = _result_type(dtype, values.dtype)
    stream = Stream(values, source, method, before, after, max_gap, fill, causal)
    rules = rules_of(stream, "")
    result = torch.ops.robocache.resample(values, *flatten([stream], target, values.device, [""]), rules, fill, dtype)
    if alone and target.kind in ("shared", "uniform") and target.index is None and target.batch is None:
        return Resampled(result[0].squeeze(0), result[1].squeeze(0))
    return Resampled(*result)


def fuse(streams: Sequence[Stream], targets: Timeline | Tensor, *, dtype: torch.dtype | None = None) -> Fused:
    """Streams of different rates, types and rules, as one aligned tensor.

    One launch for up to 16 streams, on the current stream, without waiting; more go in groups of 16. Gradients: of the
    streams' values, scale and shift, for previous, next, nearest and linear; of float target times, where all streams
    are linear.

    Args:
        streams: One or more. Their channels stand side by side, in this order.
        targets: Where values are wanted: a `Timeline`, `windows` too, or a tensor of stamps `[B, T]` or `[T]`.
        dtype: Of the result; default: what the streams' types promote to.

    Returns:
        Values, the valid mask of each stream, and the mask that is True where all are valid.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted. Nothing is computed then.
    """
    if isinstance(streams, Stream):
        raise TypeError("streams: found one Stream, want a list of them")
    if len(streams) == 0:
        raise ValueError("streams: found none, want one or more")
    target = as_timeline(targets, "targets")
    names = [f"streams[{i}]." for i in range(len(streams))]
    given = []
    for stream, name in zip(streams, names):
        if not isinstance(stream, Stream):
            raise TypeError(f"{name[:-1]}: found {type(stream).__name__}, want a Stream")
        want_tensor(stream.values, f"{name}values", FLOATS)
        for factor, what in ((stream.scale, "scale"), (stream.shift, "shift")):
            _want_factor(factor, f"{name}{what}", stream.values)
        times = as_timeline(stream.times, f"{name}times")
        given.append(stream if times is stream.times else stream._replace(times=times))
    widest = given[0].values.dtype
    for stream in given[1:]:
        widest = torch.promote_types(widest, stream.values.dtype)
    dtype = result_type(dtype, widest)
    affine: list[Tensor] = []
    places: list[int] = []
    for stream in given:
        for factor in (stream.scale, stream.shift):
            places.append(-1 if factor is None else len(affine))
            if factor is not None:
                affine.append(factor.contiguous())
    rules = [rule for stream, name in zip(given, names) for rule in rules_of(stream, name)]
    fills = [float(stream.fill) for stream in given]
    times = flatten(given, target, given[0].values.device, names)
    values = [stream.values for stream in given]
    return Fused(*torch.ops.robocache.fuse(values, affine, places, *times, rules, fills, dtype))


def _want_factor(factor, name, values):
    if factor is None:
        return
    want_tensor(factor, name, (torch.float32,))
    if factor.dim() != 1 or factor.shape[0] != values.shape[-1]:
        raise ValueError(f"{name}: found {list(factor.shape)}, want [{values.shape[-1]}], one a channel")
    want_device(factor, name, values.device)


def _result_type(dtype, of_values):
    if of_values in INTEGERS and dtype not in (None, of_values):
        raise TypeError(f"dtype: found {dtype}, want {of_values}: integers keep their type")
    return of_values if of_values in INTEGERS else result_type(dtype, of_values)
