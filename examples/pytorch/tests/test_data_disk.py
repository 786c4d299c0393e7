# SPDX-License-Identifier: Apache-2.0
"""The place "disk": windows read from shards give the bits of whole episodes in memory."""

import itertools
import os

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

import robocache_torch as rc
from robocache_torch import data
from robocache_torch._layout import EDGES, HOLDS, METHODS, ROTATIONS
from robocache_torch.data._disk import Disk
from robocache_torch.data._source import Reach, Windows

ROWS = 24  # windows of a group
TYPES = {"wide": torch.float64, "joints": torch.float32, "turn": torch.float16, "steps": torch.int16, "late": None}


def drawn(folder, seed, most=60, shard_bytes=2_000):
    """Episodes of five modalities in several shards, some of them without rows, with one, or with duplicated stamps."""
    random = np.random.default_rng(seed)
    widths = {"wide": 3, "joints": 5, "turn": 4, "steps": 2, "late": 7}
    with data.Writer(folder, shard_bytes=shard_bytes) as writer:
        for number in range(9):
            series = {}
            for name, width in widths.items():
                if name == "late" and number < 4:
                    continue  # the first shards do not have it
                rows = int(random.choice([0, 1, 2, random.integers(3, most)]))
                stamps = random.integers(0, 40, rows) * (random.random(rows) < 0.85)
                values = torch.from_numpy(random.normal(size=(rows, width)) * 30)
                values[torch.from_numpy(random.random(rows) < 0.03)] = torch.nan
                values = values.nan_to_num(0) if name == "steps" else values
                series[name] = data.Series(values.to(TYPES[name] or torch.float32), stamps.cumsum() - 100)
            writer.add(data.Episode(str(number), series))
    return data.Store(folder)


def windows_of(random, store, low=-400, high=1_500):
    """Before, inside and behind episodes, and of episodes that are not there."""
    episodes = torch.from_numpy(random.integers(-1, len(store) + 1, ROWS))
    return Windows(episodes, torch.from_numpy(random.integers(low, high, ROWS)))


def fetched(source, slot, windows):
    source.want(slot, windows)
    source.wait(slot)


