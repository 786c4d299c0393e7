# SPDX-License-Identifier: Apache-2.0
"""train.py and what it is made of."""

import copy
import dataclasses
import importlib.util
import itertools
import json
import os
import re
import runpy
import signal
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch

import train
from training import ahead, compare, episodes, loop, paths, pinned
from training.ahead import Ahead
from training.way import DataPath, Sample
from training.windows import Shards, Windows, windows_of

KINDS = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
HERE = Path(__file__).resolve().parents[1]
TWO_GPUS = pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
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


@pytest.fixture(scope="module")
def recording():
    return episodes.made_up(4, 8.0, 3, vision=24)


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "tqdm" else name)
    with pytest.raises(SystemExit, match="found no tqdm, want: python -m pip install tqdm"):
        runpy.run_path(train.__file__)


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


def test_shards_are_shared_by_threads():
    shards = Shards(1000, 8, 0)
    steps = [k * shards.steps for k in range(4)]  # of an epoch each
    wanted = [shards.at(step).windows for step in steps]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = pool.map(lambda i: torch.equal(shards.at(steps[i % 4]).windows, wanted[i % 4]), range(4000))
            assert all(found)
    finally:
        sys.setswitchinterval(interval)


def test_every_way_of_the_data_gives_the_same(recording, device):
    windows = windows_of(recording, 30, 50.0, 0.5)
    # Dropouts are longer, so that masks are worth looking at.
    given = (dataclasses.replace(recording, max_gap=150_000), windows, Shards(len(windows), 4, 0), device)
    ways = {name: kind(*given, **({"workers": 1} if name == "numpy" else {})) for name, kind in paths.PATHS.items()}
    rounding = 2.0**-7
    invalid = 0
    for step in range(len(windows) // 4 + 2):
        samples = {name: way.sample(step) for name, way in ways.items()}
        made = {name: len(way.made) for name, way in ways.items()}
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
    for way in ways.values():
        way.close()


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
        way = paths.PATHS[name](*given, **({"workers": 0} if name == "numpy" else {}))
        found = way.sample(0)
        assert torch.equal(found.valid, reference.valid), name
        assert (found.values.float() - reference.values.float()).abs().max() <= 2.0**-6, name
        way.close()


def test_steps_come_one_after_the_other(recording):
    windows = windows_of(recording, 30, 50.0, 0.5)
    given = (recording, windows, Shards(len(windows), 4, 0), torch.device("cpu"))
    for way in (paths.FromPinned(*given), paths.WithNumpy(*given, workers=0)):
        way.sample(3)
        with pytest.raises(ValueError, match=f"step: found 99, want {3 + len(way.made)}, the next one"):
            way.sample(99)
        way.close()


def test_buffers_are_not_lost_to_an_error(recording, device, monkeypatch):
    windows = windows_of(recording, 30, 50.0, 0.5)
    way = paths.FromPinned(recording, windows, Shards(len(windows), 4, 0), device)
    monkeypatch.setattr(pinned, "fuse", MagicMock(side_effect=RuntimeError("no memory")))
    for step in (0, way.group):
        with pytest.raises(RuntimeError, match="no memory"):
            way.sample(step)
    way.close()
    assert not way.thread.is_alive()


def test_an_error_ahead_is_told_in_its_turn(monkeypatch):
    monkeypatch.setattr(ahead.torch, "cuda", MagicMock())

    class Failing(DataPath):
        def group_from(self, step):
            if step == 1:
                raise OSError("no such episode")
            return [SimpleNamespace(step=MagicMock())]

    way = Ahead(Failing(None, None, None, torch.device("cuda")))
    assert way.sample(0)
    for _ in range(2):
        with pytest.raises(OSError, match="no such episode"):
            way.sample(1)


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


def trainer_of(recording, windows, device):
    return loop.Trainer(recording, windows, loop.Process(0, 1, device), seed=0, layers=1, heads=4, width=32)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("path", ["gpu", "pinned"])
def test_a_step_as_a_graph_is_the_step(recording, path):
    device = torch.device("cuda:0")
    windows = windows_of(recording, 30, 50.0, 0.5)
    given = (recording, windows, Shards(len(windows), 4, 0), device)

    def trained(one, first, last):
        way = Ahead(paths.PATHS[path](*given))
        found = [one.step(way.sample(i)) for i in range(first, last)]
        way.close()
        return torch.stack(found).tolist()

    eager, graphed = (trainer_of(recording, windows, device) for _ in range(2))
    eager.work = eager.learn
    wanted = trained(eager, 0, 40)
    assert trained(graphed, 0, 20) == wanted[:20]
    assert graphed.work.graph is not None
    # A state that is loaded after the capture is the one that is trained.
    state = copy.deepcopy(graphed.state())
    assert trained(graphed, 20, 40) == wanted[20:]
    graphed.load(state)
    assert trained(graphed, 20, 40) == wanted[20:]


class ByTheClock(DataPath):
    """A way, and a trainer, by a clock that nothing else moves: a batch takes a second, a step two."""

    group = 4

    def __init__(self):
        super().__init__(None, None, SimpleNamespace(batch=10), torch.device("cpu"))
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


# 8 that are not counted, then whole groups.
@pytest.mark.parametrize("steps, timed", [(3, 0), (8, 0), (11, 0), (12, 4), (15, 4), (40, 32)])
def test_a_run_times_batches_and_steps_alone(tmp_path, monkeypatch, steps, timed):
    way = ByTheClock()
    monkeypatch.setattr(loop, "time", way)
    monkeypatch.setattr(loop, "save", way.save)
    losses, summary = loop.train(way, way, steps=steps, out=tmp_path, resume=False, save_every=5, setting={})
    assert len(losses) == steps and json.loads((tmp_path / "summary.json").read_text()) == summary
    if timed:
        assert summary["ms_per_step"] == 3000 and summary["share_of_preprocessing"] == pytest.approx(1 / 3)
        assert summary["windows_per_second"] == pytest.approx(10 / 3) and "no_figures" not in summary
    else:
        assert "ms_per_step" not in summary and f"found {steps} steps, want 12 or more" in summary["no_figures"]


@pytest.mark.parametrize("during", ["step", "sample"])
def test_an_interrupted_run_leaves_its_last_step(recording, tmp_path, monkeypatch, during):
    cpu = torch.device("cpu")
    windows = windows_of(recording, 30, 50.0, 0.5)

    def trained(folder, steps, resume=False, interrupted_at=None):
        trainer = trainer_of(recording, windows, cpu)
        way = paths.OnGpu(recording, windows, Shards(len(windows), 4, 0), cpu)
        usual = {"step": trainer.step, "sample": way.sample}[during]
        calls = iter(range(steps))

        def interrupted(given):
            if next(calls) == interrupted_at:
                signal.raise_signal(signal.SIGINT)
            return usual(given)

        setattr(trainer if during == "step" else way, during, interrupted)
        folder.mkdir(exist_ok=True)
        return loop.train(trainer, way, steps=steps, out=folder, resume=resume, save_every=5, setting={})[0]

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


def test_a_checkpoint_of_another_kind_of_device_goes_on(recording, device):
    windows = windows_of(recording, 30, 50.0, 0.5)
    way = paths.OnGpu(recording, windows, Shards(len(windows), 4, 0), device)
    trainer = trainer_of(recording, windows, device)
    first = [trainer.step(way.sample(i)).item() for i in range(2)]
    state = copy.deepcopy(trainer.state())
    on_gpu = device.type == "cuda"
    for group in state["optimiser"]["param_groups"]:
        assert group["fused"] == group["capturable"] == on_gpu
        group["fused"] = group["capturable"] = not on_gpu
    wanted = [trainer.step(way.sample(i)).item() for i in range(2, 8)]
    trainer.load(state)
    assert [trainer.step(way.sample(i)).item() for i in range(2, 8)] == wanted
    assert min(wanted) < min(first)


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
        for processes, of in rates.items():  # the same batch a GPU
            told = run("--preprocess-only", "--steps", 4000, "--batch", 32 * processes, processes=processes)
            of.append(float(re.search(r"([0-9]+) windows a second", told)[1]))
    one, two = (statistics.median(of) for of in rates.values())
    record_property("windows a second, preprocessed by one GPU, and by two", f"{one}, {two}")
    assert two >= 1.9 * one


def test_the_comparison_has_a_line_for_each_way(tmp_path):
    told = run(*SMALL, "--device", "cpu", "--compare", "--steps", 3, "--rounds", 2, "--workers", 1, "--out", tmp_path)
    assert "--steps: 3 rounded up to 8" in told
    kept = json.loads((tmp_path / "compare.json").read_text())
    setting, results = kept["setting"], kept["paths"]
    assert (setting["steps"], setting["rate"], setting["stride"], setting["workers"]) == (8, 50.0, 0.5, 1)
    assert [one["path"] for one in results] == ["ready", "gpu", "pinned", "numpy", "torch", "again"]
    assert all(one["wall_ms"] > 0 for one in results)
    assert (tmp_path / "compare.md").read_text().count("|---|") == 1
    assert (tmp_path / "compare.png").stat().st_size > 5000


def test_the_comparison_times_batches_that_are_made_meanwhile(monkeypatch):
    told = []

    class Named(DataPath):
        def __init__(self, name, group, beforehand):
            super().__init__(None, None, None, torch.device("cpu"))
            self.name, self.group, self.beforehand = name, group, beforehand

        def group_from(self, step):
            told.append(("group", self.name))
            return [self.name] * self.group

    def perf_counter():
        told.append(("clock", None))
        return float(len(told))

    kinds = {"gpu": (4, 4), "pinned": (4, 8), "numpy": (1, 7), "torch": (4, 0)}
    monkeypatch.setattr(compare, "ReadyMade", lambda: Named("ready", 4, 0))
    monkeypatch.setattr(compare, "PATHS", {name: lambda n=name, **_: Named(n, *kinds[n]) for name in kinds})
    monkeypatch.setattr(compare, "time", SimpleNamespace(perf_counter=perf_counter))
    trainer = SimpleNamespace(
        process=loop.Process(0, 1, torch.device("cpu")), step=lambda name: told.append(("step", name))
    )
    steps, results = compare.compare(trainer, (), steps=10, rounds=6, workers=1)
    assert steps == 12 and all(len(one["wall_ms_each"]) == 6 for one in results)
    clocks = [i for i, (what, _) in enumerate(told) if what == "clock"]
    order = []
    for last, begin, end in zip([0, *clocks[1::2]], clocks[::2], clocks[1::2]):
        name = told[end - 1][1]
        group, beforehand = kinds.get(name, (4, 0))
        timed = told[begin + 1 : end]
        assert timed.count(("step", name)) == 12 and timed.count(("group", name)) == 12 // group
        assert name in ("ready", "numpy") or timed[0] == ("step", name)  # amid a group
        assert told[last:begin].count(("step", name)) >= max(1, beforehand)
        order.append(name)
    rounds = [order[i : i + 6] for i in range(0, 36, 6)]
    assert all(sorted(one) == sorted(["ready", *kinds, "ready"]) for one in rounds)
    assert len(set(map(tuple, rounds))) == 6


def test_each_way_is_timed_after_each_other():
    names = list(paths.NAMES)
    rounds = [compare.order_of(names, turn) for turn in range(len(names))]
    assert all(sorted(one) == sorted(names) for one in rounds)
    assert len({pair for one in rounds for pair in itertools.pairwise(one)}) == len(names) * (len(names) - 1)


def test_preprocessing_alone(tmp_path):
    assert "windows a second" in run(*SMALL, "--device", "cpu", "--preprocess-only", "--steps", 3, "--out", tmp_path)


def test_preprocessing_alone_counts_what_is_made_meanwhile(monkeypatch, capsys):
    way = ByTheClock()
    monkeypatch.setattr(train, "time", way)
    train.preprocess(way, 6, way.process)
    assert way.told[-4:] == ["clock", "group", "group", "clock"]
    assert "10 windows a second, over 8 steps" in capsys.readouterr().out


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
        ([lines[0], *(line.rsplit(",", 1)[0] for line in lines[1:])], "2 and 3 columns"),
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
