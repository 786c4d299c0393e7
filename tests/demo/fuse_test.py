# SPDX-License-Identifier: Apache-2.0
"""The demo that fuses, as its user sees it: results against numpy.interp, and one sentence for each kind of bad input.

    python tests/demo/fuse_test.py PATH_OF_librobocache_demo_bridge
"""

import csv
import ctypes
import os
import unittest
from pathlib import Path

from case import DemoTest, main  # first: says so where NumPy is missing

import numpy as np
from bridge import METHODS


class FuseTest(DemoTest):
    def log(self, content, name="log.csv"):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def table(self, *arguments, pictures=False):
        done = self.demo(*arguments, pictures=pictures)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with (self.folder / "out" / "fused.csv").open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        self.said = done.stdout
        return {name: [row[column] for row in rows] for column, name in enumerate(header)}


class GoodInput(FuseTest):
    def test_methods_are_those_of_the_library(self):
        name_of = ctypes.CDLL(str(self.bridge)).robocache_demo_method
        name_of.restype = ctypes.c_char_p
        names = iter(name_of(number) for number in range(256))
        self.assertEqual(METHODS, tuple(name.decode() for name in iter(names.__next__, None)))

    def test_linear_is_numpy_interp(self):
        rng = np.random.default_rng(1)
        stamps = np.sort(rng.integers(0, 10_000_000, 300))
        values = rng.normal(size=300).astype(np.float32)
        rows = "".join(f"{stamp},{value!s}\n" for stamp, value in zip(stamps, values))
        table = self.table("--log", self.log("t_us,x\n" + rows), "--rate", "30", "--max-gap", "inf")
        targets = np.array(table["timestamp_us"], np.int64)
        wanted = [int(stamps[0]) + i * 1_000_000 // 30 for i in range(len(targets))]
        self.assertEqual(targets.tolist(), wanted)
        self.assertEqual(set(table["log.valid"]), {"1"})
        np.testing.assert_allclose(np.array(table["log.x"], float), np.interp(targets, stamps, values), atol=2e-6)

    def test_simulated_robot_has_a_dropout(self):
        table = self.table("--device", "auto")
        camera = np.array(table["camera.valid"], int)
        self.assertTrue(0.85 < camera.mean() < 0.97)
        self.assertTrue(all(text == "" for text, ok in zip(table["camera.feature0"], camera) if not ok))
        each = np.array([table[f"{name}.valid"] for name in ("camera", "joints", "force")], int)
        np.testing.assert_array_equal(np.array(table["all_valid"], int), each.min(axis=0))
        self.assertTrue(each.min() == 0 and len({row.tobytes() for row in each}) == 3)

    def test_large_values_keep_their_digits(self):
        log = self.log("t_ms,lat_1e7deg\n" + "".join(f"{10 * i},{634170541 + 3 * i}\n" for i in range(20)))
        table = self.table("--log", log, "--rate", "200")
        wanted = 634170541 + 1.5 * np.arange(len(table["log.lat_1e7deg"]))
        np.testing.assert_allclose(np.array(table["log.lat_1e7deg"], float), wanted, rtol=0, atol=1e-4)

    def test_epoch_nanoseconds_stay_whole(self):
        table = self.table("--log", self.log("t_ns,x\n1700000000000000001,1\n1700000000100000001,2\n"), "--rate", "20")
        self.assertEqual(table["timestamp_ns"], [str(1700000000000000001 + 50_000_000 * i) for i in range(3)])
        self.assertEqual(table["log.x"], ["1.0", "1.5", "2.0"])

    def test_units_are_brought_together(self):
        logs = self.log("t_us,x\n0,0\n1000000,1\n", "a.csv"), self.log("Time (s),x\n0.0,0\n1.0,2\n", "b.csv")
        table = self.table("--log", logs[0], "--log", logs[1], "--rate", "4")
        self.assertEqual(table["timestamp_ns"], [str(250_000_000 * i) for i in range(5)])
        self.assertEqual(table["b.x"], ["0.0", "0.5", "1.0", "1.5", "2.0"])

    def test_a_unit_too_coarse_for_the_rate_is_refined(self):
        table = self.table("--log", self.log("t_s,x\n0,0\n1,1\n1,1\n2,2\n"), "--rate", "4")
        self.assertEqual(table["timestamp_ms"], [str(250 * i) for i in range(9)])
        self.assertEqual(table["log.x"], [str(0.25 * i) for i in range(9)])

    def test_one_sample(self):
        self.assertEqual(self.table("--log", self.log("t_us,x\n5,1.5\n"), pictures=True)["log.x"], ["1.5"])

    def test_stamps_at_the_ends_of_64_bits(self):
        for first in (2**63 - 3, -(2**63)):
            rows = "".join(f"{first + i},{i}\n" for i in range(3))
            table = self.table("--log", self.log("t_ns,x\n" + rows), "--rate", "1e9")
            self.assertEqual(table["timestamp_ns"], [str(first + i) for i in range(3)])
            self.assertEqual(table["log.x"], ["0.0", "1.0", "2.0"])

    def test_what_is_odd_about_a_log_is_said(self):
        log = self.log("t_ms,x,y\n0,1,1\n20,3,3\n10,2,nan\n30,4,inf\n30,5,5\n40,6,6\n")
        table = self.table("--log", log, "--rate", "100", pictures=True)
        self.assertEqual(table["log.x"], ["1.0", "2.0", "3.0", "5.0", "6.0"])
        for words in (
            "1 step back in time, by 0.01 s at most, the first to 10 after 20: rows were sorted by stamp\n",
            "1 duplicate: at a stamp that several rows have the last one counts\n",
            "2 rows with NaN or infinity in y: what is fused from them counts as valid, but is not finite\n",
            "5 of 5 targets valid (100.0 %), 1 of them not finite, linear",
        ):
            self.assertIn(words, self.said)
        self.table("--log", self.log("t_ms,x\n0,1\n20,3\n"))
        for word in ("back in time", "duplicate", "NaN", "finite"):
            self.assertNotIn(word, self.said)

    def test_poses_become_two_streams(self):
        # A quarter turn about z while x goes from 1 to 3: half-way an eighth and 2.
        rows = f"1305031098.25 1 0 5 0 0 0 1\n1305031099.25 3 0 5 0 0 {np.sqrt(0.5)} {np.sqrt(0.5)}\n"
        log = self.log("# ground truth\n# timestamp tx ty tz qx qy qz qw\n" + rows, "tum.txt")
        table = self.table("--log", log, "--rate", "2")
        self.assertEqual(table["tum_position.tx"], ["1.0", "2.0", "3.0"])
        self.assertAlmostEqual(float(table["tum_rotation.qz"][1]), np.sin(np.pi / 8), places=6)
        self.assertAlmostEqual(float(table["tum_rotation.qw"][1]), np.cos(np.pi / 8), places=6)
        self.assertIn("a file of poses: position by linear, rotation by slerp\n", self.said)
        table = self.table("--log", log, "--rate", "2", "--method", "tum_rotation=previous")
        self.assertEqual(table["tum_rotation.qw"], ["1.0", "1.0", str(np.float32(np.sqrt(0.5)))])

    def test_what_is_odd_about_quaternions_is_said(self):
        log = self.log("t_ms,w,x,y,z\n0,1,0,0,0\n10,-1.1,0,0,0\n20,-1,0,0,0\n30,0,0,0,0\n40,0.8,0.6,0,0\n")
        self.table("--log", log, "--rate", "100", "--method", "slerp")
        for words in ("1 of 5 quaternions not of unit", "1 of 5 quaternions zero", "1 of 5 quaternions of another sign"):
            self.assertIn(words, self.said)
        self.table("--log", log, "--rate", "100")
        self.assertNotIn("quaternions", self.said)

    def test_columns_are_chosen_by_name(self):
        logs = self.log("frame,t_ms,x,y\nmap,0,1,5\nmap,100,2,6\n", "a.csv"), self.log("t_ms,z\n0,1\n100,2\n", "b.csv")
        table = self.table("--log", *logs, "--rate", "10", "--stamps", "a=t_ms", "--columns", "a=y,x")
        self.assertEqual(list(table), ["timestamp_ms", "all_valid", "a.valid", "a.y", "a.x", "b.valid", "b.z"])
        self.assertEqual((table["a.y"], table["a.x"]), (["5.0", "6.0"], ["1.0", "2.0"]))

    def test_curves_through_a_parabola(self):
        log = self.log("t_ms,x\n" + "".join(f"{10 * i},{i * i}\n" for i in range(12)))
        for method in ("catmull_rom", "akima"):
            table = self.table("--log", log, "--rate", "400", "--method", method)
            found = np.array(table["log.x"], float)[8:-8]  # ends know fewer neighbours
            np.testing.assert_allclose(found, (0.25 * np.arange(8, 8 + found.size)) ** 2, rtol=1e-5)

    def test_pchip_does_not_overshoot_a_step(self):
        log = self.log("t_ms,x\n" + "".join(f"{10 * i},{int(i > 3)}\n" for i in range(8)))
        found = {}
        for method in ("pchip", "catmull_rom"):
            found[method] = np.array(self.table("--log", log, "--rate", "1000", "--method", method)["log.x"], float)
        step = found["pchip"]  # up to the rounding of FP32
        self.assertTrue(np.diff(step).min() > -2e-7 and 0 <= step.min() and step.max() < 1 + 2e-7)
        self.assertGreater(found["catmull_rom"].max(), 1.05)

    def test_method_of_one_stream(self):
        logs = self.log("t_ms,x\n0,3\n100,-3\n", "a.csv"), self.log("t_ms,x\n0,3\n100,-3\n", "b.csv")
        table = self.table("--log", *logs, "--rate", "20", "--method", "previous", "--method", "b=angle")
        self.assertEqual(table["a.x"], ["3.0", "3.0", "-3.0"])
        self.assertAlmostEqual(abs(float(table["b.x"][1])), np.pi, places=5)

    def test_auto_turns_unit_quaternions(self):
        # From no turn to a quarter turn about z: half-way it is an eighth. With twice the length it is no rotation.
        rows = "t_ms,qw,qx,qy,qz\n0,{0},0,0,0\n100,{1},0,0,{1}\n"
        logs = self.log(rows.format(1, np.sqrt(0.5)), "turn.csv"), self.log(rows.format(2, np.sqrt(2)), "force.csv")
        table = self.table("--log", *logs, "--rate", "20", "--method", "auto")
        self.assertAlmostEqual(float(table["turn.qw"][1]), np.cos(np.pi / 8), places=6)
        self.assertAlmostEqual(float(table["turn.qz"][1]), np.sin(np.pi / 8), places=6)
        self.assertAlmostEqual(float(table["force.qw"][1]), 1 + np.sqrt(0.5), places=6)
        table = self.table("--log", *logs, "--rate", "20")
        self.assertAlmostEqual(float(table["turn.qw"][1]), (1 + np.sqrt(0.5)) / 2, places=6)

    def test_gap_of_one_stream(self):
        logs = self.log("t_ms,x\n0,3\n100,5\n", "a.csv"), self.log("t_ms,x\n0,3\n100,5\n", "b.csv")
        table = self.table("--log", *logs, "--rate", "20", "--max-gap", "0.09", "--max-gap", "b=0.1")
        self.assertEqual((table["a.x"], table["a.valid"]), (["3.0", "", "5.0"], ["1", "0", "1"]))
        self.assertEqual((table["b.x"], table["b.valid"]), (["3.0", "4.0", "5.0"], ["1", "1", "1"]))
        self.assertEqual(table["all_valid"], ["1", "0", "1"])

    def test_latency_of_one_stream(self):
        # What b saw at 0 ms it stamped 30 ms late; that a stamps 30 ms early is given as a latency below 0.
        logs = self.log("t_ms,x\n0,0\n100,100\n", "a.csv"), self.log("t_ms,x\n30,0\n130,100\n", "b.csv")
        for latency in (("b=0.03",), ("0.03", "a=0")):
            asked = [word for each in latency for word in ("--latency", each)]
            table = self.table("--log", *logs, "--rate", "20", *asked)
            self.assertEqual(table["timestamp_ms"], ["0", "50", "100"])
            self.assertEqual(table["b.x"], table["a.x"])
            self.assertEqual(table["all_valid"], ["1", "1", "1"])
        table = self.table("--log", *logs, "--rate", "20", "--latency", "a=-0.03", "--max-gap", "inf")
        self.assertEqual(table["timestamp_ms"], ["30", "80", "130"])
        self.assertEqual(table["a.x"], ["0.0", "50.0", "100.0"])

    def test_folder_stands_for_its_logs(self):
        (self.folder / "run").mkdir()
        for name in ("run/b.csv", "run/a.CSV", "run/notes.txt"):
            self.log("t_ms,x\n0,1\n100,2\n", name)
        table = self.table("--log", self.folder / "run", self.log("t_ms,x\n0,1\n100,2\n", "a.csv"), "--rate", "10")
        wanted = [word for name in ("a", "b", "a_2") for word in (f"{name}.valid", f"{name}.x")]
        self.assertEqual(list(table), ["timestamp_ms", "all_valid", *wanted])

    def test_more_streams_than_one_launch_takes(self):
        logs = [self.log(f"t_ms,x\n0,{k}\n100,{k + 1}\n", f"s{k}.csv") for k in range(20)]
        table = self.table("--log", *logs, "--rate", "20", "--device", "auto")
        for k in range(20):
            self.assertEqual([float(x) for x in table[f"s{k}.x"]], [k, k + 0.5, k + 1])

    @unittest.skipUnless("ROBOCACHE_DATA" in os.environ, "ROBOCACHE_DATA is unset")
    def test_real_recordings(self):
        data = Path(os.environ["ROBOCACHE_DATA"])
        asked = ("--rate", "100", "--method", "attitude=slerp", "--method", "gps=previous", "--max-gap", "gps=0.2")
        table = self.table("--log", data / "px4_flight", *asked)
        at = np.array(table["timestamp_us"], np.int64)
        self.assertEqual(set(np.diff(at)), {10_000})
        valid = {name[:-6]: np.array(column, int) for name, column in table.items() if name.endswith(".valid")}
        self.assertEqual(len(valid), 7)
        for stream in ("imu", "attitude", "controls", "magnetometer"):
            self.assertTrue(0.95 < np.mean(valid[stream]) < 0.99, stream)
        np.testing.assert_array_equal(np.array(table["all_valid"], int), np.min(list(valid.values()), axis=0))
        turns = [[float(x) for x in row] for row in zip(*(table[f"attitude.q{c}"] for c in "wxyz")) if row[0]]
        np.testing.assert_allclose(np.linalg.norm(turns, axis=1), 1, atol=1e-6)

        # GPS holds its last fix for 0.2 s, digit for digit, and knows nothing beyond.
        gps = np.loadtxt(data / "px4_flight" / "gps.csv", delimiter=",", skiprows=1)
        last = np.searchsorted(gps[:, 0], at, side="right") - 1
        age = at - gps[np.maximum(last, 0), 0]
        np.testing.assert_array_equal(valid["gps"] == 1, (last >= 0) & (age <= 200_000))
        self.assertTrue(0 < np.count_nonzero(age > 200_000) < at.size / 2)
        for column, name in ((1, "lat_1e7deg"), (3, "alt_mm")):
            held = [float(text) for text in table[f"gps.{name}"] if text]
            np.testing.assert_allclose(held, gps[last[valid["gps"] == 1], column], rtol=0, atol=1e-3)

        imu = np.loadtxt(data / "px4_flight" / "imu.csv", delimiter=",", skiprows=1)
        inside = valid["imu"] == 1
        found = np.array([text for text in table["imu.accel_z"] if text], float)
        np.testing.assert_allclose(found, np.interp(at[inside], imu[:, 0], imu[:, 6]), rtol=1e-6)

        table = self.table("--log", data / "imu" / "xio_sensor_data.csv")
        self.assertEqual(set(table["xio_sensor_data.valid"]), {"1"})


class BadInput(FuseTest):
    def refused(self, *words, arguments=(), content=None):
        log = () if content is None else ("--log", self.log(content))
        complaint = super().refused(*words, arguments=(*log, *arguments))
        if content is not None:
            self.assertEqual(len(complaint.strip().splitlines()), 1)

    def test_a_broken_log(self):
        self.refused("log.csv", "line 4", "column 2 (x)", "'abc'", content="t_us,x\n0,1\n\n1,abc\n")

    def test_too_many_targets(self):
        self.refused("--rate", content="t_s,x\n0,1\n1000000000,2\n")
        self.refused("64 bits", arguments=("--rate", "1e-6"), content=f"t_ns,x\n{-(2**62)},1\n{2**62},2\n")

    def test_bad_options(self):
        for option, value in (
            ("--rate", "0"), ("--rate", "nan"), ("--rate", "fast"), ("--max-gap", "-1"), ("--max-gap", "x=nan"),
            ("--max-gap", "=1"), ("--columns", "=x"), ("--stamps", "=x"), ("--latency", "late"), ("--latency", "x=inf"),
        ):  # fmt: skip
            self.refused(option, value, arguments=(option, value))

    def test_rules_of_a_stream_that_is_not_there(self):
        for option, value in (("--method", "gyro=slerp"), ("--max-gap", "gyro=0.1"), ("--latency", "gyro=0.1")):
            self.refused(option, value.split("=")[0], "log", arguments=(option, value), content="t_s,x\n0,1\n")

    def test_latency_beyond_64_bits(self):
        self.refused("log", "latency", "64 bits", arguments=("--latency", "1e10"), content="t_ns,x\n0,1\n")

    def test_columns_that_are_not_there(self):
        log = "t_s,x,y\n0,1,2\n"
        self.refused("log.csv: --columns", "'z'", "t_s, x, y", arguments=("--columns", "x,z"), content=log)
        self.refused("log.csv: --stamps", "'t'", arguments=("--stamps", "log=t"), content=log)
        self.refused("--stamps imu", "there is log", arguments=("--stamps", "imu=t"), content=log)

    def test_methods(self):
        self.refused("--method", "'cubic'", "catmull_rom", arguments=("--method", "cubic"))
        self.refused("--method", "'=linear'", arguments=("--method", "=linear"))
        log = "t_s,x,y,z\n0,1,0,0\n"
        for method in ("slerp", "log=slerp"):
            self.refused("log: slerp", "4 channels", "found 3", arguments=("--method", method), content=log)

    def test_library_that_is_not_there(self):
        self.refused("gone.so", "./build.sh demo", arguments=("--bridge", "gone.so"))

    def test_result_folder_is_a_file(self):
        self.refused("cannot be written", arguments=("--out", self.log("", "taken")))


if __name__ == "__main__":
    main(__doc__)
