# SPDX-License-Identifier: Apache-2.0
"""The demo that voxelizes and thins, as its user sees it: cells and voxels against NumPy, and one sentence for each
kind of bad input.

    python tests/demo/points_test.py PATH_OF_librobocache_demo_bridge
"""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

from case import DEMO, DemoTest, main  # first: says so where NumPy is missing

import numpy as np


def cells_of(points, origin, size):
    """Of each point, x y z: the cell rule as NumPy computes it in FP32."""
    with np.errstate(invalid="ignore"):
        return np.floor((points[:, :3].astype(np.float32) - np.float32(origin)) / np.float32(size))


def groups(cells):
    """Of integer cells [points, 3]: the point that is first in each, in the order of cells, and each point's cell."""
    low = cells.min(axis=0, initial=0)
    numbers = np.ravel_multi_index((cells - low).T, cells.max(axis=0, initial=0) - low + 1)
    _, first, which = np.unique(numbers, return_index=True, return_inverse=True)
    return first, which.ravel()


class PointsTest(DemoTest):
    def file(self, values, name="cloud.bin"):
        path = self.folder / name
        np.save(path, values) if path.suffix == ".npy" else path.write_bytes(np.asarray(values, np.float32).tobytes())
        return path

    def voxels(self, path, *arguments, pictures=False):
        """What was written, and what was printed."""
        done = self.demo("--points", path, *arguments, pictures=pictures)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with np.load(self.folder / "out" / "voxels.npz") as found:
            return dict(found), done.stdout


