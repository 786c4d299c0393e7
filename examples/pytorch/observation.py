# SPDX-License-Identifier: Apache-2.0
"""What a policy of points sees: depth images of two cameras as one thinned-out cloud a robot, in one CUDA graph.

Each frame the images are unprojected, the points moved to the robot's base and cropped to its table, and thinned out to
one point a voxel, with the mean of its colours. How many points there are stays on the GPU: `offsets` says it.

Run it: python examples/pytorch/observation.py
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

import robocache_torch as rc

HEIGHT, WIDTH, VOXEL = 120, 160, 0.02


class Cameras(NamedTuple):
    """Two for each robot: a metre above its table, looking down."""

    intrinsics: Tensor  # [B, 2, 4]
    poses: Tensor  # [B, 2, 3, 4], to the robot's base
    boxes: Tensor  # [B, 2, 3], what is above the table


def cameras_of(robots: int, device="cpu") -> Cameras:
    pinhole = torch.tensor([150.0, 150.0, (WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    down = torch.tensor([[1.0, 0, 0, 0], [0, -1, 0, 0], [0, 0, -1, 1]]).repeat(robots, 2, 1, 1)
    down[:, 1, 0, 3] = 0.05  # the second one is 5 cm to the right
    box = torch.tensor([[-0.5, -0.5, 0.02], [0.5, 0.5, 0.5]])
    return Cameras(*(each.contiguous().to(device) for each in (
        pinhole.expand(robots, 2, 4), down, box.expand(robots, 2, 3))))  # fmt: skip


def images_of(robots: int, frame: int, device="cpu") -> tuple[Tensor, Tensor]:
    """Millimetres and colours: a box of 10 cm moves over the table; one pixel in a hundred saw nothing."""
    depth = torch.full((robots, 2, HEIGHT, WIDTH), 1000, dtype=torch.int32)
    left = 40 + 8 * frame
    depth[..., 40:72, left : left + 32] = 900
    depth.view(-1)[7::100] = 0
    colours = torch.rand(robots, 2, HEIGHT, WIDTH, 3)
    return depth.to(torch.uint16).to(device), colours.to(device)


def observe(depth: Tensor, colours: Tensor, cameras: Cameras) -> rc.Filtered:
    """The points above the table, one a voxel, and the means of their colours. Packed: those of robot b are rows
    `voxel_offsets[b]` to `voxel_offsets[b + 1]`."""
    seen = rc.unproject(depth, cameras.intrinsics, cameras.poses, scale=0.001, boxes=cameras.boxes, features=colours)
    return rc.filter_voxels(seen.points, VOXEL, seen.features, offsets=seen.offsets)


def replayed(depth: Tensor, colours: Tensor, cameras: Cameras) -> Callable[[], rc.Filtered]:
    """`observe` of whatever the tensors hold when it is called: one launch, and always the same memory."""
    if depth.device.type != "cuda":
        return lambda: observe(depth, colours, cameras)
    observe(depth, colours, cameras)  # loads the kernels' code, which a capture may not do
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=torch.cuda.Stream(depth.device)):
        seen = observe(depth, colours, cameras)

    def replay():
        graph.replay()
        return seen

    return replay


def main():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    cameras = cameras_of(2, device)
    depth, colours = images_of(2, 0, device)
    look = replayed(depth, colours, cameras)
    for frame in range(3):
        for to, new in zip((depth, colours), images_of(2, frame, device)):
            to.copy_(new)
        seen = look()
        count = seen.voxel_offsets.diff().tolist()  # waits, to print it
        print(f"frame {frame}: {count} points, the first at x = {seen.points[0, 0]:.2f} m")


if __name__ == "__main__":
    main()
