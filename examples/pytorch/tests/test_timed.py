# SPDX-License-Identifier: Apache-2.0
"""resample and fuse."""

import numpy as np
import plain
import pytest
import torch

import robocache_torch as rc

FLOATS = [torch.float32, torch.float16, torch.bfloat16]


def series(device, batch=3, samples=40, channels=5, dtype=torch.float32, stamp=torch.float64):
    gaps = torch.randint(1, 50, (batch, samples))
    stamps = gaps.cumsum(1).to(stamp)
    return torch.randn(batch, samples, channels).to(dtype).to(device), stamps.to(device)


def inner_targets(stamps, count=25):
    """Inside, between samples and on some of them."""
    low, high = stamps[:, :1].double(), stamps[:, -1:].double()
    targets = low + (high - low) * torch.rand(stamps.shape[0], count, dtype=torch.float64, device=stamps.device)
    targets = targets.to(stamps.dtype)
    targets[:, :5] = stamps[:, 3:8]
    return targets


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


def test_one_trajectory_needs_no_batch(device):
    values, stamps = series(device, batch=1)
    targets = inner_targets(stamps)
    found = rc.resample(values[0], stamps[0], targets[0])
    assert torch.equal(found.values, rc.resample(values, stamps, targets).values[0])
    assert found.valid.shape == (25,)


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


def streams_of(device, dtype=torch.float32, gradients=False):
    vision, vision_times = series(device, samples=30, channels=8, dtype=dtype)
    state, state_times = series(device, samples=90, channels=3)
    scale, shift = torch.rand(3, device=device) + 0.5, torch.randn(3, device=device)
    if gradients:
        for tensor in (vision, state, scale, shift):
            tensor.requires_grad_()
    return [
        rc.Stream(vision, vision_times, "previous", before="fill", max_gap=40),
        rc.Stream(state, state_times, scale=scale, shift=shift, latency=2.5),
    ]


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


def timed_arguments(device):
    """Of the operators beneath, for PyTorch's own checks."""
    from robocache_torch import _timelines

    streams = [one._replace(max_gap=None) for one in streams_of(device, gradients=True)]
    target = rc.dense(inner_targets(streams[0].times).requires_grad_())
    linear = [one._replace(method="linear", before="clamp", times=rc.dense(one.times)) for one in streams]
    names = ["a.", "b."]
    flat = _timelines.flatten(linear, target, device, names)
    rules = [rule for one in linear for rule in _timelines.rules_of(one, "")]
    fused = (
        [one.values for one in linear],
        [linear[1].scale, linear[1].shift],
        [-1, -1, 0, 1],
        *flat,
        rules,
        [0.0, 0.0],
        torch.float32,
    )
    single = (linear[0].values, *_timelines.flatten(linear[:1], target, device, names), rules[:4], 0.0, torch.float32)
    return {"resample": single, "fuse": fused}


@pytest.mark.parametrize("name", ["resample", "fuse"])
def test_opcheck(device, name):
    torch.library.opcheck(
        getattr(torch.ops.robocache, name).default, timed_arguments(device)[name], atol=1e-4, rtol=1e-4
    )


@pytest.mark.parametrize("dynamic", [False, True])
def test_compiles_without_a_break(device, dynamic):
    values, stamps = series(device)
    values.requires_grad_()

    def work(values, stamps, anchors, deltas):
        first = rc.resample(values, stamps, rc.windows(anchors, deltas), max_gap=1000.0)
        second = rc.fuse(
            [rc.Stream(values * 2, stamps), rc.Stream(values, stamps, "nearest")], rc.windows(anchors, deltas)
        )
        return first.values * first.valid.unsqueeze(-1), second.values

    compiled = torch.compile(work, fullgraph=True, dynamic=dynamic, backend="aot_eager")
    deltas = torch.linspace(0, 50, 7, dtype=torch.float64, device=device)
    for batch in (3, 2):
        given = values[:batch].detach().clone().requires_grad_()
        twin = given.detach().clone().requires_grad_()
        found = compiled(given, stamps[:batch], stamps[:batch, 5], deltas)
        expected = work(twin, stamps[:batch], stamps[:batch, 5], deltas)
        for one, other in zip(found, expected):
            assert torch.equal(one, other)
        sum(one.sum() for one in found).backward()
        sum(one.sum() for one in expected).backward()
        assert torch.equal(given.grad, twin.grad)


