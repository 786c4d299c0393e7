# SPDX-License-Identifier: Apache-2.0
"""`unproject`, `unproject_dense` and `crop_points`."""

from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import FLOATS, INTEGERS, adjacent, real_number, want_device, want_tensor, word_of
from ._clouds import batch_of, clouds_of
from ._layout import DEPTH_KINDS, Lost, results_of, stand_in

DEPTHS = (torch.uint16, torch.float32, torch.float16)

_UnprojectResults = results_of("unproject")
_DenseResults = results_of("unproject_dense")
_CropResults = results_of("crop_points")


class Unprojected(NamedTuple):
    """What `unproject` makes: packed clouds, which `voxelize`, `filter_voxels` and the others take with `offsets`.

    How many points there are only the GPU knows, and nothing waits for it: tensors have room for all pixels, and rows
    behind the last point hold 0. `trim()` waits, and cuts them off.

    Attributes:
        points: float32 `[rows, 3]`, those of a cloud in the order view, row, column.
        features: `[rows, C]`, moved unchanged; None without features.
        offsets: int64 `[B + 1]`: cloud b owns rows `offsets[b]` to `offsets[b + 1]`.
        no_depth: int64 `[B]`: pixels whose z is 0, NaN, infinite, below `near` or above `far`.
        cropped: int64 `[B]`: points that are NaN, or outside of the box.
    """

    points: Tensor
    features: Tensor | None
    offsets: Tensor
    no_depth: Tensor
    cropped: Tensor

    def trim(self) -> "Unprojected":
        """Without the rows behind the last point. Waits for the GPU."""
        count = int(self.offsets[-1])
        features = None if self.features is None else self.features[:count]
        return Unprojected(self.points[:count], features, *self[2:])


class DenseUnprojected(NamedTuple):
    """What `unproject_dense` makes.

    Attributes:
        points: float32 `[B, V, H, W, 3]`; 0 where `valid` is not.
        valid: bool `[B, V, H, W]`.
        no_depth, cropped: As `Unprojected` has them.
    """

    points: Tensor
    valid: Tensor
    no_depth: Tensor
    cropped: Tensor


class Cropped(NamedTuple):
    """What `crop_points` keeps: packed clouds, with room for all points, as `Unprojected`.

    Attributes:
        points: float32 `[rows, 3]`.
        normals: float32 `[rows, 3]`; None without normals.
        features: `[rows, C]`, moved unchanged; None without features.
        offsets: int64 `[B + 1]`: cloud b owns rows `offsets[b]` to `offsets[b + 1]`.
        cropped: int64 `[B]`: points of each cloud that were not kept.
    """

    points: Tensor
    normals: Tensor | None
    features: Tensor | None
    offsets: Tensor
    cropped: Tensor

    def trim(self) -> "Cropped":
        """Without the rows behind the last point. Waits for the GPU."""
        count = int(self.offsets[-1])
        return Cropped(*(None if rows is None else rows[:count] for rows in self[:3]), *self[3:])


def unproject(
    depth: Tensor,
    intrinsics: Tensor,
    poses: Tensor | None = None,
    *,
    scale: float = 1.0,
    kind: str = "axis",
    near: float = 0.0,
    far: float = float("inf"),
    boxes: Tensor | None = None,
    features: Tensor | None = None,
    channels_first: bool = False,
) -> Unprojected:
    """Depth images as packed point clouds: unprojected, moved to the world, cropped, and packed.

    Three launches for the whole batch, on the current stream, without waiting. The same bits on CPU and GPU. Pixels are
    centred at whole numbers; a point is (x to the right, y down, z forward) before its pose. There are no gradients.

    Args:
        depth: `[B, V, H, W]`, V images for each cloud: uint16, float32 or float16.
        intrinsics: float32 `[B, V, 4]`: fx, fy, cx, cy in pixels.
        poses: float32 `[B, V, 3, 4]` from the camera to the world; default: points stay in the camera's frame.
        scale: What depth is multiplied by: 0.001 makes metres of millimetres.
        kind: Depth is the way along the optical "axis", which is z, or along the "ray".
        near: The smallest z that counts; 0 or more.
        far: The largest.
        boxes: float32 `[B, 2, 3]`, in the world: points are kept from the first corner on, up to the second one.
        features: `[B, V, H, W, C]`, or with `channels_first` `[B, V, C, H, W]`: float32, float16, bfloat16, uint8,
            int32 or int64.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted.
    """
    given = _images(depth, intrinsics, poses, boxes, scale, kind, near, far)
    if features is not None:
        want_tensor(features, "features", (*FLOATS, *INTEGERS))
        shape, pixels = features.shape, depth.shape
        rest = (*shape[:2], *shape[3:]) if channels_first else shape[:4]
        if features.dim() != 5 or tuple(rest) != tuple(pixels):
            want = [*pixels[:2], "C", *pixels[2:]] if channels_first else [*pixels, "C"]
            raise ValueError(f"features: found {list(shape)}, want {want}, one row per pixel")
        want_device(features, "features", depth.device, "the depth is")
        _want_no_gradient(features, "features")
    results = torch.ops.robocache.unproject(**given, features=features, channels_first=bool(channels_first))
    named = dict(zip(_UnprojectResults._fields, results))
    moved = None if features is None else named["features"]
    return Unprojected(named["points"], moved, named["offsets"], **_lost(named["reports"]))


