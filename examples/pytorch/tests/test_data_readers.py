# SPDX-License-Identifier: Apache-2.0
"""Readers, against the file's own numbers, read in the test by the library that owns the format, or by hand."""

import csv
import importlib
import io
import json
import shutil
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

from data_sets import recorded, same_rows, stored

import robocache_torch as rc
from robocache_torch import data
from robocache_torch.data.readers._source import on_grid
from robocache_torch.data.readers._tables import nanoseconds


@pytest.mark.parametrize("hertz", [30, "29.97", 5, 0.3, "1000"])
def test_stamps_on_a_grid_are_exact(hertz):
    rate = Fraction(str(hertz))
    numbers = [0, 1, 2, 29, 2_910, 12_345_678, int(8 * 10**9 * rate)]  # of the last int64 has no room for the product
    assert on_grid(numbers, hertz).tolist() == [n * 10**9 * rate.denominator // rate.numerator for n in numbers]
    if hertz == 30:  # the same as a timeline that stores nothing
        frames = torch.arange(100)
        grid = rc.uniform(0, (1_000_000_000, 30), 100)
        found = rc.resample(frames[:, None], torch.from_numpy(on_grid(frames, 30)), grid, method="previous")
        assert torch.equal(found.values[:, 0], frames)


def test_times_in_text_are_exact():
    assert nanoseconds("1305031102.175304321", 10**9) == 1_305_031_102_175_304_321
    assert nanoseconds("-1.5e-3", 10**9) == -1_500_000 and nanoseconds(" 7 ".strip(), 1000) == 7_000


def test_rlds(tmp_path):
    tfrecord = pytest.importorskip("tfrecord")
    folder = recorded("datasets", "bridge_rlds")
    store = data.convert(folder, tmp_path / "store", hertz=5)
    file = folder / "bridge_dataset-train.tfrecord-00000-of-00001"
    examples = list(tfrecord.tfrecord_loader(str(file), None))
    assert len(store) == len(examples) == 25
    for number, example in enumerate(examples):
        steps = len(example["steps/reward"])
        for name, width in (("action", 7), ("observation/state", 7), ("language_embedding", 512), ("reward", 1)):
            values, stamps = stored(store, name, number)
            assert same_rows(values, example[f"steps/{name}"].reshape(steps, width))
            assert stamps.tolist() == [i * 200_000_000 for i in range(steps)]
        assert stored(store, "is_last", number)[0].dtype == bool
        texts = example["steps/language_instruction"]
        assert store.episodes[number]["task"] == texts[0].decode()
        assert store.episodes[number]["extra"]["episode_id"] == example["episode_metadata/episode_id"].tolist()
        assert "observation/image_0: image is not read" in store.episodes[number]["notes"]
    missing = "bridge_dataset-val.tfrecord-00000-of-00001"
    assert store.left_out == [(missing, "found no such file; it has 25 episodes", str(folder.resolve()))]
    with pytest.raises(ValueError, match="hertz: found none"):
        data.convert(folder, tmp_path / "never")


def test_rlds_with_images_and_what_is_broken(tmp_path):
    pytest.importorskip("tfrecord")
    Image = pytest.importorskip("PIL.Image")
    folder = recorded("datasets", "bridge_rlds")
    copy = tmp_path / "bridge"
    shutil.copytree(folder, copy, copy_function=shutil.copyfile)
    copy.chmod(0o755)
    file = next(copy.glob("*.tfrecord-*"))
    content = bytearray(file.read_bytes())
    lengths, at = [], 0
    while at < len(content):
        lengths.append(int.from_bytes(content[at : at + 8], "little"))
        at += 16 + lengths[-1]
    first, second = 12, 12 + lengths[0] + 16
    content[second + 100] ^= 1  # in the second record
    content[second + lengths[1] + 4 + lengths[2] + 16] ^= 1  # in the head of the fourth
    file.write_bytes(content)
    source = data.open_source(copy, hertz=5, images=True)
    keys = source.keys()
    assert len(keys) == 3 and source.left_out[-1].why.startswith("found no record at byte ")
    with pytest.raises(data.Unreadable, match="record 1: found another checksum than the file has"):
        source.read(keys[1])
    found = source.read(keys[0]).series["observation/image_0"]
    assert found.values.dtype == torch.uint8 and found.shape[-1] == 3
    from tfrecord import example_pb2

    example = example_pb2.Example.FromString(bytes(content[first : first + lengths[0]]))
    encoded = example.features.feature["steps/observation/image_0"].bytes_list.value
    assert torch.equal(found.values[3], torch.from_numpy(np.array(Image.open(io.BytesIO(encoded[3])))).flatten())


def test_robomimic(tmp_path):
    h5py = pytest.importorskip("h5py")
    random, want = np.random.default_rng(0), {}
    with h5py.File(tmp_path / "set.hdf5", "w") as file:
        group = file.create_group("data")
        group.attrs["env_args"] = json.dumps({"env_name": "Lift", "env_kwargs": {"control_freq": 20}})
        for number in (0, 2, 10):
            demo = group.create_group(f"demo_{number}")
            rows = number + 3
            demo.attrs["num_samples"] = rows + (number == 2)
            want[number] = {
                "actions": random.normal(size=(rows, 7)),
                "obs/eef_pos": random.normal(size=(rows, 3)).astype(np.float32),
                "obs/image": random.integers(0, 255, (rows, 4, 5, 3)).astype(np.uint8),
                "dones": random.integers(0, 1, rows),
            }
            for name, values in want[number].items():
                demo[name] = values
            demo["next_obs/eef_pos"] = want[number]["obs/eef_pos"]
        file["mask/train"] = np.array([b"demo_0", b"demo_10"])
    store = data.convert(tmp_path / "set.hdf5", tmp_path / "store", images=True)
    assert [one["name"] for one in store.episodes] == ["demo_0", "demo_2", "demo_10"]
    assert [one["extra"]["masks"] for one in store.episodes] == [["train"], [], ["train"]]
    assert (
        store.episodes[1]["notes"][0].endswith("found 5 rows, want 6, num_samples")
        and store.episodes[0]["task"] == "Lift"
    )
    for at, of in enumerate(want.values()):
        assert set(store.names) == set(of)
        for name, values in of.items():
            found, stamps = stored(store, name, at)
            assert same_rows(found, values) and stamps.tolist() == [i * 50_000_000 for i in range(len(values))]
    assert store.modality("obs/image").shape == (4, 5, 3)
    plain = data.convert(tmp_path / "set.hdf5", tmp_path / "plain")
    assert "obs/image: image is not read" in plain.episodes[0]["notes"] and "obs/image" not in plain.names


def test_calvin(tmp_path):
    folder = tmp_path / "set"
    (folder / "lang_annotations").mkdir(parents=True)
    random, want = np.random.default_rng(0), {}
    for step in range(100, 130):
        want[step] = {"rel_actions": random.normal(size=7), "robot_obs": random.normal(size=15)}
        image = random.integers(0, 255, (4, 4, 3)).astype(np.uint8)
        np.savez(folder / f"episode_{step:07d}.npz", rgb_static=image, **want[step])
    np.save(folder / "ep_start_end_ids.npy", np.array([[100, 109], [110, 129], [300, 301]]))
    words = {"info": {"indx": [(101, 105), (112, 120)]}, "language": {"ann": ["push", "lift"]}}
    np.save(folder / "lang_annotations" / "auto_lang_ann.npy", words, allow_pickle=True)
    (folder / "episode_0000103.npz").unlink()
    (folder / "episode_0000107.npz").write_bytes(b"PK nothing")
    store = data.convert(folder, tmp_path / "store", trust_pickle=True)
    left = [step for step in range(100, 110) if step not in (103, 107)]
    for at, steps, first in ((0, left, 100), (1, range(110, 130), 110)):
        for name in ("rel_actions", "robot_obs"):
            values, stamps = stored(store, name, at)
            assert same_rows(values, np.stack([want[step][name] for step in steps]))
            assert stamps.tolist() == [(step - first) * 10**9 // 30 for step in steps]
    assert store.episodes[0]["problems"]["rel_actions"] == {"missing": 1, "corrupt": 1}
    assert store.episodes[0]["extra"]["tasks"] == [{"first": 1, "last": 5, "text": "push"}]
    assert store.episodes[1]["task"] == "lift" and store.episodes[1]["notes"] == ["rgb_static: image is not read"]
    assert store.left_out[0].why == "episode_0000300.npz to episode_0000301.npz: found none that can be read"
    plain = data.convert(folder, tmp_path / "plain", images=True)
    assert plain.modality("rgb_static").shape == (4, 4, 3)
    assert "is a pickle" in plain.episodes[0]["notes"][-1] and plain.episodes[1]["task"] == ""


def test_poses(tmp_path):
    # As the two formats' own documentation has them, and what can be wrong.
    for name in ("tum", "euroc"):
        (tmp_path / name).mkdir()
    (tmp_path / "tum" / "groundtruth.txt").write_text(
        "# ground truth trajectory\n# timestamp tx ty tz qx qy qz qw\n"
        "1305031098.6659 1.3563 0.6305 1.6380 0.6132 0.5962 -0.3311 -0.3986\n"
        "1305031098.6758 1.3543 0.6306 1.6360 0.6129 0.5966 -0.3316 -0.3980\n"
        "1305031098.6858 1.3543 0.6306 1.6360 0.6129\n"
        "1305031098.6758 1.3540 0.6306 1.6360 0.6129 0.5966 -0.3316 -0.3980\n"
    )
    (tmp_path / "euroc" / "data.csv").write_text(
        "#timestamp, p_RS_R_x [m], p_RS_R_y [m], p_RS_R_z [m], q_RS_w [], q_RS_x [], q_RS_y [], q_RS_z [], "
        "v_RS_R_x [m s^-1]\n"
        "1403636580838555648,4.688,-1.786,0.783,0.534,-0.153,-0.827,-0.082,-0.027\n"
        "1403636580843555328,4.688,-1.786,0.787,0.534,-0.152,-0.827,-0.082,-0.023\n"
    )
    store = data.convert(tmp_path / "tum", tmp_path / "of_tum")
    values, stamps = stored(store, "pose", 0)
    assert stamps.tolist() == [1305031098665900000, 1305031098675800000, 1305031098675800000]
    assert values[1].tolist() == [1.3543, 0.6306, 1.6360, 0.6129, 0.5966, -0.3316, -0.3980]
    assert store.episodes[0]["problems"] == {"pose": {"corrupt": 1, "duplicated": 1}}
    assert store.modality("pose").names[3:] == ["qx", "qy", "qz", "qw"]
    store = data.convert(tmp_path / "euroc" / "data.csv", tmp_path / "of_euroc")
    values, stamps = stored(store, "pose", 0)
    assert stamps.tolist() == [1403636580838555648, 1403636580843555328]
    assert values[1].tolist() == [4.688, -1.786, 0.787, 0.534, -0.152, -0.827, -0.082]
    assert store.modality("pose").names[3:] == ["qw", "qx", "qy", "qz"]
    assert stored(store, "state", 0)[0].tolist() == [[-0.027], [-0.023]]


def test_poses_as_evo_writes_them(tmp_path):
    files = pytest.importorskip("evo.tools.file_interface")
    from evo.core.trajectory import PoseTrajectory3D

    random = np.random.default_rng(0)
    turns = random.normal(size=(20, 4))
    turns /= np.linalg.norm(turns, axis=1)[:, None]
    path = PoseTrajectory3D(random.normal(size=(20, 3)), turns, 1.7e9 + np.arange(20) * 0.25)
    files.write_tum_trajectory_file(tmp_path / "path.tum", path)
    values, stamps = stored(data.convert(tmp_path / "path.tum", tmp_path / "store"), "pose", 0)
    again = files.read_tum_trajectory_file(tmp_path / "path.tum")
    assert np.array_equal(values[:, :3], again.positions_xyz)
    assert np.array_equal(np.roll(values[:, 3:], 1, 1), again.orientations_quat_wxyz)
    assert stamps.tolist() == [1_700_000_000_000_000_000 + i * 250_000_000 for i in range(20)]


def test_csv_of_a_flight(tmp_path):
    folder = recorded("px4_flight")
    store = data.convert(folder, tmp_path / "store")
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8") as file:
            header, *lines = csv.reader(file)
        values, stamps = stored(store, path.stem, 0)
        assert stamps.tolist() == [int(line[0]) * 1000 for line in lines]
        assert same_rows(values, np.array([[float(word) for word in line[1:]] for line in lines]))
        assert store.schemas[path.stem]["names"] == header[1:]


def test_processes_give_the_same_files(tmp_path):
    random = np.random.default_rng(0)
    for number in range(20):
        home = tmp_path / "logs" / f"run{number:02d}"
        home.mkdir(parents=True)
        rows = np.column_stack([np.arange(30) / 100, random.normal(size=(30, 2))])
        np.savetxt(home / "joints.csv", rows[: 0 if number == 7 else None], delimiter=",", header="t,a,b", comments="")
    done = []
    stores = [
        data.convert(tmp_path / "logs", tmp_path / str(n), processes=n, progress=lambda *at: done.append(at))
        for n in (1, 2)
    ]
    assert done[:10] == done[10:] and done[-1] == (20, 20)
    assert stores[0].index == stores[1].index and [one.episode for one in stores[0].left_out] == ["run07"]
    for shard in stores[0].shards:
        assert (tmp_path / "1" / shard["file"]).read_bytes() == (tmp_path / "2" / shard["file"]).read_bytes()


def test_a_stopped_conversion_goes_on(tmp_path):
    for number in range(5):
        (tmp_path / "logs" / f"run{number}").mkdir(parents=True)
        (tmp_path / "logs" / f"run{number}" / "joints.csv").write_text(f"t,a\n0,{number}\n" if number != 1 else "t,a\n")
    with pytest.warns(UserWarning, match="1 episodes were left out, the first because: .*run1.*found 0 rows"):
        data.convert(tmp_path / "logs", tmp_path / "store", episodes=range(3))
    again = data.convert(tmp_path / "logs", tmp_path / "store")
    assert repr(again).endswith("store'): 4 episodes of joints")
    assert [one["name"] for one in again.episodes] == ["run0", "run2", "run3", "run4"]
    assert again.modality("joints").values[:, 0].tolist() == [0, 2, 3, 4]
    assert [one.episode for one in again.left_out] == ["run1"]
    (tmp_path / "logs" / "run1" / "joints.csv").write_text("t,a\n0,1\n")
    mended = data.convert(tmp_path / "logs", tmp_path / "store")
    assert mended.episodes[-1]["name"] == "run1" and not mended.left_out
    (tmp_path / "logs").rename(tmp_path / "others")
    more = data.convert(tmp_path / "others", tmp_path / "store")  # another data set, with the same names
    assert len(more) == 10 and len(more.about["sources"]) == 2


def test_what_to_install_is_said_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "set.hdf5").write_bytes(b"")
    with pytest.raises(data.Missing, match="reading robomimic's data sets needs h5py: python -m pip install h5py"):
        data.convert(tmp_path / "set.hdf5", tmp_path / "store")
    monkeypatch.setitem(sys.modules, "h5py", None)
    monkeypatch.setattr(importlib, "import_module", lambda name: __import__("no_such_library"))
    with pytest.raises(data.Missing, match="needs h5py, which is there but needs no_such_library"):
        data.convert(tmp_path / "set.hdf5", tmp_path / "store")