BAD = {
    "values": lambda v, s: rc.resample(v.double(), s, s),
    "times": lambda v, s: rc.resample(v, s.int(), s),
    "targets": lambda v, s: rc.resample(v, s, s.float()),
    "method": lambda v, s: rc.resample(v, s, s, method="cubic"),
    "before": lambda v, s: rc.resample(v, s, s, before="wrap"),
    "max_gap": lambda v, s: rc.resample(v, s, s, max_gap=-1),
    "dtype": lambda v, s: rc.resample(v, s, s, dtype=torch.int32),
    "causal": lambda v, s: rc.resample(v, s, s, causal=True),
    "streams": lambda v, s: rc.fuse([], s),
    "streams[1].scale": lambda v, s: rc.fuse([rc.Stream(v, s), rc.Stream(v, s, scale=v[0, 0, :2])], s),
    "streams[1].values": lambda v, s: rc.fuse([rc.Stream(v, s), rc.Stream(v[:2], s[:2])], s),
    "streams[1].max_gap": lambda v, s: rc.fuse([rc.Stream(v, s), rc.Stream(v, s, max_gap=-1)], s),
    "causal: found method": lambda v, s: rc.resample(v, s, s, causal=True, before="fill"),
    "period": lambda v, s: rc.uniform(0, -1, 5),
    "period: found 3": lambda v, s: rc.uniform(0, (1, 2, 3), 5),
    "length": lambda v, s: rc.uniform(0, 1),
    "length: found -5": lambda v, s: rc.uniform(0, 1, -5),
    "targets: found offsets": lambda v, s: rc.resample(v, s, rc.uniform(0.0, 1.0, offsets=torch.tensor([0, 1, 2, 3]))),
    "lengths": lambda v, s: rc.dense(s, [3, 3, 3]),
    "start": lambda v, s: rc.uniform("noon", 1, 5),
    "streams: found one": lambda v, s: rc.fuse(rc.Stream(v, s), s),
    "streams[0]": lambda v, s: rc.fuse([(v, s)], s),
    "streams[0].shift": lambda v, s: rc.fuse([rc.Stream(v, s, shift=2.0)], s),
    "trajectory": lambda v, s: rc.resample(v, s, rc.windows(s[0], s[0])),
    "offsets": lambda v, s: rc.ragged(s[0], torch.tensor([0, 40], dtype=torch.int32)),
}
TYPES = {
    "values",
    "times",
    "targets",
    "dtype",
    "offsets",
    "lengths",
    "start",
    "streams: found one",
    "streams[0]",
    "streams[0].shift",
}


@pytest.mark.parametrize("argument", BAD)
def test_errors_name_the_argument(device, argument):
    values, stamps = series(device)
    with pytest.raises(TypeError if argument in TYPES else ValueError) as raised:
        BAD[argument](values, stamps)
    assert argument in str(raised.value)
    assert "found" in str(raised.value) and "want" in str(raised.value)


def test_methods_without_gradients_say_so(device):
    values, stamps = series(device)
    with pytest.raises(ValueError, match="method: found 'akima'"):
        rc.resample(values.requires_grad_(), stamps, stamps, method="akima")


