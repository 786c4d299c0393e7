# SPDX-License-Identifier: Apache-2.0
"""unproject, unproject_dense and crop_points, compared with NumPy."""

import numpy as np
import pytest
import torch
from depth_images import images, in_double, recorded
from inputs import check_refused

import robocache_torch as rc

DEPTHS = [torch.uint16, torch.float32, torch.float16]
VALUES = [torch.float32, torch.float16, torch.bfloat16, torch.uint8, torch.int32, torch.int64]
CHECKS = ("test_schema", "test_faketensor", "test_aot_dispatch_dynamic")


def numbers(tensor):
    return tensor.cpu().to(torch.int64 if tensor.dtype == torch.uint16 else torch.float64).numpy()


def halves(batch, device):
    """Boxes that hold about half of what is around the origin."""
    return torch.tensor([[-5.0, -5.0, -5.0], [0.3, 5.0, 5.0]], device=device).expand(batch, 2, 3)


@pytest.mark.parametrize("dtype", DEPTHS)
def test_points_are_those_of_numpy(device, dtype):
    depth, intrinsics, poses = images(device, dtype=dtype)
    found = rc.unproject(depth, intrinsics, poses, scale=0.001)
    wanted = in_double(numbers(depth), numbers(intrinsics), numbers(poses), 0.001)
    deep = numbers(depth) > 0
    assert found.offsets.tolist() == [0, deep[0].sum(), deep.sum()]
    assert found.no_depth.tolist() == [int((~one).sum()) for one in deep] and found.cropped.tolist() == [0, 0]
    assert np.allclose(found.trim().points.cpu(), wanted[deep], rtol=1e-5, atol=1e-6)
    assert found.points.shape == (depth.numel(), 3) and (found.points[deep.sum() :] == 0).all()
    dense = rc.unproject_dense(depth, intrinsics, poses, scale=0.001)
    assert np.array_equal(dense.valid.cpu(), deep)
    assert torch.equal(dense.points[dense.valid], found.trim().points) and (dense.points[~dense.valid] == 0).all()
    assert torch.equal(dense.no_depth, found.no_depth)


def test_boxes_limits_and_rays(device):
    depth, intrinsics, poses = images(device, dtype=torch.float32)
    boxes = halves(2, device)
    dense = rc.unproject_dense(depth, intrinsics, poses, near=1.0, far=2.0)
    assert torch.equal(dense.valid, (depth >= 1.0) & (depth <= 2.0))
    found = rc.unproject(depth, intrinsics, poses, near=1.0, far=2.0, boxes=boxes)
    inside = ((dense.points >= boxes[0, 0]) & (dense.points < boxes[0, 1])).all(-1) & dense.valid
    assert torch.equal(found.trim().points, dense.points[inside])
    assert torch.equal(found.cropped, dense.valid.flatten(1).sum(1) - inside.flatten(1).sum(1))
    by_ray = rc.unproject_dense(depth, intrinsics, kind="ray")
    assert torch.allclose(by_ray.points.norm(dim=-1)[by_ray.valid], depth[by_ray.valid], rtol=1e-6)


@pytest.mark.parametrize("dtype", VALUES)
def test_features_move_unchanged(device, dtype):
    depth, intrinsics, _ = images(device)
    features = (torch.rand(*depth.shape, 3) * 250).to(dtype).to(device)
    found = rc.unproject(depth, intrinsics, features=features).trim()
    assert torch.equal(found.features, features[depth.to(torch.int32) > 0]) and found.features.dtype == dtype
    first = rc.unproject(depth, intrinsics, features=features.movedim(-1, 2).contiguous(), channels_first=True)
    assert torch.equal(first.trim().features, found.features)


def test_the_recorded_images(device):
    depth, intrinsics, poses = recorded()
    given = [torch.from_numpy(one.astype(np.float32)).to(device) for one in (intrinsics, poses)]
    found = rc.unproject_dense(torch.from_numpy(depth).to(device), *given, scale=0.001, far=20.0)
    wanted = in_double(depth, intrinsics, poses, 0.001)
    deep = (depth > 0) & (depth <= 20000)
    assert np.array_equal(found.valid.cpu(), deep)
    # Coordinates of a few metres in FP32: some units of 2^-24 of them.
    assert np.abs(found.points.cpu().numpy() - wanted)[deep].max() < 16 * 2.0**-24 * np.abs(wanted[deep]).max()


