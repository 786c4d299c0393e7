# SPDX-License-Identifier: Apache-2.0
"""The demo's picture: samples, the resampled curve, and gaps shaded, one row of axes a stream."""

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

COLOURS = ("#1f77b4", "#d9730d", "#2a9d5c")
SHADE = "#b8b8b8"
SHOWN = 3  # channels a stream


def draw(path, targets, results, title):
    """Left the whole recording; right a part of it, large enough to tell samples from results."""
    streams = [result.stream for result in results]
    start = targets[0].item()
    seconds = streams[0].seconds(targets - start)
    window = _close_up(seconds, results, start)
    figure, axes = plt.subplots(
        len(results), 2, figsize=(12, 1.0 + 1.55 * len(results)), sharex="col", squeeze=False,
        gridspec_kw={"width_ratios": (2.2, 1)}, layout="constrained",
    )  # fmt: skip
    for (whole, close), result in zip(axes, results):
        sample_seconds = result.stream.seconds(result.stream.stamps - start)
        samples, curves, scaled = _to_show(result)
        seen = (sample_seconds >= window[0]) & (sample_seconds <= window[1])
        for axis in (whole, close):
            _shade(axis, seconds, result.valid)
            for channel, colour in zip(range(samples.shape[1]), COLOURS):
                at, taken, name = sample_seconds, samples[:, channel], result.stream.channels[channel]
                if axis is whole:
                    axis.scatter(at, taken, s=3.0, color=colour, alpha=0.4, linewidths=0)
                    axis.plot(seconds, curves[:, channel], color=colour, linewidth=0.9)
                else:
                    axis.scatter(at[seen], taken[seen], s=20.0, facecolors="none", edgecolors=colour, linewidths=0.6)
                    axis.plot(seconds, curves[:, channel], ".-", color=colour, linewidth=1.0, markersize=5, label=name)
            axis.margins(x=0.01)
            axis.spines[["top", "right"]].set_visible(False)
            axis.tick_params(labelsize=8)
        close.set_xlim(*window)
        _fit_height(close, samples[seen])
        whole.axvspan(*window, facecolor="none", edgecolor="#555555", linewidth=0.8, linestyle=":")
        whole.set_ylabel(result.stream.name + ("\n(scaled)" if scaled else ""), fontsize=9)
        close.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    for axis, text in zip(axes[-1], ("seconds", "seconds, the dotted part")):
        axis.set_xlabel(text, fontsize=9)
    figure.suptitle(f"{title}   (circles, pale dots: samples; line: resampled; grey: no valid result)", fontsize=10)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _to_show(result):
    """The first channels of a stream; scaled to [0, 1] each where one axis does not suit them all."""
    samples = result.stream.values[:, :SHOWN]
    curves = np.where(result.valid[:, None], result.values[:, :SHOWN], np.nan)
    finite = np.where(np.isfinite(samples), samples, np.nan)
    if np.all(np.isnan(finite), axis=0).any():
        return samples, curves, False
    low, high = np.nanmin(finite, axis=0), np.nanmax(finite, axis=0)
    reach = np.where(high > low, high - low, 1.0)
    if high.max() - low.min() <= 20.0 * np.median(reach):
        return samples, curves, False
    return (samples - low) / reach, (curves - low) / reach, True


def _shade(axis, seconds, valid):
    """Grey over every run of targets that are not valid, half a period wider on either side."""
    half = 0.5 * (seconds[1] - seconds[0]) if seconds.size > 1 else 0.5
    edges = np.flatnonzero(np.diff(np.concatenate(([0], ~valid, [0])).astype(int)))
    for first, end in zip(edges[::2], edges[1::2]):
        axis.axvspan(seconds[first] - half, seconds[end - 1] + half, color=SHADE, alpha=0.55, linewidth=0)


def _close_up(seconds, results, start):
    """Thirty targets: from shortly before the end of the longest gap on, else where the first stream moves most."""
    period = seconds[1] - seconds[0] if seconds.size > 1 else 1.0
    middle, longest = _busiest(seconds, results[0]), 0.0
    for result in results:
        at = result.stream.seconds(result.stream.stamps - start)
        steps = np.diff(at)
        gaps = np.where(steps > result.stream.seconds(result.max_gap), steps, 0.0)
        if gaps.size and gaps.max() > longest:
            longest, middle = gaps.max(), at[gaps.argmax() + 1] + 6.0 * period
    left = min(max(middle - 15.0 * period, 0.0), max(seconds[-1] - 30.0 * period, 0.0))
    return left, left + 30.0 * period


def _busiest(seconds, result):
    _, curves, _ = _to_show(result)
    moves = np.nan_to_num(np.abs(np.diff(curves, axis=0))).sum(axis=1)
    return seconds[moves.argmax()] if moves.size else seconds[0]


def _fit_height(axis, samples):
    """The close-up's own height: that of the samples it shows."""
    samples = samples[np.isfinite(samples)]
    if samples.size and samples.max() > samples.min():
        room = 0.12 * (samples.max() - samples.min())
        axis.set_ylim(samples.min() - room, samples.max() + room)
