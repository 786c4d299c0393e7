# SPDX-License-Identifier: Apache-2.0
"""Warnings about stamps for which float32 is not enough, and `inspect`."""

import warnings

import pytest
import torch
from inputs import check_refused

import robocache_torch as rc

EPOCH = 1_700_000_000


@pytest.fixture
def every_warning():
    """Warns every time, not only once per process."""
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(False)


def told(times, targets=None, fused=False):
    """The warnings of one call."""
    batch, rows = times.batch or 1, times.rows
    packed = rows is not None
    values = torch.rand(rows, 2) if packed else torch.rand(batch, times.length, 2)
    asked = targets if targets is not None else rc.shared(torch.arange(3, dtype=torch.float32))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if fused:
            rc.fuse([rc.Stream(values, times)], asked)
        else:
            rc.resample(values, times, asked)
    mine = [one for one in caught if "float32 stamps" in str(one.message)]
    assert all(one.filename == __file__ for one in mine)
    return [str(one.message) for one in mine]


def float32(numbers):
    return torch.tensor(numbers, dtype=torch.float32)


FRAMES = [EPOCH + i / 30 for i in range(100)]
LOST = {
    "seconds since 1970": lambda: rc.shared(torch.tensor(FRAMES)),
    "one row of a batch": lambda: rc.dense(float32([list(range(100)), FRAMES])),
    "packed": lambda: rc.ragged(float32(list(range(10)) + FRAMES), torch.tensor([0, 10, 110])),
    "two days": lambda: rc.shared(float32(FRAMES + [86400 + stamp for stamp in FRAMES])),
    "a day of uptime at 1 kHz": lambda: rc.shared(float32([86400 + i / 1000 for i in range(1000)])),
    "uniform": lambda: rc.uniform(float(EPOCH), 1 / 30, 100),
    "uniform, one start each": lambda: rc.uniform(float32([0, EPOCH]), 1 / 30, 100),
}
KEPT = {
    "seconds from 0": lambda: rc.shared(float32([i / 30 for i in range(100)])),
    "duplicates": lambda: rc.shared(float32([0, 0, 1, 2, 2, 2, 3])),
    "all the same": lambda: rc.shared(float32([5.0] * 9)),
    "one": lambda: rc.shared(float32([EPOCH])),
    "whole seconds": lambda: rc.shared(float32([EPOCH + 128 * i for i in range(10)])),
    "behind the length": lambda: rc.dense(float32([[0, 1, EPOCH, EPOCH]]), torch.tensor([2])),
    "not finite": lambda: rc.shared(float32([0.0, float("inf"), float("inf"), float("nan")])),
    "points of a scan": lambda: rc.shared(torch.arange(60_000) // 64 / 1e4),
    "uniform": lambda: rc.uniform(0.0, 1 / 30, 100_000),
    "nothing": lambda: rc.shared(float32([])),
}


@pytest.mark.parametrize("name", LOST)
def test_float32_that_cannot_tell_neighbours_apart_warns(every_warning, name):
    (text,) = told(LOST[name]())
    assert text.startswith("times: found float32 stamps") and "want float64 or int64" in text
    (text,) = told(LOST[name](), fused=True)
    assert text.startswith("streams[0].times: found float32 stamps")


@pytest.mark.parametrize("name", KEPT)
def test_float32_that_is_enough_does_not_warn(every_warning, name):
    assert told(KEPT[name]()) == []


def test_windows_warn_where_their_deltas_are_lost(every_warning):
    times = rc.shared(torch.arange(4, dtype=torch.float32))
    deltas = torch.arange(-10, 1) / 50
    (text,) = told(times, rc.windows(float32([EPOCH]), deltas))
    assert text.startswith("targets: found float32 stamps")
    assert told(times, rc.windows(float32([1000.0]), deltas)) == []


def test_wider_stamps_do_not_warn_and_one_warning_is_enough(every_warning):
    wide = torch.tensor(FRAMES, dtype=torch.float64)
    assert told(rc.shared(wide), rc.shared(wide)) == []
    assert len(told(LOST["packed"]())) == 1
    torch.set_warn_always(False)
    assert told(LOST["packed"]()) == []


def counts(times, **more):
    found = rc.inspect(times, **more)
    assert all(one.dtype == torch.int64 for one in found)
    return torch.stack(found, 1).tolist()


@pytest.mark.parametrize("stamp", [torch.float32, torch.float64, torch.int64])
def test_inspect_counts(device, stamp):
    def of(*numbers):
        return torch.tensor(numbers, device=device).to(stamp)

    def index(*numbers):
        return torch.tensor(numbers, device=device)

    row = of(0, 5, 5, 3, 9)
    assert counts(row) == [[1, 1, 0, 0]]
    assert counts(rc.dense(torch.stack([row, row]), index(2, 7))) == [[0, 0, 0, 0], [1, 1, 0, 1]]
    assert counts(rc.ragged(row, index(0, 3, 9))) == [[0, 1, 0, 0], [0, 0, 0, 1]]
    assert counts(rc.uniform(of(0, 7), 1, 4)) == [[0, 0, 0, 0]] * 2
    assert counts(rc.uniform(of(0), 1, offsets=index(0, 9), rows=5)) == [[0, 0, 0, 1]]
    assert counts(rc.windows(of(4, 8), of(1, 0))) == [[0, 0, 0, 0]] * 2
    assert counts(rc.windows(of(4, 8), of(1, 0), index(2, -1)), source_batch=2) == [[0, 0, 0, 1]] * 2
    assert counts(rc.dense(row[:0].reshape(0, 5), index()[:0].long())) == []
    if stamp != torch.int64:
        nan, infinite = float("nan"), float("inf")
        assert counts(of(0, nan, 1, infinite, infinite)) == [[0, 1, 3, 0]]


def test_inspect_of_numbers_and_of_float32_that_is_not_enough(device):
    assert counts(rc.uniform(0, (1_000_000, 30), 10)) == [[0, 0, 0, 0]]
    assert counts(torch.tensor(FRAMES, device=device))[0][1] == 99


BAD = {
    "times": (TypeError, lambda: rc.inspect([1, 2])),
    "times: found offsets": (ValueError, lambda: rc.inspect(rc.uniform(0, 1, offsets=torch.tensor([0, 3])))),
    "source_batch: found None": (
        ValueError,
        lambda: rc.inspect(rc.windows(torch.zeros(1), torch.zeros(2), torch.tensor([0]))),
    ),
    "source_batch: found -1": (ValueError, lambda: rc.inspect(torch.zeros(3), source_batch=-1)),
}


@pytest.mark.parametrize("argument", BAD)
def test_inspect_names_the_argument(argument):
    error, call = BAD[argument]
    check_refused(call, error, argument)


def test_opcheck_of_inspect(device):
    from robocache_torch import _flat

    def index(*numbers):
        return torch.tensor(numbers, device=device)

    stamps = torch.arange(6, dtype=torch.float64, device=device)
    for times in (
        rc.dense(stamps.reshape(2, 3), index(2, 3)),
        rc.ragged(stamps, index(0, 2, 6)),
        rc.windows(stamps, stamps, index(0, 1, 2, 0, 1, 2)),
        rc.dense(stamps[:0].reshape(0, 3), index(0)[:0]),
    ):
        given = {**_flat.flatten_alone(times, "times"), "source_batch": 3}
        torch.library.opcheck(torch.ops.robocache.inspect.default, (), given)


def test_inspect_compiles(device):
    stamps = torch.tensor([0, 2, 1], device=device)
    compiled = torch.compile(lambda stamps: rc.inspect(stamps).unsorted, fullgraph=True, backend="aot_eager")
    assert compiled(stamps).tolist() == [1]
