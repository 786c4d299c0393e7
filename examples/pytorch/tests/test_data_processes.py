# SPDX-License-Identifier: Apache-2.0
"""Stores and several processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("safetensors")

import loading_process

from robocache_torch import data

HERE = Path(__file__).resolve().parent


def recording(folder, episodes=48):
    for number in range(episodes):
        one = folder / f"episode{number:02d}"
        one.mkdir(parents=True)
        rows = [f"{t * 0.02:.2f},{number + t},{t * t}" for t in range(3 + number % 7)]
        (one / "joints.csv").write_text("\n".join(["time,a,b", *rows]))
    return folder


def test_two_processes_load_an_epoch_from_the_disk(tmp_path):
    store = data.convert(recording(tmp_path / "recording"), tmp_path / "store", shard_bytes=2_000)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += [HERE / "loading_process.py", store.folder, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    parts = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    assert [part[1:] for part in parts] == [[0, 2], [1, 2]]
    want = loading_process.batches(loading_process.loader_of(store.folder))
    assert len(want) == len(parts[0][0]) == len(parts[1][0]) > 10
    for whole, first, second in zip(want, parts[0][0], parts[1][0]):
        for one, a, b in zip(whole, first, second):  # window i is that of rank i % 2
            assert torch.equal(one, torch.stack([a, b], 1).flatten(0, 1))


CONVERT = """
import sys
sys.path.insert(0, sys.argv[1])
from robocache_torch import data
if __name__ == "__main__":
    data.convert(sys.argv[2], sys.argv[3], processes=2, progress=lambda done, of: print(done, of, flush=True))
"""


@pytest.mark.parametrize("pieces", [1, 4])
def test_a_parallel_conversion_that_is_killed_goes_on(tmp_path, pieces):
    source = recording(tmp_path / "recording")
    want = data.convert(source, tmp_path / "whole")
    script = tmp_path / "convert.py"
    script.write_text(CONVERT)
    command = [sys.executable, script, HERE.parent, source, tmp_path / "store"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        for _ in range(pieces):
            line = process.stdout.readline()
        os.killpg(process.pid, signal.SIGKILL)  # and those that it started
    done, of = map(int, line.split())
    store = data.Store(tmp_path / "store")
    assert done <= len(store) < of == len(want) and not any(one.trouble for one in store.verify())
    assert [one["name"] for one in store.episodes] == [one["name"] for one in want.episodes[: len(store)]]
    again = data.convert(source, tmp_path / "store")
    names = [[one["name"] for one in store.episodes] for store in (again, want)]
    assert names[0] == names[1] and not any(one.trouble for one in again.verify())
    assert torch.equal(again.modality("joints").values, want.modality("joints").values)
    assert torch.equal(again.modality("joints").offsets, want.modality("joints").offsets)
