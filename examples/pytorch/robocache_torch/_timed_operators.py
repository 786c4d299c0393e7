# SPDX-License-Identifier: Apache-2.0
"""What PyTorch has to know about the operators of csrc/timed.cpp, whose schemas name the arguments: shapes without
values, for torch.compile, and the backward pass."""

import torch

from ._arguments import refuse_double_backward
from ._layout import (
    DIFFERENTIABLE,
    KINDS,
    METHODS,
    MOVES,
    Report,
    Rules,
    Sizes,
    arguments_of,
    gives_shapes_of,
    rows_of,
)


def _is_packed(given):
    """Whether the targets are."""
    return given.target_index is not None and KINDS[given.kinds[-1]] in ("ragged", "uniform")


def _target_shape(given):
    target = rows_of(Sizes, given.sizes)[-1]
    return (target.rows,) if _is_packed(given) else (target.batch, target.length)


def _empty(given, shape, dtype):
    """A result without values, where the work is done."""
    return torch.empty(shape, dtype=dtype, device=given.device)


@gives_shapes_of("resample")
def _(given):
    shape = _target_shape(given)
    return _empty(given, (*shape, given.values.shape[-1]), given.dtype), _empty(given, shape, torch.bool)


@gives_shapes_of("resample_backward")
def _(given):
    like, shape = given.values, _target_shape(given) if given.of_targets else (0,)
    return like.new_empty(like.shape if given.of_values else (0,)), _empty(given, shape, torch.float32)


@gives_shapes_of("fuse")
def _(given):
    shape = _target_shape(given)
    return (
        _empty(given, (*shape, sum(one.shape[-1] for one in given.values)), given.dtype),
        _empty(given, (*shape, len(given.values)), torch.bool),
        _empty(given, shape, torch.bool),
    )


@gives_shapes_of("fuse_backward")
def _(given):
    shape = _target_shape(given) if given.of_targets else (0,)
    return (
        [one.new_empty(one.shape if wanted else (0,)) for one, wanted in zip(given.values, given.of_values)],
        [one.new_empty(one.shape if wanted else (0,)) for one, wanted in zip(given.affine, given.of_affine)],
        _empty(given, shape, torch.float32),
    )


@gives_shapes_of("inspect")
def _(given):
    batch = rows_of(Sizes, given.sizes)[0].batch
    return given.place.new_empty((batch, len(Report._fields)), dtype=torch.int64)


def _require_differentiable(given, names, needed):
    """That the methods of streams have gradients, where these are needed.

    Args:
        names: Of each stream, for messages.
        needed: Of each stream: whether its values, its scale or its shift need gradients.
    """
    of_targets = any(_require_gradient((given.target_stamps, given.target_starts)))
    for rules, name, of_stream in zip(rows_of(Rules, given.rules), names, needed):
        if (of_stream or of_targets) and METHODS[rules.method] not in DIFFERENTIABLE:
            raise ValueError(
                f"{name}method: found {METHODS[rules.method]!r}, want one of {', '.join(DIFFERENTIABLE)} where "
                "gradients are needed, or inputs without requires_grad"
            )


def _require_on_device(given, names, values):
    """That no values are in the host's memory while the work is done on the GPU: where gradients are needed."""
    for one, name in zip(values, names):
        if one.device != given.device:
            raise ValueError(
                f"{name}values: found pinned memory, want {given.device} where gradients are needed, or inputs without "
                "requires_grad"
            )


def _require_all_samples(given):
    """That windows see all samples, where gradients are needed."""
    if given.target_as_of is not None:
        raise ValueError(
            "targets: found windows with as_of, want windows without it where gradients are needed, or inputs without "
            "requires_grad"
        )


def _require_differentiable_in_targets(given, names):
    for rules, name in zip(rows_of(Rules, given.rules), names):
        if METHODS[rules.method] not in MOVES:
            raise ValueError(
                f"{name}method: found {METHODS[rules.method]!r}, want {' or '.join(map(repr, MOVES))} where gradients "
                "of targets are needed"
            )


def _names_of(streams):
    """Of the streams of a fusion, for messages."""
    return [f"streams[{i}]." for i in range(len(streams))]


def _streams_that_need(given):
    """Whether each stream's values, scale or shift need gradients."""
    of_values, of_affine = _require_gradient(given.values), _require_gradient(given.affine)
    of_factors = [
        [place >= 0 and of_affine[place] for place in places] for places in (given.scale_places, given.shift_places)
    ]
    return [any(three) for three in zip(of_values, *of_factors)]


def _require_gradient(tensors):
    return [tensor is not None and tensor.requires_grad for tensor in tensors]


# Of all four operators, besides the values.
_TENSORS_OF_TIMES = ("sources", "target_stamps", "target_starts", "target_index", "target_as_of")