def test_clouds_are_posed_and_cropped(device):
    points, poses = torch.randn(3, 200, 5, device=device), torch.randn(3, 3, 4, device=device)
    normals, features = torch.randn(3, 200, 3, device=device), torch.randn(3, 200, 2, device=device)
    points[1, 7, 2] = float("nan")
    lengths = torch.tensor([200, 150, 0], device=device)
    boxes = halves(3, device)
    given = {"poses": poses, "boxes": boxes, "normals": normals, "features": features}
    found = rc.crop_points(points, lengths=lengths, **given)
    turn = poses[..., :3].double().cpu().numpy()
    world = np.einsum("bij,bnj->bni", turn, numbers(points[..., :3])) + poses[:, None, :, 3].double().cpu().numpy()
    low, high = numbers(boxes[0])
    inside = ((world >= low) & (world < high)).all(-1) & (np.arange(200) < lengths.cpu().numpy()[:, None])
    assert found.offsets.tolist() == [0, *np.cumsum(inside.sum(1))]
    assert found.cropped.tolist() == (lengths.cpu().numpy() - inside.sum(1)).tolist()
    kept = found.trim()
    assert np.allclose(kept.points.cpu(), world[inside], rtol=1e-5, atol=1e-5)
    assert np.allclose(kept.normals.cpu(), np.einsum("bij,bnj->bni", turn, numbers(normals))[inside], atol=1e-5)
    assert torch.equal(kept.features, features[torch.from_numpy(inside).to(device)])
    alone = rc.crop_points(points[0], boxes=boxes[:1])
    assert alone.normals is None and alone.features is None
    offsets = torch.tensor([0, 200, 400], device=device)
    packed = rc.crop_points(points[:2].reshape(400, 5), offsets=offsets, poses=poses[:2], boxes=boxes[:2])
    padded = rc.crop_points(points[:2], poses=poses[:2], boxes=boxes[:2])
    assert torch.equal(packed.points, padded.points) and torch.equal(packed.offsets, padded.offsets)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64, torch.bfloat16])
def test_cropped_features_keep_their_type(device, dtype):
    points = torch.rand(2, 300, 3, device=device)
    colours = (torch.rand(2, 300, 3, device=device) * 250).to(dtype)
    boxes = torch.tensor([[0.25, 0, 0], [0.75, 1, 1]], device=device).expand(2, 2, 3)
    found = rc.crop_points(points, boxes=boxes, features=colours).trim()
    inside = (points[..., 0] >= 0.25) & (points[..., 0] < 0.75)
    assert torch.equal(found.features, colours[inside]) and found.features.dtype == dtype


def test_both_sides_give_the_same_bits(device):
    depth, intrinsics, poses = images("cpu", batch=3, height=120, width=160)
    for rules in ({"scale": 0.001}, {"scale": 0.001, "kind": "ray", "boxes": halves(3, "cpu")}):
        there = {name: one.to(device) if isinstance(one, torch.Tensor) else one for name, one in rules.items()}
        here = rc.unproject(depth, intrinsics, poses, **rules)
        other = rc.unproject(depth.to(device), intrinsics.to(device), poses.to(device), **there)
        assert all(one is None or torch.equal(one, two.cpu()) for one, two in zip(here, other))


def test_what_it_makes_is_what_voxels_take(device):
    depth, intrinsics, poses = images(device)
    found = rc.unproject(depth, intrinsics, poses, scale=0.001)
    thin = rc.filter_voxels(found.points, 0.5, offsets=found.offsets)
    cut = found.trim()
    again = rc.filter_voxels(cut.points, 0.5, offsets=found.offsets)
    count = int(thin.voxel_offsets[-1])
    assert torch.equal(thin.points[:count], again.points[:count]) and thin.dropped.tolist() == [0, 0]
    crop = rc.crop_points(found.points, offsets=found.offsets, boxes=halves(2, device))
    assert torch.equal(crop.cropped, found.offsets.diff() - crop.offsets.diff())


def test_no_images(device):
    depth = torch.zeros(0, 2, 3, 4, dtype=torch.uint16, device=device)
    found = rc.unproject(depth, torch.zeros(0, 2, 4, device=device))
    assert found.offsets.tolist() == [0] and found.points.shape == (0, 3)
    assert rc.unproject_dense(depth, torch.zeros(0, 2, 4, device=device)).points.shape == (0, 2, 3, 4, 3)
    empty = rc.crop_points(torch.zeros(2, 0, 3, device=device))
    assert empty.offsets.tolist() == [0, 0, 0] and empty.cropped.tolist() == [0, 0]


