# SPDX-License-Identifier: Apache-2.0
"""The picture of a voxelized cloud: from above, coloured by height, and two sections, coloured by points."""

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.colors import LogNorm, Normalize  # noqa: E402

INCHES = 8.0  # of the longest side of the view from above
SECTION = 1 / 8  # of the grid's width, around the point in the middle: a view through all of it shows heaps
THINNEST = 0.18  # of that side: flatter and narrower views are drawn wider than they are
HEIGHTS, POINTS = "viridis", "magma_r"
BACKGROUND = "#f2f2f2"


def draw_voxels(path, voxels):
    """From above, and two sections that share its axes, as in a technical drawing; in the corner what colours mean."""
    faces = [voxels.faces(axis) for axis in range(3)]
    sides = np.array([end - begin for begin, end in faces])
    stretch = np.ceil(np.maximum(1.0, THINNEST * sides.max() / sides))
    wide, deep, high = INCHES / sides.max() * sides * stretch
    figure, axes = plt.subplots(
        2, 2, figsize=(wide + high + 1.2, deep + high + 1.2), layout="constrained", sharex="col", sharey="row",
        gridspec_kw={"width_ratios": (wide, high), "height_ratios": (deep, high)},
    )  # fmt: skip
    (above, right), (below, corner) = axes

    count = voxels.values.count
    top = np.fmax.reduce(voxels.values.max[..., 0], axis=0) + voxels.cloud.offset[2]  # NaN: nothing in this column
    heights = _show(above, top, faces[0], faces[1], HEIGHTS, Normalize(*usual(top)))
    deep_part, wide_part = _section(count, 1), _section(count, 2)
    views = (
        (below, _columns(count[:, deep_part], 1), faces[0], faces[2]),
        (right, _columns(count[:, :, wide_part], 2).T, faces[2], faces[1]),
    )
    norm = LogNorm(1, max(2, *(np.nanmax(view[1], initial=1) for view in views)))
    points = [_show(*view, POINTS, norm) for view in views]
    size = voxels.grid.size
    for part, (begin, _), step, line in ((deep_part, faces[1], size[1], above.axhline),
                                         (wide_part, faces[0], size[0], above.axvline)):  # fmt: skip
        for edge in (part.start, part.stop):
            line(begin + edge * step, color="#555555", linewidth=0.8, linestyle=":")

    names = [f"{name}, {scale:g} times as large" if scale > 1 else name for name, scale in zip("xyz", stretch)]
    above.set_ylabel(names[1])
    below.set_xlabel(names[0])
    below.set_ylabel(names[2])
    right.tick_params(labelbottom=True)
    corner.set_axis_off()
    _explain(corner, 0.72, heights, "height, from above")
    _explain(corner, 0.22, points[0], "points, between the dotted lines")
    figure.suptitle(_title(voxels), fontsize=10)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _title(voxels):
    nx, ny, nz = voxels.grid.cells
    return (f"{voxels.cloud.name}, {len(voxels.cloud.points):,} points, {voxels.values.dropped:,} dropped\n"
            f"{voxels.occupied:,} of {nx} x {ny} x {nz} cells of {voxels.grid.size[0]:g} are occupied")  # fmt: skip


def _section(count, axis):
    """The cells along an axis that a section shows: so many that have the middle one of all points among them."""
    along = count.sum(axis=tuple(other for other in range(3) if other != axis), dtype=np.float64).cumsum()
    middle = int(np.searchsorted(along, 0.5 * along[-1]))
    width = max(1, round(SECTION * along.size))
    begin = min(max(middle - width // 2, 0), along.size - width)
    return slice(begin, begin + width)


def _columns(count, axis):
    """Points along an axis; NaN, which is not drawn, where there is none."""
    total = count.sum(axis=axis, dtype=np.float64)
    return np.where(total > 0, total, np.nan)


def usual(values):
    """The range of a scale of colours: nearly all values, without outliers."""
    values = values[np.isfinite(values)]
    return np.percentile(values, (1, 99)) if values.size else (0, 1)


def _show(axis, values, across, up, colours, norm):
    axis.set_facecolor(BACKGROUND)
    axis.tick_params(labelsize=8)
    return axis.imshow(values, origin="lower", extent=(*across, *up), aspect="auto", interpolation="nearest",
                       cmap=colours, norm=norm)  # fmt: skip


def _explain(corner, at, image, text):
    bar = corner.figure.colorbar(image, cax=corner.inset_axes((0.04, at, 0.92, 0.08)), orientation="horizontal")
    bar.ax.set_title(text, fontsize=8)
    bar.ax.tick_params(labelsize=7)
