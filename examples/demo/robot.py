# SPDX-License-Identifier: Apache-2.0
"""A simulated robot: an arm that sweeps and taps a table."""

import numpy as np
from recording import Stream


def simulate_robot(seed):
    """Twelve seconds of an arm that sweeps and taps a table: camera features, joints and a force sensor."""
    rng = np.random.default_rng(seed)
    camera = _stamps(rng, rate=30.0, jitter=0.15, dropout=(4.1, 4.7))
    joints = _stamps(rng, rate=100.0, jitter=0.08, dropout=(8.0, 8.25))
    force = _stamps(rng, rate=333.0, jitter=0.05, dropout=None)

    features = np.stack([np.tanh(1.5 * np.sin((0.5 + 0.23 * k) * camera + k)) for k in range(8)], axis=1)
    angles = np.stack([0.9 * np.sin(0.7 * joints * (1 + 0.13 * k) + 0.6 * k) / (1 + 0.2 * k) for k in range(7)], axis=1)
    # A tap every 1.7 s: a blow that rings out, mostly along z.
    ring = np.exp(-6.0 * (force % 1.7)) * np.cos(2 * np.pi * 9.0 * (force % 1.7))
    wrench = ring[:, None] * np.array([1.5, -2.5, 11.0, 0.3, -0.2, 0.1]) + np.array([0.0, 0.0, -4.9, 0.0, 0.0, 0.0])

    noise = ((features, 0.02), (angles, 0.002), (wrench, 0.15))
    features, angles, wrench = (clean + sigma * rng.standard_normal(clean.shape) for clean, sigma in noise)
    made = (("camera", "feature", camera, features), ("joints", "q", joints, angles), ("force", "w", force, wrench))
    return [
        Stream(name, [f"{channel}{k}" for k in range(values.shape[1])], "ns", (at * 1e9).astype(np.int64), values)
        for name, channel, at, values in made
    ]


def _stamps(rng, rate, jitter, dropout):
    """Ascending times in seconds: one per period, displaced by a normal share `jitter` of it, with a hole cut out."""
    period = 1.0 / rate
    ticks = np.arange(0.0, 12.0, period)
    at = np.sort(ticks + period * (rng.uniform(0, 1) + jitter * rng.standard_normal(ticks.size)).clip(0.0, 1.9))
    return at if dropout is None else at[(at < dropout[0]) | (at > dropout[1])]
