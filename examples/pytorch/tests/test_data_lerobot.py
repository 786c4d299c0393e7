# SPDX-License-Identifier: Apache-2.0
"""The reader of LeRobot's data sets, against what pyarrow reads and writes."""

import json

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

from data_sets import about_of, recorded, same_rows, stored

import robocache_torch as rc
from robocache_torch import data


def test_lerobot(tmp_path):
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    folder = recorded("datasets", "g1_lerobot_v21")
    store = data.convert(folder, tmp_path / "store")
    assert [one["name"] for one in store.episodes] == [f"episode_{n:06d}" for n in (0, 1, 2, 3, 4, 5, 28, 29)]
    assert len(store.left_out) == 92 and store.left_out[0].episode == "episode_000006"
    assert store.left_out[0].why == "data/chunk-000/episode_000006.parquet: found no such file"
    lines = (folder / "meta" / "episodes_stats.jsonl").read_text().splitlines()
    statistics = {one["episode_index"]: one["stats"] for one in map(json.loads, lines)}
    for at, number in enumerate((0, 1, 2, 3, 4, 5, 28, 29)):
        table = parquet.read_table(folder / f"data/chunk-000/episode_{number:06d}.parquet")
        for name in ("observation.state", "action"):
            values, stamps = stored(store, name, at)
            assert same_rows(values, np.array(table[name].to_pylist(), np.float32))
            assert stamps.tolist() == [i * 10**9 // 30 for i in range(len(table))]
            assert np.array_equal(values.max(0), np.array(statistics[number][name]["max"], np.float32))
        one = store.episodes[at]
        assert one["task"] == "Pick up the yellow bottle on the table." and one["problems"] == {}
        assert one["notes"] == [f"{one['extra']['videos']['observation.images.cam_high']}: found no such file"]
    joints = store.modality("observation.state")
    assert joints.names[0] == "kLeftShoulderPitch" and about_of(store)["fps"] == 30

    # Two windows that overlap: their common frames are decoded once.
    deltas = torch.arange(4) * 100_000_000
    shown = data.frames(
        store, "observation.images.cam_high", rc.windows(torch.tensor([0, 200_000_000]), deltas, torch.tensor([7, 7]))
    )
    assert shown.number.tolist() == [0, 3, 6, 9, 12, 15] and set(shown.episode.tolist()) == {7}
    assert shown.files[shown.file[0]].endswith("episode_000029.mp4") and shown.valid.all()
    assert shown.number[shown.inverse].tolist() == [[0, 3, 6, 9], [6, 9, 12, 15]]


def lerobot_v3(folder, fps=10):
    """As LeRobot's documentation has it: several episodes in one file, rows with what can be wrong."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    features = {
        "observation.state": {"dtype": "float32", "shape": [2], "names": {"motors": ["a", "b"]}},
        "action": {"dtype": "float64", "shape": [1], "names": ["grip"]},
        "observation.images.top": {"dtype": "video", "shape": [8, 8, 3], "names": ["height", "width", "channels"]},
        "note": {"dtype": "string", "shape": [1], "names": None},
        **{name: {"dtype": "int64", "shape": [1]} for name in ("frame_index", "episode_index", "index", "task_index")},
        "timestamp": {"dtype": "float32", "shape": [1]},
    }
    info = {"codebase_version": "v3.0", "fps": fps, "features": features, "chunks_size": 1000}
    info |= {"data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"}
    info |= {"video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"}
    lengths, rows, episodes = [5, 3, 4], [], []
    for number, length in enumerate(lengths):
        for i in range(length):
            rows.append(
                {
                    "observation.state": [number + i / 7, float(i)],
                    "action": [i / 3],
                    "note": "x",
                    "timestamp": i / fps,
                    "frame_index": i,
                    "episode_index": number,
                    "index": len(rows),
                    "task_index": number % 2,
                }
            )
        at = {"data/chunk_index": 0, "data/file_index": int(number == 2)}
        video = {"videos/observation.images.top/chunk_index": 0, "videos/observation.images.top/file_index": 0}
        video["videos/observation.images.top/from_timestamp"] = sum(lengths[:number]) / fps
        episodes.append(
            {"episode_index": number, "length": length, "tasks": [["pick", "place"][number % 2]], **at, **video}
        )
    rows[1]["observation.state"] = [1.0]  # of two numbers one
    rows[2]["action"] = [None]
    rows[3]["timestamp"] = 0.35
    rows[6]["frame_index"] = 0
    for path, table in (
        ("data/chunk-000/file-000.parquet", rows[:8]),
        ("data/chunk-000/file-001.parquet", rows[8:]),
        ("meta/episodes/chunk-000/file-000.parquet", episodes),
        (
            "meta/tasks.parquet",
            [{"task_index": 0, "__index_level_0__": "pick"}, {"task_index": 1, "__index_level_0__": "place"}],
        ),
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(arrow.Table.from_pylist(table), folder / path)
    (folder / "meta" / "info.json").write_text(json.dumps(info))
    (folder / "meta" / "stats.json").write_text('{"action": {"max": [1.0]}}')
    return rows


def test_lerobot_v3(tmp_path):
    pytest.importorskip("pyarrow")
    rows = lerobot_v3(tmp_path / "set")
    store = data.convert(tmp_path / "set", tmp_path / "store")
    assert [one["task"] for one in store.episodes] == ["pick", "place", "pick"]
    assert about_of(store)["tasks"] == ["pick", "place"] and about_of(store)["stats"] == {"action": {"max": [1.0]}}
    values, stamps = stored(store, "action", 0)
    assert same_rows(values, np.array([[np.nan if n is None else n for n in one["action"]] for one in rows[:5]]))
    assert stamps.tolist() == [i * 100_000_000 for i in range(5)]
    values, stamps = stored(store, "observation.state", 0)
    assert same_rows(
        values, np.array([one["observation.state"] for i, one in enumerate(rows[:5]) if i != 1], np.float32)
    )
    assert stamps.tolist() == [0, 200_000_000, 300_000_000, 400_000_000]
    assert store.episodes[0]["problems"] == {
        "observation.state": {"off_grid": 1, "corrupt": 1},
        "action": {"off_grid": 1, "nan": 1},
        "task_index": {"off_grid": 1},
    }
    assert store.episodes[1]["problems"]["action"] == {"off_grid": 1, "duplicated": 1}
    assert "note: string is not read" in store.episodes[0]["notes"]
    video = "videos/observation.images.top/chunk-000/file-000.mp4"
    assert store.episodes[2]["extra"]["videos"] == {"observation.images.top": video}
    assert stored(store, "observation.images.top", 2)[0][:, 0].tolist() == [8, 9, 10, 11]  # within the file
    assert store.modality("observation.state").names == ["a", "b"]
    (tmp_path / "set/data/chunk-000/file-001.parquet").write_bytes(b"PAR1 nothing")
    broken = data.convert(tmp_path / "set", tmp_path / "broken")
    assert len(broken) == 2 and broken.left_out[0].why.startswith("data/chunk-000/file-001.parquet: ")


def test_lerobot_as_lerobot_writes_it(tmp_path):
    pytest.importorskip("pyarrow")
    theirs = pytest.importorskip("lerobot.datasets.lerobot_dataset")
    features = {
        "observation.state": {"dtype": "float32", "shape": (3,), "names": ["x", "y", "z"]},
        "action": {"dtype": "float32", "shape": (2,), "names": ["a", "b"]},
    }
    made = theirs.LeRobotDataset.create("some/set", 30, features, root=tmp_path / "set", use_videos=False)
    random = np.random.default_rng(0)
    for number, length in enumerate((7, 4, 9)):
        for _ in range(length):
            state, action = random.normal(size=3).astype(np.float32), random.normal(size=2).astype(np.float32)
            made.add_frame({"observation.state": state, "action": action, "task": f"task {number % 2}"})
        made.save_episode()
    made.finalize()
    store = data.convert(tmp_path / "set", tmp_path / "store")
    want = theirs.LeRobotDataset("some/set", root=tmp_path / "set")
    assert len(store) == want.num_episodes and sum(len(one["notes"]) for one in store.episodes) == 0
    offsets = store.modality("action").offsets
    for i in range(len(want)):
        one = want[i]
        episode, frame = int(one["episode_index"]), int(one["frame_index"])
        for name in features:
            values, stamps = store.modality(name).episode(episode)
            assert torch.equal(values[frame], one[name]) and int(offsets[episode]) + frame == i
            assert stamps[frame] == frame * 10**9 // 30
        assert store.episodes[episode]["task"] == one["task"]
        assert store.modality("task_index").values[i] == one["task_index"]
    assert store.modality("observation.state").names == ["x", "y", "z"] and about_of(store)["stats"]["action"]["count"]


def test_the_frames_of_a_batch_are_decoded_once(tmp_path, capsys):
    pytest.importorskip("pyarrow")
    av, image = pytest.importorskip("av"), pytest.importorskip("PIL.Image")
    import decode

    lerobot_v3(tmp_path / "set")
    file = tmp_path / "set/videos/observation.images.top/chunk-000/file-000.mp4"
    file.parent.mkdir(parents=True)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for number in range(12):  # each as bright as its number says
            pixels = np.full((32, 32, 3), 20 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    store = data.convert(tmp_path / "set", tmp_path / "store")
    targets = rc.windows(torch.tensor([0, 0]), torch.tensor([0, 100_000_000, 200_000_000]), torch.tensor([2, 0]))
    shown = data.frames(store, "observation.images.top", targets)
    calls = []

    def counted(path, numbers):
        calls.append(numbers)
        return decode.with_pyav(path, numbers)

    batch = decode.images(shown, counted)
    assert calls == [[0, 1, 2, 8, 9, 10]] and batch.shape == (2, 3, 3, 32, 32)
    levels = batch.float().mean((2, 3, 4)) / 20
    assert levels.round().tolist() == [[8, 9, 10], [0, 1, 2]]
    assert decode.main([str(tmp_path / "store"), "observation.images.top", "--out", str(tmp_path / "a.png")]) is None
    assert "(3, 4, 3, 32, 32) of " in capsys.readouterr().out
    assert image.open(tmp_path / "a.png").size == (4 * 32, 3 * 32)
