# SPDX-License-Identifier: Apache-2.0
"""A policy while robots run, here thousands of simulated ones: what it sees is what training will see.

Each environment has a clock of its own, sensors that tick when they like, readings that are late by a delay drawn for
each episode, and a reset when its episode is over. A tick appends what came, for all environments and streams in one
launch, and fuses the last steps of history in another. On a GPU both are one CUDA graph. At the end, the recording of
every environment is read as a training loop would, by windows as of the ticks' clocks: the numbers are the same, bit for
bit.

Run it: python examples/pytorch/online.py
"""

from typing import NamedTuple

import torch
from torch import Tensor

import robocache_torch as rc

MS = 1_000_000  # stamps are nanoseconds
PERIOD = 5 * MS  # of the policy: 200 Hz
HISTORY = 8
CAPACITY = 64


class Sensor(NamedTuple):
    """Of each environment."""

    hertz: int
    channels: int
    method: str = "linear"

    @property
    def rows(self) -> int:
        """How many rows a tick may bring."""
        return -(-self.hertz // 200) + 1


SENSORS = (Sensor(1000, 6), Sensor(400, 6), Sensor(200, 14), Sensor(100, 4, "slerp"), Sensor(50, 2, "previous"))


class Simulation:
    """Sensors of many environments, with jitter, dropouts and delays."""

    def __init__(self, batch: int, device: str, seed: int = 0):
        self.random = torch.Generator(device).manual_seed(seed)
        self.batch, self.device = batch, device
        self.clock = torch.zeros(batch, dtype=torch.int64, device=device)  # of each episode
        self.next = [torch.zeros(batch, dtype=torch.int64, device=device) for _ in SENSORS]
        self.recorded: list[list[rc.Rows]] = [[] for _ in SENSORS]

    def tick(self, resets: Tensor) -> list[rc.Rows]:
        """What the sensors sent until now, in each environment's time since its reset."""
        self.clock = torch.where(resets, 0, self.clock + PERIOD)
        sent = []
        for i, sensor in enumerate(SENSORS):
            step = 1000 * MS // sensor.hertz
            number = torch.where(resets, 0, self.next[i])  # of the next sample
            steps = number[:, None] + torch.arange(sensor.rows, device=self.device)
            # The same jitter whenever a sample is asked for: a hash of its number.
            jitter = (steps * 2654435761 % 1009) * (step // 4) // 1009
            stamps = steps * step + jitter
            due = stamps <= self.clock[:, None]
            self.next[i] = number + due.sum(1)
            lost = torch.rand(stamps.shape, device=self.device, generator=self.random) < 0.01
            values = torch.randn(
                *stamps.shape, sensor.channels, device=self.device, generator=self.random
            )
            if sensor.method == "slerp":
                values = torch.nn.functional.normalize(values, dim=-1)
            rows = rc.Rows(stamps, values, present=due & ~lost)
            self.recorded[i].append(rows)
            sent.append(rows)
        return sent


class Online:
    """Rings of all environments, and what the policy sees of them."""

    def __init__(self, batch: int, device: str):
        self.rings = [rc.Ring(batch, CAPACITY, sensor.channels, device=device) for sensor in SENSORS]
        self.streams = [
            rc.Stream(ring.values, ring.times(), sensor.method, after="hold", max_gap=100 * MS)
            for ring, sensor in zip(self.rings, SENSORS)
        ]
        self.deltas = torch.arange(1 - HISTORY, 1, device=device) * PERIOD  # the last is now

    def tick(self, rows: list[rc.Rows], clock: Tensor, resets: Tensor) -> rc.Fused:
        rc.append(self.rings, rows, resets)
        return rc.fuse(self.streams, rc.windows(clock, self.deltas))


class Captured:
    """The same as one CUDA graph: its inputs are copied to where the graph reads them."""

    def __init__(self, online: Online, rows: list[rc.Rows], clock: Tensor, resets: Tensor):
        self.given = [*(tensor.clone() for one in rows for tensor in (one.stamps, one.values, one.present))]
        self.given += [clock.clone(), resets.clone()]
        self.graph = torch.cuda.CUDAGraph()
        held = [rc.Rows(*self.given[3 * i : 3 * i + 2], present=self.given[3 * i + 2]) for i in range(len(rows))]
        with torch.cuda.graph(self.graph):
            self.seen = online.tick(held, *self.given[-2:])

    def tick(self, rows: list[rc.Rows], clock: Tensor, resets: Tensor) -> rc.Fused:
        now = [tensor for one in rows for tensor in (one.stamps, one.values, one.present)]
        torch._foreach_copy_(self.given, [*now, clock, resets])
        self.graph.replay()
        return self.seen


def offline(simulation: Simulation, begins: Tensor, ends: int, clocks: Tensor, deltas: Tensor) -> rc.Fused:
    """One tick of every environment out of the recording, as training reads it: `as_of` the clock.

    Args:
        begins: The tick at which each environment's episode began.
        ends: The tick.
    """
    streams = []
    for sensor, ticks in zip(SENSORS, simulation.recorded):
        stamps = torch.cat([rows.stamps for rows in ticks], 1)
        values = torch.cat([rows.values for rows in ticks], 1)
        tick_of_row = torch.arange(len(ticks), device=stamps.device).repeat_interleave(sensor.rows)
        there = torch.cat([rows.present for rows in ticks], 1)
        there = there & (tick_of_row >= begins[:, None])  # all that the episode has, later samples too
        counts = there.sum(1)
        offsets = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        times = rc.ragged(stamps[there], offsets)
        streams.append(rc.Stream(values[there], times, sensor.method, after="hold", max_gap=100 * MS))
    return rc.fuse(streams, rc.windows(clocks, deltas, as_of=clocks))


def main(batch: int = 16, ticks: int = 120) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    simulation, online = Simulation(batch, device), Online(batch, device)
    begins = torch.zeros(batch, dtype=torch.int64, device=device)
    resets = torch.ones(batch, dtype=torch.bool, device=device)
    step = online.tick
    seen = []
    for number in range(ticks):
        begins = torch.where(resets, number, begins)
        rows = simulation.tick(resets)
        fused = step(rows, simulation.clock, resets)
        if device == "cuda" and number == 0:
            step = Captured(online, rows, simulation.clock, resets).tick
        seen.append((number, begins, simulation.clock, fused.values.clone(), fused.valid.clone()))
        resets = torch.rand(batch, device=device, generator=simulation.random) < 0.01  # episodes that are over
    for number, begun, clock, values, valid in seen[:: max(1, ticks // 20)]:
        # Of episodes that go on: an episode that ended later was cut off where the next one began.
        goes_on = (begun == begins).nonzero()[:, 0]
        trained = offline(simulation, begun, number, clock, online.deltas)
        assert torch.equal(values[goes_on], trained.values[goes_on]), f"tick {number}: online is not offline"
        assert torch.equal(valid[goes_on], trained.valid[goes_on]), f"tick {number}: masks"
    refused = sum(int(ring.refused.sum()) for ring in online.rings)
    print(f"{ticks} ticks of {batch} environments on {device}: online equals offline, bit for bit; {refused} rows refused")


if __name__ == "__main__":
    main()
