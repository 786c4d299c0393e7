# SPDX-License-Identifier: Apache-2.0
"""Depth images for tests: made up, and recorded."""

import data_sets
import numpy as np
import pytest
import torch


def images(device, batch=2, views=2, height=7, width=9, dtype=torch.uint16):
    """Depth, intrinsics and poses, of which every fifth pixel has no depth."""
    depth = torch.randint(500, 3000, (batch, views, height, width))
    depth[..., ::5] = 0
    depth = depth.to(torch.int32) if dtype == torch.uint16 else depth.to(dtype) / 1024
    focal = 100 + 20 * torch.rand(batch, views, 2)
    intrinsics = torch.cat([focal, torch.rand(batch, views, 2) * 8], -1)
    return depth.to(dtype).to(device), intrinsics.to(device), torch.randn(batch, views, 3, 4).to(device)


def recorded():
    """Five images in millimetres, `[1, 5, H, W]`, with intrinsics and poses."""
    folder = data_sets.recorded("depth_3dmatch")
    png = pytest.importorskip("PIL.Image")
    frames = sorted(folder.glob("*.depth.png"))
    depth = np.stack([np.asarray(png.open(frame)).astype(np.uint16) for frame in frames])
    poses = np.stack([np.loadtxt(str(frame).replace(".depth.png", ".pose.txt"))[:3] for frame in frames])
    matrix = np.loadtxt(folder / "camera-intrinsics.txt")
    pinhole = np.array([matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]])
    return depth[None], np.broadcast_to(pinhole, (1, len(frames), 4)).copy(), poses[None]


def in_double(depth, intrinsics, poses, scale):
    """The points of all pixels in FP64, `[B, V, H, W, 3]`, with NumPy alone."""
    height, width = depth.shape[-2:]
    v, u = np.mgrid[:height, :width].astype(np.float64)
    fx, fy, cx, cy = (intrinsics[..., i, None, None] for i in range(4))
    z = depth.astype(np.float64) * scale
    local = np.stack([(u - cx) / fx * z, (v - cy) / fy * z, z], -1)
    return np.einsum("bvij,bvhwj->bvhwi", poses[..., :3], local) + poses[:, :, None, None, :, 3]
