# SPDX-License-Identifier: Apache-2.0
"""train.py --compare: each path of the data is timed, in orders that favour none."""

import itertools
import json
from types import SimpleNamespace

import torch
from training_runs import SMALL, run

from training import compare, loop, paths
from training.data_path import DataPath


def test_the_comparison_has_a_line_for_each_path(tmp_path):
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
            super().__init__(None, SimpleNamespace(device=torch.device("cpu")))
            self.name, self.group, self.beforehand = name, group, beforehand

        def group_from(self, step):
            told.append(("group", self.name))
            return [self.name] * self.group

    def perf_counter():
        told.append(("clock", None))
        return float(len(told))

    kinds = {"gpu": (4, 4), "pinned": (4, 8), "numpy": (1, 7), "torch": (4, 0)}
    monkeypatch.setattr(compare, "ReadyMade", lambda: Named("ready", 4, 0))
    monkeypatch.setattr(compare, "PATHS", kinds)
    monkeypatch.setattr(compare, "opened", lambda name, **_: Named(name, *kinds[name]))
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
        assert name in ("ready", "numpy") or timed[0] == ("step", name)  # in the middle of a group
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