def bits(tensor):
    return tensor.contiguous().view({1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[tensor.itemsize])


def same(found, want):
    return all(torch.equal(bits(a), bits(b)) for a, b in zip(found, want, strict=True))


@pytest.mark.parametrize("seed", range(4 * (10 if os.environ.get("ROBOCACHE_THOROUGH") else 1)))
def test_all_methods_have_the_bits_of_whole_episodes(tmp_path, device, seed):
    store, random = drawn(tmp_path, seed), np.random.default_rng(seed)
    whole = {name: store.modality(name, "device", device=device) for name in store.names}
    for method in METHODS:
        deltas = torch.from_numpy(random.integers(-300, 200, int(random.integers(1, 12))))
        windows = windows_of(random, store)
        latency = int(random.integers(-50, 50))
        tolerance = int(random.integers(0, 10)) if method in HOLDS else 0
        as_of = int(random.integers(-100, 100)) if random.random() < 0.5 else None
        rules = {
            "method": method,
            "before": str(random.choice([one for one in EDGES if one != "hold"])),
            "after": str(random.choice(EDGES)),
            "max_gap": int(random.integers(1, 60)) if random.random() < 0.5 else None,
            "fill": -7.0,
            "latency": latency,
            "tolerance": tolerance,
        }
        first, last = int(deltas.min()) + latency, int(deltas.max()) + latency + tolerance
        reach = Reach(first if as_of is None else min(first, as_of), last, 2)
        names = ["turn"] if method == "slerp" else list(whole)
        source = Disk(store, {name: reach for name in names}, ROWS, device, 2_000_000)
        fetched(source, 1, windows)
        anchors, deltas = windows.anchors.to(device), deltas.to(device)
        known = None if as_of is None else anchors + as_of
        targets = rc.windows(anchors, deltas, windows.trajectory.to(device), known)
        here = targets._replace(index=source.trajectory(1))
        for name in names:
            given = whole[name], source.series(name, 1)
            if given[0].values.dtype in (torch.int32, torch.int64, torch.uint8):
                if method not in HOLDS or as_of is not None:
                    continue
                own = {word: rule for word, rule in rules.items() if word != "latency"}
                want, found = (
                    rc.resample(one.values, one.times(), when._replace(stamps=deltas + latency), **own)
                    for one, when in zip(given, (targets, here))
                )
            else:
                want, found = (rc.fuse([one.stream(**rules)], when) for one, when in zip(given, (targets, here)))
            assert same(found, want), (seed, name, rules, as_of)
        source.done(1)
        source.close()


def plain(store, name, windows, reach):
    """What a slot has to hold: rows of whole episodes, found one by one."""
    whole, values, stamps = store.modality(name), [], []
    for episode, anchor in zip(windows.trajectory.tolist(), windows.anchors.tolist()):
        if not 0 <= episode < len(store):
            values.append(whole.values[:0]), stamps.append(whole.stamps[:0])
            continue
        of, times = whole.episode(episode)
        before = sum(time <= anchor + reach.first for time in times.tolist())
        until = sum(time <= anchor + reach.last for time in times.tolist())
        rows = slice(max(before - 1 - reach.beside, 0), until + 1 + reach.beside)
        values.append(of[rows]), stamps.append(times[rows])
    return values, stamps


def check_holds(found, values, stamps):
    rows = sum(map(len, stamps))
    assert found.offsets.tolist() == np.cumsum([0] + [len(one) for one in stamps]).tolist()
    assert torch.equal(found.stamps[:rows].cpu(), torch.cat(stamps))
    assert same([found.values[:rows]], [torch.cat(values)])


def test_slots_hold_exactly_the_rows_of_their_windows(tmp_path, device):
    store, random = drawn(tmp_path, 9), np.random.default_rng(9)
    reaches = {"wide": Reach(-70, 30, 2), "steps": Reach(0, 0, 0), "late": Reach(20, 90, 1)}
    source = Disk(store, reaches, ROWS, device, 120_000, threads=3)
    assert source.slots >= 3 and source.trajectory(0).tolist() == list(range(ROWS))
    addresses = [source.series("wide", slot).values.data_ptr() for slot in range(source.slots)]
    asked = [windows_of(random, store) for _ in range(40)]
    for group, windows in enumerate(asked[: source.slots]):
        source.want(group, windows)
    for group, windows in enumerate(asked):
        slot = group % source.slots
        source.wait(slot)
        for name, reach in reaches.items():
            check_holds(source.series(name, slot), *plain(store, name, windows, reach))
        source.done(slot)
        if group + source.slots < len(asked):
            source.want(slot, asked[group + source.slots])
    assert addresses == [source.series("wide", slot).values.data_ptr() for slot in range(source.slots)]
    bytes_of_row = {"wide": 3 * 8, "steps": 2 * 2, "late": 7 * 4}
    read = sum(
        sum(map(len, plain(store, name, windows, reach)[1])) * bytes_of_row[name]
        for windows in asked
        for name, reach in reaches.items()
    )
    assert source.bytes_read == read  # nothing more was read than was needed
    source.close()
    source.close()


def test_what_is_wanted_last_counts(tmp_path, device):
    store, random = drawn(tmp_path, 3), np.random.default_rng(3)
    reach = Reach(-200, 200, 2)
    source = Disk(store, {"wide": reach}, ROWS, device, 300_000, threads=2)
    for _ in range(30):
        asked = [windows_of(random, store) for _ in range(2 * source.slots)]
        for number, windows in enumerate(asked):
            source.want(number % source.slots, windows)
        for slot in range(source.slots):
            source.wait(slot)
            check_holds(source.series("wide", slot), *plain(store, "wide", asked[slot - source.slots], reach))
            source.done(slot)
    source.close()


def most_rows_of(store, name, episode, reach):
    """Of a window anywhere in the episode."""
    times = store.modality(name).episode(episode)[1].numpy()
    anchors = np.arange(-200, 2_500)
    first = np.maximum(np.searchsorted(times, anchors + reach.first, "right") - 1 - reach.beside, 0)
    last = np.minimum(np.searchsorted(times, anchors + reach.last, "right") + 1 + reach.beside, len(times))
    return int((last - first).max())


def test_the_budget_holds(tmp_path, device):
    store = drawn(tmp_path, 5)
    reaches = {"joints": Reach(-30, 30, 2), "late": Reach(-30, 0, 2)}
    most = {name: max(most_rows_of(store, name, episode, reach) for episode in range(len(store)))
            for name, reach in reaches.items()}
    with pytest.raises(ValueError, match="budget: found 100 bytes, want") as refused:
        Disk(store, reaches, ROWS, device, 100)
    two = int(str(refused.value).split("want ")[1].split()[0])
    # Room for the most rows that windows have, and little more.
    need = sum(most[name] * ROWS * (store.modality(name).values.shape[1] * 4 + 8) for name in reaches)
    assert 2 * need <= two <= 2 * need * 1.5 + 10_000
    with pytest.raises(ValueError, match=f"budget: found {two - 1} bytes, want {two} or more: two times 24 windows"):
        Disk(store, reaches, ROWS, device, two - 1)
    for budget, slots in ((two, 2), (two + two // 2 - 1, 2), (two + two // 2, 3), (100 * two, 8)):
        source = Disk(store, reaches, ROWS, device, budget)
        memory = source.series("joints", 0).values.untyped_storage()
        assert source.slots == slots and source.pinned_bytes == slots * two // 2 <= budget
        assert memory.nbytes() == source.pinned_bytes  # one piece, which has all slots
        assert all(source.series(name, slot).values.untyped_storage().data_ptr() == memory.data_ptr()
                   for name in reaches for slot in range(slots))
        if device.type == "cuda":
            assert source.series("joints", 0).values.is_pinned() and source.series("joints", 0).stamps.is_cuda
        rows = sum(store.rows(name) for name in reaches)
        assert source.resident_bytes == 8 * (rows + 2 * (len(store) + 1))
        source.close()


def test_errors_of_threads_have_names(tmp_path, device):
    store, reach = drawn(tmp_path, 2), Reach(-1_000, 3_000, 2)
    source = Disk(store, {"joints": reach}, 2, device, 10**6)
    file, last = (tmp_path / store.shards[i]["file"] for i in (0, -1))
    rows = store.modality("joints").offsets.diff().nonzero()[:, 0].tolist()
    both, one = (Windows(torch.tensor(of), torch.tensor([0, 0])) for of in ((rows[0], rows[-1]), (rows[0], 999)))
    want = plain(store, "joints", one, reach)
    fetched(source, 0, both)
    source.done(0)
    os.truncate(last, 100)
    source.want(0, both)
    source.want(1, one)
    words = f"{last}: found its end at byte .*, want .* bytes more, for joints of episode {rows[-1]}"
    with pytest.raises(OSError, match=words):
        source.wait(0)
    source.wait(1)  # the others are not concerned
    check_holds(source.series("joints", 1), *want)
    source.done(1)
    file.unlink()
    fetched(source, 0, one)  # what is open stays
    source.close()


def test_calls_out_of_order_are_refused(tmp_path):
    store = drawn(tmp_path, 2)
    source = Disk(store, {"joints": Reach(0, 0, 0)}, 2, torch.device("cpu"), 10**6)
    windows = Windows(torch.tensor([0, 1]), torch.tensor([0, 0]))
    for wrong, words in (
        (lambda: source.wait(0), "slot: found 0, which nobody asked for"),
        (lambda: source.done(0), "slot: found 0, which was not waited for"),
        (lambda: source.want(99, windows), "slot: found 99, want less than 8"),
    ):
        with pytest.raises(RuntimeError, match=words):
            wrong()
    source.want(0, windows)
    source.wait(0)
    with pytest.raises(RuntimeError, match="slot: found 0, which is being read"):
        source.want(0, windows)
    with pytest.raises(ValueError, match=r"windows: found \[3\] and \[2\], want int64 \[2\] on the CPU"):
        source.want(1, windows._replace(trajectory=torch.tensor([0, 1, 2])))
    source.close()
    with pytest.raises(RuntimeError, match="slot: found a ring that is closed"):
        source.want(1, windows)


def test_stamps_that_descend_stay_in_bounds(tmp_path, device):
    random = np.random.default_rng(4)
    with data.Writer(tmp_path) as writer:
        for number in range(4):
            stamps = torch.from_numpy(random.integers(-(2**62), 2**62, 200) if number else random.integers(0, 500, 200))
            writer.add(data.Episode(str(number), {"x": data.Series(torch.ones(200, 3), stamps)}))
    store = data.Store(tmp_path)
    source = Disk(store, {"x": Reach(-(2**63), 2**63 - 1, 2)}, ROWS, device, 10**6)
    narrow = Disk(store, {"x": Reach(0, 10, 0)}, ROWS, device, 10**6)
    for one in (source, narrow):
        for _ in range(20):
            fetched(one, 0, windows_of(random, store, -(2**63), 2**63 - 1))
            offsets = one.series("x", 0).offsets
            assert (offsets.diff() >= 0).all() and offsets[-1] <= len(one.series("x", 0).stamps)
            one.done(0)
        one.close()


def test_a_slot_is_filled_again_only_when_the_gpu_has_read_it(tmp_path, device):
    if device.type == "cpu":
        pytest.skip("needs a GPU")
    store, random = drawn(tmp_path, 7), np.random.default_rng(7)
    reach = Reach(-100, 100, 2)
    source = Disk(store, {"joints": reach}, ROWS, device, 10**6)
    whole = store.modality("joints", "device", device=device)
    deltas = torch.arange(-100, 101, 20, device=device)
    results, asked = [], [windows_of(random, store) for _ in range(3 * source.slots)]
    stream = torch.cuda.Stream(device)
    for slot in range(source.slots):
        source.want(slot, asked[slot])
    with torch.cuda.stream(stream):
        for group, windows in enumerate(asked):
            slot = group % source.slots
            source.wait(slot)
            torch.cuda._sleep(20_000_000)
            targets = rc.windows(windows.anchors.to(device), deltas, source.trajectory(slot))
            results.append(rc.fuse([source.series("joints", slot).stream("akima")], targets))
            source.done(slot)
            if group + source.slots < len(asked):
                source.want(slot, asked[group + source.slots])
    stream.synchronize()
    for windows, found in zip(asked, results, strict=True):
        targets = rc.windows(windows.anchors.to(device), deltas, windows.trajectory.to(device))
        assert same(found, rc.fuse([whole.stream("akima")], targets))
    source.close()


def specs():
    """What reads beside the targets' brackets: neighbours, lines beyond edges, velocities, references, and the newest
    sample that a robot knew of. With many targets and with few, which leave more of an episode out."""
    seen = [
        data.Read("joints", method="akima", before="extrapolate", after="hold"),
        data.Read("wide", derivative="velocity", before="extrapolate", after="extrapolate"),
        data.Read("steps", method="previous"),
    ]
    done = [
        data.Read("wide", before="extrapolate", after="extrapolate", latency=40),
        data.Read("joints", method="pchip", relative=rc.Relative(to=(0, "seen"), at=-30), after="fill"),
        data.Read("turn", method="slerp", latency=-25, max_gap=90, normalise=(torch.full((4,), 2.0), torch.ones(4))),
    ]
    for as_of, anchors in itertools.product((False, True), ("joints", data.Every(90_000_000))):
        for near, far in ((range(-750, 1, 250), range(30, 1_000, 150)), ([-5], [100])):
            parts = {"seen": data.Part(seen, near, as_of), "done": data.Part(done, far, as_of)}
            yield data.Spec(parts, anchors)
            if len(far) == 1:
                yield data.Spec({"done": data.Part(done[::2], far, as_of)}, anchors)  # without references before


@pytest.mark.parametrize("spec", list(specs()))
def test_a_loader_has_the_same_bits_from_the_disk(tmp_path, device, spec):
    store = drawn(tmp_path, 15)
    want = store.loader(spec, 10, device=device, seed=3)
    found = store.loader(spec, 10, device=device, seed=3, place="disk", budget=2_000_000)
    for _ in range(len(want) + 3):
        one, other = want.next(), found.next()
        assert torch.equal(one.anchors, other.anchors) and torch.equal(one.episode, other.episode)
        for name in spec.parts:
            assert same(other[name], one[name]), name
    found.load_state_dict(want.state_dict() | {"epoch": 0, "step": 2})
    want.load_state_dict(found.state_dict())
    assert all(same(found.next()[name], want.next()[name]) for name in list(spec.parts)[:1])
    want.close(), found.close()
