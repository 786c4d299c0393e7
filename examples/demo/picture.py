# SPDX-License-Identifier: Apache-2.0
"""The demo's picture: a row of axes per stream with samples, fused curve and gaps shaded; below, what is valid when."""

import contextlib

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from progress import Progress  # noqa: E402

COLOURS = ("#1f77b4", "#d9730d", "#2a9d5c")
SHADE = "#b8b8b8"
VALID, ALL_VALID = "#6f9fc8", "#333333"
CHANNELS = 3  # shown of a stream
STREAMS = 16  # shown with their values; of the others whether they are valid


def draw(path, fusion):
    """Left the whole recording; right a part of it, large enough to distinguish samples from results."""
    shown = fusion.streams[:STREAMS]
    seconds, start = fusion.seconds(), fusion.targets[0].item()
    window = _close_up(seconds, shown, start)
    heights = [1.55 if len(shown) < 4 else 1.15] * len(shown) + [0.35 + 0.17 * len(fusion.streams)]
    title = f"Fused to {float(fusion.rate):g} Hz"
    if len(shown) < len(fusion.streams):
        title += f", the first {len(shown)} of {len(fusion.streams)} streams"
    with rows_of_axes(path, heights, fusion, seconds, window) as (axes, figure):
        for row, fused in zip(axes, shown):
            _draw_stream(*row, fused, seconds, start, window)
        figure.suptitle(f"{title}   (circles, pale dots: samples; line: fused; grey: no valid result)", fontsize=10)


@contextlib.contextmanager
def rows_of_axes(path, heights, fusion, seconds, window):
    """A figure with two columns of axes, left all of the time and right the window, and a last row that says what is
    valid when; saved at the end. Gives the rows of axes, with their progress, and the figure."""
    figure, axes = plt.subplots(
        len(heights), 2, figsize=(12, 1.0 + sum(heights)), sharex="col", layout="constrained",
        gridspec_kw={"width_ratios": (2.2, 1), "height_ratios": heights},
    )  # fmt: skip
    with Progress("drawing", len(heights)) as progress:

        def rows():
            for row, pair in enumerate(axes[:-1]):
                progress.at(row)
                yield pair

        yield rows(), figure
        for axis in axes[-1]:
            draw_validity(axis, fusion, seconds)
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
        figure.savefig(path, dpi=110)
        plt.close(figure)


def _draw_stream(whole, close, fused, seconds, start, window):
    samples, curves, scaled = _to_show(fused)
    at = fused.sample_seconds(start)
    seen = (at >= window[0]) & (at <= window[1])
    style = "steps-post" if fused.rules.method == "previous" else "default"
    for axis in (whole, close):
        for first, end in stretches(~fused.valid, seconds):
            axis.axvspan(first, end, color=SHADE, alpha=0.55, linewidth=0)
    for taken, curve, colour, name in zip(samples.T, curves.T, COLOURS, fused.stream.channels):
        whole.scatter(at, taken, s=3.0, color=colour, alpha=0.4, linewidths=0)
        whole.plot(seconds, curve, color=colour, linewidth=0.9, drawstyle=style)
        close.scatter(at[seen], taken[seen], s=20.0, facecolors="none", edgecolors=colour, linewidths=0.6)
        close.plot(seconds, curve, ".-", color=colour, linewidth=1.0, markersize=5, label=name, drawstyle=style)
    _fit_height(close, samples[seen])
    whole.axvspan(*window, facecolor="none", edgecolor="#555555", linewidth=0.8, linestyle=":")
    name = f"{fused.stream.name}\n{fused.rules.method}"
    if scaled:
        name += "\neach channel scaled:\n0 least, 1 most"
    whole.set_ylabel(name, fontsize=8)
    close.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def draw_validity(axis, fusion, seconds):
    """One bar per stream where it is valid, and one where all are."""
    names = [fused.stream.name for fused in fusion.streams] + ["all"]
    masks = [fused.valid for fused in fusion.streams] + [fusion.all_valid]
    for row, mask in enumerate(masks):
        bars = [(first, end - first) for first, end in stretches(mask, seconds)]
        axis.broken_barh(bars, (row - 0.38, 0.76), color=VALID if row + 1 < len(masks) else ALL_VALID, linewidth=0)
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)


def _to_show(fused):
    """The first channels of a stream; scaled to [0, 1] each where one axis does not suit them all."""
    samples = fused.stream.values[:, :CHANNELS]
    curves = np.where(fused.valid[:, None], fused.values[:, :CHANNELS], np.nan)
    finite = np.where(np.isfinite(samples), samples, np.nan)
    if np.all(np.isnan(finite), axis=0).any():
        return samples, curves, False
    low, high = np.nanmin(finite, axis=0), np.nanmax(finite, axis=0)
    reach = np.where(high > low, high - low, 1.0)
    if high.max() - low.min() <= 20.0 * np.median(reach):
        return samples, curves, False
    return (samples - low) / reach, (curves - low) / reach, True


def stretches(mask, seconds):
    """The begin and end of each run of targets in `mask`, half a period wider on either side."""
    half = 0.5 * (seconds[1] - seconds[0]) if seconds.size > 1 else 0.5
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask, [0])).astype(int)))
    return [(seconds[first] - half, seconds[end - 1] + half) for first, end in zip(edges[::2], edges[1::2])]


def _close_up(seconds, streams, start):
    """Thirty targets: from shortly before the end of the longest gap on, else where the first stream moves most."""
    period = seconds[1] - seconds[0] if seconds.size > 1 else 1.0
    middle, longest = _busiest(seconds, streams[0]), 0.0
    for fused in streams:
        at = fused.sample_seconds(start)
        steps = np.diff(at)
        gaps = np.where(steps > fused.stream.seconds(fused.rules.max_gap), steps, 0.0)
        if gaps.size and gaps.max() > longest:
            longest, middle = gaps.max(), at[gaps.argmax() + 1] + 6.0 * period
    left = min(max(middle - 15.0 * period, 0.0), max(seconds[-1] - 30.0 * period, 0.0))
    return left, left + 30.0 * period


def _busiest(seconds, fused):
    _, curves, _ = _to_show(fused)
    moves = np.nan_to_num(np.abs(np.diff(curves, axis=0))).sum(axis=1)
    return seconds[moves.argmax()] if moves.size else seconds[0]


def _fit_height(axis, samples):
    """The close-up's own height: that of the samples it shows."""
    samples = samples[np.isfinite(samples)]
    if samples.size and samples.max() > samples.min():
        room = 0.12 * (samples.max() - samples.min())
        axis.set_ylim(samples.min() - room, samples.max() + room)
