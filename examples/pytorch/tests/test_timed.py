# SPDX-License-Identifier: Apache-2.0
"""resample and fuse: results and gradients."""

import numpy as np
import plain
import pytest
import torch
from inputs import inner_targets, series, streams_of

import robocache_torch as rc

FLOATS = [torch.float32, torch.float16, torch.bfloat16]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("stamp", [torch.float32, torch.float64, torch.int64])
def test_linear_is_that_of_plain_pytorch(device, dtype, stamp):
    values, stamps = series(device, dtype=dtype, stamp=stamp)
    targets = inner_targets(stamps)
    result, valid = rc.resample(values, stamps, targets)
    assert result.dtype == dtype and result.device == values.device and valid.dtype == torch.bool
    assert valid.all()
    plain.close(result, plain.linear(values, stamps, targets), values.abs().max().item())


@pytest.mark.parametrize("method", ["previous", "next", "nearest", "linear", "angle", "catmull_rom", "pchip", "akima"])
def test_both_sides_give_the_same_bits(device, method):
    values, stamps = series("cpu", samples=60, channels=9)
    targets = inner_targets(stamps) + 100
    options = {"method": method, "max_gap": 45, "fill": -3, "after": "fill"}
    here = rc.resample(values, stamps, targets, **options)
    there = rc.resample(values.to(device), stamps.to(device), targets.to(device), **options)
    assert torch.equal(here.values, there.values.cpu()) and torch.equal(here.valid, there.valid.cpu())
    assert not here.valid.all() and here.valid.any()
    assert (here.values[~here.valid] == -3).all()


