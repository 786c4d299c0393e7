# SPDX-License-Identifier: Apache-2.0
"""Episodes, windows and shards: what train.py learns from."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from training_runs import SMALL, run

from training import episodes, paths
from training.windows import Shards, windows_of


def test_episodes_are_as_robots_record_them(recording):
    vision, state, actions = recording.modalities
    assert vision.values.dtype == torch.bfloat16 and (vision.width, state.width, actions.width) == (24, 14, 7)
    for one in recording.modalities:
        gaps = torch.cat([one.stamps[begin:end].diff() for begin, end in zip(one.offsets, one.offsets[1:])])
        assert (gaps >= 0).all() and gaps.unique().numel() > 10  # jitter
        assert gaps.max() > 1.5 * gaps.median()  # a dropout somewhere
    same = episodes.made_up(4, 8.0, 3, vision=24)
    assert all(torch.equal(a.values, b.values) for a, b in zip(recording.modalities, same.modalities))


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("windows", [1, 7, 16, 61])
def test_an_epoch_sees_every_window_once(ranks, windows):
    shards = [Shards(windows, 8, 5, rank, ranks) for rank in range(ranks)]
    for epoch in range(2):
        seen = []
        for step in range(epoch * shards[0].steps, (epoch + 1) * shards[0].steps):
            batches = [one.at(step) for one in shards]
            assert {len(one.windows) for one in batches} == {8 // ranks}
            assert sum(one.share.sum().item() for one in batches) == pytest.approx(1)
            for one in batches:
                seen += one.windows[one.share > 0].tolist()
        assert sorted(seen) == list(range(windows))
    if windows > 16:
        assert not torch.equal(shards[0].at(0).windows, shards[0].at(shards[0].steps).windows)


def test_windows_lie_within_their_episodes(recording):
    windows = windows_of(recording, 30, 12.6, 0.25)
    assert windows.deltas[0] == -round(29 * 1_000_000 / 12.6) and windows.deltas[-1] == 0
    for anchor, episode in zip(windows.anchors.tolist(), windows.episodes.tolist()):
        first, last = recording.span(episode)
        assert first <= anchor + windows.deltas[0] and anchor <= last
    seconds = [(last - first) / 1e6 for first, last in map(recording.span, range(4))]
    some = windows_of(recording, round(sorted(seconds)[1] * 50) + 2, 50.0, 0.1)  # two episodes are too short
    assert some.episodes.unique().numel() == 2
    with pytest.raises(SystemExit, match="--window: found 3000"):
        windows_of(recording, 3000, 50.0, 0.5)


def write_episode(folder, seed):
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for name, rate, width in (("joints", 100, 3), ("controls", 50, 2)):
        stamps = 1_000_000 * seed + np.arange(8 * rate) * 1_000_000 // rate
        rows = np.column_stack([stamps, random.normal(size=(len(stamps), width))])
        head = ",".join(["t_us", *(f"c{i}" for i in range(width))])
        np.savetxt(folder / f"{name}.csv", rows, delimiter=",", header=head, comments="", fmt=["%d"] + ["%.6f"] * width)


def test_episodes_from_csv_files(tmp_path):
    for seed in (1, 2):
        write_episode(tmp_path / "logs" / f"run{seed}", seed)
    many = episodes.from_csv(tmp_path / "logs", "controls")
    assert (many.episodes, many.seen, many.predicted) == (2, 3, 2)
    one = episodes.from_csv(tmp_path / "logs" / "run1", "joints")
    assert (one.episodes, one.seen, one.predicted) == (1, 2, 3)
    assert one.modalities[0].stamps[:3].tolist() == [1_000_000, 1_020_000, 1_040_000]
    run(
        "--csv",
        tmp_path / "logs",
        "--predict",
        "controls",
        "--device",
        "cpu",
        "--steps",
        3,
        *SMALL[6:],
        "--out",
        tmp_path,
    )
    with pytest.raises(SystemExit, match="--predict: found 'grip'"):
        episodes.from_csv(tmp_path / "logs", "grip")
    table = tmp_path / "logs" / "run2" / "joints.csv"
    lines = table.read_text().splitlines()
    for broken, message in (
        (lines[:4] + [lines[4].rsplit(",", 1)[0] + ","], "line 5, column c2: found no number"),
        (lines[:5] + [lines[2]], "line 6: found a time before"),
        ([lines[0], *(line.rsplit(",", 1)[0] for line in lines[1:])], "line 2: found 3 columns, want 4"),
        (lines[:7] + ["1,2"], "line 8: found 2 columns, want 4"),
        ([line.rsplit(",", 1)[0] for line in lines], "2 and 3 columns"),
    ):
        table.write_text("\n".join(broken) + "\n")
        with pytest.raises(SystemExit, match=message):
            episodes.from_csv(tmp_path / "logs", "controls")
    table.write_text("t_ms,a\n1.5,2\n2,3\n")
    assert episodes.read_csv(table)[0].tolist() == [1500, 2000]
    table.unlink()
    with pytest.raises(SystemExit, match="run2 has no joints.csv"):
        episodes.from_csv(tmp_path / "logs", "controls")


def test_a_recorded_flight():
    folder = os.environ.get("ROBOCACHE_DATA")
    if not folder:
        pytest.skip("ROBOCACHE_DATA is not set")
    flight = episodes.from_csv(Path(folder) / "px4_flight", "controls")
    windows = windows_of(flight, 50, 50.0, 0.2)
    sample = paths.OnGpu(flight, windows, Shards(len(windows), 4, 0), torch.device("cpu")).sample(0)
    assert sample.values.shape == (4, 50, flight.seen + flight.predicted) and torch.isfinite(sample.values).all()
