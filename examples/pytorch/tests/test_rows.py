# SPDX-License-Identifier: Apache-2.0
"""summarize and Summarizer, compared with NumPy, and clean."""

import numpy as np
import pytest
import torch
from inputs import check_refused

import robocache_torch as rc
from robocache_torch import _flat

FLOATS = [torch.float32, torch.float16, torch.bfloat16]
INTEGERS = [torch.uint8, torch.int32, torch.int64]
QUANTILES = [0.0, 0.01, 0.5, 0.77, 1.0]


def rows_of(device, dtype=torch.float32, count=500, channels=3):
    rows = torch.randn(count, channels + 2) * 40 + 20
    rows = rows.clamp(0, 255) if dtype == torch.uint8 else rows
    return rows.to(dtype).to(device)[:, 1:-1]


def exact(rows):
    """As NumPy's doubles: exact for all types of these tests."""
    return rows.cpu().double().numpy()


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_summaries_are_those_of_numpy(device, dtype):
    rows = rows_of(device, dtype)
    found, numbers = rc.summarize(rows, QUANTILES), exact(rows)
    assert found.count.tolist() == [500] * 3 and found.nan.tolist() == [0] * 3
    assert np.array_equal(found.min.cpu(), numbers.min(0)) and np.array_equal(found.max.cpu(), numbers.max(0))
    assert np.allclose(found.mean.cpu(), numbers.mean(0), rtol=1e-14)
    assert np.allclose(found.std().cpu(), numbers.std(0), rtol=1e-13)
    assert np.allclose(found.std(1).cpu(), numbers.std(0, ddof=1), rtol=1e-13)
    assert np.array_equal(found.quantiles.cpu(), np.quantile(numbers, QUANTILES, axis=0).T)


def test_groups_masks_and_what_is_not_finite(device):
    rows = rows_of(device)
    rows[::7, 0] = float("nan")
    rows[3, 1] = float("inf")
    mask = torch.rand(500, device=device) < 0.6
    offsets = torch.tensor([0, 100, 100, 130, 480], device=device)
    found = rc.summarize(rows, [0.5], mask=mask, offsets=offsets)
    assert found.mean.shape == (4, 3) and found.quantiles.shape == (4, 3, 1)
    for group, (begin, end) in enumerate([(0, 100), (100, 100), (100, 130), (130, 480)]):
        numbers = exact(rows[begin:end][mask[begin:end]])
        assert np.array_equal(found.nan[group].cpu(), np.isnan(numbers).sum(0))
        assert np.array_equal(found.infinite[group].cpu(), np.isinf(numbers).sum(0))
        if begin == end:
            assert found.quantiles[group].isnan().all()
            continue
        assert np.array_equal(found.quantiles[group, :, 0].cpu(), np.nanquantile(numbers, 0.5, axis=0))
        finite = np.where(np.isfinite(numbers), numbers, np.nan)
        assert np.allclose(found.mean[group].cpu(), np.nanmean(finite, 0), rtol=1e-13)
    assert torch.equal(rc.summarize(rows, [0.5], mask=mask.to(torch.uint8), offsets=offsets).mean, found.mean)


def test_both_sides_give_the_same_bits(device):
    rows = rows_of("cpu", count=9000)
    here, there = rc.summarize(rows, QUANTILES), rc.summarize(rows.to(device), QUANTILES)
    assert all(torch.equal(one, other.cpu()) for one, other in zip(here, there))


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64])
def test_rows_call_by_call(device, dtype):
    rows = rows_of(device, dtype, count=1000)
    whole = rc.summarize(rows, QUANTILES)
    summarizer = rc.Summarizer(3, QUANTILES, dtype=dtype, device=device)
    for _ in range(summarizer.passes):
        for part in rows.split(300):
            summarizer.add(part)
        summarizer.end_pass()
    found = summarizer.summary()
    for name, one in found._asdict().items():
        close = torch.allclose(one, getattr(whole, name), rtol=1e-12) if name in ("mean", "m2") else None
        assert torch.equal(one, getattr(whole, name)) if close is None else close, name
    check_refused(summarizer.end_pass, ValueError, "pass: found")


def test_groups_call_by_call(device):
    rows, offsets = rows_of(device, count=90), torch.tensor([0, 30, 90], device=device)
    summarizer = rc.Summarizer(3, groups=2, device=device)
    assert summarizer.passes == 1
    summarizer.add(rows, offsets=offsets)
    summarizer.add(rows, mask=torch.zeros(90, dtype=torch.bool, device=device), offsets=offsets)
    assert torch.equal(summarizer.summary().mean, rc.summarize(rows, offsets=offsets).mean)


