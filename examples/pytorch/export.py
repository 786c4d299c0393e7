# SPDX-License-Identifier: Apache-2.0
"""A policy that runs without Python: the tick of a robot, exported and compiled ahead of time into one file.

A tick appends what the sensors sent to rings, makes the policy's input of them, with ages and a latency of each robot's
own, and calls a small network. `torch.export` records it, AOTInductor compiles it, and deploy.cpp runs it in C++, where
the rings live in the package from tick to tick. The operators are the ones that Python calls, so the bits are, too.

Run it: python examples/pytorch/export.py FOLDER
"""

import sys
from pathlib import Path

import torch
from torch import Tensor

import robocache_torch as rc
from online import CAPACITY, HISTORY, MS, PERIOD, SENSORS, Simulation

ACTIONS = 7


class Policy(torch.nn.Module):
    """The tick of `batch` robots. What it knows of the past is in its rings."""

    def __init__(self, batch: int, device: str):
        super().__init__()
        self.rings = torch.nn.ModuleList(rc.Ring(batch, CAPACITY, one.channels, device=device) for one in SENSORS)
        deltas = torch.arange(1 - HISTORY, 1, device=device) * PERIOD  # the last is now
        self.register_buffer("deltas", deltas, persistent=False)
        channels = HISTORY * sum(one.channels for one in SENSORS)
        self.net = torch.nn.Sequential(torch.nn.Linear(channels, 64), torch.nn.Tanh(), torch.nn.Linear(64, ACTIONS))
        self.to(device).eval()

    def forward(self, clock: Tensor, resets: Tensor, latencies: Tensor, *rows: Tensor):
        """Actions, and what they were decided by.

        Args:
            clock: int64 `[B]`: now.
            resets: bool `[B]`: robots that begin anew.
            latencies: int64 `[B]`: of the first sensor.
            rows: Stamps, values and presence of what each sensor sent.
        """
        sent = [rc.Rows(*rows[i : i + 2], present=rows[i + 2]) for i in range(0, len(rows), 3)]
        rc.append(self.rings, sent, resets)
        streams = []
        for i, (ring, one) in enumerate(zip(self.rings, SENSORS)):
            stream = rc.Stream(ring.values, ring.times(), one.method, after="hold", max_gap=100 * MS)
            streams.append(rc.PolicyStream(stream, latencies=latencies if i == 0 else None))
        (seen,) = rc.policy_input([rc.PolicyFusion(streams, rc.windows(clock, self.deltas), ages=True)])
        return self.net(seen.values.flatten(1)), *seen


def some_ticks(batch: int, ticks: int, device: str) -> list[list[Tensor]]:
    """What `Policy` is called with, of simulated robots."""
    simulation = Simulation(batch, device)
    resets = torch.ones(batch, dtype=torch.bool, device=device)
    given = []
    for _ in range(ticks):
        rows = simulation.tick(resets)
        latencies = -torch.randint(0, 5 * MS, (batch,), device=device, generator=simulation.random)
        tensors = [tensor for one in rows for tensor in (one.stamps, one.values, one.present)]
        given.append([simulation.clock, resets, latencies, *tensors])
        resets = torch.rand(batch, device=device, generator=simulation.random) < 0.05
    return given


def package(module: torch.nn.Module, given: list[Tensor], path: Path) -> Path:
    """Exports and compiles a module; its state becomes that of the package."""
    with torch.no_grad():
        program = torch.export.export(module, tuple(given))
        return Path(torch._inductor.aoti_compile_and_package(program, package_path=str(path)))


def main(folder: str, batch: int = 4, ticks: int = 50) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    to = Path(folder)
    to.mkdir(parents=True, exist_ok=True)
    given = some_ticks(batch, ticks, device)
    made = package(Policy(batch, device), given[0], to / "policy.pt2")
    torch.save([[tensor.cpu() for tensor in tick] for tick in given], to / "ticks.pt")
    print(f"wrote {made} and {to / 'ticks.pt'}; run them with deploy.cpp and {rc.operators_library()}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "exported")
