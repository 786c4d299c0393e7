# SPDX-License-Identifier: Apache-2.0
"""The picture of unprojected images from two sides: all points, those that the crop kept, and the farthest of these."""

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

SIDES = ("x", "y"), ("x", "z")  # to the right, and up
MOST = 60_000  # points of each kind that are drawn
ALL, KEPT, FARTHEST = ("0.75", 0.6), ("tab:blue", 0.6), ("tab:orange", 6.0)  # and dots, in square points


def draw_depth(path, found):
    figure, axes = plt.subplots(1, 2, figsize=(14, 6), layout="constrained")
    for axis, (right, up) in zip(axes, SIDES):
        places = ["xyz".index(name) for name in (right, up)]
        for points, (colour, dots), label in (
            (found.whole.points, ALL, "all"),
            (found.kept.points, KEPT, "in the box"),
            (found.farthest, FARTHEST, "farthest from each other"),
        ):
            some = points[:: max(1, len(points) // MOST)]
            axis.scatter(*some[:, places].T, s=dots, c=colour, linewidths=0)
            axis.plot([], [], "o", color=colour, label=f"{label}: {len(points):,} points")
        low, high = found.box[:, places]
        axis.add_patch(plt.Rectangle(low, *(high - low), fill=False, edgecolor="tab:red", linewidth=1))
        axis.set(xlabel=f"{right} in metres", ylabel=f"{up} in metres", **_limits(found.whole.points[:, places]))
        axis.set_aspect("equal")
        axis.legend(loc="upper right", fontsize=8)
    views, height, width = found.images.depth.shape
    figure.suptitle(f"{found.images.name}: {views} depth images of {width} x {height}, from two sides")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _limits(points):
    """Without the few points that are far from all others."""
    low, high = np.percentile(points, (0.2, 99.8), axis=0)
    margin = 0.05 * (high - low).max()
    return {"xlim": (low[0] - margin, high[0] + margin), "ylim": (low[1] - margin, high[1] + margin)}
