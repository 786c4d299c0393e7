# SPDX-License-Identifier: Apache-2.0
"""Rings and append: what a policy sees online is what training sees of the recording."""

import pytest
import torch
from inputs import check_refused

import robocache_torch as rc

BATCH, CAPACITY, PERIOD = 3, 16, 10


def rows_of(device, stamp=torch.int64, count=4, channels=2, at=0, dtype=torch.float32):
    stamps = (at + torch.arange(count, device=device) * PERIOD).to(stamp).expand(BATCH, -1)
    values = torch.randn(BATCH, count, channels, device=device).to(dtype)
    return rc.Rows(stamps, values)


def rings_of(device, channels=2, **options):
    return rc.Ring(BATCH, CAPACITY, channels, device=device, **options)


def test_slots_and_counts(device):
    ring, rows = rings_of(device), rows_of(device, count=20)
    rc.append([ring], [rows])
    assert ring.written.tolist() == [20] * BATCH and ring.refused.sum() == 0
    assert torch.equal(ring.stamps[:, :4], rows.stamps[:, 16:]) and torch.equal(ring.stamps[:, 4:], rows.stamps[:, 4:16])
    assert torch.equal(ring.values[:, :4], rows.values[:, 16:])


def test_what_is_refused_or_not_there(device):
    ring = rings_of(device, stamp=torch.float64)
    stamps = torch.tensor([[1.0, 0.5, float("nan"), 1.0, 2.0]], dtype=torch.float64, device=device).expand(BATCH, -1)
    values = torch.arange(5.0, device=device)[:, None].expand(BATCH, 5, 2)
    counts = torch.tensor([5, 2, 0], device=device)
    present = torch.ones(BATCH, 5, dtype=torch.bool, device=device)
    present[0, 4] = False
    rc.append([ring], [rc.Rows(stamps, values, counts, present)])
    assert ring.written.tolist() == [2, 1, 0]
    assert ring.refused.tolist() == [[1, 1], [1, 0], [0, 0]]
    assert ring.values[0, :2, 0].tolist() == [0, 3]
    rc.append([ring], [rc.Rows(stamps[:, :1] - 9, values[:, :1])], torch.tensor([1, 0, 0], device=device).bool())
    assert ring.written.tolist() == [1, 1, 1] and ring.stamps[0, 0] == -8
    assert ring.refused[:, 0].tolist() == [1, 2, 0]


@pytest.mark.parametrize("method", ["linear", "previous", "akima", "pchip"])
@pytest.mark.parametrize("stamp", [torch.int64, torch.float32])
def test_online_equals_offline(device, method, stamp):
    """Tick after tick, bit for bit, with windows as of the clock."""
    count = 60
    stamps = (torch.arange(count, device=device) * PERIOD + torch.randint(0, PERIOD, (BATCH, count), device=device)).to(stamp)
    values = torch.randn(BATCH, count, 5, device=device)
    rules = {"method": method, "after": "hold", "max_gap": 25}
    ring = rings_of(device, 5, stamp=stamp)
    deltas = (torch.arange(-3, 1, device=device) * PERIOD).to(stamp)
    for tick in range(1, 20):
        clock = torch.full((BATCH,), tick * 3 * PERIOD - 1, device=device).to(stamp)
        new = slice(3 * tick - 3, 3 * tick)
        rc.append([ring], [rc.Rows(stamps[:, new], values[:, new])])
        online = rc.fuse([rc.Stream(ring.values, ring.times(), **rules)], rc.windows(clock, deltas))
        offline = rc.fuse([rc.Stream(values, stamps, **rules)], rc.windows(clock, deltas, as_of=clock))
        assert all(torch.equal(one, other) for one, other in zip(online, offline)), tick


def test_both_sides_give_the_same_bits(device):
    here, there = rings_of("cpu"), rings_of(device)
    rows = rows_of("cpu")
    rc.append([here], [rows])
    rc.append([there], [rc.Rows(*(tensor if tensor is None else tensor.to(device) for tensor in rows))])
    assert torch.equal(here.values, there.values.cpu()) and torch.equal(here.stamps, there.stamps.cpu())


def test_opcheck(device):
    ring, rows = rings_of(device), rows_of(device)
    given = ([ring.stamps], [ring.values], [ring.written], [ring.refused], [rows.stamps], [rows.values], [None], [None])
    torch.library.opcheck(torch.ops.robocache.append.default, (*given, None))


def test_compiled(device):
    def tick(ring, rows, clock):
        rc.append([ring], [rows])
        stream = rc.Stream(ring.values, ring.times(), after="hold")
        return rc.fuse([stream], rc.windows(clock, torch.tensor([-PERIOD, 0], device=device))).values

    compiled = torch.compile(tick, fullgraph=True)
    here, there = rings_of(device), rings_of(device)
    for at in (0, 40, 80):
        rows, clock = rows_of(device, at=at), torch.full((BATCH,), at + 35, device=device)
        assert torch.equal(compiled(here, rows, clock), tick(there, rows, clock))
    assert torch.equal(here.written, there.written) and here.written[0] == 12


def test_pinned_rows(device):
    if device == "cpu":
        pytest.skip("pinned memory is read by a GPU")
    ring, rows = rings_of(device), rows_of("cpu")
    rc.append([ring], [rc.Rows(rows.stamps.contiguous().pin_memory(), rows.values.pin_memory())])
    assert torch.equal(ring.values[:, :4].cpu(), rows.values)
    check_refused(lambda: rc.append([ring], [rows]), ValueError, "rows[0]")


def test_refused_calls(device):
    ring, rows = rings_of(device), rows_of(device)
    check_refused(lambda: rc.append([], []), ValueError, "rings: found none")
    check_refused(lambda: rc.append([ring], []), ValueError, "rows: found 0")
    check_refused(lambda: rc.append([rows], [rows]), TypeError, "rings[0]: found Rows")
    check_refused(lambda: rc.append([ring], [rows._replace(stamps=rows.stamps.double())]), TypeError, "rows[0].stamps")
    check_refused(lambda: rc.append([ring], [rows._replace(values=rows.values[:, :2])]), ValueError, "rows[0].values")
    check_refused(lambda: rc.append([ring], [rows], torch.zeros(2, dtype=torch.bool)), ValueError, "resets: found [2]")
    check_refused(lambda: rc.Ring(1, 0, 1), ValueError, "capacity: found 0")
    check_refused(
        lambda: rc.fuse([rc.Stream(rows.values, rows.stamps)], rc.ring(ring.stamps, ring.written)),
        ValueError,
        "target.kind: found a ring",
    )
