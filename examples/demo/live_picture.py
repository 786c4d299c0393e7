# SPDX-License-Identifier: Apache-2.0
"""The picture of a replay: how old each stream is, tick after tick; below, what is valid when."""

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from picture import COLOURS, SHADE, STREAMS, draw_validity, stretches  # noqa: E402
from progress import Progress  # noqa: E402


def draw_live(path, live):
    """Left the whole replay, right its middle second, in which single samples are seen to come."""
    shown = list(zip(live.streams, live.ages))[:STREAMS]
    seconds = live.seconds()
    middle = 0.5 * (seconds[0] + seconds[-1])
    window = (middle - 0.5, middle + 0.5)
    heights = [0.8] * len(shown) + [0.35 + 0.17 * len(live.streams)]
    figure, axes = plt.subplots(
        len(heights), 2, figsize=(12, 1.0 + sum(heights)), sharex="col", layout="constrained",
        gridspec_kw={"width_ratios": (2.2, 1), "height_ratios": heights},
    )  # fmt: skip
    with Progress("drawing", len(heights)) as progress:
        for row, (fused, ages) in enumerate(shown):
            progress.at(row)
            _draw_ages(axes[row], fused, 1e3 * ages, seconds, window)
        for axis in axes[-1]:
            draw_validity(axis, live, seconds)
        for axis in axes.flat:
            axis.margins(x=0.01)
            axis.spines[["top", "right"]].set_visible(False)
            axis.tick_params(labelsize=8)
        axes[-1, 1].set_xlim(*window)
        axes[-1, 0].set_ylabel("valid", fontsize=8)
        axes[-1, 1].set_yticks([])
        for axis, text in zip(axes[-1], ("seconds", "seconds, the dotted part")):
            axis.set_xlabel(text, fontsize=9)
        figure.align_ylabels(axes[:, 0])
        title = f"Replayed as if live, {float(live.rate):g} ticks a second"
        figure.suptitle(f"{title}   (age of the newest sample read, ms; grey: no valid result)", fontsize=10)
        figure.savefig(path, dpi=110)
        plt.close(figure)


def _draw_ages(axes, fused, ages, seconds, window):
    for axis in axes:
        for first, end in stretches(~fused.valid, seconds):
            axis.axvspan(first, end, color=SHADE, alpha=0.55, linewidth=0)
    whole, close = axes
    whole.plot(seconds, ages, linewidth=0.6, color=COLOURS[0])
    close.plot(seconds, ages, ".-", linewidth=0.8, markersize=4, color=COLOURS[0])
    whole.axvspan(*window, facecolor="none", edgecolor="#555555", linewidth=0.8, linestyle=":")
    whole.set_ylabel(f"{fused.stream.name}\nms", fontsize=8)
    seen = ages[(seconds >= window[0]) & (seconds <= window[1])]
    for axis, part in ((whole, ages), (close, seen)):
        if np.isfinite(part).any():
            axis.set_ylim(min(0.0, np.nanmin(part)), 1.1 * max(np.nanmax(part), 1e-6))
