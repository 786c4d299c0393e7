# SPDX-License-Identifier: Apache-2.0
"""Values in pinned memory of the host, in calls on a GPU. Refusals and shapes need none: fake tensors show them."""

import pytest
import torch
from inputs import check_refused, inner_targets, series
from torch._subclasses.fake_tensor import FakeTensorMode

import robocache_torch as rc
from robocache_torch import _flat, _layout


@pytest.fixture
def gpu(device):
    if device.type == "cpu":
        pytest.skip("needs a GPU")
    return device


@pytest.fixture
def fakes():
    """Tensors that have a device but no memory. Where there are GPUs, CUDA wants those that are named to be there."""
    if torch.cuda.is_available() and torch.cuda.device_count() < 2:
        pytest.skip("names a second GPU: needs two GPUs, or none")
    if torch.__version__.startswith("2.6."):
        pytest.skip("autograd of PyTorch 2.6 aborts for tensors on a GPU that is not there")
    with FakeTensorMode():
        yield


def of(shape, where, **more):
    return torch.zeros(shape, device=where, **more)


def resample_of(values, times="cuda:1", targets="cuda:1", **more):
    return rc.resample(values, of((2, 9), times), of((2, 4), targets), **more)


def test_the_device_is_that_of_the_times(fakes):
    values = of((2, 9, 3), "cpu", dtype=torch.bfloat16)
    found = resample_of(values)
    assert found.values.shape == (2, 4, 3) and found.valid.shape == (2, 4)
    assert found.values.dtype == torch.bfloat16 and found.values.device == found.valid.device == torch.device("cuda:1")
    times = of((2, 9), "cuda:1")
    targets = rc.windows(of(1, "cuda:1"), of(9, "cuda:1"), of(1, "cuda:1", dtype=torch.int64))
    for mixed in (("cpu", "cpu"), ("cpu", "cuda:1"), ("cuda:1", "cpu")):
        streams = [rc.Stream(of((2, 9, 3), where), times) for where in mixed]
        fused = rc.fuse(streams, targets)
        assert fused.values.shape == (1, 9, 6) and fused.valid.shape == (1, 9, 2) and fused.all_valid.shape == (1, 9)
        assert all(one.device == torch.device("cuda:1") for one in fused)


def test_without_tensors_of_times_the_device_is_that_of_the_values(fakes):
    times, targets = rc.uniform(0.0, 1.0, 9), rc.uniform(0.5, 1.0, 4)
    there, here = (rc.Stream(of((2, 9, 3), where), times) for where in ("cuda:1", "cpu"))
    for streams, where in (([here], "cpu"), ([here, here], "cpu"), ([here, there], "cuda:1")):
        assert rc.fuse(streams, targets).values.device == torch.device(where)
    # One tensor on the GPU is enough.
    starts = rc.uniform(of(2, "cuda:1"), 1.0, 4)
    assert rc.fuse([here], starts).values.device == torch.device("cuda:1")


def on_gpu(**more):
    return rc.Stream(of((2, 9, 3), "cpu"), of((2, 9), "cuda:1"), **more)


