# SPDX-License-Identifier: Apache-2.0
"""A picture of an episode: its streams, their gaps, and where what `resample` gives is valid."""

import math

import torch

from .._timed import resample
from .._timelines import shared, uniform
from ._optional import need
from ._store import Store

MOST_LINES = 12  # of a modality
SECOND = 1_000_000_000


def draw_episode(store: Store, number: int, path, names, max_gap: float | None = None, hertz: float = 50.0) -> None:
    """Writes a picture: a panel for each modality, gaps shaded, below it the valid mask of targets at a rate.

    Args:
        number: Of the episode.
        path: Of the picture.
        names: Of the modalities; those without rows in this episode are said to have none.
        max_gap: In seconds; None: three of the modality's median periods.
        hertz: The targets' rate.
    """
    need("matplotlib", "matplotlib", "a picture").use("Agg")
    import matplotlib.pyplot as plt

    drawn = {name: store.modality(name).episode(number) for name in names}
    ends = [(stamps.min().item(), stamps.max().item()) for _, stamps in drawn.values() if len(stamps)]
    if not ends:
        raise ValueError(f"episode: {store.episodes[number]['name']} has no rows")
    start, end = min(first for first, _ in ends), max(last for _, last in ends)
    targets = max(1, math.floor((end - start) / SECOND * hertz) + 1)
    when = uniform(start, round(SECOND / hertz), targets)
    seconds = torch.arange(targets) / hertz
    figure, panels = plt.subplots(
        2 * len(drawn),
        figsize=(10, 1 + 1.6 * len(drawn)),
        sharex=True,
        squeeze=False,
        layout="constrained",
        height_ratios=[6, 1] * len(drawn),
    )
    for k, (name, (values, stamps)) in enumerate(drawn.items()):
        panel, strip = panels[2 * k, 0], panels[2 * k + 1, 0]
        units = sorted(set(store.schemas[name]["units"] or []) - {""})
        panel.set_title(
            f"{name}{' in ' + ', '.join(units) if units else ''}: {len(stamps)} rows", loc="left", fontsize=9
        )
        panel.tick_params(labelsize=7)
        strip.set(yticks=[], ylim=(0, 1))
        strip.set_ylabel("valid", fontsize=7, rotation=0, ha="right", va="center")
        if len(stamps) == 0:
            continue
        at = (stamps - start).double() / SECOND
        panel.plot(at, values[:, :MOST_LINES].double(), linewidth=0.7, marker=".", markersize=1.5)
        if values.shape[1] > MOST_LINES:
            text = f"{MOST_LINES} of {values.shape[1]} channels"
            panel.text(0.995, 0.95, text, transform=panel.transAxes, ha="right", va="top", fontsize=7)
        steps = stamps.diff()
        forward = steps[steps > 0]
        usual = 3 * forward.median().item() if len(forward) else SECOND
        limit = usual if max_gap is None else round(max_gap * SECOND)
        for i in (steps > limit).nonzero()[:, 0].tolist():
            panel.axvspan(at[i], at[i + 1], color="tab:red", alpha=0.2, linewidth=0)
        ordered = stamps.sort().values
        valid = resample(torch.zeros(len(ordered), 1), shared(ordered), when, max_gap=limit).valid.flatten()
        strip.fill_between(seconds, 0, valid, step="mid", color="tab:green", alpha=0.6, linewidth=0)
    panels[-1, 0].set_xlabel("seconds from the episode's first sample; red: gaps", fontsize=8)
    figure.suptitle(f"{store.episodes[number]['name']} {store.episodes[number]['task']}".strip(), fontsize=10)
    figure.savefig(path, dpi=120)
    plt.close(figure)
