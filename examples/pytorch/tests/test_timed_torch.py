# SPDX-License-Identifier: Apache-2.0
"""resample and fuse as PyTorch's own: checks of operators, compiling, streams, graphs, several devices, workers."""

from inspect import signature

import pytest
import torch
from inputs import inner_targets, series, streams_of

import robocache_torch as rc


def timed_arguments(device):
    """Of the operators beneath, for PyTorch's own checks."""
    from robocache_torch import _flat

    streams = [one._replace(max_gap=None) for one in streams_of(device, gradients=True)]
    target = rc.dense(inner_targets(streams[0].times).requires_grad_())
    linear = [one._replace(method="linear", before="clamp", times=rc.dense(one.times)) for one in streams]
    names = ["a.", "b."]
    rules = [rule for one in linear for rule in _flat.rules_of(one, "")]
    fused = {
        "values": [one.values for one in linear],
        "affine": [linear[1].scale, linear[1].shift],
        "scale_places": [-1, 0],
        "shift_places": [-1, 1],
        **_flat.flatten(linear, target, names),
        "rules": rules,
        "fills": [0.0, 0.0],
        "dtype": torch.float32,
    }
    single = {
        "values": linear[0].values,
        **_flat.flatten(linear[:1], target, names),
        "rules": _flat.rules_of(linear[0], ""),
        "fill": 0.0,
        "dtype": torch.float32,
    }
    return {"resample": single, "fuse": fused}


@pytest.mark.parametrize("name", ["resample", "fuse"])
def test_opcheck(device, name):
    takes_tolerances = "atol" in signature(torch.library.opcheck).parameters  # not in PyTorch 2.6
    tolerances = {"atol": 1e-4, "rtol": 1e-4} if takes_tolerances else {}
    operator = getattr(torch.ops.robocache, name).default
    torch.library.opcheck(operator, (), timed_arguments(device)[name], **tolerances)


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
    known = torch.compile(
        lambda values, stamps, anchors: rc.resample(values, stamps, rc.windows(anchors, deltas, as_of=anchors)).values,
        fullgraph=True,
        dynamic=dynamic,
        backend="aot_eager",
    )
    for batch in (3, 2):
        anchors = stamps[:batch, 5].clone()
        asked = rc.windows(anchors, deltas, as_of=anchors)
        with torch.no_grad():
            expected = rc.resample(values[:batch], stamps[:batch], asked).values
            assert torch.equal(known(values[:batch].detach(), stamps[:batch], anchors), expected)
        given = values[:batch].detach().clone().requires_grad_()
        twin = given.detach().clone().requires_grad_()
        found = compiled(given, stamps[:batch], stamps[:batch, 5], deltas)
        expected = work(twin, stamps[:batch], stamps[:batch, 5], deltas)
        for one, other in zip(found, expected):
            assert torch.equal(one, other)
        sum(one.sum() for one in found).backward()
        sum(one.sum() for one in expected).backward()
        assert torch.equal(given.grad, twin.grad)


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
        # Without a separate stream a graph takes one of the GPU that was captured first in this process.
        with torch.cuda.graph(graph, stream=torch.cuda.Stream(device)):
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
        Windows(values, stamps), batch_size=None, num_workers=2, timeout=3600, multiprocessing_context="fork"
    )
    for found, wanted in zip(loader, expected):
        assert torch.equal(found, wanted)
