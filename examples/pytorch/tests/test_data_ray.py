# SPDX-License-Identifier: Apache-2.0
"""A data set that is read by actors of a local Ray, on the CPU."""

import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("safetensors")
ray = pytest.importorskip("ray")
pytest.importorskip("ray.data")

from robocache_torch import data
from robocache_torch.data.ingest_ray import ingest


@pytest.fixture(scope="module")
def cluster():
    package = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), package])
    ray.init(
        num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": path}},
    )  # fmt: skip
    yield
    ray.shutdown()


def recording(folder, episodes=40):
    for number in range(episodes):
        one = folder / f"episode{number:02d}"
        one.mkdir(parents=True)
        rows = [f"{t * 0.01:.2f},{number + t},{t * t}" for t in range(5 + number)]
        (one / "joints.csv").write_text("\n".join(["time,a,b", *rows]))
    return folder


def files_of(store):
    return [(shard["file"], shard["sha256"]) for shard in store.shards]


def test_the_same_files_as_of_one_process(tmp_path, cluster):
    source = recording(tmp_path / "recording")
    (source / "episode07" / "joints.csv").write_text("time,a\n0.0,nonsense")
    want = data.convert(source, tmp_path / "one", clean=True)
    seen = []
    found = ingest(source, tmp_path / "many", actors=2, clean=True, progress=lambda done, of: seen.append((done, of)))
    assert files_of(found) == files_of(want) and len(found.shards) > 8
    assert [one["name"] for one in found.episodes] == [one["name"] for one in want.episodes]
    assert found.left_out == want.left_out and found.about == want.about and not found.ignored
    assert seen[-1] == (40, 40) and not any(one.trouble for one in found.verify())
    again = ingest(source, tmp_path / "many", actors=2)  # nothing is left to do
    assert files_of(again) == files_of(want)
    with pytest.raises(FileNotFoundError, match="found no such file or folder"):
        ingest(tmp_path / "nothing", tmp_path / "none", actors=2)


def parent_of(process):
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def writers():
    """Processes of actors of this process's Ray: children of its raylet."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words, parent = (process / "cmdline").read_bytes(), parent_of(process.name)
            grandparent = parent_of(parent)
        except (OSError, IndexError):
            continue
        if words.startswith(b"ray::MapWorker") and grandparent == os.getpid():
            found.append(int(process.name))
    return found


def test_an_actor_that_is_killed_is_made_anew(tmp_path, cluster):
    source = recording(tmp_path / "recording")
    want = data.convert(source, tmp_path / "one")
    killed = []

    def kill_one(done, of):
        if not killed and done > 5:
            killed.extend(writers())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    found = ingest(source, tmp_path / "many", actors=1, progress=kill_one)
    assert files_of(found) == files_of(want) and not any(one.trouble for one in found.verify()) and killed