def test_what_is_refused(device):
    depth, intrinsics, poses = images(device)
    flat = depth.to(torch.float32)

    def refused(error, text, *given, **more):
        check_refused(lambda: rc.unproject(*given, **more), error, text)

    refused(TypeError, "depth: found torch.int32", depth.to(torch.int32), intrinsics)
    refused(ValueError, "depth: found [2, 7, 9]", flat[0], intrinsics)
    refused(TypeError, "intrinsics: found NoneType", depth, None)
    refused(TypeError, "intrinsics: found torch.float64", depth, intrinsics.double())
    refused(ValueError, "intrinsics: found [2, 4]", depth, intrinsics[0])
    refused(ValueError, "poses: found [2, 2, 3, 3]", depth, intrinsics, poses[..., :3])
    refused(ValueError, "boxes: found [2, 6]", depth, intrinsics, boxes=torch.zeros(2, 6, device=device))
    refused(ValueError, "scale: found -1", depth, intrinsics, scale=-1.0)
    refused(ValueError, "near: found -1", depth, intrinsics, near=-1.0)
    refused(ValueError, "far: found 1", depth, intrinsics, near=2.0, far=1.0)
    refused(ValueError, "kind: found 'range'", depth, intrinsics, kind="range")
    refused(ValueError, "features: found [2, 2, 7, 9]", depth, intrinsics, features=flat)
    refused(TypeError, "features: found torch.float64", depth, intrinsics, features=flat[..., None].double())
    for name, given in (("depth", flat), ("intrinsics", intrinsics), ("poses", poses)):
        arguments = {"depth": flat, "intrinsics": intrinsics, "poses": poses, name: given.clone().requires_grad_()}
        check_refused(lambda: rc.unproject_dense(**arguments), ValueError, f"{name}: found a tensor that requires")
    points = torch.rand(5, 3, device=device)
    check_refused(lambda: rc.crop_points(points, poses=poses[0, 0]), ValueError, "poses: found [3, 4]")
    check_refused(lambda: rc.crop_points(points, normals=points[:4]), ValueError, "normals: found [4, 3]")
    check_refused(lambda: rc.crop_points(points.requires_grad_()), ValueError, "points: found a tensor that requires")


def test_forward_mode_is_refused(device):
    depth, intrinsics, poses = images(device, dtype=torch.float32)
    points = torch.rand(2, 9, 3, device=device)
    works = {
        "unproject": (lambda x: rc.unproject(x, intrinsics, poses).points, depth),
        "unproject_dense": (lambda x: rc.unproject_dense(depth, x, poses).points, intrinsics),
        "crop_points": (lambda x: rc.crop_points(x).points, points),
    }
    for name, (work, given) in works.items():
        with pytest.raises(NotImplementedError, match=f"{name}: found a forward-mode gradient"):
            torch.func.jvp(work, (given,), (torch.ones_like(given),))


def test_operators_are_what_pytorch_expects(device):
    depth, intrinsics, poses = images(device, dtype=torch.float32)
    boxes = halves(2, device).contiguous()
    rules = (0.001, 0, 0.0, 5.0)
    check = torch.library.opcheck
    ops = torch.ops.robocache
    check(ops.unproject.default, (depth, intrinsics, poses, boxes, depth[..., None], False, *rules), test_utils=CHECKS)
    check(ops.unproject.default, (depth, intrinsics, None, None, None, False, *rules), test_utils=CHECKS)
    check(ops.unproject_dense.default, (depth, intrinsics, poses, None, *rules), test_utils=CHECKS)
    points = torch.rand(2, 9, 4, device=device)
    check(ops.crop_points.default, (points, points, None, None, None, boxes, points[..., :3]), test_utils=CHECKS)
    offsets = torch.tensor([0, 4, 9], device=device)
    check(ops.crop_points.default, (points[0], None, None, offsets, None, None, None), test_utils=CHECKS)


def test_compiled(device):
    depth, intrinsics, poses = images(device, dtype=torch.float32)

    def work(depth):
        found = rc.unproject(depth, intrinsics, poses)
        return rc.crop_points(found.points, offsets=found.offsets, boxes=halves(2, device)).points + 1

    assert torch.equal(torch.compile(work, fullgraph=True, backend="aot_eager")(depth), work(depth))


def test_a_cuda_graph_replays_it(device):
    if device.type != "cuda":
        pytest.skip("a CUDA graph needs a GPU")
    depth, intrinsics, poses = images(device, dtype=torch.float32)
    with torch.cuda.device(device):
        rc.unproject(depth, intrinsics, poses)
        graph = torch.cuda.CUDAGraph()
        # Without a separate stream a graph takes one of the GPU that was captured first in this process.
        with torch.cuda.graph(graph, stream=torch.cuda.Stream(device)):
            found = rc.unproject(depth, intrinsics, poses)
        depth.mul_(2)
        graph.replay()
    again = rc.unproject(depth, intrinsics, poses)
    assert torch.equal(found.points, again.points) and torch.equal(found.offsets, again.offsets)
