# SPDX-License-Identifier: Apache-2.0
"""train.py: it learns, continues where it stopped, and reports its times."""

import copy
import importlib.util
import json
import runpy
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from training_runs import HERE, SMALL, ByTheClock, losses, order_of, run, trainer_of

import train
from training import loop
from training.paths import opened

KINDS = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "tqdm" else name)
    with pytest.raises(SystemExit, match="found no tqdm, want: python -m pip install tqdm"):
        runpy.run_path(train.__file__)


def test_a_resumed_run_is_the_same_run(tmp_path):
    run(*SMALL, "--device", "cpu", "--steps", 3, "--out", tmp_path)
    failed = subprocess.run(
        [
            sys.executable,
            str(HERE / "train.py"),
            *SMALL,
            "--device",
            "cpu",
            "--steps",
            "6",
            "--resume",
            "--width",
            "64",
            "--out",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode != 0 and "--resume: found width 64, want 32" in failed.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_training_learns_and_goes_on_where_it_stopped(tmp_path, kind):
    run(*SMALL, "--device", kind, "--steps", 60, "--out", tmp_path / "whole")
    whole = losses(tmp_path / "whole")
    assert len(whole) == 60 and whole[-10:].mean() < 0.8 * whole[:5].mean()
    assert (tmp_path / "whole" / "loss.png").stat().st_size > 5000
    summary = json.loads((tmp_path / "whole" / "summary.json").read_text())
    assert 0 < summary["share_of_preprocessing"] < 1 and summary["windows_per_second"] > 0
    run(*SMALL, "--device", kind, "--steps", 25, "--out", tmp_path / "parts")
    run(*SMALL, "--device", kind, "--steps", 60, "--resume", "--out", tmp_path / "parts")
    assert np.array_equal(losses(tmp_path / "parts"), whole)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("path", ["gpu", "pinned"])
def test_a_step_as_a_graph_is_the_step(task, path):
    device = torch.device("cuda:0")

    def trained(one, first, last):
        data_path = opened(path, task, order_of(task, device))
        found = [one.step(data_path.sample(i)) for i in range(first, last)]
        data_path.close()
        return torch.stack(found).tolist()

    eager, graphed = (trainer_of(task, device) for _ in range(2))
    eager.work = eager.learn
    wanted = trained(eager, 0, 40)
    assert trained(graphed, 0, 20) == wanted[:20]
    assert graphed.work.graph is not None
    # A state that is loaded after the capture is the one that is trained.
    state = copy.deepcopy(graphed.state())
    assert trained(graphed, 20, 40) == wanted[20:]
    graphed.load(state)
    assert trained(graphed, 20, 40) == wanted[20:]


# 8 that are not counted, then whole groups.
@pytest.mark.parametrize("steps, timed", [(3, 0), (8, 0), (11, 0), (12, 4), (15, 4), (40, 32)])
def test_a_run_times_batches_and_steps_alone(tmp_path, monkeypatch, steps, timed):
    data_path = ByTheClock()
    monkeypatch.setattr(loop, "time", data_path)
    monkeypatch.setattr(loop, "save", data_path.save)
    given = {"steps": steps, "out": tmp_path, "resume": False, "save_every": 5, "setting": {}}
    losses, summary = loop.train(data_path, data_path, **given)
    assert len(losses) == steps and json.loads((tmp_path / "summary.json").read_text()) == summary
    if timed:
        assert summary["ms_per_step"] == 3000 and summary["share_of_preprocessing"] == pytest.approx(1 / 3)
        assert summary["windows_per_second"] == pytest.approx(10 / 3) and "no_figures" not in summary
    else:
        assert "ms_per_step" not in summary and f"found {steps} steps, want 12 or more" in summary["no_figures"]


@pytest.mark.parametrize("during", ["step", "sample"])
def test_an_interrupted_run_leaves_its_last_step(task, tmp_path, monkeypatch, during):
    cpu = torch.device("cpu")

    def trained(folder, steps, resume=False, interrupted_at=None):
        trainer = trainer_of(task, cpu)
        data_path = opened("gpu", task, order_of(task, cpu))
        usual = {"step": trainer.step, "sample": data_path.sample}[during]
        calls = iter(range(steps))

        def interrupted(given):
            if next(calls) == interrupted_at:
                signal.raise_signal(signal.SIGINT)
            return usual(given)

        setattr(trainer if during == "step" else data_path, during, interrupted)
        folder.mkdir(exist_ok=True)
        return loop.train(trainer, data_path, steps=steps, out=folder, resume=resume, save_every=5, setting={})[0]

    whole = trained(tmp_path / "whole", 8)
    # A shell may have started this with interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            trained(tmp_path / "parts", 8, interrupted_at=6)
    finally:
        signal.signal(signal.SIGINT, before)
    kept = torch.load(tmp_path / "parts" / "checkpoint.pt", weights_only=True)["losses"]
    # A step that has begun is finished.
    assert kept == whole[: 7 if during == "step" else 6]
    assert trained(tmp_path / "parts", 8, resume=True) == whole


def test_a_checkpoint_of_another_kind_of_device_goes_on(task, device):
    data_path = opened("gpu", task, order_of(task, device))
    trainer = trainer_of(task, device)
    first = [trainer.step(data_path.sample(i)).item() for i in range(2)]
    state = copy.deepcopy(trainer.state())
    on_gpu = device.type == "cuda"
    for group in state["optimiser"]["param_groups"]:
        assert group["fused"] == group["capturable"] == on_gpu
        group["fused"] = group["capturable"] = not on_gpu
    wanted = [trainer.step(data_path.sample(i)).item() for i in range(2, 8)]
    trainer.load(state)
    assert [trainer.step(data_path.sample(i)).item() for i in range(2, 8)] == wanted
    assert min(wanted) < min(first)
