# SPDX-License-Identifier: Apache-2.0
"""Parts in steps of each data set's own rate: chunks of frames, whatever the rates are."""

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

import robocache_torch as rc
from robocache_torch import data

RATES = {"slow": 5, "fast": 15, "film": 29.97}
STEPS = [-1, 0, 1, 4]


def make(folder, name, seed, known=True):
    random = np.random.default_rng(seed)
    rate = RATES[name]
    about = {"sources": {f"/raw/{name}": {"hertz": rate}}} if known else {}
    with data.Writer(folder / name, shard_bytes=500, about=about) as writer:
        for number in range(3):
            rows = int(random.integers(7, 30))
            stamps = np.array(data.ticks(range(rows), rate)) + 1_000
            action = data.Series(random.normal(size=(rows, 2)).astype(np.float32), stamps)
            label = data.Series(random.integers(0, 99, (rows, 1)), stamps)
            writer.add(data.Episode(f"{name} {number}", {"action": action, "label": label}, source=f"/raw/{name}"))
    return folder / name


@pytest.fixture
def stores(tmp_path):
    return data.Stores([make(tmp_path, name, seed) for seed, name in enumerate(RATES)])


def nearest(name="action"):
    return data.Read(name, method="nearest")


def rows_of(store, name, episode, anchor):
    """The rows that steps find, by counting from that of the anchor, and whether they exist."""
    values, stamps = store.modality(name).episode(episode)
    row = int((stamps == anchor).nonzero())
    wanted = [row + step for step in STEPS]
    there = torch.tensor([0 <= one < len(values) for one in wanted])
    return values[[min(max(one, 0), len(values) - 1) for one in wanted]], there


@pytest.mark.parametrize("place", ["device", "pinned", "disk"])
def test_each_window_has_rows_of_its_own_set(stores, device, place):
    parts = {"chunk": data.Part([nearest()], data.Steps(STEPS)), "seen": data.Part([nearest()], [0])}
    parts["label"] = data.Part([nearest("label")], data.Steps(STEPS), dtype=torch.int64)
    loader = stores.loader(data.Spec(parts, "action"), 8, device=device, place=place)
    rates = set()
    for batch in loader:
        for row, (episode, anchor) in enumerate(zip(batch.episode.tolist(), batch.anchors.tolist())):
            rates.add(stores.episodes[episode]["source"])
            for part, name in (("chunk", "action"), ("label", "label")):
                want, there = rows_of(stores, name, episode, anchor)
                assert torch.equal(batch[part].values[row].cpu(), want)
                assert torch.equal(batch[part].all_valid[row].cpu(), there)
                assert torch.equal(batch[part].valid[row, :, 0].cpu(), there)
        assert batch["seen"].values.shape == (8, 1, 2) and batch["seen"].all_valid.all()
    assert len(rates) == 3
    loader.close()


def test_one_rate_gives_what_ticks_give(tmp_path, device):
    store = data.Store(make(tmp_path, "fast", 1))
    batches = []
    for deltas in (data.Steps(STEPS), data.ticks(STEPS, 15)):
        read = data.Read("action", normalise="mean_std", max_gap=100_000_000)
        parts = {"chunk": data.Part([read, nearest()], deltas), "seen": data.Part([nearest()], deltas, as_of=True)}
        loader = store.loader(data.Spec(parts, "action", whole=True), 4, device=device)
        batches.append([loader.next() for _ in range(1)] + [loader.windows])
    assert batches[0][1] == batches[1][1]
    for name in ("chunk", "seen"):
        assert all(map(torch.equal, batches[0][0][name], batches[1][0][name]))


def test_whole_windows_are_those_of_the_sets_rate(stores):
    spec = data.Spec({"chunk": data.Part([nearest()], data.Steps([0, 1, 4]))}, "action", whole=True)
    loader = stores.loader(spec, 5, device="cpu")
    counts = stores.modality("action").offsets.diff()
    assert loader.windows == int((counts - 4).sum())
    assert all(batch["chunk"].all_valid.all() for batch in loader)


def test_beside_policy_inputs(stores, device):
    turned = data.Read("action", relative=rc.Relative(at=0))
    parts = {"chunk": data.Part([nearest()], data.Steps(STEPS)), "moved": data.Part([turned], [0, 10_000_000])}
    plain = stores.loader(data.Spec({"chunk": parts["chunk"]}, "action"), 6, device=device).next()
    both = stores.loader(data.Spec(parts, "action"), 6, device=device).next()
    assert all(map(torch.equal, both["chunk"], plain["chunk"]))


def test_rates_may_be_given(tmp_path):
    stores = data.Stores([make(tmp_path, "slow", 0, known=False), make(tmp_path, "fast", 1)])

    def loader(hertz=None):
        spec = data.Spec({"chunk": data.Part([nearest()], data.Steps(STEPS, hertz))}, "action")
        return stores.loader(spec, 4, device="cpu")

    for word in ("slow", "/raw/slow"):
        batch = loader({word: 5}).next()
        for row, (episode, anchor) in enumerate(zip(batch.episode.tolist(), batch.anchors.tolist())):
            assert torch.equal(batch["chunk"].values[row], rows_of(stores, "action", episode, anchor)[0])
    with pytest.raises(ValueError, match="hertz: found no rate of '/raw/slow', want one"):
        loader()
    with pytest.raises(KeyError, match="hertz: found 'medium', want one of '/raw/slow', '/raw/fast', 'slow', 'fast'"):
        loader({"slow": 5, "medium": 9})


def test_what_does_not_fit_is_named(stores):
    steps, relative = data.Steps(STEPS), data.Read("action", relative=rc.Relative(to=(0, "chunk")))
    with pytest.raises(ValueError, match="deltas: found none, want one or more"):
        data.Part(["action"], data.Steps([]))
    with pytest.raises(ValueError, match="action: relative: found Steps in part 'chunk', want deltas in nanoseconds"):
        data.Spec({"chunk": data.Part(["action"], steps), "x": data.Part([relative], [0])}, "action")
    with pytest.raises(ValueError, match="action: relative: found Steps in part 'x', want deltas in nanoseconds"):
        data.Spec({"x": data.Part([data.Read("action", relative=rc.Relative())], steps)}, "action")
    each = data.Read("action", normalise=(torch.ones(4, 2), torch.zeros(4, 2)))
    with pytest.raises(ValueError, match="x: normalise: found factors for each step of read 0, want one for all Steps"):
        stores.loader(data.Spec({"x": data.Part([each], steps)}, "action"), 4, device="cpu")