def test_what_is_refused(device):
    rows = rows_of(device)
    check_refused(lambda: rc.summarize([1.0]), TypeError, "rows: found list")
    check_refused(lambda: rc.summarize(rows.double()), TypeError, "rows: found torch.float64")
    check_refused(lambda: rc.summarize(rows[0]), ValueError, "rows: found [3]")
    check_refused(lambda: rc.summarize(rows, [1.5]), ValueError, "quantiles: found 1.5")
    check_refused(lambda: rc.summarize(rows, [0.5] * 17), ValueError, "quantiles: found 17")
    check_refused(lambda: rc.summarize(rows, mask=rows[:, 0]), TypeError, "mask: found torch.float32")
    check_refused(lambda: rc.summarize(rows, mask=rows[:9, 0] > 0), ValueError, "mask: found [9]")
    check_refused(
        lambda: rc.summarize(rows, offsets=torch.zeros(0, device=device).long()), ValueError, "offsets: found"
    )
    check_refused(lambda: rc.summarize(rows.clone().requires_grad_()), ValueError, "rows: found a tensor that requires")
    check_refused(lambda: rc.Summarizer(3, device=device).add(rows.half()), TypeError, "rows: found torch.float16")
    check_refused(lambda: rc.Summarizer(4, device=device).add(rows), ValueError, "state.channels: found 4")
    check_refused(lambda: rc.Summarizer(3, groups=1, device=device).add(rows), ValueError, "offsets: found none")


def test_operators_are_what_pytorch_expects(device):
    rows, offsets = rows_of(device), torch.tensor([0, 200, 500], device=device)
    checks = ("test_schema", "test_faketensor", "test_aot_dispatch_dynamic")
    for given in ((rows, None, None, [0.5]), (rows, rows[:, 0] > 0, offsets, [])):
        torch.library.opcheck(torch.ops.robocache.summarize.default, given, test_utils=checks)
    one = rc.Summarizer(3, [0.5], device=device)
    state = (one.summaries, one.ranks, one.counters, one.values, one.fractions)
    torch.library.opcheck(torch.ops.robocache.add_to_summary.default, (rows, None, None, *state, 0), test_utils=checks)
    torch.library.opcheck(torch.ops.robocache.end_summary_pass.default, (*state, torch.float32, 0), test_utils=checks)


def test_compiled_summaries(device):
    rows = rows_of(device)
    compiled = torch.compile(lambda x: rc.summarize(x, [0.5]).quantiles + 1, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(rows), rc.summarize(rows, [0.5]).quantiles + 1)


def test_summaries_in_a_cuda_graph(device):
    if device.type != "cuda":
        pytest.skip("a CUDA graph needs a GPU")
    rows = rows_of(device)
    rc.summarize(rows, [0.5])
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = rc.summarize(rows, [0.5])
    rows.mul_(3)
    graph.replay()
    assert torch.equal(found.quantiles, rc.summarize(rows, [0.5]).quantiles)


def dirty(device, dtype=torch.float32, stamp=torch.float64):
    """Two trajectories of five rows: one steps back, one has a duplicate; a row is NaN, a stamp too."""
    stamps = torch.tensor([[0, 2, 1, 3, 4], [5, 5, 6, 7, 8]], dtype=stamp)
    values = torch.arange(40.0).reshape(2, 5, 4)
    if dtype.is_floating_point:
        values[0, 3, 1] = float("nan")
    if stamp.is_floating_point:
        stamps[1, 3] = float("nan")
    return values.to(dtype).to(device), stamps.to(device)


@pytest.mark.parametrize("stamp", [torch.float32, torch.float64, torch.int64])
@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_what_is_left(device, dtype, stamp):
    values, stamps = dirty(device, dtype, stamp)
    found = rc.clean(values, stamps).trim()
    left = [0, 1, 4, 5, 7, 9] if dtype.is_floating_point else [0, 1, 3, 4, 5, 7, 9]
    left = left if stamp.is_floating_point else sorted([*left, 8])
    assert found.source_rows.tolist() == left
    assert torch.equal(found.values, values.reshape(10, 4)[left]) and found.values.dtype == dtype
    assert torch.equal(found.stamps, stamps.flatten()[left]) and found.stamps.dtype == stamp
    assert found.offsets.tolist() == [0, sum(row < 5 for row in left), len(left)]
    assert found.backward.tolist() == [1, 0] and found.duplicated.tolist() == [0, 1]
    assert found.invalid.tolist() == [int(dtype.is_floating_point), 0]
    assert found.non_finite.tolist() == [0, int(stamp.is_floating_point)]


def test_rules(device):
    values, stamps = dirty(device)

    def rows(**rules):
        return rc.clean(values, stamps, **rules).trim().source_rows.tolist()

    assert rows(nan="keep") == [0, 1, 3, 4, 5, 7, 9]
    assert rows(nan="all") == [0, 1, 3, 4, 5, 7, 9]
    assert rows(nan="all", nan_channels=[1]) == rows(nan_channels=[0, 1]) == [0, 1, 4, 5, 7, 9]
    assert rows(nan_channels=[0, 2]) == [0, 1, 3, 4, 5, 7, 9]
    assert rows(backward="sort") == [0, 2, 1, 4, 5, 7, 9]
    assert rows(duplicates="last") == [0, 1, 4, 6, 7, 9]
    mask = torch.ones(2, 5, dtype=torch.bool, device=device)
    mask[0, 0] = False
    assert rows(mask=mask) == [1, 4, 5, 7, 9]


