# SPDX-License-Identifier: Apache-2.0
"""The paths of the data: each gives the same batches, in order, and passes errors on."""

import sys
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from training_runs import SMALL, ByTheClock, order_of, run

import train
from robocache_torch import data
from training import ahead, paths
from training.ahead import Ahead
from training.data_path import DataPath
from training.task import task_of


def test_every_data_path_gives_the_same(task, device, monkeypatch):
    # Longer dropouts, so that masks have something to show.
    for read in task.reads:
        monkeypatch.setitem(read.of_stream, "max_gap", 150_000_000)
    monkeypatch.setattr(paths, "MAX_GAP", 150_000_000)
    order = order_of(task, device)
    workers = {"numpy": {"workers": 1}}
    data_paths = {name: kind(task, order, **workers.get(name, {})) for name, kind in paths.PATHS.items()}
    rounding = 2.0**-7
    invalid = 0
    for step in range(order.steps + 2):  # across the end of an epoch too
        samples = {name: data_path.sample(step) for name, data_path in data_paths.items()}
        reference = samples["gpu"]
        assert reference.share.sum().item() == pytest.approx(1)
        invalid += int((~reference.valid.cpu()[reference.share.cpu() > 0]).sum())
        for name, one in samples.items():
            assert one.values.device == device
            assert torch.equal(one.valid, reference.valid) and torch.equal(one.share, reference.share)
            if name == "pinned":
                assert torch.equal(one.values, reference.values)
            pairs = (whole.split([task.seen, task.predicted], -1) for whole in (one.values, reference.values))
            for mine, theirs in zip(*pairs):
                limit = rounding * theirs.float().abs().max()
                assert (mine.float() - theirs.float()).abs().max() <= limit, name
    assert invalid > 0
    for data_path in data_paths.values():
        data_path.close()


def test_duplicated_stamps_and_samples_beside_gaps(tmp_path, device):
    stamps = torch.tensor([0, 600, 620, 620, 640, 660, 660, 1_300]) * 1_000_000
    values = torch.from_numpy(np.random.default_rng(0).normal(size=(8, 2))).float()
    with data.Writer(tmp_path) as writer:
        writer.add(data.Episode("one", {name: data.Series(values, stamps) for name in ("seen", "predicted")}))
    task = task_of(data.Store(tmp_path), "predicted", 2, 50.0, 0.01)
    order = order_of(task, device)
    reference = paths.PATHS["gpu"](task, order)
    workers = {"numpy": {"workers": 0}}
    others = {name: paths.PATHS[name](task, order, **workers.get(name, {})) for name in ("pinned", "numpy", "torch")}
    valid = []
    for step in range(order.steps):
        want = reference.sample(step)
        valid.append(want.valid.cpu())
        for name, data_path in others.items():
            found = data_path.sample(step)
            assert torch.equal(found.valid, want.valid), name
            assert (found.values.float() - want.values.float()).abs().max() <= 2.0**-6, name
    assert 0 < torch.stack(valid).sum() < 8 * order.steps
    for data_path in [reference, *others.values()]:
        data_path.close()


def test_steps_come_one_after_the_other(task):
    data_path = paths.WithNumpy(task, order_of(task, torch.device("cpu")), workers=0)
    data_path.sample(3)
    with pytest.raises(ValueError, match="step: found 99, want 4, the next one"):
        data_path.sample(99)
    data_path.close()


def test_an_error_ahead_is_told_in_its_turn(monkeypatch):
    monkeypatch.setattr(ahead.torch, "cuda", MagicMock())

    class Failing(DataPath):
        def group_from(self, step):
            if step == 1:
                raise OSError("no such episode")
            return [SimpleNamespace(step=MagicMock())]

    data_path = Ahead(Failing(None, SimpleNamespace(device=torch.device("cuda"))))
    assert data_path.sample(0)
    for _ in range(2):
        with pytest.raises(OSError, match="no such episode"):
            data_path.sample(1)


@pytest.mark.parametrize(
    "arguments, opened", [([], 1), (["--preprocess-only"], 1), (["--compare", "--workers", "0"], 4)]
)
def test_ways_are_closed_after_an_error(tmp_path, monkeypatch, arguments, opened):
    closed = []

    class Failing(paths.FromStore):
        def sample(self, step):
            raise RuntimeError("no memory")

        def close(self):
            closed.append(self)

    monkeypatch.setattr(sys, "argv", ["train.py", *SMALL, "--device", "cpu", "--out", str(tmp_path), *arguments])
    for name in paths.PATHS:
        monkeypatch.setitem(paths.PATHS, name, lambda task, order, **more: Failing(task, order))
    with pytest.raises(RuntimeError, match="no memory"):
        train.main()
    assert len(closed) == opened


def test_preprocessing_alone(tmp_path):
    assert "windows a second" in run(*SMALL, "--device", "cpu", "--preprocess-only", "--steps", 3, "--out", tmp_path)


def test_preprocessing_alone_counts_what_is_made_meanwhile(monkeypatch, capsys):
    data_path = ByTheClock()
    monkeypatch.setattr(train, "time", data_path)
    train.preprocess(data_path, 6, data_path.process)
    assert data_path.told[-4:] == ["clock", "group", "group", "clock"]
    assert "10 windows a second, over 8 steps" in capsys.readouterr().out
