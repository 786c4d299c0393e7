# SPDX-License-Identifier: Apache-2.0
"""Draws images/missing.png: what a fusion makes of the data that robots lose, in one call on the CPU.

    python docs/make_missing_picture.py BRIDGE

BRIDGE is the demo's shared library, build/main/examples/librobocache_demo_bridge.so. Seven sensors with 8 samples per
second watch one signal for four seconds, each with its own defect; an eighth stamps late. All are fused to 20 Hz.
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

TARGETS, PERIOD = 81, 0.05
VALID, NOT_VALID = "#1f77b4", "#d9730d"


def signal(at):
    return 2.0 + 0.7 * np.sin(2.1 * at) + 0.35 * np.sin(5.3 * at + 1.0)


def sensor(name, keep=lambda at: at >= 0.0, stamped=lambda at: at, **rules):
    """A title and a source: `keep` says which samples arrive, `stamped` with which stamps."""
    at = np.arange(0.0, 4.01, 0.125)
    at = at[keep(at)]
    return name, Source(stamped(at), signal(at)[:, None], **rules)


def outside_hole(at):
    return (at < 1.3) | (at > 2.6)


def in_bunches(at):
    """Four samples arrive at once, and get the stamp of the last."""
    bunch = np.arange(at.size) // 4 * 4 + 3
    return at[np.minimum(bunch, at.size - 1)]


SENSORS = (
    sensor("no samples", lambda at: at < 0.0),
    sensor("starts late", lambda at: at > 1.3),
    sensor("ends early", lambda at: at < 2.6),
    sensor("ends early; previous, max_gap 0.6 s", lambda at: at < 2.6, method="previous", max_gap=0.6),
    sensor("a dropout", outside_hole),
    sensor("a dropout; max_gap 0.6 s", outside_hole, max_gap=0.6),
    sensor("stamps duplicated at the receiver", stamped=in_bunches),
    sensor("stamped 0.3 s late; latency 0.3 s", stamped=lambda at: at + 0.3, latency=0.3),
)


def draw(axis, title, source, targets, values, valid):
    truth = np.linspace(targets[0], targets[-1], 400)
    axis.plot(truth, signal(truth), color="#c8c8c8", linewidth=1.0, zorder=0)
    axis.plot(source.stamps, source.values[:, 0], "o", color="black", markersize=4, zorder=1)
    axis.plot(targets[valid], values[valid], ".", color=VALID, markersize=4.5)
    axis.plot(targets[~valid], values[~valid], ".", color=NOT_VALID, markersize=4.5)
    axis.broken_barh([(at - 0.5 * PERIOD, PERIOD) for at in targets[valid]], (-0.95, 0.45), color=VALID, linewidth=0)
    axis.set_title(title, fontsize=9, loc="left")
    axis.set_ylim(-1.1, 3.3)
    axis.set_yticks((-0.72, 0, 1, 2, 3), ("valid", 0, 1, 2, 3), fontsize=8)
    axis.tick_params(axis="x", labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)


def main():
    titles, sources = zip(*SENSORS)
    values, valid, _, _ = Bridge(sys.argv[1]).fuse(sources, 0.0, (PERIOD, 1.0), TARGETS)
    targets = PERIOD * np.arange(TARGETS)
    figure, axes = plt.subplots(4, 2, figsize=(10.5, 7.4), sharex=True, sharey=True, layout="constrained")
    for column, (axis, title, source) in enumerate(zip(axes.flat, titles, sources)):
        draw(axis, title, source, targets, values[:, column], valid[:, column] != 0)
    for axis in axes[-1]:
        axis.set_xlabel("seconds", fontsize=8)
    figure.suptitle("grey: what happened; black: samples, as stamped; blue: results, and when they are valid; "
                    "orange: results that are not valid", fontsize=9)  # fmt: skip
    figure.savefig(HERE / "images" / "missing.png", dpi=100)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
