# SPDX-License-Identifier: Apache-2.0
"""Batches of the loader against what other libraries read from the same data sets, or the test by hand: bit for bit."""

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

from data_sets import recorded

from robocache_torch import data

STEPS = {"history": range(-2, 1), "chunk": range(-1, 6)}


def frames_spec(names, hertz, anchors):
    """A history and a chunk of each modality, in frames of the data set's own rate."""
    parts = {
        f"{what} {name}": data.Part([data.Read(name, method="nearest")], data.ticks(steps, hertz))
        for name in names
        for what, steps in STEPS.items()
    }
    return data.Spec(parts, anchors)


def real_rows(loader):
    """(batch, row) of an epoch, without padding."""
    for batch in loader:
        for row in (~batch.padding).nonzero()[:, 0].tolist():
            yield batch, row


def check_frames(store, own, hertz, episodes=None):
    """Frame f + k of each window at frame f, clamped to its episode, and where it is outside; by whole numbers.

    Args:
        own: By modality, for each episode, its rows as the file has them.
    """
    anchors = next(iter(own))
    loader = store.loader(frames_spec(own, hertz, anchors), 16, device="cpu", episodes=episodes)
    seen = set()
    for batch, row in real_rows(loader):
        episode = batch.episode[row].item()
        frame = (store.modality(anchors).episode(episode)[1] == batch.anchors[row]).nonzero().item()
        seen.add((episode, frame))
        for name, rows in own.items():
            values = torch.from_numpy(np.asarray(rows[episode])).to(torch.float32).flatten(1)
            for what, steps in STEPS.items():
                wanted = torch.tensor(steps) + frame
                found = batch[f"{what} {name}"]
                assert torch.equal(found.values[row], values[wanted.clamp(0, len(values) - 1)])
                assert torch.equal(found.all_valid[row], (wanted >= 0) & (wanted < len(values)))
    chosen = range(len(store)) if episodes is None else episodes
    assert seen == {(e, f) for e in chosen for f in range(len(own[anchors][e]))}


def test_windows_of_lerobot_are_those_of_lerobot(tmp_path):
    pytest.importorskip("pyarrow")
    theirs = pytest.importorskip("lerobot.datasets.lerobot_dataset", reason="lerobot is not installed")
    random, hertz = np.random.default_rng(0), 30
    features = {
        "observation.state": {"dtype": "float32", "shape": (3,), "names": ["x", "y", "z"]},
        "action": {"dtype": "float32", "shape": (2,), "names": ["a", "b"]},
    }
    made = theirs.LeRobotDataset.create("some/set", hertz, features, root=tmp_path / "set", use_videos=False)
    for length in (7, 4, 40, 1):
        for _ in range(length):
            one = {name: random.normal(size=of["shape"]).astype(np.float32) for name, of in features.items()}
            made.add_frame({**one, "task": "pick"})
        made.save_episode()
    made.finalize()
    steps = {"observation.state": STEPS["history"], "action": STEPS["chunk"]}
    deltas = {name: [k / hertz for k in of] for name, of in steps.items()}
    want = theirs.LeRobotDataset("some/set", root=tmp_path / "set", delta_timestamps=deltas)
    store = data.convert(tmp_path / "set", tmp_path / "store")
    parts = {n: data.Part([data.Read(n, method="nearest")], data.ticks(of, hertz)) for n, of in steps.items()}
    seen = set()
    for batch, row in real_rows(store.loader(data.Spec(parts, "action"), 8, device="cpu")):
        stamps = store.modality("action").episode(batch.episode[row])[1]
        frame = (stamps == batch.anchors[row]).nonzero().item()
        index = store.modality("action").offsets[batch.episode[row]].item() + frame
        one = want[index]
        assert one["episode_index"] == batch.episode[row] and one["frame_index"] == frame
        for name in steps:
            assert torch.equal(batch[name].values[row], one[name])
            assert torch.equal(~batch[name].all_valid[row], one[f"{name}_is_pad"])
        seen.add(index)
    assert len(seen) == len(want) == 52


