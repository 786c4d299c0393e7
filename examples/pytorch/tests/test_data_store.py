# SPDX-License-Identifier: Apache-2.0
"""The store: what goes in comes out, whatever happens to the writer."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

import killed_writer

import robocache_torch as rc
from robocache_torch import data


TYPES = ["float32", "float64", "float16", "uint8", "int16", "int32", "int64", "bool"]


def drawn(seed):
    """Episodes of modalities with different types, rates and shapes; some lack one, some have no rows of one."""
    random = np.random.default_rng(seed)
    kinds = {
        f"m{k}/{'ab'[k % 2]}": (str(random.choice(TYPES)), tuple(random.integers(1, 4, random.integers(0, 3)).tolist()))
        for k in range(int(random.integers(1, 5)))
    }
    episodes = []
    for number in range(int(random.integers(1, 9))):
        series = {}
        for name, (dtype, shape) in kinds.items():
            if number and random.random() < 0.2:
                continue
            rows = int(random.integers(0, 30))
            values = (random.normal(size=(rows, *shape)) * 50).astype(dtype)
            stamps = 1_700_000_000_000_000_000 + np.sort(random.integers(0, 10**9, rows))
            names = [f"c{i}" for i in range(int(np.prod(shape, dtype=int)))]
            series[name] = data.Series(values, stamps, names, ["m"] * len(names))
        episodes.append(data.Episode(f"e{number}", series, task=f"do {number}", extra={"n": number}))
    return kinds, episodes


@pytest.mark.parametrize("seed", range(6))
def test_what_goes_in_comes_out(tmp_path, seed):
    kinds, episodes = drawn(seed)
    half = len(episodes) // 2
    for part in (episodes[:half], episodes[half:]):  # the second writer appends
        with data.Writer(tmp_path / "store", shard_bytes=(200, 10**6)[seed % 2], about={"robot": "arm"}) as writer:
            for one in part:
                writer.add(one)
    store = data.Store(tmp_path / "store")
    assert [one["name"] for one in store.episodes] == [one.name for one in episodes]
    assert [one["task"] for one in store.episodes] == [one.task for one in episodes]
    assert store.episodes[-1]["extra"] == {"n": len(episodes) - 1} and store.about == {"robot": "arm"}
    assert not any(found.trouble for found in store.verify()) and not store.ignored and not store.left_out
    assert set(store.names) == {name for one in episodes for name in one.series}
    for name in store.names:
        dtype, shape = kinds[name]
        parts = [one.series[name] if name in one.series else None for one in episodes]
        want = np.concatenate(
            [np.empty((0, max(1, np.prod(shape, dtype=int))), dtype)] + [p.values for p in parts if p]
        )
        bounds = np.cumsum([0] + [len(p.stamps) if p else 0 for p in parts])
        found = store.modality(name, dtype=getattr(torch, dtype))
        assert str(found.values.numpy().dtype) == dtype and np.array_equal(found.values.numpy(), want)
        assert found.offsets.tolist() == bounds.tolist() and found.shape == (shape or (1,))
        for part, number in zip(parts, range(len(parts))):
            assert part is None or torch.equal(found.episode(number)[1], part.stamps)
        assert found.names == [f"c{i}" for i in range(want.shape[1])] and set(found.units) == {"m"}
        assert store.rows(name) == len(want)
        fused = store.modality(name)
        if dtype in ("float32", "float64", "float16") and len(want):
            targets = rc.ragged(found.stamps, found.offsets)  # each sample at its own time
            batch = rc.fuse([fused.stream("previous", before="fill")], targets)
            last = np.append(np.diff(found.stamps.numpy()) != 0, True)
            last[bounds[1:][bounds[1:] > 0] - 1] = True  # of those that share a stamp the last one counts
            assert np.array_equal(batch.values.float().numpy()[last], want[last].astype(np.float32))


def joints(rows, start=0, width=2, **more):
    return data.Series(torch.arange(rows * width).view(rows, width).float(), torch.arange(rows) * 10 + start, **more)


def test_the_places(tmp_path, device):
    with data.Writer(tmp_path, shard_bytes=1) as writer:
        for number in range(3):
            writer.add(data.Episode(str(number), {"joints": joints(4, number)}))
    store = data.Store(tmp_path)
    host = store.modality("joints")
    targets = rc.windows(torch.tensor([11, 25]), torch.tensor([-5, 0]), torch.tensor([2, 1]))
    want = rc.fuse([host.stream()], targets)
    targets = targets._replace(**{k: v.to(device) for k, v in targets._asdict().items() if torch.is_tensor(v)})
    places = ["device", "pinned"] if device.type == "cuda" else ["device"]
    for place in places:
        found = store.modality("joints", place, device=device)
        assert found.stamps.device == device and found.offsets.device == device
        assert found.values.is_pinned() == (place == "pinned")
        got = rc.fuse([found.stream()], targets)
        assert torch.equal(got.values.cpu(), want.values) and torch.equal(got.all_valid.cpu(), want.all_valid)
    with pytest.raises(ValueError, match="place: found 'gpu', want host, pinned, device"):
        store.modality("joints", "gpu")
    with pytest.raises(KeyError, match="modality: found 'camera', want one of joints"):
        store.modality("camera")


def test_one_shard_is_read_where_it_is(tmp_path):
    with data.Writer(tmp_path) as writer:
        writer.add(data.Episode("a", {"joints": joints(4)}))
    address = data.Store(tmp_path).modality("joints").values
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    shard = [[int(end, 16) for end in line.split()[0].split("-")] for line in maps if "shard-00000-000" in line]
    assert any(begin <= address.data_ptr() < end for begin, end in shard)


def test_the_writer_is_killed_at_each_moment(tmp_path):
    script = Path(killed_writer.__file__)
    subprocess.run([sys.executable, script, tmp_path], check=True, timeout=300)
    for moment, before in itertools.product(range(killed_writer.EVENTS), ([], ["e0"])):
        folder = tmp_path / f"{'second' if before else 'first'}{moment}"
        store = data.Store(folder)
        names = before if moment < 7 else [*before, "e1"]  # a shard counts once the index has its name
        assert [one["name"] for one in store.episodes] == names, moment
        shard = f"shard-00000-00{len(before)}.safetensors"
        left = [f"{shard}.unfinished" if moment < 3 else shard] if moment < 7 else []
        assert store.ignored == ["index.json.unfinished"] * (4 <= moment < 7) + left, moment
        content = [(folder / name).read_bytes() for name in left]
        assert not any(found.trouble for found in store.verify())
        with data.Writer(folder) as writer:  # goes on
            writer.add(killed_writer.episode(2))
        store = data.Store(folder)
        assert [one["name"] for one in store.episodes] == [*names, "e2"] and store.ignored == left
        assert [(folder / name).read_bytes() for name in left] == content  # was not written again
        assert store.modality("joints").values[-5:].eq(2).all() and not any(one.trouble for one in store.verify())


def test_what_is_broken_is_named(tmp_path):
    with data.Writer(tmp_path, shard_bytes=1) as writer:
        for number in range(2):
            writer.add(data.Episode(str(number), {"joints": joints(4)}))
    store = data.Store(tmp_path)
    path = tmp_path / "shard-00000-001.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert [found for found in data.Store(tmp_path).verify() if found.trouble] == [
        (path.name, "found another checksum than the index has")
    ]
    path.write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=f"{path.name}: found {len(whole) - 1} bytes, want {len(whole)}"):
        data.Store(tmp_path)
    assert [found.file for found in store.verify() if found.trouble] == [path.name]
    path.unlink()
    with pytest.raises(ValueError, match="found no such file, which the index names"):
        data.Store(tmp_path)
    (tmp_path / "index.json").write_text('{"format": "other"}')
    with pytest.raises(ValueError, match="found format other version None, want robocache-store version 1"):
        data.Store(tmp_path)
    with pytest.raises(FileNotFoundError, match="found no index.json"):
        data.Store(tmp_path / "nothing")


def test_what_does_not_fit_is_refused(tmp_path):
    with data.Writer(tmp_path / "store") as writer:
        writer.add(data.Episode("a", {"joints": joints(4)}))
        for wrong, message in (
            (joints(4, width=3), r"b: joints: found shape \[3\], want \[2\]"),
            (joints(4, names=["x", "y"]), "b: joints: found names"),
            (data.Series(torch.zeros(4, 2).double(), torch.arange(4)), "b: joints: found dtype float64, want float32"),
        ):
            with pytest.raises(ValueError, match=message):
                writer.add(data.Episode("b", {"new": joints(1), "joints": wrong}))
        with pytest.raises(BlockingIOError, match="another process writes to this store"):
            data.Writer(tmp_path / "store")
    assert data.Store(tmp_path / "store").names == ["joints"]
    with pytest.raises(RuntimeError), data.Writer(tmp_path / "store") as writer:
        writer.add(data.Episode("c", {"joints": joints(4)}))
        raise RuntimeError
    assert len(data.Store(tmp_path / "store")) == 1
    for values, stamps, message in (
        (torch.zeros(3, 2), torch.arange(4), r"stamps: found \[4\]"),
        (torch.zeros(3, 2), torch.arange(3.0), "stamps: found torch.float32, want int64"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            data.Series(values, stamps)
    with pytest.raises(ValueError, match="units: found 1, want one for each of 2 channels"):
        joints(3, units=["rad"])


def test_what_is_wrong_is_counted_and_dropped_on_request(tmp_path):
    values = torch.arange(8.0).double()[:, None]
    values[2] = torch.nan
    stamps = torch.tensor([0, 10, 20, 30, 30, 25, 40, 40])
    one = data.Episode("bad", {"joints": data.Series(values, stamps, counts={"corrupt": 3}), "good": joints(3)})
    found = {"corrupt": 3, "backward": 1, "duplicated": 2, "nan": 1}
    for clean, dropped, left in (
        (False, {}, values),
        (True, {"joints": {"nan": 1, "backward": 1, "duplicated": 2}}, values[[0, 1, 3, 6]]),
    ):
        with data.Writer(tmp_path / str(clean), clean=clean) as writer:
            writer.add(one)
        store = data.Store(tmp_path / str(clean))
        assert store.episodes[0]["problems"] == {"joints": found} and store.episodes[0]["dropped"] == dropped
        kept = store.modality("joints", dtype=torch.float64).values
        assert torch.equal(kept.nan_to_num(-1), left.nan_to_num(-1))
