# SPDX-License-Identifier: Apache-2.0
"""What PyTorch has to know about the operators of csrc/depth.cpp: shapes without values, for torch.compile."""

import torch

from ._layout import Lost, gives_shapes_of, results_of

_Unproject, _Dense, _Crop = results_of("unproject"), results_of("unproject_dense"), results_of("crop_points")


@gives_shapes_of("unproject")
def _(given):
    empty, batch, room = given.depth.new_empty, given.depth.shape[0], given.depth.shape.numel()
    features = given.features
    shape = (0,) if features is None else (room, features.shape[2 if given.channels_first else 4])
    return tuple(
        _Unproject(
            points=empty((room, 3), dtype=torch.float32),
            features=empty(shape, dtype=torch.float32 if features is None else features.dtype),
            offsets=empty((batch + 1,), dtype=torch.int64),
            reports=empty((batch, len(Lost._fields)), dtype=torch.int64),
        )
    )


@gives_shapes_of("unproject_dense")
def _(given):
    empty, shape = given.depth.new_empty, given.depth.shape
    return tuple(
        _Dense(
            points=empty((*shape, 3), dtype=torch.float32),
            valid=empty(shape, dtype=torch.bool),
            reports=empty((shape[0], len(Lost._fields)), dtype=torch.int64),
        )
    )


@gives_shapes_of("crop_points")
def _(given):
    empty, features = given.points.new_empty, given.features
    batch = given.points.shape[0] if given.offsets is None else given.offsets.shape[0] - 1
    room = given.points.shape[0] if given.offsets is not None else given.points.shape[0] * given.points.shape[1]
    return tuple(
        _Crop(
            points=empty((room, 3)),
            normals=empty((0,) if given.normals is None else (room, 3)),
            features=empty(
                (0,) if features is None else (room, features.shape[-1]),
                dtype=torch.float32 if features is None else features.dtype,
            ),
            offsets=empty((batch + 1,), dtype=torch.int64),
            cropped=empty((batch,), dtype=torch.int64),
        )
    )
