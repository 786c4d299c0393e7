# SPDX-License-Identifier: Apache-2.0
"""`resample` and `fuse`: the functions that people call, and what PyTorch has to know about the operators beneath."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ._timelines import (
    KINDS,
    METHODS,
    Number,
    Stream,
    Timeline,
    as_timeline,
    flatten,
    is_packed,
    rules_of,
)

FLOATS = (torch.float32, torch.float16, torch.bfloat16)
INTEGERS = (torch.uint8, torch.int32, torch.int64)
HOLDS = METHODS[:3]
DIFFERENTIABLE = METHODS[:4]


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
    _want_tensor(values, "values")
    source, target = as_timeline(times, "times"), as_timeline(targets, "targets")
    alone = values.dim() == 2 and not is_packed(source)
    if alone:
        if source.kind == "dense":
            raise ValueError(f"values: found {list(values.shape)}, want [B, N, D], as times are [B, N]")
        values = values.unsqueeze(0)
    _want_values(values, "values", method)
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
        _want_tensor(stream.values, f"{name}values")
        if stream.values.dtype not in FLOATS:
            raise TypeError(f"{name}values: found {stream.values.dtype}, want float32, float16 or bfloat16")
        for factor, what in ((stream.scale, "scale"), (stream.shift, "shift")):
            _want_factor(factor, f"{name}{what}", stream.values)
        given.append(stream._replace(times=as_timeline(stream.times, f"{name}times")))
    if dtype is None:
        dtype = given[0].values.dtype
        for stream in given[1:]:
            dtype = torch.promote_types(dtype, stream.values.dtype)
    elif dtype not in FLOATS:
        raise TypeError(f"dtype: found {dtype}, want float32, float16 or bfloat16")
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


def _want_tensor(values, name):
    if not isinstance(values, Tensor):
        raise TypeError(f"{name}: found {type(values).__name__}, want a tensor")


def _want_values(values, name, method):
    if values.dtype not in FLOATS + INTEGERS:
        raise TypeError(f"{name}: found {values.dtype}, want float32, float16, bfloat16, uint8, int32 or int64")
    if values.dtype in INTEGERS and method not in HOLDS:
        raise TypeError(
            f"{name}: found {values.dtype}, want a float type for method {method!r}; "
            f"integers are moved by {', '.join(HOLDS)}"
        )


def _want_factor(factor, name, values):
    if factor is None:
        return
    if not isinstance(factor, Tensor) or factor.dtype != torch.float32:
        found = factor.dtype if isinstance(factor, Tensor) else type(factor).__name__
        raise TypeError(f"{name}: found {found}, want a tensor of float32")
    if factor.dim() != 1 or factor.shape[0] != values.shape[-1]:
        raise ValueError(f"{name}: found {list(factor.shape)}, want [{values.shape[-1]}], one a channel")
    if factor.device != values.device:
        raise ValueError(f"{name}: found {factor.device}, want {values.device}, where the values are")


def _result_type(dtype, of_values):
    if dtype is None:
        return of_values
    if of_values in INTEGERS and dtype != of_values:
        raise TypeError(f"dtype: found {dtype}, want {of_values}: integers keep their type")
    if of_values in FLOATS and dtype not in FLOATS:
        raise TypeError(f"dtype: found {dtype}, want float32, float16 or bfloat16")
    return dtype


# What follows is for torch.compile (shapes without values) and autograd. Arguments are those of the schemas in
# csrc/timed.cpp.


def _target_shape(kinds, sizes, target_index):
    batch, length, rows = sizes[-3:]
    packed = target_index is not None and KINDS[kinds[-1]] in ("ragged", "uniform")
    return (rows,) if packed else (batch, length)


@torch.library.register_fake("robocache::resample")
def _(
    values, sources, target_stamps, target_starts, target_index, kinds, stamp, sizes, whole, real, rules, fill, dtype
):
    shape = _target_shape(kinds, sizes, target_index)
    return values.new_empty((*shape, values.shape[-1]), dtype=dtype), values.new_empty(shape, dtype=torch.bool)


@torch.library.register_fake("robocache::resample_backward")
def _(
    gradient,
    values,
    sources,
    target_stamps,
    target_starts,
    target_index,
    kinds,
    stamp,
    sizes,
    whole,
    real,
    rules,
    fill,
    of_values,
    of_targets,
):
    shape = _target_shape(kinds, sizes, target_index) if of_targets else (0,)
    return (values.new_empty(values.shape if of_values else (0,)), values.new_empty(shape, dtype=torch.float32))


@torch.library.register_fake("robocache::fuse")
def _(
    values,
    affine,
    affine_places,
    sources,
    target_stamps,
    target_starts,
    target_index,
    kinds,
    stamp,
    sizes,
    whole,
    real,
    rules,
    fills,
    dtype,
):
    shape = _target_shape(kinds, sizes, target_index)
    like, channels = values[0], sum(one.shape[-1] for one in values)
    return (
        like.new_empty((*shape, channels), dtype=dtype),
        like.new_empty((*shape, len(values)), dtype=torch.bool),
        like.new_empty(shape, dtype=torch.bool),
    )


@torch.library.register_fake("robocache::fuse_backward")
def _(
    gradient,
    values,
    affine,
    affine_places,
    sources,
    target_stamps,
    target_starts,
    target_index,
    kinds,
    stamp,
    sizes,
    whole,
    real,
    rules,
    fills,
    of_values,
    of_affine,
    of_targets,
):
    shape = _target_shape(kinds, sizes, target_index) if of_targets else (0,)
    return (
        [one.new_empty(one.shape if wanted else (0,)) for one, wanted in zip(values, of_values)],
        [one.new_empty(one.shape if wanted else (0,)) for one, wanted in zip(affine, of_affine)],
        gradient.new_empty(shape, dtype=torch.float32),
    )


def _require_differentiable(rules, of_targets):
    for method in rules[::4]:
        if METHODS[method] not in DIFFERENTIABLE:
            raise ValueError(
                f"method: found {METHODS[method]!r}, want one of {', '.join(DIFFERENTIABLE)} where "
                "gradients are needed, or inputs without requires_grad"
            )
        if of_targets and METHODS[method] != "linear":
            raise ValueError(f"method: found {METHODS[method]!r}, want 'linear' where gradients of targets are needed")


def _none_of(sources):
    """Sources have no gradient; told in the structure that PyTorch wants for a list of tensors."""
    return [None] * len(sources) if all(one is not None for one in sources) else None


def _tensors_of(times):
    sources, stamps, starts, index, *_ = times
    return *sources, stamps, starts, index


class _Times:
    """What the way back keeps of the times, but for their tensors."""

    def __init__(self, times):
        sources, _, _, index, kinds, stamp, sizes, whole, real = times
        self.count = len(sources)
        self.numbers = (kinds, stamp, sizes, whole, real)
        self.kind = KINDS[kinds[-1]]
        self.packed = len(_target_shape(kinds, sizes, index)) == 1

    def arguments(self, kept):
        """As the operator takes them."""
        return (list(kept[: self.count]), *kept[self.count :], *self.numbers)

    def gradients(self, kept, of_times, needs_stamps, needs_starts):
        """From those of the target times: of what made them, as the operator takes it; None for all other arguments."""
        sources, (stamps, starts, _) = kept[: self.count], kept[self.count :]
        of_stamps = of_starts = None
        if needs_stamps:
            of_stamps = (of_times.sum(0) if self.kind in ("shared", "windows") else of_times).to(stamps.dtype)
        if needs_starts:
            if self.packed:
                raise ValueError("targets: found starts that require gradients, which targets with offsets do not have")
            of_starts = of_times.sum(1).to(starts.dtype)
        return (_none_of(sources), of_stamps, of_starts, *[None] * 6)


def _setup_resample(ctx, inputs, output):
    values, *times, rules, fill, _ = inputs
    _require_differentiable(rules, False)
    ctx.rules, ctx.fill, ctx.times = rules, fill, _Times(times)
    ctx.save_for_backward(values, *_tensors_of(times))
    ctx.set_materialize_grads(False)


def _resample_backward(ctx, gradient, _):
    values, *kept = ctx.saved_tensors
    needs_values, _, needs_stamps, needs_starts = ctx.needs_input_grad[:4]
    of_targets = needs_stamps or needs_starts
    if gradient is None:
        return (None, *ctx.times.gradients(kept, None, False, False), None, None, None)
    _require_differentiable(ctx.rules, of_targets)
    of_values, of_times = torch.ops.robocache.resample_backward(
        gradient, values, *ctx.times.arguments(kept), ctx.rules, ctx.fill, needs_values, of_targets
    )
    given = ctx.times.gradients(kept, of_times, needs_stamps, needs_starts)
    return (of_values if needs_values else None, *given, None, None, None)


def _setup_fuse(ctx, inputs, output):
    values, affine, places, *times, rules, fills, _ = inputs
    _require_differentiable(rules, False)
    ctx.counts = len(values), len(affine)
    ctx.places, ctx.rules, ctx.fills, ctx.times = places, rules, fills, _Times(times)
    ctx.save_for_backward(*values, *affine, *_tensors_of(times))
    ctx.set_materialize_grads(False)


def _fuse_backward(ctx, gradient, *_):
    streams, factors = ctx.counts
    saved = list(ctx.saved_tensors)
    values, affine, kept = saved[:streams], saved[streams : streams + factors], saved[streams + factors :]
    needs_values, needs_affine, _, _, needs_stamps, needs_starts = ctx.needs_input_grad[:6]
    of_targets = needs_stamps or needs_starts
    if gradient is None:
        nothing = ctx.times.gradients(kept, None, False, False)
        return ([None] * streams, [None] * factors, None, *nothing, None, None, None)
    _require_differentiable(ctx.rules, of_targets)
    of_values, of_affine, of_times = torch.ops.robocache.fuse_backward(
        gradient,
        values,
        affine,
        ctx.places,
        *ctx.times.arguments(kept),
        ctx.rules,
        ctx.fills,
        [int(wanted) for wanted in needs_values],
        [int(wanted) for wanted in needs_affine],
        of_targets,
    )
    return (
        [one if wanted else None for one, wanted in zip(of_values, needs_values)],
        [one if wanted else None for one, wanted in zip(of_affine, needs_affine)],
        None,
        *ctx.times.gradients(kept, of_times, needs_stamps, needs_starts),
        None,
        None,
        None,
    )


def refuse_double_backward(ctx, *_):
    raise RuntimeError("robocache: found a gradient of a gradient, which these operators do not have")


torch.library.register_autograd("robocache::resample_backward", refuse_double_backward)
torch.library.register_autograd("robocache::fuse_backward", refuse_double_backward)
torch.library.register_autograd("robocache::resample", _resample_backward, setup_context=_setup_resample)
torch.library.register_autograd("robocache::fuse", _fuse_backward, setup_context=_setup_fuse)
