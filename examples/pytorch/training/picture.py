# SPDX-License-Identifier: Apache-2.0
"""Pictures of the results of training."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # after the choice of a backend


def draw_loss(losses, path):
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.plot(losses, linewidth=1)
    axes.set(xlabel="step", ylabel="loss: mean square error, normalised", yscale="log", title="Training")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def draw_comparison(results, path):
    figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
    names = [one["what"] for one in results][::-1]
    times = [one["wall_ms"] for one in results][::-1]
    bars = axes.barh(names, times, color=["#4c72b0" if "RoboCache" in name else "#999999" for name in names])
    axes.bar_label(bars, labels=[f"{value:.2f}" for value in times], padding=3)
    axes.axvline(results[0]["wall_ms"], color="black", linewidth=0.8, linestyle="--")
    axes.set(xlabel="ms per training step (wall time); dashed: input ready-made", xlim=(0, max(times) * 1.12))
    figure.savefig(path, dpi=130)
    plt.close(figure)