def unproject_dense(
    depth: Tensor,
    intrinsics: Tensor,
    poses: Tensor | None = None,
    *,
    scale: float = 1.0,
    kind: str = "axis",
    near: float = 0.0,
    far: float = float("inf"),
    boxes: Tensor | None = None,
) -> DenseUnprojected:
    """The points of `unproject`, each in the place of its pixel, with a valid mask.

    Arguments, stream and errors as in `unproject`.
    """
    results = torch.ops.robocache.unproject_dense(**_images(depth, intrinsics, poses, boxes, scale, kind, near, far))
    named = dict(zip(_DenseResults._fields, results))
    return DenseUnprojected(named["points"], named["valid"], **_lost(named["reports"]))


def crop_points(
    points: Tensor,
    *,
    poses: Tensor | None = None,
    boxes: Tensor | None = None,
    normals: Tensor | None = None,
    features: Tensor | None = None,
    lengths: Tensor | None = None,
    offsets: Tensor | None = None,
) -> Cropped:
    """Moves clouds by a pose each, turns their normals, and packs the points inside of the cloud's box, in one pass.

    On the current stream, without waiting. The same bits on CPU and GPU. There are no gradients.

    Args:
        points: float32 `[B, N, 3 or more]`, `[N, 3 or more]`, or packed `[rows, 3 or more]` with offsets.
        poses: float32 `[B, 3, 4]`.
        boxes: float32 `[B, 2, 3]`, behind the pose: points are kept from the first corner on, up to the second one.
            Without boxes only points that are NaN are dropped.
        normals: float32, one row of 3 per point.
        features: float32, float16, bfloat16, uint8, int32 or int64, one row per point: moved unchanged.
        lengths: int64 `[B]`: how many points of each cloud are real.
        offsets: int64 `[B + 1]`: cloud b owns rows `offsets[b]` to `offsets[b + 1]`.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted.
    """
    clouds = clouds_of(points, features, lengths, offsets, (*FLOATS, *INTEGERS))
    for given, name in ((points, "points"), (features, "features"), (normals, "normals")):
        _want_no_gradient(given, name)
    batch = batch_of(clouds)
    if normals is not None:
        want_tensor(normals, "normals", (torch.float32,))
        if tuple(normals.shape) != (*points.shape[:-1], 3):
            raise ValueError(f"normals: found {list(normals.shape)}, want {[*points.shape[:-1], 3]}")
        want_device(normals, "normals", points.device, "the points are")
        normals = normals.reshape(*clouds.points.shape[:-1], 3)
    results = torch.ops.robocache.crop_points(
        **clouds.arguments(),
        poses=_numbers(poses, "poses", (batch, 3, 4), points.device, "the points are"),
        boxes=_numbers(boxes, "boxes", (batch, 2, 3), points.device, "the points are"),
        normals=normals,
    )
    named = dict(zip(_CropResults._fields, results))
    optional = {"normals": normals, "features": features}
    return Cropped(**{name: None if optional.get(name, one) is None else one for name, one in named.items()})


def _images(depth, intrinsics, poses, boxes, scale, kind, near, far) -> dict:
    """Arguments of operators, by name."""
    want_tensor(depth, "depth", DEPTHS)
    if depth.dim() != 4:
        raise ValueError(f"depth: found {list(depth.shape)}, want [B, V, H, W]")
    _want_no_gradient(depth, "depth")
    batch, views = depth.shape[:2]
    where = (depth.device, "the depth is")
    if intrinsics is None:
        raise TypeError("intrinsics: found NoneType, want a tensor")
    return {
        "depth": depth,
        "intrinsics": _numbers(intrinsics, "intrinsics", (batch, views, 4), *where),
        "poses": _numbers(poses, "poses", (batch, views, 3, 4), *where),
        "boxes": _numbers(boxes, "boxes", (batch, 2, 3), *where),
        "scale": real_number(scale, "scale"),
        "kind": word_of(kind, DEPTH_KINDS, "kind"),
        "near": stand_in(real_number(near, "near")),
        "far": stand_in(real_number(far, "far")),
    }


def _numbers(given, name, shape, device, where):
    """None, or float32 of this shape, without gaps."""
    if given is None:
        return None
    want_tensor(given, name, (torch.float32,))
    if tuple(given.shape) != tuple(shape):
        raise ValueError(f"{name}: found {list(given.shape)}, want {list(shape)}")
    want_device(given, name, device, where)
    _want_no_gradient(given, name)
    return adjacent(given)


def _want_no_gradient(given, name):
    if given is not None and given.requires_grad and torch.is_grad_enabled():
        raise ValueError(
            f"{name}: found a tensor that requires a gradient, which points do not have; want detach()"
        )


def _lost(reports):
    return dict(zip(Lost._fields, reports.unbind(1)))
