# SPDX-License-Identifier: Apache-2.0
"""Episodes, windows and their order: what train.py learns from."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

from training_runs import SMALL, order_of, run

from robocache_torch import data
from training import episodes
from training.task import task_of

CPU = torch.device("cpu")


def test_episodes_are_as_robots_record_them(task, tmp_path):
    store = task.store
    modalities = [store.modality(name) for name in episodes.MODALITIES]
    assert [one.values.shape[1] for one in modalities] == [24, 14, 7] == [task.seen - 14, 14, task.predicted]
    assert modalities[0].values.dtype == torch.bfloat16
    for one in modalities:
        gaps = torch.cat([one.episode(number)[1].diff() for number in range(len(store))])
        assert (gaps >= 0).all() and gaps.unique().numel() > 10  # jitter
        assert gaps.max() > 1.5 * gaps.median()  # a dropout somewhere
    same = episodes.made_up(tmp_path, 4, 8.0, 3, vision=24)
    assert all(torch.equal(same.modality(one.name).values, one.values) for one in modalities)
    before = (tmp_path / "index.json").stat().st_mtime_ns
    episodes.made_up(tmp_path, 4, 8.0, 3, vision=24)
    assert (tmp_path / "index.json").stat().st_mtime_ns == before  # used again
    assert len(episodes.made_up(tmp_path, 3, 8.0, 3, vision=24)) == 3


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_shares_of_an_epoch_are_those_of_its_windows(task, ranks):
    orders = [order_of(task, CPU, 8, rank, ranks) for rank in range(ranks)]
    seen = []
    for step in range(2 * orders[0].steps):
        batches = [one.several(step, 1, CPU) for one in orders]
        assert sum(share.sum().item() for _, _, share in batches) == pytest.approx(1)
        for found, anchors, share in batches:
            assert len(share) == 8 // ranks
            seen += [one for one, real in zip(zip(found.tolist(), anchors.tolist()), share > 0) if real]
    assert len(seen) == 2 * orders[0].windows and all(seen.count(one) == 2 for one in seen)


def test_windows_lie_within_their_episodes(task):
    order = order_of(task, CPU)
    first = task.spec.parts["windows"].deltas[0]
    assert first == -29 * 20_000_000
    found, anchors, _ = order.several(0, order.steps, CPU)
    for name in episodes.MODALITIES:
        one = task.store.modality(name)
        for episode, anchor in zip(found.tolist(), anchors.tolist()):
            stamps = one.episode(episode)[1]
            assert stamps[0] <= anchor + first and anchor <= stamps[-1]
    with pytest.raises(SystemExit, match="--window: found 3000"):
        order_of(task_of(task.store, "actions", 3000, 50.0, 0.5), CPU)
    with pytest.raises(SystemExit, match="--predict: found 'grip', want one of several modalities of floats"):
        task_of(task.store, "grip", 30, 50.0, 0.5)


def write_episode(folder, seed):
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for name, rate, width in (("joints", 100, 3), ("controls", 50, 2)):
        stamps = 1_000_000 * seed + np.arange(8 * rate) * 1_000_000 // rate
        rows = np.column_stack([stamps, random.normal(size=(len(stamps), width))])
        head = ",".join(["t_us", *(f"c{i}" for i in range(width))])
        np.savetxt(folder / f"{name}.csv", rows, delimiter=",", header=head, comments="", fmt=["%d"] + ["%.6f"] * width)


def test_episodes_from_csv_files_and_from_a_store(tmp_path):
    for seed in (1, 2):
        write_episode(tmp_path / "logs" / f"run{seed}", seed)
    table = tmp_path / "logs" / "run2" / "joints.csv"
    lines = table.read_text().splitlines()
    lines[9] = "1,2"
    table.write_text("\n".join(lines) + "\n")
    more = ("--predict", "controls", "--device", "cpu", "--steps", 3, *SMALL[6:], "--out", tmp_path / "out")
    told = run("--csv", tmp_path / "logs", *more)
    assert "run2: joints: {'corrupt': 1}; dropped: nothing" in told
    assert "2 episodes, " in told and "3 channels seen, 2 predicted" in told
    assert run("--store", tmp_path / "out" / "converted", *more).endswith(told[told.rindex("\n/") :])
    shutil.rmtree(tmp_path / "logs" / "run1")
    assert "1 episodes, " in run("--csv", tmp_path / "logs", *more)  # what was converted before is not used again


def test_a_recorded_flight(tmp_path):
    folder = os.environ.get("ROBOCACHE_DATA")
    if not folder:
        pytest.skip("ROBOCACHE_DATA is not set")
    from training.paths import FromStore

    store = data.convert(Path(folder) / "px4_flight", tmp_path, reader="csv", clean=True)
    flight = task_of(store, "controls", 50, 50.0, 0.2)
    sample = FromStore(flight, order_of(flight, CPU)).sample(0)
    assert sample.values.shape == (4, 50, flight.seen + flight.predicted) and torch.isfinite(sample.values).all()
