# SPDX-License-Identifier: Apache-2.0
"""Draws the pictures of docs/concepts.md: images/bracket.svg, windows.svg, ring.svg and cells.svg.

    python docs/make_concept_pictures.py

They are drawings, not measurements: what they show is computed here, by the rules of docs/semantics.md.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.patches import Rectangle  # noqa: E402

IMAGES = Path(__file__).resolve().parent / "images"
SAMPLE, TARGET, VALID, NOT_VALID, PALE = "#222222", "#1f77b4", "#2a9d5c", "#d9730d", "#c8c8c8"
plt.rcParams.update({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "robocache", "font.family": "sans-serif"})


def save(figure, name):
    figure.savefig(IMAGES / name, metadata={"Date": None})
    plt.close(figure)


def bare(axis, *sides):
    axis.spines[["top", "right", *sides]].set_visible(False)
    axis.set_yticks([])


def draw_bracket():
    """One series at targets of 10 Hz: a bracket with its weight, a gap, the valid mask."""
    stamps = np.array([0.00, 0.13, 0.31, 0.42, 0.98, 1.08, 1.21])
    values = np.array([1.0, 1.5, 1.2, 0.7, 1.6, 1.9, 1.7])
    targets = np.arange(-1, 14) * 0.1
    inside = (targets >= stamps[0]) & (targets <= stamps[-1])
    left = np.clip(np.searchsorted(stamps, targets, side="right") - 1, 0, len(stamps) - 2)
    valid = inside & (stamps[left + 1] - stamps[left] <= 0.3)
    figure, axis = plt.subplots(figsize=(7.6, 3.1), layout="constrained")
    bare(axis, "left")
    axis.plot(stamps, values, color=PALE, zorder=0)
    axis.plot(stamps, values, "o", color=SAMPLE, markersize=6)
    found = np.interp(targets, stamps, values)
    axis.plot(targets[valid], found[valid], "D", color=VALID, markersize=4.5)
    axis.plot(targets[~inside], found[~inside], "D", markerfacecolor="white", color=NOT_VALID, markersize=4.5)
    for target, ok in zip(targets, valid):
        axis.add_patch(Rectangle((target - 0.045, 0.06), 0.09, 0.13, color=VALID if ok else NOT_VALID, alpha=0.85))
        axis.text(target, 0.125, "1" if ok else "0", ha="center", va="center", color="white", fontsize=8)
    axis.text(-0.16, 0.125, "valid mask", ha="right", va="center")
    axis.annotate("", (0.13, 0.45), (0.31, 0.45), arrowprops={"arrowstyle": "<->", "color": TARGET})
    axis.plot([0.13, 0.13], [0.38, 1.45], ":", [0.31, 0.31], [0.38, 1.15], ":", color=TARGET, linewidth=0.8)
    axis.text(0.22, 0.28, "bracket of the target at 0.2", ha="center", color=TARGET)
    axis.annotate("weight 0.39", (0.2, found[3]), (0.2, 1.75), ha="center", color=TARGET,
                  arrowprops={"arrowstyle": "-", "color": TARGET, "linewidth": 0.8})  # fmt: skip
    axis.annotate("", (0.42, 0.45), (0.98, 0.45), arrowprops={"arrowstyle": "<->", "color": NOT_VALID})
    axis.text(0.70, 0.52, "a gap longer than max_gap:\nthe fill value", ha="center", color=NOT_VALID)
    axis.text(-0.1, 1.16, "before: clamp", ha="center", color=NOT_VALID)
    axis.text(1.3, 1.86, "after: clamp", ha="center", color=NOT_VALID)
    axis.set_xlim(-0.42, 1.4)
    axis.set_ylim(0, 2.1)
    axis.set_xlabel("seconds; dots: samples, diamonds: results at targets")
    save(figure, "bracket.svg")


def draw_windows():
    """Three windows around anchors in two episodes, and what one of them may see."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.6, 3.6), layout="constrained", sharex=True)
    rng = np.random.default_rng(3)
    for axis, name in ((above, "episode 0"), (below, "episode 1")):
        bare(axis, "left")
        stamps = np.cumsum(rng.uniform(0.05, 0.15, 40))
        stamps = stamps[stamps < 3.6]
        axis.plot(stamps, 0 * stamps + 0.2, "|", color=SAMPLE, markersize=9)
        axis.set_ylim(0, 1.25)
        axis.text(-0.05, 0.2, name, ha="right", va="center")
    for axis, anchor, at, name in ((above, 1.2, 0.55, "window 0"), (above, 3.0, 0.55, "window 1"),
                                   (below, 2.0, 0.55, "window 2")):  # fmt: skip
        deltas = np.arange(-7, 4) * 0.1
        axis.plot(anchor + deltas, 0 * deltas + at, "D", color=TARGET, markersize=4)
        axis.plot([anchor, anchor], [0.1, at + 0.22], color=TARGET, linewidth=1)
        axis.text(anchor, at + 0.27, f"anchors[{name[-1]}]", ha="center", color=TARGET)
        axis.text(anchor + deltas[0] - 0.06, at, name, ha="right", va="center", color=TARGET)
    below.add_patch(Rectangle((2.0, 0.03), 1.7, 0.34, color=NOT_VALID, alpha=0.25, linewidth=0))
    below.text(2.05, 0.43, "as_of = anchors: these samples do not exist yet", color=NOT_VALID, va="top", fontsize=8)
    above.set_xlim(-0.75, 3.75)
    below.set_xlabel("seconds; strokes: samples, diamonds: targets, anchors[b] + deltas[k]")
    save(figure, "windows.svg")


