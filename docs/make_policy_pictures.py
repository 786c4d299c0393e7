# SPDX-License-Identifier: Apache-2.0
"""Draws images/policy_*.png, a picture for each topic of "Policy input" in semantics.md, as robocache_torch computes it
on the CPU from made-up motions.

    PYTHONPATH=examples/pytorch python docs/make_policy_pictures.py
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt  # noqa: E402
import robocache_torch as rc  # noqa: E402
import torch  # noqa: E402

IMAGES = Path(__file__).resolve().parent / "images"
BLUE, ORANGE, GREEN, GREY = "#1f77b4", "#d9730d", "#2a9d5c", "#b0b0b0"


def axes_of(rows, columns, height):
    figure, axes = plt.subplots(rows, columns, figsize=(9.5, height), layout="constrained", squeeze=False)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
        axis.set_xlabel("seconds", fontsize=8)
    return figure, axes


def finish(figure, axes, titles, name):
    for axis, title in zip(axes.flat, titles):
        axis.set_title(title, fontsize=9, loc="left")
        axis.legend(fontsize=7, frameon=False)
    figure.savefig(IMAGES / f"policy_{name}.png", dpi=90)


def made(streams, targets):
    return rc.policy_input([rc.PolicyFusion(streams, targets)])[0]


def windows(anchor, deltas, **more):
    return rc.windows(torch.tensor([anchor], dtype=torch.float64), deltas, **more)


def sensor(hertz=10, seconds=3.0):
    stamps = torch.arange(0, seconds + 1e-9, 1 / hertz, dtype=torch.float64)
    return (1.2 * (2 * stamps).sin() + 0.4 * (5 * stamps).cos()).float()[:, None], stamps


def as_of():
    """What is known at the anchor, and what the same windows see without as_of."""
    values, stamps = sensor(6)
    anchor, deltas = 1.62, torch.linspace(-1.0, 0.5, 400, dtype=torch.float64)
    figure, axes = axes_of(1, 2, 2.7)
    for axis, rule in zip(axes[0], ("clamp", "hold")):
        axis.plot(stamps, values, ".", color=GREY, label="samples, later ones too")
        axis.plot(stamps[stamps <= anchor], values[stamps <= anchor], "k.", markersize=7, label="samples known")
        stream = rc.Stream(values[None], stamps[None], after=rule)
        free = made([stream], windows(anchor, deltas))
        known = made([stream], windows(anchor, deltas, as_of=torch.tensor([anchor], dtype=torch.float64)))
        axis.plot(anchor + deltas, free.values[0], color=GREY, linewidth=1, label="without as_of")
        valid = known.all_valid[0]
        axis.plot(anchor + deltas[valid], known.values[0][valid], color=BLUE, label="as of the anchor, valid")
        axis.plot(anchor + deltas[~valid], known.values[0][~valid], "--", color=ORANGE, label="the same, not valid")
        axis.axvline(anchor, color="black", linewidth=0.8)
    finish(figure, axes, ("after = clamp", "after = hold: the newest reading counts"), "as_of")


def relative():
    """Positions of a hand on a circle, from the world and from the hand at the anchor."""
    stamps = torch.arange(0, 4, 0.05, dtype=torch.float64)
    turn = 1.1 * stamps
    positions = torch.stack([turn.cos(), turn.sin(), 0 * turn], -1).float()
    vectors = torch.stack([0 * turn, 0 * turn, turn], -1).float()
    position, rotation = rc.Stream(positions[None], stamps[None]), rc.Stream(vectors[None], stamps[None], "slerp")
    deltas = torch.linspace(-0.4, 1.2, 17, dtype=torch.float64)
    figure, axes = axes_of(1, 2, 3.4)
    axes[0, 0].plot(positions[:, 0], positions[:, 1], color=GREY, linewidth=1, label="the hand's way")
    for anchor, colour, size in ((0.6, BLUE, 12), (1.9, ORANGE, 8), (2.7, GREEN, 4)):
        seen = rc.Relative(frame=1)
        found = made(
            [rc.PolicyStream(position, relative=seen), rc.PolicyStream(rotation, "vector"), position],
            windows(anchor, deltas),
        ).values[0]
        axes[0, 0].plot(found[:, 6], found[:, 7], ".", color=colour, markersize=size, label=f"window at {anchor} s")
        axes[0, 1].plot(found[:, 0], found[:, 1], ".", color=colour, markersize=size, label=f"window at {anchor} s")
    for axis in axes[0]:
        axis.set_aspect("equal")
        axis.set_xlabel("metres", fontsize=8)
    finish(figure, axes, ("in the world", "relative to the pose at the anchor: all alike"), "relative")


def rotations():
    """One turn in four formats."""
    stamps = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)
    vectors = torch.tensor([[0.0, 0, 0], [0.9, 1.4, -0.3], [-0.4, 2.2, 1.1]])
    rotation = rc.Stream(vectors, stamps, "slerp")
    targets = torch.linspace(0, 2, 300, dtype=torch.float64)
    figure, axes = axes_of(2, 2, 4.4)
    names = {"xyzw": "xyzw", "vector": "xyz", "rows": ("m00", "m01", "m02", "m10", "m11", "m12"), "ZYX": "zyx"}
    for axis, (word, channels) in zip(axes.flat, names.items()):
        found = made([rc.PolicyStream(rotation, "vector", word)], targets).values
        for c, channel in enumerate(channels):
            axis.plot(targets, found[:, c], linewidth=1.2, label=channel)
    titles = ("result = xyzw", "vector, as it is given", "rows: 6 numbers", "ZYX: Euler angles")
    finish(figure, axes, titles, "rotations")


def derivatives():
    """A position, its velocity and its acceleration by each method."""
    values, stamps = sensor(2.5)
    targets = torch.linspace(0, 2.799, 900, dtype=torch.float64)
    figure, axes = axes_of(1, 3, 2.7)
    for word, axis in zip(("value", "velocity", "acceleration"), axes[0]):
        for method, colour in zip(("linear", "catmull_rom", "pchip", "akima"), ("#555555", GREEN, ORANGE, BLUE)):
            found = made([rc.PolicyStream(rc.Stream(values, stamps, method), derivative=word)], targets).values
            axis.plot(targets, found, ".", markersize=1.2, color=colour)
            axis.plot([], [], color=colour, label=method)
        axis.set_xlim(0, 2.8)
    axes[0, 0].plot(stamps, values, "k.", markersize=6)
    finish(figure, axes, ("value", "velocity, per second", "acceleration: jumps at samples"), "derivatives")


def chunks():
    """Quantiles of relative chunks, step by step, and what they make of a chunk."""
    torch.manual_seed(3)
    stamps = torch.arange(0, 400, dtype=torch.float64) / 20
    values = (torch.randn(400, 1).cumsum(0) * 0.1 + (0.8 * stamps).sin()[:, None]).float()
    stream = rc.PolicyStream(rc.Stream(values, stamps), relative=rc.Relative())
    steps = torch.arange(0, 30, dtype=torch.float64) / 20
    every = rc.windows(stamps[:370], steps, torch.zeros(370, dtype=torch.int64))
    fractions = [0.01, 0.25, 0.5, 0.75, 0.99]
    found = rc.summarize_policy_input([rc.PolicyFusion([stream], every)], fractions, each_step=True)
    scale, shift = rc.from_quantiles(found.quantiles[1:, 0], found.quantiles[1:, -1], "lerobot")
    some = made([stream], every).values[::23, :, 0]
    figure, axes = axes_of(1, 2, 2.7)
    axes[0, 0].plot(steps, some.T, color=GREY, linewidth=0.7)
    for q, fraction in enumerate(fractions):
        axes[0, 0].plot(steps, found.quantiles[:, q], linewidth=1.4, label=f"{100 * fraction:g} %")
    axes[0, 1].plot(steps[1:], (some[:, 1:] * scale + shift).T, color=GREY, linewidth=0.7)
    for limit in (-1, 1):
        axes[0, 1].axhline(limit, color="black", linewidth=0.8, label="1 % and 99 % of the step" if limit == 1 else None)
    finish(figure, axes, ("chunks relative to the state, and their quantiles", "scaled and shifted by step"), "chunks")


if __name__ == "__main__":
    for draw in (as_of, relative, rotations, derivatives, chunks):
        draw()
