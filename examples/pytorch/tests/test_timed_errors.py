# SPDX-License-Identifier: Apache-2.0
"""What resample and fuse refuse, and how they say it."""

import pytest
import torch
from inputs import check_refused, inner_targets, series

import robocache_torch as rc

MIXED = "streams[1].times: found stamps of torch.float32, want torch.float64, that of streams[0].times"
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
    "targets: found offsets": lambda v, s: rc.resample(
        v, s, rc.uniform(0.0, 1.0, offsets=torch.tensor([0, 1, 2, 3], device=v.device))
    ),
    "lengths": lambda v, s: rc.dense(s, [3, 3, 3]),
    "start": lambda v, s: rc.uniform("noon", 1, 5),
    "streams: found one": lambda v, s: rc.fuse(rc.Stream(v, s), s),
    "streams[0]": lambda v, s: rc.fuse([(v, s)], s),
    "streams[0].shift": lambda v, s: rc.fuse([rc.Stream(v, s, shift=2.0)], s),
    "values: found a batch of 3, want 40": lambda v, s: rc.resample(v, s, rc.windows(s[0], s[0])),
    "tolerance": lambda v, s: rc.resample(v, s, s, tolerance=1),
    "tolerance: found -1": lambda v, s: rc.resample(v, s, s, method="nearest", tolerance=-1),
    "streams[1].tolerance": lambda v, s: rc.fuse([rc.Stream(v, s), rc.Stream(v, s, tolerance=1)], s),
    "fill": lambda v, s: rc.resample(v, s, s, fill=None),
    "streams[1].fill": lambda v, s: rc.fuse([rc.Stream(v, s), rc.Stream(v, s, fill=None)], s),
    "streams[1].latency": lambda v, s: rc.fuse([rc.Stream(v, s), rc.Stream(v, s, latency=None)], s),
    "values: found [3, 40, 0]": lambda v, s: rc.resample(v[..., :0], s, s),
    "streams[0].values: found [40, 5], want [B, N, D]": lambda v, s: rc.fuse([rc.Stream(v[0], s)], s),
    MIXED: lambda v, s: rc.fuse([rc.Stream(v, s), rc.Stream(v, s.float())], s),
    "targets: found stamps of torch.float32, want torch.float64, that of times; float32 rounds": (
        lambda v, s: rc.resample(v, s, s.float())
    ),
    "targets: found stamps of torch.int64, want torch.float64, that of times": lambda v, s: rc.resample(v, s, s.long()),
    "as_of": lambda v, s: rc.windows(s[0], s[0], as_of=s[0].long()),
    "as_of: found [2], want [40]": lambda v, s: rc.windows(s[0], s[0], as_of=s[0, :2]),
    "offsets": lambda v, s: rc.ragged(s[0], torch.tensor([0, 40], dtype=torch.int32)),
}
TYPES = {
    "values",
    "times",
    "targets",
    "dtype",
    "as_of",
    "offsets",
    "lengths",
    "start",
    "streams: found one",
    "streams[0]",
    "streams[0].shift",
    "fill",
    "streams[1].fill",
    "streams[1].latency",
    MIXED,
    "targets: found stamps of torch.float32, want torch.float64, that of times; float32 rounds",
    "targets: found stamps of torch.int64, want torch.float64, that of times",
}


@pytest.mark.parametrize("argument", BAD)
def test_errors_name_the_argument(device, argument):
    values, stamps = series(device)
    check_refused(lambda: BAD[argument](values, stamps), TypeError if argument in TYPES else ValueError, argument)


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


def test_windows_as_of_a_time_have_no_gradients(device):
    values, stamps = series(device)
    anchors, deltas = stamps[:, 20], torch.zeros(2, dtype=torch.float64, device=device)
    some = values.clone().requires_grad_()
    targets = rc.windows(anchors, deltas, as_of=anchors)
    moved = rc.windows(anchors.clone().requires_grad_(), deltas, as_of=anchors)
    for call in (
        lambda: rc.resample(some, stamps, targets),
        lambda: rc.fuse([rc.Stream(some, stamps)], targets),
        lambda: rc.resample(values, stamps, moved),
        lambda: rc.resample(values, stamps, rc.windows(anchors, deltas, as_of=anchors.clone().requires_grad_())),
    ):
        check_refused(call, ValueError, "targets: found windows with as_of")
        with torch.no_grad():
            call()


def test_forward_mode_is_refused(device):
    values, stamps = series(device)
    targets = inner_targets(stamps)
    points = torch.rand(1, 9, 3, device=device)
    grid = rc.Grid((0, 0, 0), 0.5, (2, 2, 2))
    works = {
        "resample": (lambda v: rc.resample(v, stamps, targets).values, values),
        "fuse": (lambda t: rc.fuse([rc.Stream(values, stamps)], t).values, targets),
        "voxelize": (lambda f: rc.voxelize(points, grid, f, reduce="mean").mean, points),
        "voxelize_sparse": (lambda p: rc.voxelize_sparse(p, grid).mean, points),
        "voxelize_gathered": (lambda p: rc.voxelize_gathered(p, grid, max_points=2).values, points),
        "filter_voxels": (lambda p: rc.filter_voxels(p, 0.5).points, points),
    }
    for name, (work, given) in works.items():
        with pytest.raises(NotImplementedError, match=f"{name}: found a forward-mode gradient"):
            torch.func.jvp(work, (given,), (torch.ones_like(given),))
        with torch.autograd.forward_ad.dual_level():
            for needs in (False, True):
                dual = torch.autograd.forward_ad.make_dual(given.detach().requires_grad_(needs), torch.ones_like(given))
                with pytest.raises(NotImplementedError):
                    work(dual)
    resampled = works["resample"][0]
    for transformed in (torch.func.grad(lambda v: resampled(v).sum()), torch.func.jacfwd(resampled)):
        with pytest.raises(RuntimeError):
            transformed(values)