def test_windows_of_recorded_lerobot(tmp_path):
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    folder = recorded("datasets", "g1_lerobot_v21")
    tables = [parquet.read_table(folder / f"data/chunk-000/episode_{n:06d}.parquet") for n in (0, 5)]
    own = {
        name: [np.array(table[name].to_pylist(), np.float32) for table in tables]
        for name in ("observation.state", "action")
    }
    store = data.convert(folder, tmp_path / "store", episodes=[0, 5])
    check_frames(store, own, 30)


def test_windows_of_bridge(tmp_path):
    tfrecord = pytest.importorskip("tfrecord")
    folder = recorded("datasets", "bridge_rlds")
    store = data.convert(folder, tmp_path / "store", hertz=5)
    file = folder / "bridge_dataset-train.tfrecord-00000-of-00001"
    examples = list(tfrecord.tfrecord_loader(str(file), None))
    own = {
        name: [one[f"steps/{name}"].reshape(len(one["steps/reward"]), -1) for one in examples]
        for name in ("action", "observation/state", "language_embedding")
    }
    check_frames(store, own, 5)


def test_windows_of_robomimic(tmp_path):
    h5py = pytest.importorskip("h5py")
    random = np.random.default_rng(0)
    with h5py.File(tmp_path / "set.hdf5", "w") as file:
        for number in range(3):
            demo = file.create_group(f"data/demo_{number}")
            demo["actions"] = random.normal(size=(number + 4, 7))
            demo["obs/eef_pos"] = random.normal(size=(number + 4, 3)).astype(np.float32)
    store = data.convert(tmp_path / "set.hdf5", tmp_path / "store", hertz=20)
    with h5py.File(tmp_path / "set.hdf5") as file:
        own = {n: [file[f"data/demo_{i}/{n}"][:] for i in range(3)] for n in ("actions", "obs/eef_pos")}
    check_frames(store, own, 20)


def test_windows_of_calvin(tmp_path):
    folder, random = tmp_path / "set", np.random.default_rng(0)
    folder.mkdir()
    for step in range(100, 130):
        content = {"rel_actions": random.normal(size=7), "robot_obs": random.normal(size=15)}
        np.savez(folder / f"episode_{step:07d}.npz", **content)
    np.save(folder / "ep_start_end_ids.npy", np.array([[100, 109], [110, 129]]))
    store = data.convert(folder, tmp_path / "store")

    def rows(name, first, behind):
        return np.stack([np.load(folder / f"episode_{i:07d}.npz")[name] for i in range(first, behind)])

    own = {name: [rows(name, 100, 110), rows(name, 110, 130)] for name in ("rel_actions", "robot_obs")}
    check_frames(store, own, 30)


def test_windows_of_bags(tmp_path):
    """Messages have times of their own: each target shows the newest message, counted by hand."""
    highlevel = pytest.importorskip("rosbags.highlevel")
    folder = recorded("datasets", "bags")
    store = data.convert(folder, tmp_path / "store", time="log")
    number = [one["name"] for one in store.episodes].index("fake_joint_state.bag")
    with highlevel.AnyReader([folder / "fake_joint_state.bag"]) as reader:
        messages = [(logged, reader.deserialize(raw, one.msgtype)) for one, logged, raw in reader.messages()]
    names = [f"/fake_joints_state/{word}" for word in ("position", "velocity")]
    times = np.array([logged for logged, _ in messages])
    words = {name: name.rpartition("/")[2] for name in names}
    rows = {name: np.array([getattr(one, word) for _, one in messages], np.float32) for name, word in words.items()}
    deltas = [-150_000_000, -20_000_000, 0, 33_000_000]
    rules = {"method": "previous", "before": "fill", "tolerance": 0}
    parts = {name: data.Part([data.Read(name, **rules)], deltas) for name in names}
    loader = store.loader(data.Spec(parts, names[0]), 32, device="cpu", episodes=[number])
    seen = 0
    for batch, row in real_rows(loader):
        newest = [np.sum(times <= batch.anchors[row].item() + delta) - 1 for delta in deltas]
        for name in names:
            want = torch.from_numpy(rows[name][newest])
            there = torch.tensor(newest) >= 0
            assert torch.equal(batch[name].all_valid[row], there)
            assert torch.equal(batch[name].values[row], torch.where(there[:, None], want, 0))
        seen += 1
    assert seen == len(messages)
