# SPDX-License-Identifier: Apache-2.0
"""A simulated lidar: one sweep through a street of houses, cars, trees and poles."""

import numpy as np
from cloud import Cloud

BEAMS, AZIMUTHS = 64, 1500
SENSOR = np.array([0.0, 0.0, 1.8])  # metres above the road, x along it
FAR = 45.0  # metres; what is beyond gives no echo
GROUND, WALL, CAR, LEAVES, WOOD = 20.0, 60.0, 110.0, 35.0, 45.0  # how well they reflect


def simulate_sweep(seed):
    """`x y z intensity` in sensor order; NaN where there is no echo."""
    rng = np.random.default_rng(seed)
    elevation = np.deg2rad(np.linspace(-25.0, 15.0, BEAMS))[:, None]
    azimuth = np.linspace(-np.pi, np.pi, AZIMUTHS, endpoint=False)[None, :]
    rays = np.stack(
        np.broadcast_arrays(np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth),
                            np.sin(elevation)), axis=-1,
    ).reshape(-1, 3)  # fmt: skip
    distance, material = _trace(rays, rng)
    distance += rng.normal(0.0, np.where(material == LEAVES, 0.25, 0.012))
    distance[(distance > FAR) | (rng.random(distance.size) < 0.004)] = np.nan
    intensity = material * np.exp(-distance / 40.0) * rng.uniform(0.8, 1.2, distance.size)
    points = np.concatenate([SENSOR + distance[:, None] * rays, intensity[:, None]], axis=1)
    return Cloud(f"a simulated lidar, seed {seed}", points.astype(np.float32))


def _trace(rays, rng):
    """The distance along each ray to the first thing, and its material."""
    with np.errstate(divide="ignore", invalid="ignore"):
        nearest = np.where(rays[:, 2] < 0, -SENSOR[2] / rays[:, 2], np.inf)
        material = np.full(len(rays), GROUND)
        for made_of, hit in _things(rng):
            distance = hit(rays)
            closer = (distance > 0) & (distance < nearest)  # false for NaN: the ray passes by
            nearest[closer], material[closer] = distance[closer], made_of
    return nearest, material


def _things(rng):
    """Pairs of a material and a function that gives distances along rays."""
    for side in (-1, 1):
        for x in np.arange(-40.0, 40.0, 14.0):
            depth, height, length = rng.uniform((6.0, 5.0, 9.0), (10.0, 11.0, 12.5))
            near = side * rng.uniform(10.0, 12.0)
            low, high = sorted((near, near + side * depth))
            yield WALL, _box((x, low, 0.0), (x + length, high, height))
        for x in np.arange(-36.0, 38.0, 12.0) + rng.uniform(-2.0, 2.0):
            trunk, crown = rng.uniform((0.12, 1.3), (0.25, 2.1))
            yield WOOD, _cylinder(x, side * 8.2, trunk, 4.0)
            yield LEAVES, _ball((x, side * 8.2, 3.4 + crown), crown)
        for x in np.arange(-30.0, 32.0, 15.0) + 4.0:
            yield WALL, _cylinder(x, side * 6.9, 0.08, 6.5)
        for x in np.arange(-34.0, 34.0, 6.5):
            if rng.random() < 0.65:
                yield from _car(x + rng.uniform(-0.5, 0.5), side * 5.4)
    yield from _car(12.0, -1.7)
    yield from _car(-9.0, 1.8)


def _car(x, y):
    yield CAR, _box((x - 2.1, y - 0.9, 0.3), (x + 2.1, y + 0.9, 0.95))
    yield CAR, _box((x - 1.2, y - 0.8, 0.95), (x + 1.0, y + 0.8, 1.5))


def _box(low, high):
    def hit(rays):
        a, b = ((np.asarray(corner) - SENSOR) / rays for corner in (low, high))
        enter, leave = np.minimum(a, b).max(axis=1), np.maximum(a, b).min(axis=1)
        return np.where(enter <= leave, enter, np.nan)

    return hit


def _ball(centre, radius):
    def hit(rays):
        to = np.asarray(centre) - SENSOR
        along = rays @ to
        return along - np.sqrt(along**2 - to @ to + radius**2)

    return hit


def _cylinder(x, y, radius, height):
    """Upright, from the ground on."""

    def hit(rays):
        to = np.array([x, y]) - SENSOR[:2]
        flat = np.hypot(rays[:, 0], rays[:, 1])
        along = (rays[:, :2] @ to) / flat
        distance = (along - np.sqrt(along**2 - to @ to + radius**2)) / flat
        return np.where(SENSOR[2] + distance * rays[:, 2] <= height, distance, np.nan)

    return hit
