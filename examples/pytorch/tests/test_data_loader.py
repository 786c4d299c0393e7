# SPDX-License-Identifier: Apache-2.0
"""The loader, against a plain NumPy reading of the store's files."""

import collections
import os
from fractions import Fraction
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

from read_plainly import Plain

import robocache_torch as rc
from robocache_torch import data
from robocache_torch.data import _ring

MS = 1_000_000
SEEDS = range(60 if os.environ.get("ROBOCACHE_THOROUGH") else 6)


def make_store(folder, random, episodes=6, sources=("a",)):
    """Modalities of different rates and types, with jitter, gaps, and an episode or two that lack one."""
    kinds = {"pose": (100, 3, "float32"), "action": (30, 2, "float64"), "force": (47, 1, "float16")}
    with data.Writer(folder, shard_bytes=int(random.choice([3000, 10**6]))) as writer:
        for number in range(episodes):
            seconds = random.uniform(0.2, 2)
            series = {}
            for name, (hertz, width, dtype) in kinds.items():
                if name == "force" and random.random() < 0.2:
                    continue
                stamps = np.arange(int(seconds * hertz) + 1) * 10**9 // hertz
                if name != "action":
                    stamps = np.sort(stamps + random.integers(-2 * MS, 2 * MS, len(stamps)))
                    stamps = stamps[random.random(len(stamps)) > 0.1]
                series[name] = data.Series(random.normal(size=(len(stamps), width)).astype(dtype), stamps)
            labels = random.integers(0, 9, (len(series["action"].stamps), 1))
            series["label"] = data.Series(labels, series["action"].stamps)
            source = sources[number * len(sources) // episodes]
            writer.add(data.Episode(f"e{number}", series, source=f"/sets/{source}"))
    return data.Store(folder)


def draw_rules(random):
    rules = {
        "method": str(random.choice(["linear", "nearest", "previous"])),
        "max_gap": int(random.choice([0, 15 * MS, 40 * MS])) or None,
        "latency": int(random.choice([0, 0, 7 * MS])),
        "after": str(random.choice(["clamp", "hold", "fill"])),
        "before": str(random.choice(["clamp", "fill"])),
    }
    return rules


def draw_spec(random):
    """A spec, and what is known of it: rules of each read by part."""
    history, chunk = data.ticks(range(-2, 1), 20), data.ticks(range(-1, 5), 30)
    reads = {
        part: [(str(name), draw_rules(random)) for name in random.permutation(["pose", "action", "force"])[:2]]
        for part in ("seen", "done")
    }
    parts = {
        "seen": data.Part([data.Read(name, **rules) for name, rules in reads["seen"]], history, as_of=True),
        "done": data.Part([data.Read(name, **rules) for name, rules in reads["done"]], chunk, dtype=torch.float32),
    }
    reads["label"] = [("label", {"method": "nearest", "latency": int(random.choice([0, 50 * MS])), "before": "fill"})]
    labels = [data.Read(name, **rules) for name, rules in reads["label"]]
    parts["label"] = data.Part(labels, [0, -40 * MS], dtype=torch.int64)
    hertz = float(random.choice([10, 12.5, 29.97]))
    anchors = str(random.choice(["action", "pose"])) if random.random() < 0.5 else data.Every(hertz)
    return data.Spec(parts, anchors, whole=bool(random.random() < 0.5)), reads


def windows_of(plain, spec, reads):
    """All of them: (episode, anchor)."""
    spans = [
        (name, *(delta + rules.get("latency", 0) for delta in (min(part.deltas), max(part.deltas))))
        for part, of in zip(spec.parts.values(), reads.values())
        for name, rules in of
    ]
    if isinstance(spec.anchors, str):
        where = {"at": spec.anchors}
    else:
        where = {"period": Fraction(10**9) / Fraction(str(spec.anchors.hertz))}
    if not spec.whole:
        spans = [] if "at" in where else [(name, 0, 0) for name, _, _ in spans]
    return [(e, one) for e in range(plain.episodes) for one in plain.anchors(e, spans, **where)]


def check_batch(batch, plain, spec, reads):
    for row in range(len(batch.anchors)):
        episode, anchor = batch.episode[row].item(), batch.anchors[row].item()
        for name, part in spec.parts.items():
            values, valid = batch[name].values[row].double().cpu().numpy(), batch[name].valid[row].cpu().numpy()
            at = 0
            for i, (modality, rules) in enumerate(reads[name]):
                for k, delta in enumerate(part.deltas):
                    limit = anchor if part.as_of else None
                    want, backed = plain.value(modality, episode, anchor + delta, rules, limit)
                    found = values[k, at : at + len(want)]
                    assert valid[k, i] == backed, (name, modality, rules, episode, anchor, delta)
                    exact = rules["method"] != "linear"
                    want = want.astype(np.float32) if exact else want
                    assert np.allclose(found, want, rtol=0, atol=0 if exact else 1e-2 if "force" in modality else 1e-5)
                at += len(want)
            assert torch.equal(batch[name].all_valid[row], batch[name].valid[row].all(-1))


@pytest.mark.parametrize("seed", SEEDS)
def test_batches_are_what_the_files_hold(tmp_path, seed, device):
    random = np.random.default_rng(seed)
    store = make_store(tmp_path / "store", random)
    plain = Plain(tmp_path / "store")
    spec, reads = draw_spec(random)
    want = windows_of(plain, spec, reads)
    if not want:
        with pytest.raises(ValueError, match="spec: found no window in 6 episodes"):
            store.loader(spec, 4, device=device)
        return
    place = ("device", "pinned", "disk")[seed % 3]
    loader = store.loader(spec, 7, device=device, place=place, seed=seed)
    assert loader.windows == len(want) and len(loader) == -(-len(want) // 7)
    for epoch in range(2):
        seen = collections.Counter()
        for number, batch in enumerate(loader):
            keys = list(zip(batch.episode.tolist(), batch.anchors.tolist()))
            assert batch.padding.sum() == 7 - loader.real()
            seen.update(key for key, extra in zip(keys, batch.padding.tolist()) if not extra)
            if number < 6:
                check_batch(batch, plain, spec, reads)
        assert seen == collections.Counter(want)
        assert (loader.epoch, loader.step) == (epoch + 1, 0)


def simple(**more):
    return data.Spec({"action": data.Part([data.Read("action", method="nearest")], data.ticks(range(4), 30))}, **more)


def keys_of(batch):
    return list(zip(batch.episode.tolist(), batch.anchors.tolist(), batch.padding.tolist()))


def test_anywhere_takes_one_time_from_each_interval(tmp_path, device):
    store = make_store(tmp_path, np.random.default_rng(1))
    grid = store.loader(simple(anchors=data.Every(10)), 8, device=device)
    loader = store.loader(simple(anchors=data.Every(10, anywhere=True)), 8, device=device)
    begins = sorted((e, t) for batch in grid for e, t, extra in keys_of(batch) if not extra)
    epochs = [sorted((e, t) for batch in loader for e, t, extra in keys_of(batch) if not extra) for _ in range(2)]
    for times in epochs:
        assert [e for e, _ in times] == [e for e, _ in begins]
        behind = [t - begin for (_, t), (_, begin) in zip(times, begins)]
        assert all(0 <= one < 100 * MS for one in behind) and np.std(behind) > 10 * MS
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_share_each_batch(tmp_path, device, ranks):
    store = make_store(tmp_path, np.random.default_rng(2))
    one = store.loader(simple(anchors="action"), 12, device=device)
    many = [store.loader(simple(anchors="action"), 12, device=device, rank=r, ranks=ranks) for r in range(ranks)]
    for _ in range(2 * len(one)):
        whole, parts = keys_of(one.next()), [keys_of(loader.next()) for loader in many]
        assert [parts[i % ranks][i // ranks] for i in range(12)] == whole
        assert {loader.real() for loader in many} == {one.real()}


def test_it_goes_on_from_three_numbers(tmp_path, device):
    store = make_store(tmp_path, np.random.default_rng(3))
    loader = store.loader(simple(anchors="action"), 6, device=device, seed=5)
    made = [keys_of(loader.next()) for _ in range(2 * len(loader) + 1)]
    first = store.loader(simple(anchors="action"), 6, device=device, seed=5)
    for _ in range(len(loader) + 2):
        first.next()
    state = first.state_dict()
    assert (state["seed"], state["epoch"], state["step"]) == (5, 1, 2)
    for ranks in (1, 2):  # not as many as before
        again = [store.loader(simple(anchors="action"), 6, device=device, rank=r, ranks=ranks) for r in range(ranks)]
        for one in again:
            one.next()  # it has begun elsewhere
            one.load_state_dict(state)
            assert one.state_dict() == state
        for number, batches in enumerate(zip(*again), len(loader) + 2):
            parts = [keys_of(batch) for batch in batches]
            assert [parts[i % ranks][i // ranks] for i in range(6)] == made[number]
        assert number == 2 * len(loader) - 1  # to the end of the epoch
    with pytest.raises(ValueError, match="batch_size: found 8, want 6, that of the state"):
        store.loader(simple(anchors="action"), 8, device=device).load_state_dict(state)


def test_sets_are_mixed_by_their_weights(tmp_path, device):
    store = make_store(tmp_path, np.random.default_rng(4), episodes=9, sources=("a", "b", "c"))
    loader = store.loader(simple(anchors="action"), 5, device=device, weights={"a": 3, "/sets/c": 1})
    windows = {
        source: {(e, t) for e in episodes_of(store, source) for t in stamps_of(store, e)}
        for source in ("a", "c")
    }
    total = sum(map(len, windows.values()))
    assert loader.windows == total
    seen = collections.Counter()
    for epoch in range(12):
        drawn = [(e, t) for batch in loader for e, t, extra in keys_of(batch) if not extra]
        assert len(drawn) == total
        of_a = sum(one in windows["a"] for one in drawn)
        assert abs(of_a - 0.75 * total) <= 1 and all(one in windows["a"] | windows["c"] for one in drawn)
        seen.update(drawn)
    for source in ("a", "c"):  # each window as often as the others
        counts = [seen[one] for one in windows[source]]
        assert max(counts) - min(counts) <= 1
    with pytest.raises(KeyError, match="weights: found 'd', want one of '/sets/a', '/sets/b', '/sets/c'"):
        store.loader(simple(anchors="action"), 5, device=device, weights={"d": 1})
    with pytest.raises(ValueError, match="windows an epoch, want one window of each set or more"):
        store.loader(simple(anchors="action"), 5, device=device, weights={"a": 1, "c": 1e-6})
    with pytest.raises(ValueError, match="weights: found 0 of 'a', want a number above 0"):
        store.loader(simple(anchors="action"), 5, device=device, weights={"a": 0})


def episodes_of(store, source):
    return [e for e, one in enumerate(store.episodes) if one["source"] == f"/sets/{source}"]


def stamps_of(store, episode):
    return store.modality("action").episode(episode)[1].tolist()


def test_some_episodes_alone(tmp_path, device):
    store = make_store(tmp_path, np.random.default_rng(5))
    loader = store.loader(simple(anchors="action"), 4, device=device, episodes=[4, 1])
    drawn = sorted((e, t) for batch in loader for e, t, extra in keys_of(batch) if not extra)
    assert drawn == [(e, t) for e in (1, 4) for t in stamps_of(store, e)]
    for episodes, message in (([6], "episodes: found 6, want 0 to 5"), ([1, 1], "episodes: found one twice")):
        with pytest.raises(ValueError, match=message):
            store.loader(simple(anchors="action"), 4, device=device, episodes=episodes)


def test_every_place_and_device_gives_the_same(tmp_path, device):
    store = make_store(tmp_path, np.random.default_rng(6))
    spec, _ = draw_spec(np.random.default_rng(0))
    here = store.loader(spec, 8, device="cpu")
    there = [store.loader(spec, 8, device=device, place=place) for place in ("device", "pinned")]
    for _ in range(3 * len(here)):
        want, found = here.next(), [loader.next() for loader in there]
        for batch in found:
            assert keys_of(batch) == keys_of(want)
            for name in spec.parts:
                for one, other in zip(batch[name], want[name]):
                    assert one.device == device and torch.equal(one.cpu(), other)


def test_values_are_normalised(tmp_path, device):
    random = np.random.default_rng(7)
    store = make_store(tmp_path, random)
    values = np.concatenate([one for _, one in Plain(tmp_path).series["pose"]]).astype(np.float64)
    low, high = np.quantile(values, [0.01, 0.99], axis=0)
    wanted = {
        "mean_std": (values - values.mean(0)) / values.std(0),
        "min_max": 2 * (values - values.min(0)) / (values.max(0) - values.min(0)) - 1,
        "q01_q99": 2 * (values - low) / (high - low) - 1,
    }
    reads = [data.Read("pose", method="nearest", normalise=how) for how in wanted]
    scale, shift = torch.tensor([2.0]), torch.tensor([-1.0])
    reads.append(data.Read("pose", channels=slice(1, 2), method="nearest", normalise=(scale, shift)))
    spec = data.Spec({"pose": data.Part(reads, [0])}, "pose")
    found = {}
    loader = store.loader(spec, 8, device=device)
    offsets = store.modality("pose").offsets
    for batch in loader:
        for e, t, row in zip(batch.episode.tolist(), batch.anchors.tolist(), batch["pose"].values[:, 0].cpu().numpy()):
            stamps = store.modality("pose").episode(e)[1]
            found[int(offsets[e]) + int(torch.searchsorted(stamps, t, right=True)) - 1] = row
    for number, row in found.items():
        want = np.concatenate([*(one[number] for one in wanted.values()), 2 * values[number, 1:2] - 1])
        assert np.allclose(row, want, atol=1e-4)
    assert set(loader.factors) == {("pose", i) for i in range(4)}


def test_what_depends_on_the_window_is_normalised_as_it_comes(tmp_path, device):
    store = make_store(tmp_path, np.random.default_rng(8))
    moved = {"method": "nearest", "relative": rc.Relative(to=(0, "seen"))}
    raw = {
        "seen": data.Part([data.Read("pose", method="nearest")], [0]),
        "moved": data.Part([data.Read("action", method="nearest"), data.Read("pose", **moved)], [10 * MS, 50 * MS]),
    }
    normal = data.Read("pose", normalise="mean_std", low=torch.full((3,), -1.5), **moved)
    spec = data.Spec({**raw, "moved": data.Part([raw["moved"].reads[0], normal], [10 * MS, 50 * MS])}, "action")
    rows = []
    for batch in store.loader(data.Spec(raw, "action"), 9, device="cpu"):
        good = batch["moved"].valid[..., 1] & ~batch.padding[:, None]
        rows.append(batch["moved"].values[..., 2:][good].double())
    rows = torch.cat(rows)
    want = ((rows - rows.mean(0)) / rows.std(0, correction=0)).clamp(min=-1.5)
    loader = store.loader(spec, 9, device=device)
    found = []
    for batch in loader:
        good = batch["moved"].valid[..., 1] & ~batch.padding[:, None]
        found.append(batch["moved"].values[..., 2:][good].double().cpu())
    assert (torch.cat(found) - want).abs().max() < 1e-4 and (want == -1.5).any()


def test_a_history_holds_the_newest_sample(tmp_path, device):
    store = make_store(tmp_path, np.random.default_rng(9))
    parts = {"seen": data.Part(["pose"], [-20 * MS, 0], as_of=True), "done": data.Part(["pose"], [0])}
    loader = store.loader(data.Spec(parts, data.Every(50), whole=True), 16, device=device)
    for batch in loader:
        assert batch["seen"].all_valid.all() and batch["done"].all_valid.all()
        assert not torch.equal(batch["seen"].values[:, 1], batch["done"].values[:, 0])  # it knows no later one


class Recorded:
    """A place that writes down what it is asked for."""

    def __init__(self, source):
        self.source, self.slots, self.wants_windows, self.told = source, 3, True, []

    def __getattr__(self, name):
        if name not in ("want", "wait", "done"):
            return getattr(self.source, name)
        return lambda slot, windows=None: self.told.append((name, slot) if windows is None else (name, slot, windows))


@pytest.mark.parametrize("graphed", [False, True])
def test_a_place_is_asked_for_groups_in_their_order(tmp_path, monkeypatch, graphed):
    store = make_store(tmp_path, np.random.default_rng(9))
    loader = store.loader(simple(anchors="action"), 4, device="cpu")
    place = Recorded(loader._source)
    if graphed:  # without a GPU: graphs that are captured by running them, and do nothing when they are replayed
        monkeypatch.setattr(_ring.torch, "cuda", MagicMock())
    kind = _ring.Graphed if graphed else _ring.Made
    ring = kind(loader._sampler, place, loader._launch, 2, 0)
    first = [loader._sampler.on_host(2 * group, 2) for group in range(9)]
    for taken in range(1, 5):
        ring.next(), ring.next()
        # Groups whose values have been read: with graphs those of all slots, before the first one is asked for.
        made = taken + 2 if graphed else taken
        turns = [(word, group % 3) for group in range(made) for word in ("wait", "done", "want")]
        assert [one[:2] for one in place.told] == [("want", slot) for slot in range(3)] + turns
        for want, windows in zip(first, (one[2] for one in place.told if one[0] == "want")):
            assert all(torch.equal(one, other) for one, other in zip(windows, want))
    ring.close()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_batches_are_made_ahead(tmp_path):
    store = make_store(tmp_path, np.random.default_rng(9))
    loader = store.loader(simple(anchors="action"), 4, device="cuda:0")
    kept = [loader.next()]
    loader._ring.stream.synchronize()
    behind = loader._ring.graphs[1][1]  # the next group is there before it is asked for
    wanted = [keys_of(batch) for batch in behind]
    found = [keys_of(loader.next()) for _ in range(2 * loader.group - 1)][loader.group - 1 :]
    assert found == wanted and kept[0] is loader._ring.graphs[0][1][0]


def test_torchrun_says_which_part_is_whose(tmp_path, monkeypatch):
    store = make_store(tmp_path, np.random.default_rng(10))
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "4")
    loader = store.loader(simple(anchors="action"), 8, device="cpu")
    assert (loader.rank, loader.ranks) == (1, 4) and len(loader.next().anchors) == 2
    with pytest.raises(ValueError, match="batch_size: found 6 for rank 1 of 4, want a multiple of the ranks"):
        store.loader(simple(anchors="action"), 6, device="cpu")


def test_what_does_not_fit_is_named(tmp_path):
    store = make_store(tmp_path, np.random.default_rng(11))

    def loader(part, anchors="action", **more):
        return store.loader(data.Spec({"x": part}, anchors), 4, device="cpu", **more)

    with pytest.raises(TypeError, match="reads: found 'action', want a list of names or Reads"):
        data.Part("action", [0])
    with pytest.raises(KeyError, match="modality: found 'camera', want one of "):
        loader(data.Part(["camera"], [0]))
    with pytest.raises(KeyError, match="anchors: found 'camera', want one of "):
        loader(data.Part(["action"], [0]), "camera")
    with pytest.raises(ValueError, match="place: found 'moon', want device, pinned"):
        loader(data.Part(["action"], [0]), place="moon")
    with pytest.raises(ValueError, match="action: found a part of torch.int64, want one modality of integers alone"):
        loader(data.Part([data.Read("action", method="nearest")], [0], dtype=torch.int64))
    with pytest.raises(TypeError, match="action: found 'gap', want a rule of rc.Stream or rc.PolicyStream"):
        data.Read("action", gap=3)
    with pytest.raises(ValueError, match="action: normalise: found 'z', want mean_std, min_max, q01_q99, or a pair"):
        data.Read("action", normalise="z")
    with pytest.raises(ValueError, match="hertz: found 0, want a rate of 0.0001 or more"):
        data.ticks([1], 0)
    with pytest.raises(ValueError, match="deltas: found none, want one or more"):
        data.Part(["action"], [])
    with pytest.raises(ValueError, match="relative: found part 'y', want one of x"):
        loader(data.Part([data.Read("pose", relative=rc.Relative(to=(0, "y")))], [0])).next()
    with pytest.raises(ValueError, match="found no window in 6 episodes"):
        store.loader(data.Spec({"x": data.Part(["action"], [0, 10**11])}, "action", whole=True), 4, device="cpu")
