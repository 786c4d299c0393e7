# SPDX-License-Identifier: Apache-2.0
"""The demo that voxelizes and thins as its user meets it: cells and voxels against NumPy, and one sentence for each kind
of bad input.

    python tests/demo_points_test.py PATH_OF_librobocache_demo_bridge
"""

import os
import re
import unittest
from pathlib import Path

from demo_case import DemoTest, main  # first: says so where NumPy is missing

import numpy as np


def cells_of(points, origin, size):
    """Of each point, x y z: the cell rule as NumPy computes it in FP32."""
    with np.errstate(invalid="ignore"):
        return np.floor((points[:, :3].astype(np.float32) - np.float32(origin)) / np.float32(size))


def smooth(rows, columns):
    """Points along a curve, whose neighbours are near each other."""
    t = np.linspace(0.0, 6.0, rows)
    return np.stack([10.0 * np.sin(t + column) + 20.0 * column for column in range(columns)], 1).astype(np.float32)


class PointsTest(DemoTest):
    def file(self, values, name="cloud.bin"):
        path = self.folder / name
        np.save(path, values) if path.suffix == ".npy" else path.write_bytes(np.asarray(values, np.float32).tobytes())
        return path

    def voxels(self, path, *arguments):
        """What was written, and what was said."""
        done = self.demo("--points", path, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for picture in ("voxels.png", "filtered.png"):
            self.assertGreater((self.folder / "out" / picture).stat().st_size, 5_000)
        with np.load(self.folder / "out" / "voxels.npz") as found:
            return dict(found), done.stdout


class GoodInput(PointsTest):
    def check_cells(self, found, points):
        """Counts, dropped points, means and maxima of `points`, float32, against a loop over them."""
        nz, ny, nx = found["count"].shape
        at = cells_of(points, found["origin"], found["size"])
        inside = np.all((at >= 0) & (at < (nx, ny, nz)), axis=1)
        self.assertEqual(found["dropped"], np.count_nonzero(~inside))
        held = {}
        for cell, point in zip(at[inside].astype(int), points[inside]):
            held.setdefault(tuple(cell[::-1]), []).append(point[2:].astype(np.float64))
        count = np.zeros((nz, ny, nx), int)
        mean, most = (np.full((nz, ny, nx, points.shape[1] - 2), empty) for empty in (0.0, np.nan))
        for cell, features in held.items():
            count[cell], mean[cell], most[cell] = len(features), np.mean(features, 0), np.max(features, 0)
        np.testing.assert_array_equal(found["count"], count)
        np.testing.assert_array_equal(found["max"], most)
        np.testing.assert_allclose(found["mean"], mean, rtol=1e-5, atol=1e-6)
        return len(held)

    def check_filtered(self, points, leaf, said):
        """What is left of `points`, float32, against NumPy: voxels in the order of their first points, and means."""
        with np.errstate(invalid="ignore", over="ignore"):
            at = np.floor(points[:, :3] / np.float32(leaf))
        inside = np.all((at >= -(2.0**20)) & (at < 2.0**20), axis=1)
        kept = points[inside].astype(np.float64)
        _, first, voxel, merged = np.unique(at[inside], axis=0, return_index=True, return_inverse=True,
                                            return_counts=True)  # fmt: skip
        order = np.argsort(first)
        sums = np.stack([np.bincount(voxel.ravel(), column, len(first)) for column in kept.T], axis=1)
        left = np.load(self.folder / "out" / "filtered.npy")
        np.testing.assert_allclose(left, (sums / merged[:, None])[order], rtol=1e-4, atol=1e-5)
        broken = np.count_nonzero(~np.isfinite(points[:, :3]).all(axis=1))
        dropped = np.count_nonzero(~inside)
        self.assertIn(f"one point for each voxel of {leaf:g}\n", said)
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
            # Neither more nor fewer cells than the cloud reaches, of a round size.
            self.assertTrue(found["count"].any(axis=(0, 1))[[0, -1]].all())
            self.assertTrue(found["count"].any(axis=(0, 2))[[0, -1]].all())
            self.assertEqual(found["count"].shape[0], 1)
            self.assertIn(f"{found['size'][0]:.0e}"[0], "125")

    def test_far_from_zero_keeps_its_digits(self):
        # As far away as UTM coordinates, where FP32 knows steps of 6 cm and half a metre.
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
        # Seven cells, although 0.7 / 0.1 is a rounding error more in FP32.
        found, _ = self.voxels(self.file([0, 0, 0]), "--cell", 0.1, "--bounds", *3 * [-0.3], *3 * [0.4])
        self.assertEqual(found["count"].shape, (7, 7, 7))

    def test_filter_is_that_of_numpy(self):
        points = np.random.default_rng(7).normal(0, 2, (4000, 5)).astype(np.float32)
        points[::50, 0], points[1::60, 2], points[:40, 1] = np.nan, np.inf, -1.0
        for leaf in (0.3, 1.0, 50.0):
            _, said = self.voxels(self.file(points), "--point-floats", 5, "--leaf", leaf)
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
        # Beyond the reach of voxels as large as cells, in numbers that FP32 holds: larger voxels, and no point is lost.
        points = np.float32([(3e6 + i % 7, -5e6 + i % 5, i % 3) for i in range(60)])
        _, said = self.voxels(self.file(points), "--point-floats", 3, "--cell", 1)
        self.assertIn("voxel of 5\n", said)
        self.assertIn("0 beyond reach", said)
        _, said = self.voxels(self.file(points), "--point-floats", 3, "--cell", 1, "--leaf", 2)
        self.assertIn("60 points: 0 not finite, 60 beyond reach", said)
        self.assertEqual(len(self.check_filtered(points, 2.0, said)), 0)

    def test_filtered_points_are_in_the_numbers_of_the_file(self):
        far = (500_000.0, 5_000_000.0, 0.0)
        cloud = np.array([(0.125, 0.125, 0.5), (1.5, 0.5, 0.5), (2.001, 0.5, 0.5)]) + far
        self.voxels(self.file(cloud, "utm.npy"), "--leaf", "0.25")
        left = np.load(self.folder / "out" / "filtered.npy")
        np.testing.assert_allclose(left, cloud, rtol=0, atol=1e-6)
        # As every cloud, it can be read again.
        found, _ = self.voxels(self.folder / "out" / "filtered.npy", "--cell", 4)
        self.assertEqual(found["count"].sum(), 3)

    def test_axes_are_turned(self):
        path = self.file([(1.5, 2.5, 3.5), (9.5, 9.5, 9.5)])
        for axes, where in (("z-up", (1, 2, 3)), ("y-up", (1, -4, 2)), ("camera", (1, 3, -3))):
            corners = [*where, *(each + 1 for each in where)]
            found, said = self.voxels(path, "--point-floats", 3, "--axes", axes, "--cell", 1, "--bounds", *corners)
            self.assertEqual((found["count"].ravel().tolist(), found["dropped"]), ([1], 1), axes)
            self.assertEqual("turned" in said, axes != "z-up")

    def test_width_is_told_by_the_points(self):
        for width in (3, 4, 5):
            _, said = self.voxels(self.file(smooth(600, width)), "--cell", 2)
            self.assertIn(f"600 points of {width} floats", said)
            self.assertIn("--point-floats", said)
        _, said = self.voxels(self.file(np.random.default_rng(5).normal(size=(7, 4))), "--cell", 1)
        self.assertIn("7 points of 4 floats", said)

    def test_arrays_of_any_number_type(self):
        for kind in (np.float16, np.float64, np.int32, np.uint8):
            found, said = self.voxels(self.file(np.arange(12).reshape(2, 6).astype(kind), "cloud.npy"), "--cell", 1)
            self.assertIn("2 points of 6 floats", said)
            self.assertEqual((found["count"].shape, found["count"].sum()), ((7, 7, 7), 2))
            np.testing.assert_array_equal(found["max"][6, 6, 6], [8, 9, 10, 11])

    def test_one_point(self):
        found, said = self.voxels(self.file([1, 2, 3]))
        self.assertEqual(found["count"].tolist(), [[[1]]])
        self.check_filtered(np.float32([(1, 2, 3)]), 1.0, said)

    def test_all_outside(self):
        _, said = self.voxels(self.file([1, 2, 3]), "--cell", 1, "--bounds", 5, 5, 5, 6, 6, 6)
        self.assertIn("1 points: 0 not finite, 1 outside the grid", said)
        self.check_filtered(np.float32([(1, 2, 3)]), 1.0, said)

    def test_simulated_lidar(self):
        done = self.demo()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
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
        for name in ("cloud.pcd", "cloud.ply", "cloud"):
            self.refused(name, ".bin", ".npy", path=self.file([1, 2, 3], name))

    def test_no_whole_number_of_points(self):
        self.refused("28 bytes", "3 or 4 or 5", path=self.file(np.ones(7)))
        self.refused("12 bytes", "points of 4", path=self.file([1, 2, 3]), arguments=("--point-floats", 4))

    def test_width_that_the_points_do_not_tell(self):
        noise = np.random.default_rng(6).normal(size=600)
        self.refused("3 or 4 or 5", "--point-floats", path=self.file(noise))

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
        self.refused("cloud.bin", "none of its 1 points", path=self.file([1, 2, np.nan]))
        self.refused("cloud.bin", "none of its 0 points", path=self.file([]))

    def test_too_many_cells(self):
        path = self.file([(0, 0, 0), (1, 1, 1)], "cloud.npy")
        self.refused("1025 x 1025 x 1025 cells", "--cell", path=path, arguments=("--cell", 2.0**-10))
        large = 3 * 10**38
        self.refused("cells", "--bounds", path=path, arguments=("--bounds", *3 * [-large], *3 * [large]))

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
