# SPDX-License-Identifier: Apache-2.0
"""What resample and fuse refuse, and how they say it."""

import pytest
import torch
from inputs import check_refused, inner_targets, series

import robocache_torch as rc

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