def test_what_has_no_gradient_says_so(device):
    values, stamps = series(device)
    values.requires_grad_()
    with pytest.raises(ValueError, match="times: found stamps that require gradients"):
        rc.resample(values, stamps.clone().requires_grad_(), stamps)
    result = rc.resample(values, stamps, inner_targets(stamps)).values
    (once,) = torch.autograd.grad(result.square().sum(), values, create_graph=True)
    with pytest.raises(RuntimeError, match="gradient of a gradient"):
        once.square().sum().backward()
    starts = torch.zeros(3, dtype=torch.float64, device=device, requires_grad=True)
    targets = rc.uniform(starts, 1.0, offsets=torch.tensor([0, 1, 2, 3], device=device), rows=3)
    with pytest.raises(ValueError, match="targets: found starts"):
        rc.resample(values, stamps, targets).values.sum().backward()


def test_numbers_that_change_need_no_new_graph(device):
    values = torch.randn(2, 100, 3, device=device)
    times = rc.uniform(0, 10, 100)
    compiled = torch.compile(
        lambda start: rc.resample(values, times, rc.uniform(start, 7, 20)).values,
        fullgraph=True,
        dynamic=True,
        backend="aot_eager",
    )
    for start in range(20, 35):
        assert torch.equal(compiled(start), rc.resample(values, times, rc.uniform(start, 7, 20)).values)


def test_numbers_of_numpy_are_numbers(device):
    values = torch.randn(1, 30, 2, device=device)
    stamps = torch.arange(30, device=device) * 10
    ours = rc.resample(values, rc.uniform(np.int64(0), np.int32(10), np.int64(30)), stamps + 3, max_gap=np.int64(10))
    assert torch.equal(ours.values, rc.resample(values, stamps, stamps + 3, max_gap=10).values)
    sharp = 1_700_000_000_123_456_789  # nanoseconds, beyond what float64 holds
    late = rc.resample(values, rc.uniform(sharp, 10, 30), rc.uniform(sharp + 1, 10, 5))
    assert torch.equal(late.values, rc.resample(values, stamps, stamps[:5] + 1).values)


def test_tensors_of_two_devices_are_refused(device):
    if device.type == "cpu":
        pytest.skip("needs a GPU")
    values, stamps = series(device)
    with pytest.raises(ValueError, match="times: found cpu"):
        rc.resample(values, stamps.cpu(), stamps)


def test_the_current_stream_does_the_work(device):
    if device.type == "cpu":
        pytest.skip("needs a GPU")
    values, stamps = series(device)
    targets = inner_targets(stamps)
    expected = rc.resample(values, stamps, targets).values
    stream = torch.cuda.Stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        torch.cuda._sleep(50_000_000)
        late = values * 1
        found = rc.resample(late, stamps, targets).values
    assert not stream.query()
    stream.synchronize()
    assert torch.equal(found, expected)


def test_a_cuda_graph_replays_it(device):
    if device.type == "cpu":
        pytest.skip("needs a GPU")
    values, stamps = series(device)
    targets = inner_targets(stamps)
    with torch.cuda.device(device):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            found = rc.fuse([rc.Stream(values, stamps), rc.Stream(values, stamps, "nearest")], targets)
        values.mul_(2)
        graph.replay()
        torch.cuda.synchronize()
    assert torch.equal(
        found.values, rc.fuse([rc.Stream(values, stamps), rc.Stream(values, stamps, "nearest")], targets).values
    )


class Windows(torch.utils.data.Dataset):
    """Resamples in the worker."""

    def __init__(self, values, stamps):
        self.values, self.stamps = values, stamps

    def __len__(self):
        return 8

    def __getitem__(self, i):
        return rc.resample(self.values, self.stamps, self.stamps + i).values


def test_forked_workers_resample(device):
    if device.type != "cpu":
        pytest.skip("workers run on the CPU")
    values, stamps = series("cpu", batch=8, samples=500, channels=64)
    # OpenMP's threads are there before the fork, and are not after it.
    expected = [rc.resample(values, stamps, stamps + i).values for i in range(8)]
    loader = torch.utils.data.DataLoader(
        Windows(values, stamps), batch_size=None, num_workers=2, timeout=60, multiprocessing_context="fork"
    )
    for found, wanted in zip(loader, expected):
        assert torch.equal(found, wanted)
