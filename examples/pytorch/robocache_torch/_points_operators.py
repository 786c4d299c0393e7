# SPDX-License-Identifier: Apache-2.0
"""What PyTorch has to know about the operators of csrc/points.cpp, whose schemas name the arguments: shapes without
values, for torch.compile, and the backward pass."""

import torch

from ._arguments import refuse_double_backward
from ._layout import REDUCTIONS, arguments_of, gives_shapes_of, results_of


def _empty(given, shape, dtype, wanted=True):
    return given.points.new_empty(shape if wanted else (0,), dtype=dtype)


def _batch(given):
    return given.points.shape[0] if given.offsets is None else given.offsets.shape[0] - 1


def _channels(given):
    return 0 if given.features is None else given.features.shape[-1]


def _reduced(given, shape):
    """Results of reductions, by name."""
    return {name: _empty(given, shape, given.dtype, given.reductions >> i & 1) for i, name in enumerate(REDUCTIONS)}


def _lists(given):
    """What all results of voxels have, by name."""
    batch = _batch(given)
    return {
        "count": _empty(given, (given.capacity,), torch.int32),
        "voxel_offsets": _empty(given, (batch + 1,), torch.int64),
        "dropped": _empty(given, (batch,), torch.int32),
        "overflow": _empty(given, (batch,), torch.int32),
    }


def _of_points(given, dtype):
    """One number per point."""
    return _empty(given, given.points.shape[:-1], dtype)


_Voxelize, _VoxelizeResults = arguments_of("voxelize"), results_of("voxelize")
_Sparse, _SparseResults = arguments_of("voxelize_sparse"), results_of("voxelize_sparse")
_Gathered, _GatheredResults = arguments_of("voxelize_gathered"), results_of("voxelize_gathered")
_Filter, _FilterResults = arguments_of("filter_voxels"), results_of("filter_voxels")


