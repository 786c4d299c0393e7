# SPDX-License-Identifier: Apache-2.0
"""The demo that unprojects depth images, as its user sees it: points against NumPy, and one sentence for each kind of
bad input.

    python tests/demo/depth_test.py PATH_OF_librobocache_demo_bridge
"""

import os
import sys
import unittest
from pathlib import Path

from case import DemoTest, main  # first: says so where NumPy is missing

import numpy as np
from PIL import Image


def rotation(angle):
    sine, cosine = np.sin(angle), np.cos(angle)
    return np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])


def points_of(depth, matrix, poses):
    """In FP64, in the order view, row, column: those with depth of up to 20 m."""
    v, u = np.mgrid[: depth.shape[1], : depth.shape[2]]
    z = depth * 0.001
    local = np.stack([(u - matrix[0, 2]) / matrix[0, 0] * z, (v - matrix[1, 2]) / matrix[1, 1] * z, z], -1)
    world = np.einsum("vij,vhwj->vhwi", poses[:, :3, :3], local) + poses[:, None, None, :3, 3]
    return world[(depth > 0) & (depth <= 20000)]


class DepthTest(DemoTest):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(5)
        self.depth = random.integers(500, 4000, (3, 24, 32)).astype(np.uint16)
        self.depth[:, ::3, ::2] = 0
        self.depth[0, 1, 1] = 65535
        self.matrix = np.array([[40.0, 0, 15.5], [0, 41, 11.5], [0, 0, 1]])
        self.poses = np.tile(np.eye(4), (3, 1, 1))
        for i, pose in enumerate(self.poses):
            pose[:3, :3], pose[:3, 3] = rotation(0.4 * i), random.normal(size=3)
        self.images = self.folder / "scene"
        self.images.mkdir()
        np.savetxt(self.images / "camera-intrinsics.txt", self.matrix)
        for i, (depth, pose) in enumerate(zip(self.depth, self.poses)):
            Image.fromarray(depth).save(self.images / f"frame-{i}.depth.png")
            np.savetxt(self.images / f"frame-{i}.pose.txt", pose)

    def test_points_in_the_box(self):
        wanted = points_of(self.depth, self.matrix, self.poses)
        low, high = np.percentile(wanted, (20, 80), axis=0)
        done = self.demo("--depth", self.images, "--box", *low, *high, pictures=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        kept = wanted[np.all((wanted >= low) & (wanted < high), axis=1)]
        found = np.load(self.folder / "out" / "depth.npy")
        np.testing.assert_allclose(found, kept, rtol=1e-5, atol=1e-5)
        for said in (f"{len(kept):,} of {len(wanted):,} points are in the box", "3 depth images of 32 x 24 pixels",
                     f"{self.depth.size - len(wanted):,} of {self.depth.size:,} pixels have no depth"):  # fmt: skip
            self.assertIn(said, done.stdout)
        self.assertNotIn("fused", done.stdout)
        self.assertIn(f"{min(len(kept), 1024):,} of these, each the farthest", done.stdout)

    def test_the_middle_is_kept_by_default(self):
        done = self.demo("--depth", self.images)
        self.assertEqual(done.returncode, 0)
        count = len(np.load(self.folder / "out" / "depth.npy"))
        self.assertTrue(0 < count < len(points_of(self.depth, self.matrix, self.poses)))

    def test_the_recorded_images(self):
        folder = Path(os.environ.get("ROBOCACHE_DATA", "")) / "depth_3dmatch"
        if not (os.environ.get("ROBOCACHE_DATA") and folder.exists()):
            self.skipTest("ROBOCACHE_DATA is not set")
        done = self.demo("--depth", folder, pictures=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("5 depth images of 640 x 480 pixels", done.stdout)

    def test_bad_input(self):
        at = ("--depth", self.images)
        self.refused("--box", "first corner", arguments=(*at, "--box", 0, 0, 0, 1, 0, 1))
        self.refused("NAME.depth.png", arguments=("--depth", self.folder))
        (self.images / "frame-1.pose.txt").write_text("1 2 3")
        self.refused("frame-1.pose.txt", "1 x 3", "4 x 4", arguments=at)
        (self.images / "frame-1.pose.txt").unlink()
        self.refused("frame-1.pose.txt", arguments=at)
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(self.images / "frame-0.depth.png")
        self.refused("frame-0.depth.png", "no depth image", arguments=at)
        (self.images / "frame-0.depth.png").write_text("text")
        self.refused("frame-0.depth.png", "cannot be read", arguments=at)

    def test_images_without_depth(self):
        for i in range(3):
            Image.fromarray(np.zeros((24, 32), np.uint16)).save(self.images / f"frame-{i}.depth.png")
        self.refused("scene", "no pixel has a depth", arguments=("--depth", self.images))
        Image.fromarray(np.zeros((4, 4), np.uint16)).save(self.images / "frame-0.depth.png")
        self.refused("several sizes", arguments=("--depth", self.images))


if __name__ == "__main__":
    main(__doc__)