class GoodInput(PointsTest):
    def check_cells(self, found, points):
        """Counts, dropped points, means and maxima of `points`, float32, against NumPy's."""
        nz, ny, nx = shape = found["count"].shape
        at = cells_of(points, found["origin"], found["size"])
        inside = np.all((at >= 0) & (at < (nx, ny, nz)), axis=1)
        self.assertEqual(found["dropped"], np.count_nonzero(~inside))
        first, which = groups(at[inside].astype(int))
        features = points[inside][:, 2:].astype(np.float64)
        place = tuple(at[inside][first].astype(int)[:, ::-1].T)
        most = np.full((len(first), features.shape[1]), -np.inf)
        np.maximum.at(most, which, features)
        merged = np.bincount(which, minlength=len(first))
        sums = np.stack([np.bincount(which, column, len(first)) for column in features.T], axis=1)
        for name, values, empty in (("count", merged, 0), ("max", most, np.nan), ("mean", sums.T / merged, 0.0)):
            wanted = np.full(shape if name == "count" else (*shape, features.shape[1]), empty)
            wanted[place] = values.T if name == "mean" else values
            np.testing.assert_allclose(found[name], wanted, rtol=1e-5 if name == "mean" else 0, atol=1e-6)
        return len(first)

    def check_filtered(self, points, leaf, said):
        """The filtered `points`, float32, against NumPy: voxels in the order of their first points, and means."""
        finite = np.isfinite(points[:, :3]).all(axis=1)
        low = points[finite, :3].min(axis=0)
        at = cells_of(points, low, leaf)
        inside = finite & np.all(at < 2.0**20, axis=1)
        first, voxel = groups(at[inside].astype(np.int64))
        order, merged = np.argsort(first), np.bincount(voxel)
        kept = points[inside].astype(np.float64)
        sums = np.stack([np.bincount(voxel, column) for column in kept.T], axis=1)
        left = np.load(self.folder / "out" / "filtered.npy")
        np.testing.assert_allclose(left, (sums / merged[:, None])[order], rtol=1e-6, atol=1e-5)
        broken, dropped = np.count_nonzero(~finite), np.count_nonzero(~inside)
        self.assertIn(f"one point for each voxel of {leaf:g}, voxels from the cloud's lower corner on\n", said)
        self.assertIn(f"dropped  {dropped:,} points: {broken:,} not finite, {dropped - broken:,} beyond reach", said)
        self.assertIn(f"left     {len(left):,} of {len(points):,} points; ", said)
        self.assertIn(f"became one, {merged.max(initial=0):,} at most", said)
        return left

    def test_cells_are_those_of_numpy(self):
        points = np.random.default_rng(1).normal(0, 2, (4000, 4)).astype(np.float32)
        points[::50, 0], points[1::60, 2], points[:40, 1] = np.nan, np.inf, -1.0
        bounds = ("--bounds", -3, -1, -2.5, 3, 2, 2, "--cell", 0.3)
        found, said = self.voxels(self.file(points), "--point-floats", 4, *bounds)
        self.assertEqual(found["count"].shape, (15, 10, 20))
        occupied = self.check_cells(found, points)
        broken = np.count_nonzero(~np.isfinite(points[:, :3]).all(axis=1))
        self.assertIn(f"{found['dropped']:,} points: {broken} not finite", said)
        self.assertIn(f"occupied {occupied:,} of 3,000 cells", said)

    def test_default_grid_holds_every_finite_point(self):
        for seed, scale in ((1, 100.0), (2, 0.01), (3, 1.0)):
            points = np.random.default_rng(seed).uniform(-scale, scale, (900, 3)) * (1.0, 0.3, 0.0)
            points[7] = np.nan
            found, said = self.voxels(self.file(points), "--point-floats", 3)
            self.assertEqual((found["dropped"], found["count"].sum()), (1, 899))
            self.assertIn("1 points: 1 not finite, 0 outside", said)
            self.check_cells(found, points.astype(np.float32))
            # As many cells as the cloud covers, of a round size.
            self.assertTrue(found["count"].any(axis=(0, 1))[[0, -1]].all())
            self.assertTrue(found["count"].any(axis=(0, 2))[[0, -1]].all())
            self.assertEqual(found["count"].shape[0], 1)
            self.assertIn(f"{found['size'][0]:.0e}"[0], "125")

    def test_far_from_zero_keeps_its_digits(self):
        # As far away as UTM coordinates, where FP32 has steps of 6 cm and half a metre.
        local = np.random.default_rng(4).uniform(0, 4, (500, 3)).round(3)
        found, said = self.voxels(self.file(local + (500_000.0, 5_000_000.0, 0.0), "utm.npy"), "--cell", "0.05")
        self.assertIn("differences from (5000", said)
        self.assertEqual(found["offset"][2], 0.0)
        at = local + (500_000.0, 5_000_000.0, 0.0) - found["offset"]
        self.check_cells(found, at.astype(np.float32))

    def test_bounds_are_in_the_numbers_of_the_file(self):
        far = (500_000.0, 5_000_000.0, 0.0)
        cloud = np.array([(0.125, 0.125, 0.5), (1.5, 0.5, 0.5), (2.001, 0.5, 0.5)]) + far
        corners = [far[0], far[1], 0, far[0] + 2, far[1] + 1, 1]
        found, _ = self.voxels(self.file(cloud, "utm.npy"), "--cell", 0.5, "--bounds", *corners)
        self.assertEqual((found["count"].shape, found["dropped"]), ((2, 2, 4), 1))
        self.assertEqual([list(where) for where in zip(*found["count"].nonzero())], [[1, 0, 0], [1, 1, 3]])
        # Seven cells, although 0.7 / 0.1 is above 7 by a rounding error in FP32.
        found, _ = self.voxels(self.file([0, 0, 0]), "--cell", 0.1, "--bounds", *3 * [-0.3], *3 * [0.4])
        self.assertEqual(found["count"].shape, (7, 7, 7))

    def test_filter_is_that_of_numpy(self):
        points = np.random.default_rng(7).normal(0, 2, (4000, 5)).astype(np.float32)
        points[::50, 0], points[1::60, 2], points[:40, 1] = np.nan, np.inf, -1.0
        for leaf in (0.3, 1.0, 50.0):
            _, said = self.voxels(self.file(points), "--point-floats", 5, "--cell", 1, "--leaf", leaf)
            left = self.check_filtered(points, leaf, said)
            self.assertEqual((left.dtype, left.shape[1]), (np.float32, 5))
        self.assertLessEqual(len(left), 8)  # one around each corner

    def test_filter_takes_the_size_of_cells(self):
        points = np.random.default_rng(8).uniform(-3, 3, (900, 3)).astype(np.float32)
        _, said = self.voxels(self.file(points), "--point-floats", 3, "--cell", 0.75)
        self.check_filtered(points, 0.75, said)
        found, said = self.voxels(self.file(points), "--point-floats", 3)
        self.check_filtered(points, float(found["size"][0]), said)
        # Bounds are of the grid; the filter has none.
        _, said = self.voxels(self.file(points), "--point-floats", 3, "--cell", 1, "--bounds", 0, 0, 0, 1, 1, 1)
        self.check_filtered(points, 1.0, said)

    def test_filter_far_from_zero(self):
        # UTM coordinates that FP32 holds: 2^20 voxels of 1 and 2 reach them from the cloud's corner, but not from 0.
        points = np.float32([(5e5 + i % 7, 5.4e6 + i % 5, i % 3) for i in range(105)])
        for leaf in (1.0, 2.0):
            _, said = self.voxels(self.file(points), "--point-floats", 3, "--cell", 1, "--leaf", leaf)
            self.assertIn("0 points: 0 not finite, 0 beyond reach", said)
            left = self.check_filtered(points, leaf, said)
            self.assertEqual(len(left), 105 if leaf == 1 else 4 * 3 * 2)

    def test_what_is_out_of_reach_is_explained(self):
        points = np.float32([(0, 0, 0), (1, 1, 1), (np.nan, np.nan, np.nan)])
        path = self.file(points)
        _, said = self.voxels(path, "--point-floats", 3, "--cell", 1, "--leaf", 2.0**-21)
        self.check_filtered(points, 2.0**-21, said)
        self.assertIn("points are more than 2^20 voxels from the cloud's lower corner: make --leaf larger", said)
        # The corner of the box around these is far from each of them.
        points = np.float32([(1, 0, 0), (0, 1, 0)])
        _, said = self.voxels(self.file(points), "--point-floats", 3, "--cell", 1, "--leaf", 2.0**-21, pictures=True)
        self.assertEqual(len(np.load(self.folder / "out" / "filtered.npy")), 0)
        self.assertIn("nothing is left, because all points are more than 2^20 voxels from", said)

    def test_filtered_points_are_in_the_numbers_of_the_file(self):
        far = (500_000.0, 5_000_000.0, 0.0)
        cloud = np.array([(0.125, 0.125, 0.5), (1.5, 0.5, 0.5), (2.001, 0.5, 0.5)]) + far
        self.voxels(self.file(cloud, "utm.npy"), "--leaf", "0.25")
        left = np.load(self.folder / "out" / "filtered.npy")
        np.testing.assert_allclose(left, cloud, rtol=0, atol=1e-6)
        # Like every cloud, it can be read again.
        found, _ = self.voxels(self.folder / "out" / "filtered.npy", "--cell", 4)
        self.assertEqual(found["count"].sum(), 3)

    def test_axes_are_turned(self):
        path = self.file([(1.5, 2.5, 3.5), (9.5, 9.5, 9.5)])
        for axes, where in (("z-up", (1, 2, 3)), ("y-up", (1, -4, 2)), ("camera", (1, 3, -3))):
            corners = [*where, *(each + 1 for each in where)]
            found, said = self.voxels(path, "--point-floats", 3, "--axes", axes, "--cell", 1, "--bounds", *corners)
            self.assertEqual((found["count"].ravel().tolist(), found["dropped"]), ([1], 1), axes)
            self.assertEqual("turned" in said, axes != "z-up")

    def test_arrays_of_any_number_type(self):
        for kind in (np.float16, np.float64, np.int32, np.uint8):
            found, said = self.voxels(self.file(np.arange(12).reshape(2, 6).astype(kind), "cloud.npy"), "--cell", 1)
            self.assertIn("2 points of 6 floats", said)
            self.assertEqual((found["count"].shape, found["count"].sum()), ((7, 7, 7), 2))
            np.testing.assert_array_equal(found["max"][6, 6, 6], [8, 9, 10, 11])

    def test_one_point(self):
        found, said = self.voxels(self.file([1, 2, 3]), pictures=True)
        self.assertEqual(found["count"].tolist(), [[[1]]])
        self.check_filtered(np.float32([(1, 2, 3)]), 1.0, said)

    def test_all_outside(self):
        _, said = self.voxels(self.file([1, 2, 3]), "--cell", 1, "--bounds", 5, 5, 5, 6, 6, 7, pictures=True)
        self.assertIn("1 points: 0 not finite, 1 outside the grid", said)
        self.assertIn("no point is inside the grid, x 5 to 6, y 5 to 6, z 5 to 7: look at --bounds", said)
        self.check_filtered(np.float32([(1, 2, 3)]), 1.0, said)

    def test_simulated_lidar(self):
        # As its user starts it, including pictures.
        command = [sys.executable, DEMO, *self.command()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for picture in ("fused.png", "voxels.png", "filtered.png"):
            self.assertGreater((self.folder / "out" / picture).stat().st_size, 10_000)
        dropped, broken = re.search(r"dropped +([\d,]+) points: ([\d,]+) not finite, 0 outside", done.stdout).groups()
        self.assertEqual(dropped, broken)
        with np.load(self.folder / "out" / "voxels.npz") as found:
            self.assertEqual(found["dropped"] + found["count"].sum(), 96_000)
            self.assertTrue(1_000 < found["dropped"] < 20_000)
        again = self.demo("--seed", 1)
        self.assertNotIn(f"dropped  {dropped} points", again.stdout)

    def test_asked_for_one_it_does_one(self):
        self.voxels(self.file([1, 2, 3]))
        self.assertFalse((self.folder / "out" / "fused.csv").exists())
        log = self.folder / "log.csv"
        log.write_text("t_s,x\n0,1\n1,2\n")
        self.assertEqual(self.demo("--log", log, "--out", self.folder / "logs").returncode, 0)
        self.assertFalse((self.folder / "logs" / "voxels.npz").exists())
        self.voxels(self.file([1, 2, 3]), "--log", log)
        self.assertTrue((self.folder / "out" / "fused.csv").exists())

    @unittest.skipUnless("ROBOCACHE_DATA" in os.environ, "ROBOCACHE_DATA is unset")
    def test_real_clouds(self):
        data = Path(os.environ["ROBOCACHE_DATA"]) / "points"
        for name, width, rows, broken in (
            ("small_gicp_source_xyzi.bin", 4, 69_792, 0),
            ("cupcl_sample_xyz.bin", 3, 119_978, 0),
            ("pcl_table_scene_xyz_640x480.bin", 3, 307_200, 97_920),
        ):
            found, said = self.voxels(data / name, "--device", "auto")
            self.assertIn(f"{name}: {rows:,} points of {width} floats", said)
            self.assertIn(f"dropped  {broken:,} points: {broken:,} not finite, 0 outside the grid", said)
            points = np.fromfile(data / name, np.float32).reshape(-1, width)
            self.assertIn(f"occupied {self.check_cells(found, points):,} of", said)
            self.check_filtered(points, float(found["size"][0]), said)


class BadInput(PointsTest):
    def refused(self, *words, path, arguments=()):
        complaint = super().refused(*words, arguments=("--points", path, *arguments))
        self.assertEqual(len(complaint.strip().splitlines()), 1)

    def test_missing(self):
        for name in ("gone.bin", "gone.npy"):
            self.refused(name, "No such file", path=self.folder / name)

    def test_format_that_is_not_read(self):
        for name in ("cloud.las", "cloud"):
            self.refused(name, ".ply", ".pcd", ".bin", ".npy", path=self.file([1, 2, 3], name))

    def test_no_array(self):
        broken = self.folder / "broken.npy"
        broken.write_bytes(b"no array")
        self.refused("broken.npy", "no NumPy array", path=broken)
        for shape in ((6,), (2, 2), (1, 2, 3)):
            self.refused(str(list(shape)), "[points, 3 or more]", path=self.file(np.ones(shape), "cloud.npy"))
        self.refused("complex128", path=self.file(np.ones((2, 3), complex), "cloud.npy"))
        path = self.file(np.ones((2, 3)), "cloud.npy")
        self.refused("--point-floats 4", "3 columns", path=path, arguments=("--point-floats", 4))

    def test_no_finite_point(self):
        self.refused("cloud.bin", "none of its 1 points", path=self.file(3 * [np.nan]))
        self.refused("cloud.bin", "no points", path=self.file([]))

    def test_too_many_cells(self):
        path = self.file([(0, 0, 0), (1, 1, 1)], "cloud.npy")
        self.refused("1025 x 1025 x 1025 cells", "--cell", path=path, arguments=("--cell", 2.0**-10))
        large = 3 * 10**38
        corners = ("--bounds", *3 * [-large], *3 * [large])
        self.refused("no grid reaches from (-3e+38, -3e+38, -3e+38)", "--bounds", path=path, arguments=corners)

    def test_bounds_the_wrong_way_round(self):
        for corners in ((0, 0, 0, 1, 0, 1), (0, 0, 2, 1, 1, 1), (0, 0, 0, 1, 1, "nan")):
            self.refused("--bounds 0 0", path=self.file([1, 2, 3]), arguments=("--bounds", *corners))

    def test_bad_options(self):
        for option, value in (
            ("--cell", "0"), ("--cell", "-1"), ("--cell", "nan"), ("--cell", "1e-60"), ("--cell", "big"), ("--leaf", "0"),
            ("--point-floats", "2"), ("--point-floats", "x"), ("--axes", "north"),
        ):  # fmt: skip
            DemoTest.refused(self, option, value, arguments=("--points", "any", option, value))


if __name__ == "__main__":
    main(__doc__)