def test_slerp_keeps_the_length_of_quaternions(device):
    values, stamps = series(device, channels=4)
    values = torch.nn.functional.normalize(values, dim=-1)
    result, _ = rc.resample(values, stamps, inner_targets(stamps), method="slerp")
    assert torch.allclose(result.norm(dim=-1), torch.ones_like(result[..., 0]), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_integers_are_moved_as_they_are(device, dtype):
    values = torch.randint(0, 200, (2, 10, 3), device=device).to(dtype)
    stamps = torch.arange(10, device=device).expand(2, 10)
    result, _ = rc.resample(values, stamps, torch.tensor([2, 5], device=device), method="previous")
    assert torch.equal(result, values[:, [2, 5]])


def test_each_kind_of_times_says_the_same(device):
    values, _ = series(device, batch=2, samples=30)
    stamps = torch.arange(30, device=device) * 10 + 1000
    targets = torch.arange(12, device=device) * 17 + 1003
    offsets = torch.tensor([0, 30, 60], device=device)
    target_offsets = torch.tensor([0, 12, 24], device=device)
    expected = rc.resample(values, stamps, targets).values
    packed = values.reshape(60, 5)
    sources = [
        (values, stamps.expand(2, 30)),
        (values, rc.uniform(1000, 10, 30)),
        (values, rc.uniform(torch.tensor([1000, 1000], device=device), (20, 2), 30)),
        (packed, rc.ragged(stamps.repeat(2), offsets)),
        (packed, rc.uniform(1000, 10, offsets=offsets, rows=60)),
        (values, rc.dense(stamps.expand(2, 30), lengths=torch.tensor([30, 30], device=device))),
    ]
    wanted = [
        targets.expand(2, 12),
        rc.shared(targets),
        rc.uniform(1003, 17, 12),
        rc.windows(torch.tensor([1003, 1003], device=device), torch.arange(12, device=device) * 17),
        rc.ragged(targets.repeat(2), target_offsets),
        rc.uniform(1003, 17, offsets=target_offsets, rows=24),
    ]
    for rows, times in sources:
        for asked in wanted:
            found = rc.resample(rows, times, asked).values
            assert torch.equal(found.reshape(2, 12, 5), expected)


def test_windows_read_the_trajectory_they_name(device):
    values, stamps = series(device, batch=4)
    pick = torch.tensor([3, 0, 3, 2, 1, 1], device=device)
    anchors = stamps[pick, 20]
    deltas = torch.tensor([-30.0, 0.0, 12.0], dtype=torch.float64, device=device)
    found, _ = rc.resample(values, stamps, rc.windows(anchors, deltas, pick))
    expected, _ = rc.resample(values[pick], stamps[pick], anchors[:, None] + deltas)
    assert torch.equal(found, expected)


@pytest.mark.parametrize("stamp", [torch.float32, torch.float64, torch.int64])
@pytest.mark.parametrize("after", ["clamp", "hold", "extrapolate"])
def test_windows_as_of_a_time_know_no_later_samples(device, stamp, after):
    values, stamps = series(device, batch=4, stamp=stamp)
    pick = torch.tensor([3, 0, 3, 2, 1, 1], device=device)
    anchors = stamps[pick, 20].clone()
    anchors[1] += 1  # between samples, or at one
    anchors[2] = stamps[3, 0] - 1  # nothing is known
    deltas = torch.tensor([-30, 0, 12, 500], dtype=stamp, device=device)
    known = (stamps[pick] <= anchors[:, None]).sum(1)
    cut = rc.dense(stamps[pick], lengths=known)
    at = anchors[:, None] + deltas
    for method in ("linear", "nearest", "pchip"):
        rules = {"method": method, "after": after, "max_gap": 60, "fill": -3}
        found = rc.resample(values, stamps, rc.windows(anchors, deltas, pick, as_of=anchors), **rules)
        expected = rc.resample(values[pick], cut, at, **rules)
        assert torch.equal(found.values, expected.values) and torch.equal(found.valid, expected.valid)
    late = rc.Stream(values, stamps, "previous", after=after, latency=7)
    found = rc.fuse([late], rc.windows(anchors, deltas, pick, as_of=anchors))
    expected = rc.fuse([late._replace(values=values[pick], times=cut)], at)
    for one, other in zip(found, expected):
        assert torch.equal(one, other)
    # Earlier than the anchor: as of any time.
    earlier = rc.resample(values, stamps, rc.windows(anchors, deltas, pick, stamps[pick, 5]), after=after)
    cut = rc.dense(stamps[pick], lengths=(stamps[pick] <= stamps[pick, 5:6]).sum(1))
    assert torch.equal(earlier.values, rc.resample(values[pick], cut, at, after=after).values)


def test_a_held_edge_is_valid_up_to_the_largest_gap(device):
    stamps = torch.arange(5, device=device) * 10
    targets = torch.tensor([-1, 40, 45, 60, 61], device=device)
    values = torch.arange(5.0, device=device)[:, None]
    for after, valid in (("clamp", [0, 1, 0, 0, 0]), ("hold", [0, 1, 1, 1, 0])):
        found = rc.resample(values, stamps, targets, after=after, max_gap=20)
        fused = rc.fuse([rc.Stream(values, stamps, after=after, max_gap=20)], targets)
        assert found.valid.int().tolist() == valid == fused.all_valid.int().tolist()
        assert found.values[1:4, 0].tolist() == [4, 4, 4]
    with pytest.raises(ValueError, match="before: found edge::hold, want"):
        rc.resample(values, stamps, targets, before="hold")


def test_one_trajectory_needs_no_batch(device):
    values, stamps = series(device, batch=1)
    targets = inner_targets(stamps)
    found = rc.resample(values[0], stamps[0], targets[0])
    assert torch.equal(found.values, rc.resample(values, stamps, targets).values[0])
    assert found.valid.shape == (25,)


def test_one_trajectory_of_each_stream_needs_no_batch(device):
    values, stamps = series(device, batch=1)
    targets = inner_targets(stamps)
    alone = rc.Stream(values[0], stamps[0])
    expected = rc.fuse([rc.Stream(values, stamps), rc.Stream(values, rc.shared(stamps[0]))], targets)
    found = rc.fuse([alone, rc.Stream(values[0], rc.shared(stamps[0]))], targets[0])
    for one, other in zip(found, expected):
        assert torch.equal(one, other[0])
    assert found.valid.shape == (25, 2) and found.all_valid.shape == (25,)
    # With a stream or targets that have a batch, results have one, too.
    assert torch.equal(rc.fuse([alone, rc.Stream(values, stamps)], targets[0]).values, expected.values)
    assert torch.equal(rc.fuse([alone, alone], targets).values, expected.values)


def test_negative_bits_are_resolved(device):
    values, stamps = series(device, batch=1)
    lazy = torch._neg_view(-stamps)
    assert lazy.is_neg() and lazy.is_contiguous()
    targets = inner_targets(stamps)
    expected = rc.resample(values, stamps, targets, max_gap=30)
    for source, asked in ((lazy, targets), (stamps, torch._neg_view(-targets))):
        found = rc.resample(torch._neg_view(-values), source, asked, max_gap=30)
        fused = rc.fuse([rc.Stream(torch._neg_view(-values), source, max_gap=30)], asked)
        assert torch.equal(found.values, expected.values) and torch.equal(found.valid, expected.valid)
        assert torch.equal(fused.values, expected.values) and torch.equal(fused.all_valid, expected.valid)
    assert torch.equal(rc.inspect(lazy).unsorted, rc.inspect(stamps).unsorted)


def test_views_are_read_where_they_are_or_copied(device):
    values, stamps = series(device, samples=40, channels=6)
    targets = inner_targets(stamps)
    expected = rc.resample(values.contiguous(), stamps, targets).values
    wide = torch.zeros(3, 40, 16, device=device)
    wide[..., 5:11] = values
    assert torch.equal(rc.resample(wide[..., 5:11], stamps, targets).values, expected)
    turned = values.transpose(1, 2).contiguous().transpose(1, 2)
    assert turned.stride(-1) != 1
    assert torch.equal(rc.resample(turned, stamps, targets).values, expected)
    time_first = values.transpose(0, 1).contiguous().transpose(0, 1)
    assert torch.equal(rc.resample(time_first, stamps, targets).values, expected)
    one = values[:1].expand(3, 40, 6)
    assert torch.equal(rc.resample(one, stamps, targets).values, rc.resample(one.clone(), stamps, targets).values)
    flat = values[:, :1].expand(3, 40, 6)
    assert torch.equal(rc.resample(flat, stamps, targets).values, rc.resample(flat.clone(), stamps, targets).values)
    spread = torch.stack([targets, targets], -1)[..., 0]
    assert torch.equal(rc.resample(values, stamps, spread).values, expected)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("method", ["linear", "previous"])
def test_gradients_of_values(device, dtype, method):
    values, stamps = series(device, dtype=dtype)
    values.requires_grad_()
    targets = inner_targets(stamps, 60)
    incoming = torch.randn(3, 60, 5, device=device)
    result, _ = rc.resample(values, stamps, targets, method=method, dtype=torch.float32)
    (result * incoming).sum().backward()
    twin = values.detach().double().requires_grad_()
    (getattr(plain, method)(twin, stamps, targets) * incoming.double()).sum().backward()
    assert values.grad.dtype == dtype
    plain.close(values.grad, twin.grad, twin.grad.abs().max().item(), factor=16)


@pytest.mark.parametrize("kind", ["dense", "shared", "windows"])
def test_gradients_of_target_times(device, kind):
    values, stamps = series(device)
    low, high = stamps[:, 0].max(), stamps[:, -1].min()
    inside = low + (high - low) * (0.05 + 0.9 * torch.rand(3, 30, dtype=torch.float64, device=device))
    anchors, deltas = inside[:, 0].clone(), (inside[0] - inside[0, 0]) * 0.1
    leaves = {"dense": [inside], "shared": [inside[0].clone()], "windows": [deltas, anchors * 0.5 + low * 0.5 + 60]}[
        kind
    ]
    incoming = torch.randn(3, 30, 5, dtype=torch.float64, device=device)

    def times(of):
        return {
            "dense": lambda: of[0],
            "shared": lambda: of[0].expand(3, 30),
            "windows": lambda: of[1][:, None] + of[0],
        }[kind]()

    mine = [leaf.clone().requires_grad_() for leaf in leaves]
    given = {"dense": lambda: mine[0], "shared": lambda: mine[0], "windows": lambda: rc.windows(mine[1], mine[0])}[
        kind
    ]()
    (rc.resample(values, stamps, given).values * incoming.float()).sum().backward()
    twin = [leaf.clone().requires_grad_() for leaf in leaves]
    (plain.linear(values, stamps, times(twin)) * incoming.float().double()).sum().backward()
    for one, other in zip(mine, twin):
        magnitude = other.grad.abs().max().item() + incoming.abs().max().item() * values.abs().max().item() * 5
        assert (one.grad - other.grad).abs().max() <= 1e-5 * magnitude


def test_fusing_is_resampling_side_by_side(device):
    streams = streams_of(device)
    targets = inner_targets(streams[0].times) - 10
    fused = rc.fuse(streams, targets)
    left = rc.resample(streams[0].values, streams[0].times, targets, method="previous", before="fill", max_gap=40)
    right = rc.resample(streams[1].values, streams[1].times, targets + 2.5)
    right_values = right.values * streams[1].scale + streams[1].shift
    assert torch.equal(fused.values[..., :8], left.values)
    plain.close(fused.values[..., 8:], right_values.double(), right_values.abs().max().item())
    assert torch.equal(fused.valid, torch.stack([left.valid, right.valid], -1))
    assert torch.equal(fused.all_valid, left.valid & right.valid)


def test_fusing_promotes_types(device):
    assert (
        rc.fuse(streams_of(device, torch.bfloat16), torch.zeros(4, dtype=torch.float64, device=device)).values.dtype
        == torch.float32
    )
    assert (
        rc.fuse(
            streams_of(device), torch.zeros(4, dtype=torch.float64, device=device), dtype=torch.bfloat16
        ).values.dtype
        == torch.bfloat16
    )


def test_gradients_through_a_fusion(device):
    streams = streams_of(device, gradients=True)
    targets = inner_targets(streams[1].times, 50)
    incoming = torch.randn(3, 50, 11, device=device)
    fused = rc.fuse([streams[0]._replace(max_gap=None), streams[1]._replace(latency=0)], targets)
    (fused.values * incoming).sum().backward()
    twins = [
        one.detach().double().requires_grad_()
        for one in (streams[0].values, streams[1].values, streams[1].scale, streams[1].shift)
    ]
    vision = plain.previous(twins[0], streams[0].times, targets)
    before = (targets < streams[0].times[:, :1]).unsqueeze(-1)
    state = plain.linear(twins[1], streams[1].times, targets) * twins[2] + twins[3]
    (torch.cat([vision.masked_fill(before, 0), state], -1) * incoming.double()).sum().backward()
    mine = (streams[0].values, streams[1].values, streams[1].scale, streams[1].shift)
    for one, other in zip(mine, twins):
        plain.close(one.grad, other.grad, max(other.grad.abs().max().item(), 1), factor=64)


def test_a_stream_without_gradients_may_have_any_method(device):
    streams = streams_of(device)
    vision, state = streams[0].values.requires_grad_(), streams[1]
    turns = rc.Stream(torch.randn(3, 40, 4, device=device), state.times[:, :40], "slerp")
    targets = inner_targets(streams[0].times)
    rc.fuse([streams[0], turns], targets).values.sum().backward()
    with_slerp, vision.grad = vision.grad, None
    rc.fuse([streams[0]], targets).values.sum().backward()
    assert torch.equal(with_slerp, vision.grad)
    for needs in (
        turns._replace(values=turns.values.clone().requires_grad_()),
        turns._replace(scale=torch.ones(4, device=device, requires_grad=True)),
    ):
        with pytest.raises(ValueError, match=r"streams\[1\].method: found 'slerp'"):
            rc.fuse([streams[0], needs], targets)
    with pytest.raises(ValueError, match=r"streams\[1\].method: found 'slerp'"):
        rc.fuse([streams[0], turns], targets.requires_grad_())


def test_more_streams_than_a_launch_takes(device):
    values, stamps = series(device, channels=2)
    fused = rc.fuse([rc.Stream(values + i, stamps) for i in range(20)], inner_targets(stamps))
    assert fused.values.shape == (3, 25, 40) and fused.valid.shape == (3, 25, 20)


def test_nothing_to_do_is_no_error(device):
    values, stamps = series(device)
    assert rc.resample(values, stamps, stamps[:, :0]).values.shape == (3, 0, 5)
    assert rc.resample(values[:0], stamps[:0], stamps[:0]).values.shape == (0, 40, 5)
    nothing = rc.resample(values[:, :0], stamps[:, :0], stamps, fill=2.0)
    assert (nothing.values == 2).all() and not nothing.valid.any()


@pytest.mark.parametrize("stamp", [torch.float64, torch.int64])
def test_a_tolerance_finds_the_frame_of_a_tick(device, stamp):
    frames = torch.arange(6, device=device)
    stamps = (frames * 100 + 1).to(stamp)  # one later than the ticks
    ticks = (frames * 100).to(stamp)
    late = rc.resample(frames[:, None], stamps, ticks, method="previous").values[:, 0]
    assert torch.equal(late, (frames - 1).clamp(min=0))
    found = rc.resample(frames[:, None], stamps, ticks, method="previous", tolerance=1)
    assert torch.equal(found.values[:, 0], frames) and found.valid.all()
    values = frames[:, None].float()
    fused = rc.fuse([rc.Stream(values, stamps, "previous", tolerance=1), rc.Stream(values, stamps, "previous")], ticks)
    assert torch.equal(fused.values[:, 0], frames.float()) and torch.equal(fused.values[:, 1], late.float())


def test_numbers_of_numpy_are_numbers(device):
    values = torch.randn(1, 30, 2, device=device)
    stamps = torch.arange(30, device=device) * 10
    ours = rc.resample(values, rc.uniform(np.int64(0), np.int32(10), np.int64(30)), stamps + 3, max_gap=np.int64(10))
    assert torch.equal(ours.values, rc.resample(values, stamps, stamps + 3, max_gap=10).values)
    sharp = 1_700_000_000_123_456_789  # nanoseconds, beyond what float64 holds
    late = rc.resample(values, rc.uniform(sharp, 10, 30), rc.uniform(sharp + 1, 10, 5))
    assert torch.equal(late.values, rc.resample(values, stamps, stamps[:5] + 1).values)