TARGETS = "targets: found cpu, want cuda:1, where times are"
REFUSED = {
    "values: found cuda:0, want cuda:1, where times are": lambda: resample_of(of((2, 9, 3), "cuda:0")),
    "times: found cpu, want cuda:1, where targets are": lambda: resample_of(of((2, 9, 3), "cpu"), times="cpu"),
    TARGETS: lambda: resample_of(of((2, 9, 3), "cpu"), targets="cpu"),
    "streams[0].scale: found cpu, want cuda:1, where streams[0].times are": lambda: rc.fuse(
        [on_gpu(scale=of(3, "cpu"))], of((2, 4), "cuda:1")
    ),
    "streams[0].shift: found cuda:1, want cpu": lambda: rc.fuse(
        [rc.Stream(of((2, 9, 3), "cpu"), of((2, 9), "cpu"), shift=of(3, "cuda:1"))], of((2, 4), "cpu")
    ),
    "streams[1].values: found a stride of 2 from channel to channel, want 1": lambda: rc.fuse(
        [on_gpu(), on_gpu()._replace(values=of((2, 9, 6), "cpu")[..., ::2])], of((2, 4), "cuda:1")
    ),
    "values: found pinned memory, want cuda:1 where gradients are needed": lambda: resample_of(
        of((2, 9, 3), "cpu", requires_grad=True)
    ),
    "streams[1].values: found pinned memory, want cuda:1 where": lambda: rc.fuse(
        [on_gpu()._replace(values=of((2, 9, 3), "cuda:1", requires_grad=True)), on_gpu()], of((2, 4), "cuda:1")
    ),
    "streams[0].values: found pinned memory, want cuda:1 where": lambda: rc.fuse(
        [on_gpu(scale=of(3, "cuda:1", requires_grad=True))], of((2, 4), "cuda:1")
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_errors_name_the_argument(fakes, words):
    check_refused(REFUSED[words], ValueError, words)


def test_pinned_values_have_no_gradients_without_being_asked(fakes):
    with torch.no_grad():
        assert not resample_of(of((2, 9, 3), "cpu", requires_grad=True)).values.requires_grad


@pytest.mark.parametrize("name", ["resample", "fuse"])
def test_memory_that_is_not_pinned_is_refused(name):
    # Below the checks in Python, which leave this to the operator.
    values, stamps = series("cpu")
    stream = rc.Stream(values, rc.dense(stamps))
    given = {**_flat.flatten([stream], rc.dense(stamps), [""]), "device": torch.device("cuda:0")}
    given |= {"rules": _flat.rules_of(stream, ""), "dtype": torch.float32}
    if name == "resample":
        given |= {"values": values, "fill": 0.0}
    else:
        given |= {"values": [values], "affine": [], "scale_places": [-1], "shift_places": [-1], "fills": [0.0]}
    words = f"{'' if name == 'resample' else 'streams[0].'}values: found cpu, want cuda:0, or pinned memory"
    check_refused(lambda: getattr(torch.ops.robocache, name)(**given), ValueError, words)


def test_memory_that_is_not_pinned_is_refused_on_the_gpu(gpu):
    values, stamps = series(gpu)
    words = f"values: found cpu, want {gpu}, or pinned memory: values.pin_memory()"
    check_refused(lambda: rc.resample(values.cpu(), stamps, stamps), ValueError, words)
    pinned = values.cpu().pin_memory()
    streams = [rc.Stream(pinned, stamps), rc.Stream(values.cpu(), stamps)]
    check_refused(lambda: rc.fuse(streams, stamps), ValueError, f"streams[1].{words}")
    # Without a tensor on the GPU, pinned memory is like any other.
    here = rc.resample(pinned, stamps.cpu(), stamps.cpu())
    assert here.values.device.type == "cpu" and torch.equal(here.values, values.cpu())


@pytest.mark.parametrize("method", _layout.METHODS)
def test_the_same_bits_as_of_values_on_the_gpu(gpu, method):
    for dtype in (torch.float32, torch.bfloat16):
        values, stamps = series(gpu, samples=60, channels=4, dtype=dtype)
        wide, wide_stamps = series(gpu, samples=70, channels=516, dtype=dtype)
        targets = inner_targets(stamps, 90) + 100
        rules = {"method": method, "max_gap": 45, "fill": -3, "after": "fill"}
        wanted = rc.resample(values, stamps, targets, **rules)
        found = rc.resample(values.cpu().pin_memory(), stamps, targets, **rules)
        assert found.values.device == gpu and torch.equal(found.valid, wanted.valid)
        assert torch.equal(found.values, wanted.values) and wanted.valid.any() and not wanted.valid.all()
        # A slice of channels, trajectories that are expanded, and a stream whose values are on the GPU.
        channels = slice(7, 11) if method == "slerp" else slice(7, 511)

        def streams(wide):
            sliced = wide[:1, :, channels].expand(3, -1, -1)
            return [
                rc.Stream(sliced, wide_stamps, **rules),
                rc.Stream(values, stamps, **rules),
                rc.Stream(wide, wide_stamps, "linear", latency=3),
            ]

        mixed = rc.fuse(streams(wide.cpu().pin_memory()), targets)
        assert all(map(torch.equal, mixed, rc.fuse(streams(wide), targets)))


def test_integers_are_moved_as_they_are(gpu):
    values = torch.randint(0, 200, (2, 10, 3), dtype=torch.uint8).pin_memory()
    stamps = torch.arange(10, device=gpu).expand(2, 10)
    found = rc.resample(values, stamps, torch.tensor([2, 5], device=gpu), method="previous").values
    assert torch.equal(found.cpu(), values[:, [2, 5]])


def store(gpu, channels, dtype):
    """Packed, of three episodes, the last one without rows."""
    offsets = torch.tensor([0, 300, 700, 700], device=gpu)
    stamps = torch.randint(1, 50, (700,)).cumsum(0).to(gpu)
    return torch.randn(700, channels).to(dtype), rc.ragged(stamps, offsets)


def windows_over(times, count=40):
    anchors = times.stamps[torch.randint(700, (count,), device=times.stamps.device)]
    deltas = torch.arange(-99, 1, device=anchors.device) * 20
    return rc.windows(anchors, deltas, torch.randint(3, (count,), device=anchors.device))


def test_windows_over_a_packed_store(gpu):
    shapes = (512, torch.bfloat16), (14, torch.float32), (7, torch.float16)
    given = [store(gpu, *shape) for shape in shapes]
    targets = windows_over(given[0][1])
    rules = {"before": "fill", "after": "fill", "max_gap": 45}
    wanted = rc.fuse([rc.Stream(values.to(gpu), times, **rules) for values, times in given], targets)
    found = rc.fuse([rc.Stream(values.pin_memory(), times, **rules) for values, times in given], targets)
    assert all(map(torch.equal, found, wanted))
    assert wanted.valid.any() and not wanted.valid.all()


def test_no_rows_are_no_error(gpu):
    values, stamps = torch.empty(2, 0, 3), torch.empty(2, 0, device=gpu)
    found = rc.resample(values, stamps, torch.zeros(4, device=gpu), fill=7)
    assert (found.values == 7).all() and not found.valid.any() and found.values.device == gpu


@pytest.mark.parametrize("name", ["resample", "fuse"])
def test_memory_is_kept_until_the_call_has_run(gpu, name):
    numbers, stamps = torch.randn(1, 1500, 1000), torch.arange(1500, device=gpu)
    work = {
        "resample": lambda values: rc.resample(values, stamps, stamps).values,
        "fuse": lambda values: rc.fuse([rc.Stream(values, stamps)], stamps).values,
    }[name]
    stream = torch.cuda.Stream(gpu)
    for cycles in (10**9, 10**10, 10**11):  # a busy host is late: then the next try tells
        torch._C._host_emptyCache()  # so that it has no other memory to give out
        place = numbers.pin_memory().data_ptr()
        values = numbers.pin_memory()
        assert values.data_ptr() == place  # memory that no call reads is given out again at once
        torch.cuda.synchronize(gpu)
        with torch.cuda.stream(stream):
            torch.cuda._sleep(cycles)
            found = work(values)
        del values
        other = torch.full_like(numbers, torch.nan, pin_memory=True)
        in_time = not stream.query()
        stream.synchronize()
        assert torch.equal(found.cpu(), numbers)
        if in_time:
            break
        del other
    assert in_time and other.data_ptr() != place


def test_a_cuda_graph_reads_what_the_memory_holds(gpu):
    values, times = store(gpu, 16, torch.float32)
    values, targets = values.pin_memory(), windows_over(times)

    def work(values):
        return rc.fuse([rc.Stream(values, times), rc.Stream(values, times, "akima")], targets)

    work(values)
    with torch.cuda.device(gpu):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=torch.cuda.Stream(gpu)):
            found = work(values)
        values.mul_(2)
        graph.replay()
        torch.cuda.synchronize()
    assert all(map(torch.equal, found, work(values.to(gpu))))


def test_compiles_without_a_break(gpu):
    values, times = store(gpu, 16, torch.float32)
    pinned, targets = values.pin_memory(), windows_over(times)

    def work(values, anchors):
        fused = rc.fuse([rc.Stream(values, times, scale=scale)], targets._replace(starts=anchors + 1))
        return fused.values * fused.valid

    scale = torch.rand(16, device=gpu)
    found = torch.compile(work, fullgraph=True, backend="aot_eager")(pinned, targets.starts)
    assert torch.equal(found, work(values.to(gpu), targets.starts))
