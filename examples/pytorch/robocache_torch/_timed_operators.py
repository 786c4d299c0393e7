# SPDX-License-Identifier: Apache-2.0
"""What PyTorch has to know about the operators of csrc/timed.cpp, whose schemas name the arguments: shapes without
values, for torch.compile, and the backward pass."""

import torch

from ._arguments import refuse_double_backward
from ._flat import DIFFERENTIABLE, KINDS, METHODS, MOVING


def _target_shape(kinds, sizes, target_index):
    batch, length, rows = sizes[-3:]
    packed = target_index is not None and KINDS[kinds[-1]] in ("ragged", "uniform")
    return (rows,) if packed else (batch, length)


@torch.library.register_fake("robocache::resample")
def _(values, sources, stamps, starts, index, kinds, stamp, sizes, *rest):
    shape, dtype = _target_shape(kinds, sizes, index), rest[-1]
    return values.new_empty((*shape, values.shape[-1]), dtype=dtype), values.new_empty(shape, dtype=torch.bool)


@torch.library.register_fake("robocache::resample_backward")
def _(gradient, values, sources, stamps, starts, index, kinds, stamp, sizes, *rest):
    of_values, of_targets = rest[-2:]
    shape = _target_shape(kinds, sizes, index) if of_targets else (0,)
    return values.new_empty(values.shape if of_values else (0,)), values.new_empty(shape, dtype=torch.float32)


@torch.library.register_fake("robocache::fuse")
def _(values, affine, affine_places, sources, stamps, starts, index, kinds, stamp, sizes, *rest):
    shape, dtype = _target_shape(kinds, sizes, index), rest[-1]
    like, channels = values[0], sum(one.shape[-1] for one in values)
    return (
        like.new_empty((*shape, channels), dtype=dtype),
        like.new_empty((*shape, len(values)), dtype=torch.bool),
        like.new_empty(shape, dtype=torch.bool),
    )


@torch.library.register_fake("robocache::fuse_backward")
def _(gradient, values, affine, affine_places, sources, stamps, starts, index, kinds, stamp, sizes, *rest):
    of_values, of_affine, of_targets = rest[-3:]
    shape = _target_shape(kinds, sizes, index) if of_targets else (0,)
    return (
        [one.new_empty(one.shape if wanted else (0,)) for one, wanted in zip(values, of_values)],
        [one.new_empty(one.shape if wanted else (0,)) for one, wanted in zip(affine, of_affine)],
        gradient.new_empty(shape, dtype=torch.float32),
    )


@torch.library.register_fake("robocache::inspect")
def _(place, stamps, starts, index, kinds, stamp, sizes, *_rest):
    return place.new_empty((sizes[0], 4), dtype=torch.int64)


def _require_differentiable(rules, names, needed, of_targets):
    """That the methods of streams have gradients, where these are needed.

    Args:
        rules: Four numbers a stream.
        names: Of each stream, for messages.
        needed: Of each stream: whether its values, its scale or its shift need gradients.
        of_targets: Whether target times do, which every stream has a part in.
    """
    for method, name, of_stream in zip(rules[::4], names, needed):
        if (of_stream or of_targets) and METHODS[method] not in DIFFERENTIABLE:
            raise ValueError(
                f"{name}method: found {METHODS[method]!r}, want one of {', '.join(DIFFERENTIABLE)} where "
                "gradients are needed, or inputs without requires_grad"
            )


def _require_linear(rules, names):
    for method, name in zip(rules[::4], names):
        if METHODS[method] not in MOVING:
            raise ValueError(
                f"{name}method: found {METHODS[method]!r}, want {' or '.join(map(repr, MOVING))} where gradients of "
                "targets are needed"
            )


def _names_of(streams):
    """Of the streams of a fusion, for messages."""
    return [f"streams[{i}]." for i in range(streams)]


def _streams_that_need(of_values, of_affine, places):
    """Whether each stream's values, scale or shift need gradients."""
    of_factors = [place >= 0 and of_affine[place] for place in places]
    return [any(three) for three in zip(of_values, of_factors[::2], of_factors[1::2])]


def _require_gradient(tensors):
    return [tensor is not None and tensor.requires_grad for tensor in tensors]


def _none_of(sources):
    """Sources have no gradient; told in the structure that PyTorch wants for a list of tensors."""
    return [None] * len(sources) if all(one is not None for one in sources) else None


def _tensors_of(times):
    sources, stamps, starts, index, *_ = times
    return *sources, stamps, starts, index


class _Times:
    """What the backward pass keeps of the times, but for their tensors."""

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
    _require_differentiable(rules, [""], _require_gradient([values]), any(_require_gradient(times[1:3])))
    ctx.rules, ctx.fill, ctx.times = rules, fill, _Times(times)
    ctx.save_for_backward(values, *_tensors_of(times))
    ctx.set_materialize_grads(False)


def _resample_backward(ctx, gradient, _):
    values, *kept = ctx.saved_tensors
    needs_values, _, needs_stamps, needs_starts = ctx.needs_input_grad[:4]
    of_targets = needs_stamps or needs_starts
    if gradient is None:
        return (None, *ctx.times.gradients(kept, None, False, False), None, None, None)
    if of_targets:
        _require_linear(ctx.rules, [""])
    of_values, of_times = torch.ops.robocache.resample_backward(
        gradient, values, *ctx.times.arguments(kept), ctx.rules, ctx.fill, needs_values, of_targets
    )
    given = ctx.times.gradients(kept, of_times, needs_stamps, needs_starts)
    return (of_values if needs_values else None, *given, None, None, None)


def _setup_fuse(ctx, inputs, output):
    values, affine, places, *times, rules, fills, _ = inputs
    needed = _streams_that_need(_require_gradient(values), _require_gradient(affine), places)
    _require_differentiable(rules, _names_of(len(values)), needed, any(_require_gradient(times[1:3])))
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
    if of_targets:
        _require_linear(ctx.rules, _names_of(streams))
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


torch.library.register_autograd("robocache::resample_backward", refuse_double_backward)
torch.library.register_autograd("robocache::fuse_backward", refuse_double_backward)
torch.library.register_autograd("robocache::resample", _resample_backward, setup_context=_setup_resample)
torch.library.register_autograd("robocache::fuse", _fuse_backward, setup_context=_setup_fuse)