def test_every_kind_of_times(device):
    values, stamps = dirty(device)
    offsets = torch.tensor([0, 5, 10], device=device)
    packed = rc.clean(values.reshape(10, 4), rc.ragged(stamps.flatten(), offsets))
    whole = rc.clean(values, stamps)
    assert all(torch.equal(one, other) for one, other in zip(packed, whole))
    alone = rc.clean(values[0], stamps[0]).trim()
    assert alone.source_rows.tolist() == [0, 1, 4] and alone.offsets.tolist() == [0, 3]
    even = rc.clean(values, rc.uniform(0.0, 0.5, 5)).trim()
    assert even.stamps.tolist() == [0.0, 0.5, 1.0, 2.0, 0.0, 0.5, 1.0, 1.5, 2.0]


def test_signs_of_quaternions(device):
    q = torch.nn.functional.normalize(torch.randn(1, 1, 4) + torch.randn(3, 200, 4) * 0.2, dim=-1)
    turned = q * torch.where(torch.rand(3, 200, 1) < 0.5, -1.0, 1.0)
    stamps = torch.arange(200.0)
    found = rc.clean(turned.to(device), stamps.to(device), quaternions=[0]).values.reshape(3, 200, 4).cpu()
    assert ((found[:, 1:] * found[:, :-1]).sum(-1) > 0).all()
    assert torch.equal(found[:, 0], turned[:, 0]) and torch.equal(found.abs(), turned.abs())


def test_a_gap_obeys_max_gap_once_it_is_cleaned(device):
    values = torch.arange(10.0, device=device).reshape(1, 10, 1).clone()
    values[0, 3:7] = float("nan")
    stamps = torch.arange(10, device=device)
    left = rc.clean(values, stamps)
    found = rc.resample(left.values, left.times(), torch.arange(10, device=device), max_gap=2)
    assert found.valid.flatten().tolist() == [1, 1, 1, 0, 0, 0, 0, 1, 1, 1]


def test_both_sides_clean_alike(device):
    values = torch.randn(3, 3000, 6)
    values[torch.rand(3, 3000) < 0.02] = float("nan")
    stamps = torch.randint(-1, 4, (3, 3000)).cumsum(1)
    for rules in ({}, {"backward": "sort", "duplicates": "last", "quaternions": [2]}):
        here = rc.clean(values, stamps, **rules)
        there = rc.clean(values.to(device), stamps.to(device), **rules)
        assert all(torch.equal(one, other.cpu()) for one, other in zip(here, there))


def test_which_cleaning_is_refused(device):
    values, stamps = dirty(device)
    check_refused(lambda: rc.clean(values, stamps, nan="some"), ValueError, "nan: found 'some'")
    check_refused(lambda: rc.clean(values, stamps, nan_channels=[4]), ValueError, "nan_channels: found 4")
    check_refused(lambda: rc.clean(values, stamps, mask=stamps), TypeError, "mask: found")
    check_refused(lambda: rc.clean(values, stamps, mask=stamps[0] > 0), ValueError, "mask: found [5]")
    check_refused(lambda: rc.clean(values, stamps, quaternions=[1]), ValueError, "quaternion_channels: found 1")
    check_refused(lambda: rc.clean(values, stamps, quaternions=[0] * 9), ValueError, "quaternions: found 9")
    check_refused(lambda: rc.clean(values.double(), stamps), TypeError, "values: found torch.float64")
    check_refused(lambda: rc.clean(values, stamps[:, :4]), ValueError, "values: found 5 samples")
    check_refused(lambda: rc.clean(values.clone().requires_grad_(), stamps), ValueError, "values: found a tensor")
    check_refused(lambda: rc.clean(values, rc.windows(stamps[0], stamps[0])), ValueError, "times: found windows")


def test_cleaning_is_what_pytorch_expects(device):
    values, stamps = dirty(device)
    given = _flat.flatten_source(values, rc.dense(stamps))
    rest = {"mask": None, "nan_channels": None, "nan": 1, "backward": 1, "duplicates": 0, "quaternions": [0]}
    checks = ("test_schema", "test_faketensor", "test_aot_dispatch_dynamic")
    torch.library.opcheck(torch.ops.robocache.clean.default, (), {**given, **rest}, test_utils=checks)
    compiled = torch.compile(lambda v, s: rc.clean(v, s).values + 1, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(values, stamps), rc.clean(values, stamps).values + 1)
