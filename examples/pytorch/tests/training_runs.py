# SPDX-License-Identifier: Apache-2.0
"""Runs of train.py for tests, small ones on the CPU."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

from training import loop
from training.data_path import DataPath, Sample
from training.order import Order

HERE = Path(__file__).resolve().parents[1]
SMALL = [
    "--episodes",
    "4",
    "--seconds",
    "8",
    "--vision",
    "24",
    "--batch",
    "4",
    "--window",
    "30",
    "--layers",
    "1",
    "--width",
    "32",
    "--heads",
    "4",
]


def run(*arguments, processes=0, program="train.py"):
    start = (
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(processes)]
        if processes
        else [sys.executable]
    )
    done = subprocess.run(
        [*start, str(HERE / program), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def losses(folder):
    return np.loadtxt(folder / "loss.csv", delimiter=",", skiprows=1)[:, 1]


def trainer_of(task, device):
    return loop.Trainer(task, loop.Process(0, 1, device), seed=0, layers=1, heads=4, width=32)


def order_of(task, device, batch=4, rank=0, ranks=1):
    return Order(task, batch, 0, rank, ranks, device)


class ByTheClock(DataPath):
    """A data path, and a trainer, with a clock that nothing else moves: a batch takes one second, a step two."""

    group = 4

    def __init__(self):
        super().__init__(None, SimpleNamespace(batch=10, device=torch.device("cpu")))
        self.now, self.told, self.steps, self.process = 0.0, [], 0, loop.Process(0, 1, self.device)

    def perf_counter(self):
        self.told.append("clock")
        return self.now

    def group_from(self, step):
        self.told.append("group")
        self.now += self.group
        return [Sample(*3 * [torch.zeros(1)])] * self.group

    def step(self, sample):
        self.now += 2 if self.steps > loop.Graphed.EAGER else 50  # the first ones prepare and capture
        self.steps += 1
        return torch.zeros(())

    def state(self):
        return {}

    def save(self, path, state):
        self.now += 100
