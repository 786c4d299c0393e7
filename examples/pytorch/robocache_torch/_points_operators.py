# SPDX-License-Identifier: Apache-2.0
"""What PyTorch has to know about the operators of csrc/points.cpp, whose schemas name the arguments: shapes without
values, for torch.compile, and the backward pass."""

import torch

from ._arguments import refuse_double_backward


def _shapes(points, features, offsets):
    """Batch, one number a point, channels."""
    batch = points.shape[0] if offsets is None else offsets.shape[0] - 1
    return batch, points.shape[:-1], 0 if features is None else features.shape[-1]


def _empty(points, shape, dtype, wanted=True):
    return points.new_empty(shape if wanted else (0,), dtype=dtype)


@torch.library.register_fake("robocache::voxelize")
def _(points, features, lengths, offsets, origins, box, cells, wanted, channels_first, *rest):
    occupied_dtype, dtype = rest[-2:]
    batch, _, channels = _shapes(points, features, offsets)
    nx, ny, nz = cells
    grid = (batch, nz, ny, nx)
    shape = (batch, channels, nz, ny, nx) if channels_first else (*grid, channels)
    results = [_empty(points, shape, dtype, wanted >> i & 1) for i in range(4)]
    results.append(_empty(points, grid, torch.int32, wanted >> 4 & 1))
    results.append(_empty(points, grid, occupied_dtype, wanted >> 5 & 1))
    results.append(_empty(points, (batch, nz, ny, (nx + 31) // 32), torch.int32, wanted >> 6 & 1))
    return [*results, _empty(points, (batch,), torch.int32)]


@torch.library.register_fake("robocache::voxelize_sparse")
def _(points, features, lengths, offsets, origins, box, cells, wanted, capacity, by_cell, dtype):
    batch, of_points, channels = _shapes(points, features, offsets)
    results = [_empty(points, (capacity, channels), dtype, wanted >> i & 1) for i in range(4)]
    return [
        *results,
        _empty(points, (capacity, 4), torch.int32),
        _empty(points, (capacity,), torch.int32),
        _empty(points, (batch + 1,), torch.int64),
        _empty(points, of_points, torch.int32),
        _empty(points, (batch,), torch.int32),
        _empty(points, (batch,), torch.int32),
    ]


@torch.library.register_fake("robocache::voxelize_gathered")
def _(points, features, lengths, offsets, origins, box, cells, capacity, max_points, max_voxels, dtype):
    batch, of_points, channels = _shapes(points, features, offsets)
    return [
        _empty(points, (capacity, max_points, channels), dtype),
        _empty(points, (capacity, 4), torch.int32),
        _empty(points, (capacity,), torch.int32),
        _empty(points, (batch + 1,), torch.int64),
        _empty(points, of_points, torch.int64),
        _empty(points, (batch,), torch.int32),
        _empty(points, (batch,), torch.int32),
    ]


@torch.library.register_fake("robocache::filter_voxels")
def _(points, features, lengths, offsets, box, capacity, dtype):
    batch, of_points, channels = _shapes(points, features, offsets)
    return [
        _empty(points, (capacity, 3), torch.float32),
        _empty(points, (capacity, channels), dtype, features is not None),
        _empty(points, (capacity,), torch.int32),
        _empty(points, (batch + 1,), torch.int64),
        _empty(points, of_points, torch.int32),
        _empty(points, (batch,), torch.int32),
        _empty(points, (batch,), torch.int32),
    ]


@torch.library.register_fake("robocache::voxelize_backward")
def _(points, features, *_rest):
    return features.new_empty(features.shape)


@torch.library.register_fake("robocache::voxelize_sparse_backward")
def _(points, features, *_rest):
    return features.new_empty(features.shape)


@torch.library.register_fake("robocache::voxelize_gathered_backward")
def _(gradient, points, lengths, offsets, point_slots, dtype):
    return points.new_empty((*points.shape[:-1], gradient.shape[2]), dtype=dtype)


def _requires_grad(tensor):
    return tensor is not None and tensor.requires_grad


def _setup_voxelize(ctx, inputs, output):
    points, features, lengths, offsets, origins, box, cells, _, channels_first, *_ = inputs
    # `occupied` may be of a float type; what is made of features has a gradient where they have one.
    ctx.mark_non_differentiable(output[5], *([] if _requires_grad(features) else output[:4]))
    ctx.save_for_backward(points, features, lengths, offsets, origins)
    ctx.lattice = box, cells, channels_first
    ctx.set_materialize_grads(False)


def _voxelize_backward(ctx, gradients):
    points, features, lengths, offsets, origins = ctx.saved_tensors
    of_features = None
    if ctx.needs_input_grad[1] and any(one is not None for one in gradients[:4]):
        of_features = torch.ops.robocache.voxelize_backward(
            points, features, lengths, offsets, origins, *ctx.lattice, *gradients[:4]
        )
    return (None, of_features, *[None] * 11)


def _setup_sparse(ctx, inputs, output):
    points, features, lengths, offsets, *_ = inputs
    ctx.mark_non_differentiable(*([] if _requires_grad(features) else output[:4]))
    ctx.save_for_backward(points, features, lengths, offsets, output[7], output[5])
    ctx.set_materialize_grads(False)


def _sparse_backward(ctx, gradients):
    points, features, lengths, offsets, point_voxels, count = ctx.saved_tensors
    of_features = None
    if ctx.needs_input_grad[1] and any(one is not None for one in gradients[:4]):
        of_features = torch.ops.robocache.voxelize_sparse_backward(
            points, features, lengths, offsets, point_voxels, count, *gradients[:4]
        )
    return (None, of_features, *[None] * 9)


def _setup_gathered(ctx, inputs, output):
    points, features, lengths, offsets, *_ = inputs
    ctx.mark_non_differentiable(*([] if _requires_grad(features) else output[:1]))
    ctx.save_for_backward(points, lengths, offsets, output[4])
    ctx.features_type = features.dtype
    ctx.set_materialize_grads(False)


def _gathered_backward(ctx, gradients):
    points, lengths, offsets, point_slots = ctx.saved_tensors
    of_features = None
    if ctx.needs_input_grad[1] and gradients[0] is not None:
        of_features = torch.ops.robocache.voxelize_gathered_backward(
            gradients[0], points, lengths, offsets, point_slots, ctx.features_type
        )
    return (None, of_features, *[None] * 9)


def _setup_filter(ctx, inputs, output):
    points, features, lengths, offsets, *_ = inputs
    ctx.mark_non_differentiable(*[one for one, of in zip(output, (points, features)) if not _requires_grad(of)])
    ctx.save_for_backward(points, features, lengths, offsets, output[4], output[2])
    ctx.set_materialize_grads(False)


def _filter_backward(ctx, gradients):
    points, features, lengths, offsets, point_voxels, count = ctx.saved_tensors
    voxels = (lengths, offsets, point_voxels, count)
    backward = torch.ops.robocache.voxelize_sparse_backward
    of_points = of_features = None
    if ctx.needs_input_grad[0] and gradients[0] is not None:
        of_xyz = backward(points, points[..., :3], *voxels, None, gradients[0], None, None)
        # Channels behind x y z have no part in the result.
        of_points = torch.nn.functional.pad(of_xyz, (0, points.shape[-1] - 3))
    if ctx.needs_input_grad[1] and gradients[1] is not None:
        of_features = backward(points, features, *voxels, None, gradients[1], None, None)
    return (of_points, of_features, *[None] * 5)


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