@gives_shapes_of("voxelize")
def _(given):
    batch, channels = _batch(given), _channels(given)
    nx, ny, nz = given.cells
    grid = (batch, nz, ny, nx)
    shape = (batch, channels, nz, ny, nx) if given.channels_first else (*grid, channels)
    return tuple(
        _VoxelizeResults(
            **_reduced(given, shape),
            count=_empty(given, grid, torch.int32, given.count),
            occupied=_empty(given, grid, given.occupied_dtype, given.occupied),
            bits=_empty(given, (batch, nz, ny, (nx + 31) // 32), torch.int32, given.bits),
            dropped=_empty(given, (batch,), torch.int32),
        )
    )


@gives_shapes_of("voxelize_sparse")
def _(given):
    return tuple(
        _SparseResults(
            **_reduced(given, (given.capacity, _channels(given))),
            **_lists(given),
            coordinates=_empty(given, (given.capacity, 4), torch.int32),
            point_voxels=_of_points(given, torch.int32),
        )
    )


@gives_shapes_of("voxelize_gathered")
def _(given):
    return tuple(
        _GatheredResults(
            **_lists(given),
            values=_empty(given, (given.capacity, given.max_points, _channels(given)), given.dtype),
            coordinates=_empty(given, (given.capacity, 4), torch.int32),
            point_slots=_of_points(given, torch.int64),
        )
    )


@gives_shapes_of("filter_voxels")
def _(given):
    return tuple(
        _FilterResults(
            **_lists(given),
            points=_empty(given, (given.capacity, 3), torch.float32),
            features=_empty(given, (given.capacity, _channels(given)), given.dtype, given.features is not None),
            point_voxels=_of_points(given, torch.int32),
        )
    )


@gives_shapes_of("voxelize_backward")
@gives_shapes_of("voxelize_sparse_backward")
def _(given):
    return given.features.new_empty(given.features.shape)


@gives_shapes_of("voxelize_gathered_backward")
def _(given):
    return given.points.new_empty((*given.points.shape[:-1], given.gradient.shape[2]), dtype=given.dtype)


def _requires_grad(tensor):
    return tensor is not None and tensor.requires_grad


def _of_reductions(results):
    return {name: getattr(results, name) for name in REDUCTIONS}


def _in_order(arguments, **gradients):
    """Gradients by name, as PyTorch wants them: of each argument, None where there is none."""
    return tuple(gradients.get(name) for name in arguments._fields)


def _setup_voxelize(ctx, inputs, output):
    given, results = _Voxelize(*inputs), _VoxelizeResults(*output)
    # `occupied` may be of a float type; what is made of features has a gradient where they have one.
    ctx.mark_non_differentiable(
        results.occupied, *([] if _requires_grad(given.features) else _of_reductions(results).values())
    )
    ctx.save_for_backward(given.points, given.features, given.lengths, given.offsets, given.origins)
    ctx.rest = {name: getattr(given, name) for name in ("origin", "size", "cells", "channels_first")}
    ctx.set_materialize_grads(False)


def _voxelize_backward(ctx, *gradients):
    points, features, lengths, offsets, origins = ctx.saved_tensors
    needs, incoming = _Voxelize(*ctx.needs_input_grad), _of_reductions(_VoxelizeResults(*gradients))
    of_features = None
    if needs.features and any(one is not None for one in incoming.values()):
        of_features = torch.ops.robocache.voxelize_backward(
            points=points,
            features=features,
            lengths=lengths,
            offsets=offsets,
            origins=origins,
            **ctx.rest,
            **incoming,
        )
    return _in_order(_Voxelize, features=of_features)


def _setup_sparse(ctx, inputs, output):
    given, results = _Sparse(*inputs), _SparseResults(*output)
    ctx.mark_non_differentiable(*([] if _requires_grad(given.features) else _of_reductions(results).values()))
    ctx.save_for_backward(
        given.points, given.features, given.lengths, given.offsets, results.point_voxels, results.count
    )
    ctx.set_materialize_grads(False)


def _sparse_backward(ctx, *gradients):
    needs, incoming = _Sparse(*ctx.needs_input_grad), _of_reductions(_SparseResults(*gradients))
    of_features = None
    if needs.features and any(one is not None for one in incoming.values()):
        points, features, *voxels = ctx.saved_tensors
        of_features = _gradient_of_voxels(points, features, voxels, incoming)
    return _in_order(_Sparse, features=of_features)


def _gradient_of_voxels(points, features, voxels, incoming):
    """Of features.

    Args:
        voxels: lengths, offsets, point_voxels and count.
        incoming: Gradients of reductions, by name.
    """
    lengths, offsets, point_voxels, count = voxels
    return torch.ops.robocache.voxelize_sparse_backward(
        points=points,
        features=features,
        lengths=lengths,
        offsets=offsets,
        point_voxels=point_voxels,
        count=count,
        **{name: incoming.get(name) for name in REDUCTIONS},
    )


def _setup_gathered(ctx, inputs, output):
    given, results = _Gathered(*inputs), _GatheredResults(*output)
    ctx.mark_non_differentiable(*([] if _requires_grad(given.features) else [results.values]))
    ctx.save_for_backward(given.points, given.lengths, given.offsets, results.point_slots)
    ctx.features_type = given.features.dtype
    ctx.set_materialize_grads(False)


def _gathered_backward(ctx, *gradients):
    points, lengths, offsets, point_slots = ctx.saved_tensors
    needs, gradient = _Gathered(*ctx.needs_input_grad), _GatheredResults(*gradients).values
    of_features = None
    if needs.features and gradient is not None:
        of_features = torch.ops.robocache.voxelize_gathered_backward(
            gradient=gradient,
            points=points,
            lengths=lengths,
            offsets=offsets,
            point_slots=point_slots,
            dtype=ctx.features_type,
        )
    return _in_order(_Gathered, features=of_features)


def _setup_filter(ctx, inputs, output):
    given, results = _Filter(*inputs), _FilterResults(*output)
    means = ((results.points, given.points), (results.features, given.features))
    ctx.mark_non_differentiable(*[one for one, of in means if not _requires_grad(of)])
    ctx.save_for_backward(
        given.points, given.features, given.lengths, given.offsets, results.point_voxels, results.count
    )
    ctx.set_materialize_grads(False)


def _filter_backward(ctx, *gradients):
    points, features, *voxels = ctx.saved_tensors
    needs, incoming = _Filter(*ctx.needs_input_grad), _FilterResults(*gradients)
    of_points = of_features = None
    if needs.points and incoming.points is not None:
        of_xyz = _gradient_of_voxels(points, points[..., :3], voxels, {"mean": incoming.points})
        # Channels behind x y z have no part in the result.
        of_points = torch.nn.functional.pad(of_xyz, (0, points.shape[-1] - 3))
    if needs.features and incoming.features is not None:
        of_features = _gradient_of_voxels(points, features, voxels, {"mean": incoming.features})
    return _in_order(_Filter, points=of_points, features=of_features)


_AUTOGRAD = {
    "voxelize": (_setup_voxelize, _voxelize_backward),
    "voxelize_sparse": (_setup_sparse, _sparse_backward),
    "voxelize_gathered": (_setup_gathered, _gathered_backward),
    "filter_voxels": (_setup_filter, _filter_backward),
}
for _name in ("voxelize_backward", "voxelize_sparse_backward", "voxelize_gathered_backward"):
    torch.library.register_autograd(f"robocache::{_name}", refuse_double_backward)
for _name, (_setup, _backward) in _AUTOGRAD.items():
    torch.library.register_autograd(f"robocache::{_name}", _backward, setup_context=_setup)
