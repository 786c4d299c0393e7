# SPDX-License-Identifier: Apache-2.0
"""Draws images/methods.png: every method on one real recording, as the library resamples it on the CPU.

    python docs/make_methods_picture.py BRIDGE FOLDER

BRIDGE is the demo's shared library, build/main/examples/librobocache_demo_bridge.so. The folder holds a drone's flight:
`controls.csv`, what the pilot asked for, and `attitude.csv`, unit quaternions `qw, qx, qy, qz`, some 200 per second
each. Every n-th sample is resampled, and the rest shows what the methods could not know.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "examples" / "demo"))
from bridge import Bridge, Source  # noqa: E402
from logs import read_log  # noqa: E402

COLOURS = dict(zip(
    ("previous", "next", "nearest", "linear", "catmull_rom", "pchip", "akima", "angle", "slerp"),
    ("#1f77b4", "#d9730d", "#7a4fb5", "#555555", "#2a9d5c", "#d9730d", "#1f77b4", "#c2255c", "#c2255c"),
))  # fmt: skip


STICK = 1  # a channel of the controls
EVERY = 40  # which of its samples are given
PUSHED, ONCE = (2.86, 4.75), (2.86, 3.72)  # seconds in which it is moved: on plateaus one sees what overshoots


def yaw_of(quaternions):
    w, x, y, z = quaternions.T
    return np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def beyond_unit(quaternions):
    return 1e3 * (np.linalg.norm(quaternions, axis=1) - 1)


class Panel:
    """One set of axes: a stretch of the recording, thinned out and resampled by several methods."""

    def __init__(self, bridge, axis, stamps, values, every):
        self.bridge, self.axis, self.start = bridge, axis, stamps[0].item()
        self.stamps, self.values = stamps[::every], values[::every]
        self.end = self.stamps[-1].item()
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)

    def seconds(self, stamps):
        return (stamps - self.start) * 1e-6

    def resample(self, method, targets=1200):
        period = (self.end - self.start, targets - 1)  # microseconds, as a ratio
        found, _, valid, _ = self.bridge.fuse([Source(self.stamps, self.values, method)], self.start, period, targets)
        found[valid == 0] = np.nan
        return self.seconds(self.start + np.arange(targets) * (period[0] / period[1])), found

    def curve(self, method, shown=lambda values: values[:, 0], **style):
        at, found = self.resample(method)
        found = shown(found)
        jumps = np.abs(np.diff(found, append=found[-1])) > 5  # an angle that wraps: no line through all between
        self.axis.plot(at, np.where(jumps, np.nan, found), color=COLOURS[method], label=method, **style)

    def dots(self, stamps, values, **style):
        seen = (stamps >= self.start) & (stamps <= self.end)
        self.axis.plot(self.seconds(stamps[seen]), values[seen], ".", **style)

    def finish(self, title, unit):
        self.axis.set_title(title, fontsize=9, loc="left")
        self.axis.set_ylabel(unit, fontsize=8)
        self.axis.legend(fontsize=7, frameon=False)


def main():
    bridge = Bridge(sys.argv[1])
    folder = Path(sys.argv[2])
    log = read_log(folder / "controls.csv")
    stick_stamps, stick = log.stamps, log.values[:, STICK]
    at = (stick_stamps - stick_stamps[0]) * 1e-6
    log = read_log(folder / "attitude.csv")
    stamps, quaternions = log.stamps[2:], log.values[2:]  # without the dropout at the start
    yaw = yaw_of(quaternions)
    figure, axes = plt.subplots(2, 2, figsize=(10.5, 6.2), layout="constrained")
    pale = {"color": "#b0b0b0", "markersize": 2.5, "zorder": 0}
    taken = {"color": "black", "markersize": 7, "zorder": 5}

    for axis, methods, title in (
        (axes[0, 0], ("previous", "next", "nearest", "linear"), "The hold methods and linear: a pilot's stick"),
        (axes[0, 1], ("linear", "catmull_rom", "pchip", "akima"), "The curved methods: the same, where they differ"),
    ):
        part = slice(*np.searchsorted(at, PUSHED if axis is axes[0, 0] else ONCE))
        panel = Panel(bridge, axis, stick_stamps[part], stick[part, None], EVERY)
        panel.dots(stick_stamps, stick, **pale)
        panel.dots(panel.stamps, panel.values[:, 0], **taken)
        for method in methods:
            panel.curve(method, linewidth=1.3)
        panel.finish(title, "of full deflection")

    # Measured from the bearing opposite to where the drone looks half-way, the heading crosses from pi to -pi.
    heading = (yaw - yaw[yaw.size // 4] + 2 * np.pi) % (2 * np.pi) - np.pi
    panel = Panel(bridge, axes[1, 0], stamps, heading[:, None], 100)
    panel.dots(stamps, heading, **pale)
    panel.dots(panel.stamps, panel.values[:, 0], **taken)
    for method in ("linear", "angle"):
        panel.curve(method, linewidth=1.3)
    panel.finish("Angle: a heading that passes from -pi to pi", "radians")

    panel = Panel(bridge, axes[1, 1], stamps, quaternions, 430)
    panel.dots(stamps, beyond_unit(quaternions), **pale)
    panel.dots(panel.stamps, beyond_unit(panel.values), **taken)
    for method in ("linear", "slerp"):
        panel.curve(method, beyond_unit, linewidth=1.3)
    panel.finish("Slerp: a rotation stays one", "1000 x (length of the quaternion - 1)")

    for axis in axes[1]:
        axis.set_xlabel("seconds", fontsize=8)
    figure.suptitle("black: the samples given; grey: what was recorded between them", fontsize=9)
    figure.savefig(HERE / "images" / "methods.png", dpi=100)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main()
