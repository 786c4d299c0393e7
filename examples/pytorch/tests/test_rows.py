# SPDX-License-Identifier: Apache-2.0
"""summarize and Summarizer, compared with NumPy."""

import numpy as np
import pytest
import torch
from inputs import check_refused

import robocache_torch as rc

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
    check_refused(lambda: rc.summarize(rows, offsets=torch.zeros(0, device=device).long()), ValueError, "offsets: found")
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
    torch.library.opcheck(
        torch.ops.robocache.add_to_summary.default, (rows, None, None, *state, 0), test_utils=checks
    )
    torch.library.opcheck(
        torch.ops.robocache.end_summary_pass.default, (*state, torch.float32, 0), test_utils=checks
    )


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
