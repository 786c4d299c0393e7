# SPDX-License-Identifier: Apache-2.0
"""What the demo reads: text files of streams and files of points, and one sentence for each kind of bad input.

    python tests/demo/files_test.py
"""

import sys
import tempfile
import unittest
from pathlib import Path

try:
    import numpy as np
except ImportError as missing:
    print(f"skipped: {Path(sys.argv[0]).name}: {missing}")
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "demo"))
from cloud import read_cloud  # noqa: E402
from errors import DemoError  # noqa: E402
from logs import read_log, read_logs  # noqa: E402

try:
    import plyfile
    import pypcd4
except ImportError:
    plyfile = pypcd4 = None


class FilesTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def file(self, content, name):
        path = self.folder / name
        if isinstance(content, np.ndarray):
            np.save(path, content) if path.suffix == ".npy" else content.tofile(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def check_refused(self, words, read, *arguments):
        with self.assertRaises(DemoError) as caught:
            read(*arguments)
        sentence = str(caught.exception)
        self.assertNotIn("\n", sentence)
        for word in words:
            self.assertIn(word, sentence)


class Logs(FilesTest):
    def log(self, content, name="log.csv", **options):
        return read_log(self.file(content, name), **options)

    def check(self, stream, stamps, values, channels=("x", "y"), unit="s"):
        self.assertEqual((stream.channels, stream.unit), (list(channels), unit))
        self.assertEqual(stream.stamps.tolist(), stamps)
        np.testing.assert_array_equal(stream.values, values)

    def test_separators(self):
        rows = ("t_s,x,y", "0.5,1,2", "1.5,3,-4e-1")
        for separator in (",", ";", "\t", " ", ", ", ";  ", "    "):
            for ending in ("\n", "\r\n"):
                text = ending.join(row.replace(",", separator) for row in rows) + ending
                with self.subTest(text=text):
                    self.check(self.log(text), [0.5, 1.5], [[1, 2], [3, -0.4]])
        self.check(self.log("  t_s    x   y \n  0.5   1   2 \n 10.5  30  40 \n"), [0.5, 10.5], [[1, 2], [30, 40]])
        self.check(self.log('"t_s","x; 1"\n0.5,1\n'), [0.5], [[1]], channels=("x; 1",))

    def test_blank_lines_and_comments(self):
        self.check(self.log("\n\n# by hand\nt_s,x,y\n\n0.5,1,2\n# pause\n1.5,3,4\n"), [0.5, 1.5], [[1, 2], [3, 4]])
        self.check(self.log("\ufeff#a,b\n#t_s,x,y\n# two rows\n0.5,1,2\n"), [0.5], [[1, 2]])

    def test_trajectories(self):
        tum = "1305031098.6659 1.5 0.5 1.25 0.5 0.5 -0.5 0.5\n1305031098.6758 1.5 0.5 1.25 0.5 0.5 -0.5 0.5\n"
        for head in ("", "# ground truth trajectory\n# file: 'a b.bag'\n# timestamp tx ty tz qx qy qz qw\n"):
            position, rotation = read_logs([self.file(head + tum, "pose.txt")])
            at = [1305031098665900000, 1305031098675800000]
            self.check(position, at, [[1.5, 0.5, 1.25]] * 2, ("tx", "ty", "tz"), "ns")
            self.check(rotation, at, [[0.5, 0.5, -0.5, 0.5]] * 2, ("qx", "qy", "qz", "qw"), "ns")
            self.assertEqual((position.name, rotation.name), ("pose_position", "pose_rotation"))
            self.assertEqual((position.method, rotation.method), ("linear", "slerp"))
        head = ("#timestamp, p_RS_R_x [m], p_RS_R_y [m], p_RS_R_z [m], q_RS_w [], q_RS_x [], q_RS_y [], q_RS_z [], "
                "v_RS_R_x [m s^-1]\n")  # fmt: skip
        row = "1403636580838555648, 4, -1, 0, 1, 0, 0, 0, 7\n"
        euroc = self.file(head.replace("stamp", "stamp [ns]") + row, "a.csv")
        position, rotation, more = read_logs([euroc])
        self.check(position, [1403636580838555648], [[4, -1, 0]], [f"p_RS_R_{axis} [m]" for axis in "xyz"], "ns")
        self.check(rotation, [1403636580838555648], [[1, 0, 0, 0]], [f"q_RS_{axis} []" for axis in "wxyz"], "ns")
        self.check(more, [1403636580838555648], [[7]], ["v_RS_R_x [m s^-1]"], "ns")
        self.assertEqual((rotation.method, more.method, more.name), ("slerp", "linear", "a_more"))
        self.check_refused(("line 1", "'timestamp'", "--unit"), read_log, self.file(head + row, "b.csv"))

    def test_columns_by_name(self):
        text = "frame,x,t_s,y\nmap,1,0.5,2\nmap,3,1.5,4\n"
        self.check(self.log(text, stamps="t_s", columns=["y", "x"]), [0.5, 1.5], [[2, 1], [4, 3]], ("y", "x"))
        with self.assertRaisesRegex(DemoError, r"line 2, column 1 \(frame\): 'map'"):
            self.log(text, stamps="t_s")

    def test_stamps_keep_their_digits(self):
        late = 1700000000000000000
        stream = self.log(f"t_ns,x\n{late + 1},1\n{late + 3}.5,2\n{late + 6}.5,3\n")
        self.check(stream, [late + 1, late + 4, late + 6], [[1], [2], [3]], ("x",), "ns")
        self.assertIn("kept as whole nanoseconds, 2 of them rounded", stream.remarks[0])
        stream = self.log(f"t_us,x\n{late // 1000},1\n{late // 1000 + 1}.25,2\n")
        self.check(stream, [late, late + 1250], [[1], [2]], ("x",), "ns")
        self.assertNotIn("rounded to that", stream.remarks[0])
        self.assertIn("in steps of", self.log("t_s,x\n1e10,1\n10000000000.25,1\n").remarks[0])
        self.check(self.log(f"t_ns,x\n{-(2**63)},1\n{2**63 - 1},2\n"), [-(2**63), 2**63 - 1], [[1], [2]], ("x",), "ns")
        self.check(self.log("t_s,x\n0,1\n0.5,2\n"), [0, 0.5], [[1], [2]], ("x",))

    def test_refused(self):
        for content, *words in (
            ("", "line 1", "column 1", "empty"), ("\n \n", "line 1", "empty"),
            ("t_us,x\n", "line 2", "column 1"), ("t_us,x\n\n", "line 3", "column 1"),
            ("0,1\n1,2\n", "line 1", "column 1", "column names"), ("\n0 1\n1 2\n", "line 2", "column names"),
            ("t_us\n0\n", "line 1", "column 2"), ("time,x\n0,1\n", "line 1", "column 1", "'time'", "--unit"),
            ("t_us,x,y\n0,1,2\n1,2\n", "line 3", "column 3 (y)", "missing"),
            ("t_us,x\n0,1,2\n", "line 2", "column 3", "too many"), ("t_us,x\n0,\n", "line 2", "column 2 (x)", "''"),
            ("t_us,x\n0,1\n\n1,abc\n", "line 4", "column 2 (x)", "'abc'"),
            ("t_s;x\n0;1\n0;1,5\n", "line 3", "column 2 (x)", "'1,5'", "point"),
            ("t_s,x\nnan,1\n", "line 2", "column 1 (t_s)", "not finite"),
            ("t_ns,x\n9223372036854775808,1\n", "line 2", "column 1 (t_ns)", "64 bits"),
            ("t_ns,x\n-9223372036854775809,1\n", "line 2", "64 bits"), ("t_ns,x\n1e19,1\n", "line 2", "64 bits"),
            ("t_s,x\n0,1e300\n", "line 2", "column 2 (x)", "FP32"), ("t_s,x\n0,\0\n", "line 2"),
            (b"t_s,x\n0,\xff\xfe\n", "line 2", "column 2", "UTF-8"), ('t_s,x\n0,"1\n', "not CSV"),
        ):  # fmt: skip
            with self.subTest(content=content):
                self.check_refused(("log.csv", *words), self.log, content)
        self.check_refused(("gone.csv", "No such file"), read_log, self.folder / "gone.csv")
        (self.folder / "run").mkdir()
        self.check_refused(("no .csv",), read_logs, [self.folder / "run"])


class RawPoints(FilesTest):
    def cloud(self, values, kind=np.float32, floats=None):
        return read_cloud(self.file(np.asarray(values).astype(kind), "cloud.bin"), floats)

    def test_points_tell_how_many_numbers_they_have(self):
        # A street in no order, as filters leave it, with normals, colours, zeros, and a ring behind x y z.
        random = np.random.default_rng(1)
        count = 5 * 7 * 8 * 9 * 11
        place = random.uniform((-40, -8, -2), (40, 30, 3), (count, 3))
        normal = random.normal(size=(count, 3))
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        ring, light = random.integers(0, 64, (count, 1)), random.random((count, 1))
        colour = random.integers(0, 256, (count, 3))
        for behind in (
            [], [light], [light, ring], [normal], [colour], [0 * normal], [light, normal], [light, ring, normal],
        ):  # fmt: skip
            points = np.concatenate([place, *behind], axis=1)
            for kind in (np.float32, np.float64):
                with self.subTest(numbers=points.shape[1], kind=kind):
                    cloud = self.cloud(points, kind)
                    np.testing.assert_allclose(cloud.points + np.pad(cloud.offset, (0, points.shape[1] - 3)), points,
                                               rtol=1e-6, atol=1e-6)  # fmt: skip
                    self.assertIn("as the file suggests", cloud.remarks[0])
                    self.assertEqual("FP64" in "".join(cloud.remarks), kind == np.float64)

    def test_asks_where_they_do_not(self):
        noise = np.random.default_rng(6).normal(size=(4 * 3 * 5 * 7 * 30))
        for values in (noise, np.zeros(600), noise[:60]):
            self.check_refused(("cloud.bin", "3, 4, 5", "--point-floats"), self.cloud, values)
            self.assertEqual(self.cloud(values, floats=6).points.shape[1], 6)
        self.assertEqual(self.cloud(noise[:13]).points.shape, (1, 13))  # the only one that fits

    def test_what_holds_no_coordinates_is_refused(self):
        random = np.random.default_rng(7)
        points = random.normal(size=(500, 3))
        self.check_refused(("no coordinates", "3 FP"), self.cloud, random.integers(0, 2**31, 1500), np.int32, 3)
        self.check_refused(("no coordinates",), self.cloud, random.integers(0, 2**14, 1500), np.int32, 3)
        self.assertEqual(self.cloud(points, np.float64, floats=3).points.shape, (500, 3))
        whole = np.rint(100 * points)  # of which FP64 needs the upper half
        np.testing.assert_array_equal(self.cloud(whole, np.float64, 3).points, whole)
        broken = points.copy()
        broken[::2] = np.nan  # no echo; of one axis alone it is none
        self.assertEqual(self.cloud(broken, floats=3).points.shape, (500, 3))
        broken[::2, 1] = 0
        self.check_refused(("50% of the points", "NaN in only"), self.cloud, broken, np.float32, 3)

    def test_sizes_that_do_not_fit(self):
        self.check_refused(("28 bytes", "points of 4"), self.cloud, np.ones(7), np.float32, 4)
        self.check_refused(("8 bytes", "3 to 16"), self.cloud, np.ones(2))
        self.check_refused(("no points",), self.cloud, [])


class NamedPoints(FilesTest):
    def test_ply_and_pcd(self):
        if plyfile is None:
            self.skipTest("plyfile and pypcd4 are not both installed")
        kinds = [("red", "u1"), ("x", "f8"), ("y", "f4"), ("z", "f4")]
        vertices = np.array([(7, 500_000.125, 2, 3), (8, 500_001.25, 5, 6)], kinds)
        faces = np.array([([0, 1, 0],)], [("vertex_indices", "i4", (3,))])
        elements = [plyfile.PlyElement.describe(*each) for each in ((vertices, "vertex"), (faces, "face"))]
        for text in (False, True):
            plyfile.PlyData(elements, text=text).write(self.folder / "cloud.ply")
            cloud = read_cloud(self.folder / "cloud.ply")
            found = cloud.points + np.append(cloud.offset, 0)
            np.testing.assert_array_equal(found, [[500_000.125, 2, 3, 7], [500_001.25, 5, 6, 8]])
            self.assertIn("fields x, y, z, red", cloud.remarks)

        colour = np.array([0x010203, 0xFFFE00], np.uint32).view(np.float32)
        columns = [np.float32([1, 4]), np.float32([2, 5]), np.float32([3, np.nan]), colour]
        made = pypcd4.PointCloud.from_points(columns, ("x", "y", "z", "rgb"), (np.float32,) * 4)
        for encoding in pypcd4.Encoding:
            if encoding != pypcd4.Encoding.ASCII:  # which writes no digits of such small numbers
                made.save(self.folder / "cloud.pcd", encoding)
                cloud = read_cloud(self.folder / "cloud.pcd")
                np.testing.assert_array_equal(cloud.points, [[1, 2, 3, 1, 2, 3], [4, 5, np.nan, 255, 254, 0]])
        self.check_refused(("cloud.pcd", "--point-floats 4", ".bin"), read_cloud, self.folder / "cloud.pcd", 4)
        pypcd4.PointCloud.from_points(columns[:2], ("x", "y"), (np.float32,) * 2).save(self.folder / "flat.pcd")
        self.check_refused(("flat.pcd", "x, y and z", "x, y"), read_cloud, self.folder / "flat.pcd")
        for name in ("broken.ply", "broken.pcd"):
            for content in ("", "none\n", b"\xff\xfe\n", "ply\nformat ascii 1.0\nelement vertex 3\n"):
                self.check_refused((name, "not read as"), read_cloud, self.file(content, name))

    def test_says_what_to_install(self):
        for name, package in (("cloud.ply", "plyfile"), ("cloud.pcd", "pypcd4")):
            hidden = sys.modules.get(package)
            sys.modules[package] = None  # as if it were not there
            try:
                self.check_refused((name, f"pip install {package}"), read_cloud, self.file("", name))
            finally:
                sys.modules.pop(package)
                if hidden is not None:
                    sys.modules[package] = hidden
            self.check_refused(("gone", "No such file"), read_cloud, self.folder / f"gone.{name[-3:]}")


if __name__ == "__main__":
    unittest.main(verbosity=1)