def _keep(ctx, given, *names):
    """Keeps an operator's arguments for the backward pass.

    Args:
        names: Of those that are tensors, or lists of them, which PyTorch wants to keep itself.
    """
    ctx.lengths = {name: len(one) if isinstance(one := getattr(given, name), (list, tuple)) else None for name in names}
    tensors = []
    for name, length in ctx.lengths.items():
        tensors += [getattr(given, name)] if length is None else getattr(given, name)
    ctx.save_for_backward(*tensors)
    ctx.given = given._replace(**dict.fromkeys(names))
    ctx.set_materialize_grads(False)


def _kept(ctx):
    """The arguments again."""
    tensors = iter(ctx.saved_tensors)
    tensors = {
        name: next(tensors) if length is None else [next(tensors) for _ in range(length)]
        for name, length in ctx.lengths.items()
    }
    return ctx.given._replace(**tensors)


def _arguments(operator, given, **more):
    """What the operator takes: of `given` what has the same name, and more."""
    mine = arguments_of(operator)._fields
    return {**{name: one for name, one in given._asdict().items() if name in mine}, **more}


def _gradients_of_times(given, of_times, needs):
    """Of what made the target times, by name, from those of the target times."""
    # Sources have none; told in the structure that PyTorch wants for a list of tensors.
    gradients = {"sources": [None] * len(given.sources) if all(one is not None for one in given.sources) else None}
    if of_times is not None and needs.target_stamps:
        of_stamps = of_times.sum(0) if KINDS[given.kinds[-1]] in ("shared", "windows") else of_times
        gradients["target_stamps"] = of_stamps.to(given.target_stamps.dtype)
    if of_times is not None and needs.target_starts:
        if _is_packed(given):
            raise ValueError("targets: found starts that require gradients, which targets with offsets do not have")
        gradients["target_starts"] = of_times.sum(1).to(given.target_starts.dtype)
    return gradients


def _in_order(given, gradients):
    """Gradients by name, as PyTorch wants them: of each argument, None where there is none."""
    return tuple(gradients.get(name) for name in given._fields)


_Resample = arguments_of("resample")
_Fuse = arguments_of("fuse")


def _setup_resample(ctx, inputs, output):
    given = _Resample(*inputs)
    _require_all_samples(given)
    _require_differentiable(given, [""], _require_gradient([given.values]))
    _require_on_device(given, [""], [given.values])
    _keep(ctx, given, "values", *_TENSORS_OF_TIMES)


def _resample_backward(ctx, gradient, _):
    given, needs = _kept(ctx), _Resample(*ctx.needs_input_grad)
    of_targets = needs.target_stamps or needs.target_starts
    if gradient is None:
        return _in_order(given, _gradients_of_times(given, None, needs))
    if of_targets:
        _require_differentiable_in_targets(given, [""])
    of_values, of_times = torch.ops.robocache.resample_backward(
        **_arguments(
            "resample_backward", given, gradient=gradient, of_values=needs.values, of_targets=of_targets
        )
    )
    gradients = _gradients_of_times(given, of_times, needs)
    return _in_order(given, {**gradients, "values": of_values if needs.values else None})


def _setup_fuse(ctx, inputs, output):
    given = _Fuse(*inputs)
    _require_all_samples(given)
    names = _names_of(given.values)
    _require_differentiable(given, names, _streams_that_need(given))
    _require_on_device(given, names, given.values)
    _keep(ctx, given, "values", "affine", *_TENSORS_OF_TIMES)


def _fuse_backward(ctx, gradient, *_):
    given, needs = _kept(ctx), _Fuse(*ctx.needs_input_grad)
    of_targets = needs.target_stamps or needs.target_starts
    if gradient is None:
        nothing = {"values": [None] * len(given.values), "affine": [None] * len(given.affine)}
        return _in_order(given, {**_gradients_of_times(given, None, needs), **nothing})
    if of_targets:
        _require_differentiable_in_targets(given, _names_of(given.values))
    of_values, of_affine, of_times = torch.ops.robocache.fuse_backward(
        **_arguments(
            "fuse_backward",
            given,
            gradient=gradient,
            of_values=[int(wanted) for wanted in needs.values],
            of_affine=[int(wanted) for wanted in needs.affine],
            of_targets=of_targets,
        )
    )
    gradients = {
        "values": [one if wanted else None for one, wanted in zip(of_values, needs.values)],
        "affine": [one if wanted else None for one, wanted in zip(of_affine, needs.affine)],
    }
    return _in_order(given, {**_gradients_of_times(given, of_times, needs), **gradients})


torch.library.register_autograd("robocache::resample_backward", refuse_double_backward)
torch.library.register_autograd("robocache::fuse_backward", refuse_double_backward)
torch.library.register_autograd("robocache::resample", _resample_backward, setup_context=_setup_resample)
torch.library.register_autograd("robocache::fuse", _fuse_backward, setup_context=_setup_fuse)
