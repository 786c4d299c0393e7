# SPDX-License-Identifier: Apache-2.0
"""What GR00T's modality config and LeRobot's data set feed to a policy, rebuilt in NumPy from what they document, a
sample at a time and in doubles, to 1e-6 times max(1, |scale| max|v|). UMI's sampler: test_policy_example.py."""

import numpy as np
import pytest
import torch

import robocache_torch as rc
from robocache_torch import _layout

RATE = 16


def recorded(device, frames=60, channels=2, size=2.0):
    """One episode of whole frames, FP32 values."""
    rows = (size * (2 * torch.rand(frames, channels) - 1)).to(device)
    return rows, (torch.arange(frames, dtype=torch.float64) / RATE).to(device)


def close(found, wanted, scale_times_most=1.0):
    assert np.abs(found.cpu().double().numpy() - wanted).max() <= 1e-6 * max(1.0, scale_times_most)


def normalised(stream, found):
    return stream._replace(**found._asdict())


def test_as_gr00t(device):
    """Min-max and mean and deviation, quantiles with their clamp, sines and cosines, a chunk relative to the state."""
    torch.manual_seed(7)
    joints, stamps = recorded(device)
    forces, _ = recorded(device, channels=1, size=30.0)
    actions, _ = recorded(device)
    statistics = rc.summarize(joints), rc.summarize(forces)
    angles, force = rc.Stream(joints, stamps, "previous"), rc.Stream(forces, stamps, "previous")
    by_range = rc.from_range(statistics[0].min, statistics[0].max, "gr00t")
    by_deviation = rc.from_mean_and_deviation(statistics[1].mean, statistics[1].std(), "gr00t")
    anchors = torch.arange(5, 40, dtype=torch.float64, device=device) / RATE
    index = torch.zeros(len(anchors), dtype=torch.int64, device=device)
    steps = torch.arange(16, dtype=torch.float64, device=device) / RATE
    now, ahead = (rc.windows(anchors, of, index) for of in (steps[:1], steps))
    moved = rc.PolicyStream(rc.Stream(actions, stamps, "previous"), relative=rc.Relative(to=(0, 0)))
    asked = [rc.PolicyFusion([angles], now), rc.PolicyFusion([moved], ahead)]
    one, ninety_nine = rc.summarize_policy_input(asked, [0.01, 0.99], fusion=1).quantiles.unbind(-1)
    by_quantiles = rc.from_quantiles(one, ninety_nine, "gr00t")
    limit = torch.ones(2, device=device)
    chunk = moved._replace(stream=normalised(moved.stream, by_quantiles), low=-limit, high=limit)
    seen, done = rc.policy_input(
        [
            rc.PolicyFusion(
                [
                    angles,
                    rc.PolicyStream(angles, sin_cos=True),
                    normalised(angles, by_range),
                    normalised(force, by_deviation),
                ],
                now,
            ),
            rc.PolicyFusion([chunk], ahead),
        ]
    )
    v, f, a = (rows.cpu().double().numpy() for rows in (joints, forces, actions))
    chunks = np.stack([a[k : k + 16] - v[k] for k in range(5, 40)])
    inside = done.all_valid.cpu().numpy()
    q01, q99 = np.quantile(chunks[inside].astype(np.float32).astype(float), [0.01, 0.99], axis=0)
    for b, frame in enumerate(range(5, 40)):
        wanted = np.concatenate(
            [
                v[frame],
                np.sin(v[frame]),
                np.cos(v[frame]),
                2 * (v[frame] - v.min(0)) / (v.max(0) - v.min(0)) - 1,
                (f[frame] - f.mean(0)) / f.std(0),
            ]
        )
        close(seen.values[b, 0], wanted, 3.0)
        wanted = np.clip(2 * (chunks[b] - q01) / (q99 - q01) - 1, -1, 1)
        close(done.values[b], wanted, 4.0)


def test_as_lerobot(device):
    """`delta_timestamps` to the frame within `tolerance_s`, pad masks, quantile normalisation."""
    torch.manual_seed(8)
    actions, stamps = recorded(device, channels=3, size=3.0)
    low, high = rc.summarize(actions, [0.01, 0.99]).quantiles.unbind(-1)
    stream = rc.Stream(actions, stamps, "nearest", tolerance=1e-4)
    anchors = [2, 30, 55]
    deltas = torch.arange(-4, 12, dtype=torch.float64, device=device) / RATE
    found = rc.policy_input(
        [
            rc.PolicyFusion(
                [normalised(stream, rc.from_quantiles(low, high, "lerobot"))],
                rc.windows(stamps[anchors], deltas, torch.zeros(3, dtype=torch.int64, device=device)),
            )
        ]
    )[0]
    rows = actions.cpu().double().numpy()
    q01, q99 = np.quantile(rows, [0.01, 0.99], axis=0)
    for b, anchor in enumerate(anchors):
        asked = np.arange(anchor - 4, anchor + 12)
        frames = np.clip(asked, 0, len(rows) - 1)
        close(found.values[b], 2 * (rows[frames] - q01) / (q99 - q01) - 1, 4.0)
        assert (found.all_valid[b].cpu().numpy() == (asked == frames)).all()  # not action_is_pad


RULES = {
    "gr00t": [(1.0, 0.0), (0.0, 0.0), (1.0, 0.0)],
    "lerobot": [(1e8, -3e8), (0.0, -1.0), (0.0, -1.0)],
    "openpi": [(1e6, -3e6), (0.0, -1.0), (0.0, -1.0)],
    "diffusion_policy": [(1.0, -3.0), (1.0, -3.0), (1.0, -3.0)],
}


@pytest.mark.parametrize("rule", RULES)
def test_a_channel_that_does_not_vary(rule):
    three, nothing = torch.tensor([3.0], dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    found = [
        rc.from_mean_and_deviation(three, nothing, rule),
        rc.from_range(three, three, rule),
        rc.from_quantiles(three, three, rule),
    ]
    wanted = [tuple(np.float32(x) for x in pair) for pair in RULES[rule]]
    assert [(one.scale.item(), one.shift.item()) for one in found] == wanted
    assert set(RULES) == set(_layout.NORMALISATIONS)


@pytest.mark.parametrize("rule", RULES)
def test_a_channel_that_varies(rule):
    low, high = torch.tensor([-1.0, 2.0]), torch.tensor([3.0, 2.5])
    scale, shift = rc.from_range(low, high, rule)
    assert torch.allclose(low * scale + shift, torch.tensor(-1.0), atol=1e-5)
    assert torch.allclose(high * scale + shift, torch.tensor(1.0), atol=1e-4)
    scale, shift = rc.from_mean_and_deviation(low, high, rule)
    assert torch.allclose((low + high) * scale + shift, torch.tensor(1.0), atol=1e-5)


def test_rules_that_are_refused():
    one = torch.ones(1)
    with pytest.raises(ValueError, match="rule: found 'octo'"):
        rc.from_range(one, one, "octo")
    with pytest.raises(TypeError, match="low: found"):
        rc.from_range(1.0, one, "gr00t")
