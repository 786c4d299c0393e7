# SPDX-License-Identifier: Apache-2.0
"""Several stores as one: mixtures of sets with different rates."""

import collections

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

from read_plainly import Plain

from robocache_torch import data

RATES = {"slow": 5, "fast": 15}


def make(folder, name, seed, widths=(("action", 2),)):
    """Episodes at the set's rate, in several shards."""
    random = np.random.default_rng(seed)
    with data.Writer(folder / name, shard_bytes=400) as writer:
        for number in range(4):
            stamps = np.arange(int(random.integers(8, 40))) * 10**9 // RATES[name]
            series = {
                one: data.Series(random.normal(size=(len(stamps), width)).astype(np.float32), stamps)
                for one, width in widths
            }
            writer.add(data.Episode(f"{name} {number}", series, source=f"/raw/{name}"))
    return folder / name


@pytest.fixture
def both(tmp_path):
    folders = [make(tmp_path, "slow", 0), make(tmp_path, "fast", 1, (("action", 2), ("force", 3)))]
    return folders, data.Stores(folders)


def test_it_has_the_episodes_of_all(both):
    folders, stores = both
    alone = [data.Store(folder) for folder in folders]
    assert len(stores) == 8 and stores.parts_of == {"slow": range(4), "fast": range(4, 8)}
    assert stores.episodes == alone[0].episodes + alone[1].episodes
    whole = stores.modality("action")
    for number in range(8):
        values, stamps = alone[number // 4].modality("action").episode(number % 4)
        assert all(map(torch.equal, whole.episode(number), (values, stamps)))
    force = stores.modality("force")  # which the first store does not have
    assert force.offsets[:5].tolist() == [0] * 5
    assert torch.equal(force.values, alone[1].modality("force").values)
    assert [one.trouble for one in stores.verify()] == [""] * len(stores.shards) and len(stores.shards) > 4


@pytest.mark.parametrize("place", ["device", "pinned", "disk"])
def test_one_batch_has_windows_of_all_at_their_own_rates(both, device, place):
    folders, stores = both
    spec = data.Spec({"action": data.Part([data.Read("action", method="nearest")], data.ticks(range(6), 10))}, "action")
    loader = stores.loader(spec, 16, device=device, place=place, weights={"slow": 0.25, "fast": 0.75})
    plain = [Plain(folder) for folder in folders]
    counts, mixed = collections.Counter(), 0
    for batch in loader:
        mixed += len(set((batch.episode < 4).tolist())) == 2
        for row in range(16):
            if batch.padding[row]:
                continue
            episode, anchor = batch.episode[row].item(), batch.anchors[row].item()
            counts[stores.episodes[episode]["source"]] += 1
            for k, delta in enumerate(data.ticks(range(6), 10)):
                want, valid = plain[episode // 4].value("action", episode % 4, anchor + delta, {"method": "nearest"})
                assert batch["action"].valid[row, k, 0] == valid
                assert np.array_equal(batch["action"].values[row, k].cpu().numpy(), np.float32(want))
    assert mixed > len(loader) // 2
    assert sum(counts.values()) == loader.windows and abs(counts["/raw/slow"] - 0.25 * loader.windows) <= 1
    loader.close()


def test_what_does_not_fit_is_named(both, tmp_path):
    folders, stores = both
    with pytest.raises(ValueError, match="stores: found none, want one or more"):
        data.Stores([])
    with pytest.raises(ValueError, match="stores: found two in folders named 'slow', want names that differ"):
        data.Stores([folders[0], folders[0]])
    other = make(tmp_path / "other", "slow", 2, (("action", 5),)).rename(tmp_path / "wide")
    with pytest.raises(ValueError, match="action: found .* in .*wide, want .*, that of those before"):
        data.Stores([folders[0], other])
    spec = data.Spec({"action": data.Part(["action"], [0])}, "action")
    with pytest.raises(KeyError, match="weights: found 'medium', want one of '/raw/slow', '/raw/fast', 'slow', 'fast'"):
        stores.loader(spec, 4, device="cpu", weights={"medium": 1})
    with pytest.raises(ValueError, match="weights: found an episode in two of 'slow', '/raw/slow', want it in one"):
        stores.loader(spec, 4, device="cpu", weights={"slow": 1, "/raw/slow": 1})
