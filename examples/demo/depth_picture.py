# SPDX-License-Identifier: Apache-2.0
"""The picture of unprojected images from two sides: all points, and those that the crop kept."""

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

SIDES = ("x", "y"), ("x", "z")  # to the right, and up
MOST = 60_000  # points of each kind that are drawn
ALL, KEPT = "0.75", "tab:blue"


def draw_depth(path, found):
    figure, axes = plt.subplots(1, 2, figsize=(14, 6), layout="constrained")
    for axis, (right, up) in zip(axes, SIDES):
        places = ["xyz".index(name) for name in (right, up)]
        for points, colour, label in ((found.whole.points, ALL, "all"), (found.kept.points, KEPT, "in the box")):
            some = points[:: max(1, len(points) // MOST)]
            axis.scatter(*some[:, places].T, s=0.6, c=colour, linewidths=0, label=f"{label}: {len(points):,} points")
        low, high = found.box[:, places]
        axis.add_patch(plt.Rectangle(low, *(high - low), fill=False, edgecolor="tab:red", linewidth=1))
        axis.set(xlabel=f"{right} in metres", ylabel=f"{up} in metres", **_limits(found.whole.points[:, places]))
        axis.set_aspect("equal")
        axis.legend(markerscale=12, loc="upper right", fontsize=8)
    views, height, width = found.images.depth.shape
    figure.suptitle(f"{found.images.name}: {views} depth images of {width} x {height}, from two sides")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _limits(points):
    """Without the few points that are far from all others."""
    low, high = np.percentile(points, (0.2, 99.8), axis=0)
    margin = 0.05 * (high - low).max()
    return {"xlim": (low[0] - margin, high[0] + margin), "ylim": (low[1] - margin, high[1] + margin)}
