# SPDX-License-Identifier: Apache-2.0
"""The picture of a replay: how old each stream is, tick after tick; below, what is valid when."""

import numpy as np
from picture import COLOURS, SHADE, STREAMS, rows_of_axes, stretches


def draw_live(path, live):
    """Left the whole replay, right its middle second, in which single samples are seen to come."""
    shown = list(zip(live.streams, live.ages))[:STREAMS]
    seconds = live.seconds()
    middle = 0.5 * (seconds[0] + seconds[-1])
    window = (middle - 0.5, middle + 0.5)
    heights = [0.8] * len(shown) + [0.35 + 0.17 * len(live.streams)]
    title = f"Replayed as if live, {float(live.rate):g} ticks a second"
    with rows_of_axes(path, heights, live, seconds, window) as (axes, figure):
        for row, (fused, ages) in zip(axes, shown):
            _draw_ages(row, fused, 1e3 * ages, seconds, window)
        figure.suptitle(f"{title}   (age of the newest sample read, ms; grey: no valid result)", fontsize=10)


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