def draw_ring():
    """A ring of 8 slots after 11 samples, and after 3 more."""
    figure, axes = plt.subplots(1, 2, figsize=(7.6, 2.1), layout="constrained")
    capacity = 8
    states = (axes[0], 11, 0, "written = 11"), (axes[1], 14, 3, "append of 3 rows: written = 14")
    for axis, written, added, title in states:
        held = range(written - capacity, written)
        for number in held:
            slot, new = number % capacity, number >= written - added
            colour = VALID if new else "#dbe9f4"
            axis.add_patch(Rectangle((slot, 0), 0.94, 0.94, facecolor=colour, edgecolor=TARGET))
            axis.text(slot + 0.47, 0.47, number, ha="center", va="center", color="white" if new else SAMPLE)
            axis.text(slot + 0.47, -0.28, slot, ha="center", va="center", color=PALE)
        for number, word in ((held[0], "oldest"), (held[-1], "newest")):
            axis.annotate(word, (number % capacity + 0.47, 0.98), (number % capacity + 0.47, 1.5), ha="center",
                          color=TARGET, arrowprops={"arrowstyle": "->", "color": TARGET})  # fmt: skip
        axis.set_title(title, fontsize=9)
        axis.set_xlim(-0.3, capacity + 0.3)
        axis.set_ylim(-0.5, 1.9)
        axis.set_aspect("equal")
        axis.set_xticks([])
        bare(axis, "left", "bottom")
    save(figure, "ring.svg")


def draw_cells():
    """One cloud on a grid, the same as voxels, and after a voxel filter."""
    rng = np.random.default_rng(5)
    points = np.concatenate([rng.normal((1.2, 2.4), 0.35, (14, 2)), rng.normal((3.6, 1.2), 0.28, (10, 2)),
                             [[5.4, 2.2], [4.6, 3.7]]])  # fmt: skip
    cells = np.floor(points).astype(int)
    kept = ((cells >= 0) & (cells < (5, 4))).all(axis=1)
    figure, axes = plt.subplots(1, 3, figsize=(7.6, 2.5), layout="constrained", sharey=True)
    names = ("voxelize: every cell\nof the grid, here its count",
             "voxelize_sparse, _gathered:\ncells with points, numbered",
             "filter_voxels: one point\nfor each voxel")  # fmt: skip
    found, numbers = {}, []
    for cell in map(tuple, cells[kept]):
        numbers.append(found.setdefault(cell, len(found)))
    for axis, name in zip(axes, names):
        axis.set_title(name, fontsize=8.5)
        axis.set_aspect("equal")
        axis.set_xlim(-0.2, 6.1)
        axis.set_ylim(-0.2, 4.2)
        axis.set_xticks([])
        bare(axis, "left", "bottom")
    for x in range(5):
        for y in range(4):
            count = int((cells[kept] == (x, y)).all(axis=1).sum())
            axes[0].add_patch(Rectangle((x, y), 1, 1, facecolor="#dbe9f4" if count else "white", edgecolor=PALE))
            axes[0].text(x + 0.5, y + 0.5, count, ha="center", va="center", color=TARGET if count else PALE)
    for (x, y), number in found.items():
        axes[1].add_patch(Rectangle((x, y), 1, 1, facecolor="#dbe9f4", edgecolor=TARGET))
        axes[1].text(x + 0.08, y + 0.92, number, ha="left", va="top", color=TARGET, fontsize=8)
    for axis in axes[:2]:
        axis.plot(*points[kept].T, ".", color=SAMPLE, markersize=3.5)
        axis.plot(*points[~kept].T, "x", color=NOT_VALID, markersize=5)
    axes[0].text(5.55, 2.45, "dropped", color=NOT_VALID, ha="center", fontsize=7.5)
    axes[2].plot(*points.T, ".", color=PALE, markersize=3.5)
    everything = np.unique(cells, axis=0)
    means = np.array([points[(cells == one).all(axis=1)].mean(axis=0) for one in everything])
    for x, y in everything:
        axes[2].add_patch(Rectangle((x, y), 1, 1, fill=False, edgecolor=PALE, linewidth=0.7))
    axes[2].plot(*means.T, "o", color=TARGET, markersize=5)
    save(figure, "cells.svg")


if __name__ == "__main__":
    draw_bracket()
    draw_windows()
    draw_ring()
    draw_cells()
