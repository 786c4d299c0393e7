# SPDX-License-Identifier: Apache-2.0
"""The paths of the data: each gives the same batches, in order, and passes errors on."""

import dataclasses
import sys
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from training_runs import SMALL, ByTheClock, run

import train
from training import ahead, episodes, paths
from training.ahead import Ahead
from training.data_path import DataPath
from training.windows import Shards, Windows, windows_of


def test_every_data_path_gives_the_same(recording, device):
    windows = windows_of(recording, 30, 50.0, 0.5)
    # Longer dropouts, so that masks have something to show.
    given = (dataclasses.replace(recording, max_gap=150_000), windows, Shards(len(windows), 4, 0), device)
    workers = {"numpy": {"workers": 1}}
    data_paths = {name: kind(*given, **workers.get(name, {})) for name, kind in paths.PATHS.items()}
    rounding = 2.0**-7
    invalid = 0
    for step in range(len(windows) // 4 + 2):
        samples = {name: data_path.sample(step) for name, data_path in data_paths.items()}
        made = {name: len(data_path.made) for name, data_path in data_paths.items()}
        assert made == {"gpu": 8, "pinned": 8, "numpy": 1, "torch": 8}  # across the end of an epoch too
        reference = samples["gpu"]
        invalid += int((~reference.valid.cpu()[reference.share.cpu() > 0]).sum())
        for name, one in samples.items():
            assert one.values.device == device
            assert torch.equal(one.valid, reference.valid) and torch.equal(one.share, reference.share)
            if name == "pinned":
                assert torch.equal(one.values, reference.values)
            pairs = (whole.split([recording.seen, recording.predicted], -1) for whole in (one.values, reference.values))
            for mine, theirs in zip(*pairs):
                limit = rounding * theirs.float().abs().max()
                assert (mine.float() - theirs.float()).abs().max() <= limit, name
    assert invalid > 0
    for data_path in data_paths.values():
        data_path.close()


def test_duplicated_stamps_and_samples_beside_gaps(device):
    stamps = [np.array([0, 600_000, 620_000, 620_000, 640_000, 660_000, 660_000, 1_300_000])]
    values = [np.random.default_rng(0).normal(size=(8, 2))]
    parts = [episodes.packed(name, stamps, values, torch.float32) for name in ("seen", "predicted")]
    recording = episodes.Recording(parts, 500_000)
    windows = Windows(
        torch.tensor([640_000, 660_000, 1_300_000, 610_000]),
        torch.zeros(4, dtype=torch.int64),
        torch.tensor([-40_000, -20_000, -1, 0]),
    )
    given = (recording, windows, Shards(4, 4, 0), device)
    reference = paths.OnGpu(*given).sample(0)
    assert 0 < reference.valid.sum() < 16
    for name in ("pinned", "numpy", "torch"):
        data_path = paths.PATHS[name](*given, **({"workers": 0} if name == "numpy" else {}))
        found = data_path.sample(0)
        assert torch.equal(found.valid, reference.valid), name
        assert (found.values.float() - reference.values.float()).abs().max() <= 2.0**-6, name
        data_path.close()


def test_steps_come_one_after_the_other(recording):
    windows = windows_of(recording, 30, 50.0, 0.5)
    given = (recording, windows, Shards(len(windows), 4, 0), torch.device("cpu"))
    data_path = paths.WithNumpy(*given, workers=0)
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

    data_path = Ahead(Failing(None, None, None, torch.device("cuda")))
    assert data_path.sample(0)
    for _ in range(2):
        with pytest.raises(OSError, match="no such episode"):
            data_path.sample(1)


@pytest.mark.parametrize(
    "arguments, opened", [([], 1), (["--preprocess-only"], 1), (["--compare", "--workers", "0"], 4)]
)
def test_ways_are_closed_after_an_error(tmp_path, monkeypatch, arguments, opened):
    closed = []

    class Failing(paths.OnGpu):
        def group_from(self, step):
            raise RuntimeError("no memory")

        def close(self):
            closed.append(self)

    monkeypatch.setattr(sys, "argv", ["train.py", *SMALL, "--device", "cpu", "--out", str(tmp_path), *arguments])
    for name in paths.PATHS:
        monkeypatch.setitem(paths.PATHS, name, lambda *given, **more: Failing(*given))
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
