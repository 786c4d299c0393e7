# SPDX-License-Identifier: Apache-2.0
"""examples/pytorch/observation.py, compared with NumPy: the voxels of the points above the table."""

import contextlib

import numpy as np
import torch
from depth_images import in_double

import observation as example


def test_it_sees_what_is_above_the_table(device):
    cameras = example.cameras_of(3, device)
    depth, colours = example.images_of(3, 0, device)
    with torch.cuda.device(device) if device.type == "cuda" else contextlib.nullcontext():
        look = example.replayed(depth, colours, cameras)
        for frame in (1, 2):
            new, new_colours = example.images_of(3, frame, device)
            depth.copy_(new)
            colours.copy_(new_colours)
            seen = look()
    depth_now = depth.cpu().to(torch.int64).numpy()
    world = in_double(depth_now, cameras.intrinsics.cpu().numpy(), cameras.poses.cpu().numpy(), 0.001)
    low, high = cameras.boxes[0].cpu().numpy()
    begin = seen.voxel_offsets.tolist()
    for b in range(3):
        kept = (depth_now[b] > 0) & ((world[b] >= low) & (world[b] < high)).all(-1)
        # The top of the box: a float may be on either side of a voxel's face, so voxels are counted, and not compared.
        points = seen.points[begin[b] : begin[b + 1]].cpu().numpy()
        count = seen.count[begin[b] : begin[b + 1]].sum().item()
        assert count == kept.sum() == 2 * 32 * 32 - (depth_now[b] == 0)[:, 40:72, 56:88].sum()
        assert np.abs(points[:, 2] - 0.1).max() < 1e-6
        assert len(points) >= len(np.unique(np.round(world[b][kept] / example.VOXEL - 0.5), axis=0)) // 2
        assert (points.min(0) >= world[b][kept].min(0) - 1e-6).all()
        mean = seen.features[begin[b] : begin[b + 1]].cpu().numpy()
        assert abs(np.average(mean, 0, seen.count[begin[b] : begin[b + 1]].cpu()).mean() - 0.5) < 0.05


def test_it_runs(capsys):
    example.main()
    assert "frame 2: [" in capsys.readouterr().out
