# SPDX-License-Identifier: Apache-2.0
"""The demo's replay, as its user sees it: what is known at each tick, how old it is, and real recordings.

    python tests/demo/live_test.py PATH_OF_librobocache_demo_bridge
"""

import csv
import os
import unittest
from pathlib import Path

from case import DemoTest, main  # first: says so where NumPy is missing

import numpy as np


class LiveTest(DemoTest):
    def log(self, name, rows):
        path = self.folder / name
        path.write_text("t_ms,x\n" + "".join(f"{stamp},{value}\n" for stamp, value in rows), encoding="utf-8")
        return path

    def live(self, *arguments, pictures=False):
        done = self.demo("--live", *arguments, pictures=pictures)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.said = done.stdout
        with (self.folder / "out" / "live.csv").open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        return {name: [row[column] for row in rows] for column, name in enumerate(header)}

    def test_the_newest_sample_counts_until_it_is_too_old(self):
        log = self.log("log.csv", [(0, 1), (10, 2), (20, 4), (60, 8)])
        table = self.live("--log", log, "--rate", "200", "--max-gap", "0.02", pictures=True)
        self.assertEqual(table["log.x"], ["1.0", "1.0", "2.0", "2.0", "4.0", "4.0", "4.0", "4.0", "4.0", "", "", "", "8.0"])
        self.assertIn("13 ticks at 200 Hz, each one, bit for bit, what the whole recording gives as of the tick", self.said)
        self.assertIn("10 valid (76.9 %), age 5.0 ms in the middle, 0.0 at least, 99 % within 19.6", self.said)

    def test_a_latency_below_0_looks_at_the_past(self):
        """Where a line is between two samples that have come."""
        log = self.log("log.csv", [(10 * i, i) for i in range(200)])
        table = self.live("--log", log, "--rate", "200", "--latency", "-0.005", "--max-gap", "inf")
        self.assertEqual(table["log.x"][10:14], ["5.0", "5.5", "6.0", "6.5"])

    def test_streams_that_are_whole_and_fractions(self):
        whole = self.log("a.csv", [(i, i) for i in range(0, 500, 3)])
        other = self.folder / "b.csv"
        other.write_text("Time (s),y\n" + "".join(f"{0.0123 * i!r},{i}\n" for i in range(40)), encoding="utf-8")
        for logs in ((whole, other), (other,)):
            self.live("--log", *logs, "--rate", "90", "--method", "akima")
            self.assertIn("bit for bit", self.said)

    def test_a_simulated_robot(self):
        table = self.live()
        camera = np.array(table["camera.valid"], int)
        self.assertTrue(0.9 < camera.mean() < 1)
        self.assertIn("a tick, waited for, took", self.said)

    def test_points_alone_are_not_replayed(self):
        np.save(self.folder / "points.npy", np.random.default_rng(0).random((50, 3), np.float32))
        self.refused("--live: found no streams", arguments=("--live", "--points", self.folder / "points.npy"))

    def recorded(self, name):
        """Where a public recording lies."""
        folder = os.environ.get("ROBOCACHE_DATA")
        if not folder or not (Path(folder) / name).exists():
            self.skipTest(f"ROBOCACHE_DATA names no folder with {name}")
        return Path(folder) / name

    def test_a_drones_flight(self):
        flight = self.recorded("px4_flight")
        for methods in (["linear", "attitude=slerp"], ["akima", "attitude=slerp", "gps=previous"]):
            options = [word for method in methods for word in ("--method", method)]
            self.live("--log", flight, "--rate", "100", *options, "--latency", "gps=-0.15", "--latency", "imu=-0.004")
            self.assertIn("bit for bit", self.said)

    def test_an_imu_with_jitter(self):
        log = self.recorded("imu/xio_sensor_data.csv")
        for method, late in (("linear", "0"), ("pchip", "-0.003")):
            self.live("--log", log, "--rate", "250", "--method", method, "--latency", late)
            self.assertIn("bit for bit", self.said)


if __name__ == "__main__":
    main(__doc__)
