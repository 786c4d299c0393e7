# SPDX-License-Identifier: Apache-2.0
"""The picture of a cloud before and after the voxel filter, seen obliquely from above and coloured by height."""

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.colors import Normalize  # noqa: E402
from voxel_picture import BACKGROUND, HEIGHTS, usual  # noqa: E402

INCHES, HIGHEST = 7.0, 7.0  # of a view, from left to right and at most from below to above
TURNED, RAISED = np.deg2rad(-60.0), np.deg2rad(35.0)  # where one looks from: around z from x on, and above the ground
PART = 50  # voxels along the ground in the lower views
DOTS = 1.2, 7.0  # in square points: of all, and of a part


def draw_filtered(path, filtered):
    """Left before, right after; above what is in the grid, below a part of it. Each row has one scale; all have the
    same colours."""
    cloud = filtered.voxels.cloud
    whole = [_inside(filtered.voxels, points) for points in (cloud.points, filtered.values.points)]
    part = _part(whole, PART * filtered.leaf)
    views = [[_seen(points) for points in row] for row in (whole, part)]
    boxes = [_box(row[0], filtered.leaf) for row in views]
    heights = [min(INCHES * up / right, HIGHEST) for _, (right, up) in boxes]
    titles = (
        (f"{cloud.name}: {len(cloud.points):,} points",
         f"{len(filtered.values.points):,} points, one for each voxel of {filtered.leaf:g}"),
        tuple(f"{text}{len(points):,} points" for text, points in zip(("a part of it: ", ""), part)),
    )  # fmt: skip

    figure, axes = plt.subplots(2, 2, figsize=(2 * INCHES + 0.8, sum(heights) + 0.8), layout="constrained",
                                gridspec_kw={"height_ratios": heights})  # fmt: skip
    norm = Normalize(*usual(whole[0][:, 2] + cloud.offset[2]))
    for row, dots in enumerate(DOTS):
        for axis, title, points, view in zip(axes[row], titles[row], (whole, part)[row], views[row]):
            drawn = _draw(axis, view, points[:, 2] + cloud.offset[2], dots, norm)
            _frame(axis, boxes[row], title)
    bar = figure.colorbar(drawn, ax=axes, aspect=40, pad=0.01)
    bar.ax.tick_params(labelsize=8)
    bar.ax.set_title("height", fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _inside(voxels, points):
    """x y z of the points in the grid, as FP64."""
    begin, places = voxels.grid.origin.astype(np.float64), points[:, :3].astype(np.float64)
    return places[np.all((places >= begin) & (places <= begin + voxels.grid.size * voxels.grid.cells), axis=1)]


def _part(whole, side):
    """Of the cloud before and after the points in one square of the ground: the one with most points after."""
    squares = [np.floor(points[:, :2] / side) for points in whole]
    if not len(squares[1]):
        return whole
    found, count = np.unique(squares[1], axis=0, return_counts=True)
    most = found[count.argmax()]
    return [points[np.all(square == most, axis=1)] for points, square in zip(whole, squares)]


def _seen(points):
    """How far to the right, up and away points are, in the units of the file."""
    x, y, z = points.T
    right, along = np.cos(TURNED) * y - np.sin(TURNED) * x, -np.cos(TURNED) * x - np.sin(TURNED) * y
    return right, np.cos(RAISED) * z + np.sin(RAISED) * along, np.cos(RAISED) * along - np.sin(RAISED) * z


def _box(view, leaf):
    """The middle and the sides of what is to be seen, with a margin."""
    ends = [(axis.min(), axis.max()) if axis.size else (0.0, 0.0) for axis in view[:2]]
    low, high = np.transpose(ends)
    sides = high - low
    return (low + high) / 2, np.maximum(1.04 * sides, max(sides.max() / 10, leaf))


def _draw(axis, view, heights, dots, norm):
    """What is far away first."""
    right, up, away = view
    order = np.argsort(-away, kind="stable")
    return axis.scatter(right[order], up[order], c=heights[order], s=dots, marker="s", linewidths=0, cmap=HEIGHTS,
                        norm=norm)  # fmt: skip


def _frame(axis, box, title):
    middle, sides = box
    axis.set(xlim=middle[0] + sides[0] * np.array((-0.5, 0.5)), ylim=middle[1] + sides[1] * np.array((-0.5, 0.5)),
             xticks=(), yticks=(), facecolor=BACKGROUND)  # fmt: skip
    axis.set_aspect("equal")
    axis.set_title(title, fontsize=10)
