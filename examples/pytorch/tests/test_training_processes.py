# SPDX-License-Identifier: Apache-2.0
"""train.py in several processes."""

import re
import statistics

import numpy as np
import pytest
import torch
from training_runs import SMALL, losses, run

TWO_GPUS = pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")


def test_two_processes_train_as_one_does(tmp_path):
    run(*SMALL, "--device", "cpu", "--steps", 60, "--out", tmp_path / "one")
    run(*SMALL, "--device", "cpu", "--steps", 60, "--out", tmp_path / "two", processes=2)
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert abs(one[-1] - two[-1]) < 0.01 * one[-1] and np.allclose(one, two, rtol=0.01)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("path", ["gpu", "pinned"])
def test_two_processes_on_one_gpu_train_as_one_does(tmp_path, record_property, path):
    given = ("--path", path, "--steps", 200, "--width", 256)
    run(*given, "--out", tmp_path / "one")
    run(*given, "--out", tmp_path / "two", processes=2, program="tests/sharing.py")
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    record_property("loss after 200 steps of one process, and of two", f"{one[-1]}, {two[-1]}")
    assert abs(one[-1] - two[-1]) < 0.01 * one[-1] and np.allclose(one, two, rtol=0.01)


@TWO_GPUS
def test_two_gpus_train_as_one_does(tmp_path, record_property):
    run("--steps", 200, "--out", tmp_path / "one", processes=1)
    run("--steps", 200, "--out", tmp_path / "two", processes=2)
    one, two = losses(tmp_path / "one")[-1], losses(tmp_path / "two")[-1]
    record_property("loss after 200 steps on one GPU, and on two", f"{one}, {two}")
    assert abs(one - two) < 0.01 * one


@TWO_GPUS
def test_two_gpus_preprocess_twice_as_much(tmp_path, record_property):
    rates = {1: [], 2: []}
    for _ in range(3):
        for processes, of in rates.items():  # the same batch per GPU
            told = run("--preprocess-only", "--steps", 4000, "--batch", 32 * processes, processes=processes)
            of.append(float(re.search(r"([0-9]+) windows a second", told)[1]))
    one, two = (statistics.median(of) for of in rates.values())
    record_property("windows a second, preprocessed by one GPU, and by two", f"{one}, {two}")
    assert two >= 1.9 * one
