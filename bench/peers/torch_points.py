# SPDX-License-Identifier: Apache-2.0
"""From depth images to points in PyTorch, a peer of bench_points, on the same images, cameras, poses and boxes.

Packed points are made by a mask, which waits for the GPU: eager alone. Dense points are compiled, too. An observation
of one robot is packed points, and 1,024 of them by a plain loop of farthest point sampling.
"""

import functools
import statistics

import torch
from torch_common import measure, run, sets_in_rotation, time_eager
from torch_sampling import median_of, plain_loop

HEIGHT, WIDTH = 480, 640
INTRINSICS = (525.0, 524.0, 319.5, 239.25)
POSE = ((1.0, 0.0, 0.0, 0.1), (0.0, 0.0, 1.0, 0.0), (0.0, -1.0, 0.0, 1.5))
LOW, FAR = (-9.0, 0.0, -9.0), {"": 9.0, "half/": 1.78, "tenth/": 1.012}


def depth_of(pixels, device):
    """bench/points/unproject_case.cu: millimetres of a floor that rises with the row, and noise."""
    pixel = torch.arange(pixels, device=device)

    def shifted(x, bits):
        return (x >> bits) & ((1 << (64 - bits)) - 1)

    x = pixel * (0x9E3779B97F4A7C15 - 2**64)
    x = (x ^ shifted(x, 29)) * (0xBF58476D1CE4E5B9 - 2**64)
    return (800 + 4 * (pixel // WIDTH % HEIGHT) + shifted(x, 33) % 40).to(torch.uint16)


def dense(depth, intrinsics, poses, low, high):
    """Points of all pixels, and which are kept: depth [B, V, H, W], intrinsics [B, V, 4], poses [B, V, 3, 4]."""
    z = depth.float() * 0.001
    fx, fy, cx, cy = (x[..., None, None] for x in intrinsics.unbind(-1))
    u = torch.arange(WIDTH, device=depth.device, dtype=torch.float32)
    v = torch.arange(HEIGHT, device=depth.device, dtype=torch.float32)[:, None]
    camera = torch.stack([(u - cx) / fx * z, (v - cy) / fy * z, z], -1)
    rotation, shift = poses[..., None, None, :, :3], poses[..., None, None, :, 3]
    world = (rotation * camera[..., None, :]).sum(-1) + shift
    inside = ((world >= low) & (world < high)).all(-1)
    return world, inside & (z >= 0.1) & (z <= 8.0) & (z > 0)


def packed(*images):
    world, kept = dense(*images)
    return world[kept], kept.flatten(1).sum(1)


def masked(*images):
    world, kept = dense(*images)
    return torch.where(kept[..., None], world, 0.0)


def observation(*images):
    points, _ = packed(*images)
    return plain_loop(points[None], 1024)


def draw(batch, part, device):
    def cameras(x):
        return torch.tensor(x, device=device).expand(batch, 2, *torch.tensor(x).shape).contiguous()

    depth = depth_of(batch * 2 * HEIGHT * WIDTH, device).view(batch, 2, HEIGHT, WIDTH)
    low = torch.tensor(LOW, device=device)
    high = torch.tensor((9.0, FAR[part], 9.0), device=device)
    return depth, cameras(INTRINSICS), cameras(POSE), low, high


def measure_images(batch, part, function, compiles, name, device, l2_bytes):
    one = draw(batch, part, device)
    kept = int(dense(*one)[1].sum())
    size = one[0].numel() * 2 + (one[0].numel() * 13 if function is masked else kept * 12)
    if function is observation:
        entry = {"name": name, "bytes": size, "checksum": 0, "compiled_graph_us": 0}
        return entry | {"eager_us": median_of(lambda: observation(*one))}
    sets = [draw(batch, part, device) for _ in range(min(4, sets_in_rotation(size, l2_bytes)))]
    if compiles:
        return measure(name, function, sets, size, 0)
    return {
        "name": name,
        "bytes": size,
        "checksum": 0,
        "eager_us": statistics.median(time_eager(function, sets)),
        "compiled_graph_us": 0,
    }


def main():
    cases = []
    for batch, part, what, function, compiles in (
        (32, "", "", packed, False),
        (32, "half/", "", packed, False),
        (32, "", "dense/", masked, True),
        (1, "half/", "", packed, False),
        (1, "tenth/", "K:1024/", observation, False),
    ):
        stem = "observation" if function is observation else "unproject"
        order = what + part if function is masked else part + what
        name = f"{stem}/B:{batch}/V:2/480x640/{order}cold"
        cases.append((name, functools.partial(measure_images, batch, part, function, compiles, name)))
    run("torch_points", __doc__.splitlines()[0], cases)


if __name__ == "__main__":
    main()
