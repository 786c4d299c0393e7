# SPDX-License-Identifier: Apache-2.0
"""What policy_input refuses, and how it says it."""

import functools

import pytest
import torch
from inputs import check_refused, made, series, windows_of

import robocache_torch as rc

BAD = {
    "fusions: found none": lambda s, t: rc.policy_input([]),
    "fusions: found one": lambda s, t: rc.policy_input(rc.PolicyFusion([s], t)),
    "fusions[0]": lambda s, t: rc.policy_input([(s, t)]),
    "fusions[0].streams: found one": lambda s, t: made(s, t),
    "fusions[0].streams: found none": lambda s, t: made([], t),
    "fusions[0].streams[1]": lambda s, t: made([s, (s, t)], t),
    "fusions[0].streams[0].method": lambda s, t: made([s._replace(method="cubic")], t),
    "fusions[0].streams[0].method: found linear": lambda s, t: made([rc.PolicyStream(s, "vector")], t),
    "fusions[0].streams[0].source": lambda s, t: made([rc.PolicyStream(s, "zxyw")], t),
    "fusions[0].streams[0].result": lambda s, t: made([rc.PolicyStream(s, "vector", "rotvec")], t),
    "fusions[0].streams[0].result: found 'xyzw' without source": lambda s, t: made(
        [rc.PolicyStream(s, None, "xyzw")], t
    ),
    "fusions[0].streams[0].channels: found 3, want the 4": lambda s, t: made(
        [rc.PolicyStream(s._replace(method="slerp"), "xyzw")], t
    ),
    "fusions[0].streams[0].scale: found [2], want [3] or [2, 3]": lambda s, t: made(
        [s._replace(scale=torch.ones(2, device=s.values.device))], t
    ),
    "fusions[0].streams[0].low: found [2, 3], want [3]": lambda s, t: made(
        [rc.PolicyStream(s, low=torch.ones(2, 3, device=s.values.device))], t
    ),
    "fusions[0].streams[0].relative": lambda s, t: made([rc.PolicyStream(s, relative=0)], t),
    "fusions[0].streams[0].relative: found targets that are no windows": lambda s, t: made(
        [rc.PolicyStream(s, relative=rc.Relative())], s.times
    ),
    "fusions[0].streams[0].relative.to": lambda s, t: made([rc.PolicyStream(s, relative=rc.Relative(to="hand"))], t),
    "fusions[0].streams[0].relative.to: found stream 3 of fusion 0": lambda s, t: made(
        [rc.PolicyStream(s, relative=rc.Relative(to=3))], t
    ),
    "fusions[0].streams[0].relative.to: found 3 numbers": lambda s, t: made(
        [rc.PolicyStream(s, relative=rc.Relative(to=(0, 0, 0)))], t
    ),
    "fusions[0].streams[0].relative.frame: found a stream": lambda s, t: made(
        [rc.PolicyStream(s, relative=rc.Relative(frame=0))], t
    ),
    "fusions[0].streams[0].relative: found slerp without a format, want source": lambda s, t: made(
        [
            rc.PolicyStream(
                rc.Stream(torch.ones(3, 40, 4, device=s.values.device), s.times, "slerp"), relative=rc.Relative()
            )
        ],
        t,
    ),
    "fusions[0].streams[0].relative.at": lambda s, t: made([rc.PolicyStream(s, relative=rc.Relative(at=None))], t),
    "fusions[0].streams[0].sin_cos": lambda s, t: made([rc.PolicyStream(s, sin_cos=True)], t),
    "fusions[0].streams[0].derivative: found a velocity of values by nearest": lambda s, t: made(
        [rc.PolicyStream(s._replace(method="nearest"), derivative="velocity")], t
    ),
    "fusions[0].streams[0].derivative: found an acceleration with relative": lambda s, t: made(
        [rc.PolicyStream(s, derivative="acceleration", relative=rc.Relative())], t
    ),
    "fusions[0].streams[0].derivative: found 'jerk'": lambda s, t: made([rc.PolicyStream(s, derivative="jerk")], t),
    "fusions[0].streams[0].ticks_per_second": lambda s, t: made(
        [rc.PolicyStream(s, derivative="velocity", ticks_per_second=0)], t
    ),
    "fusions[0].dtype": lambda s, t: rc.policy_input([rc.PolicyFusion([s], t, torch.int32)]),
    "fusions[1].targets: found stamps of": lambda s, t: rc.policy_input(
        [rc.PolicyFusion([s], t), rc.PolicyFusion([s], s.times.float())]
    ),
    "fusions[1].streams[0].values: found a batch of 2, want 3": lambda s, t: rc.policy_input(
        [rc.PolicyFusion([s], t), rc.PolicyFusion([s._replace(values=s.values[:2])], t)]
    ),
    "fusions[0].streams[0].max_gap": lambda s, t: made([s._replace(max_gap=-1)], t),
}
TYPES = {
    "fusions: found one",
    "fusions[0]",
    "fusions[0].streams: found one",
    "fusions[0].streams[1]",
    "fusions[0].streams[0].relative",
    "fusions[0].streams[0].relative.to",
    "fusions[0].streams[0].relative.at",
    "fusions[0].dtype",
    "fusions[1].targets: found stamps of",
}


@pytest.mark.parametrize("argument", BAD)
def test_errors_name_the_argument(device, argument):
    values, stamps = series(device, channels=3)
    stream, targets = rc.Stream(values, stamps), windows_of(stamps, [0, 5])
    check_refused(lambda: BAD[argument](stream, targets), TypeError if argument in TYPES else ValueError, argument)


def test_there_are_no_gradients(device):
    values, stamps = series(device, channels=3)
    targets, some = windows_of(stamps, [0, 5]), torch.ones(3, device=device, requires_grad=True)
    stream = rc.Stream(values, stamps)
    for streams, asked, name in (
        ([stream._replace(values=values.clone().requires_grad_())], targets, "streams[0].values"),
        ([stream, stream._replace(shift=some)], targets, "streams[1].shift"),
        ([rc.PolicyStream(stream, high=some)], targets, "streams[0].high"),
        ([stream], targets._replace(starts=targets.starts.clone().requires_grad_()), "targets"),
    ):
        call = functools.partial(made, streams, asked)
        check_refused(call, ValueError, f"fusions[0].{name}: found a tensor that requires")
        with torch.no_grad():
            assert not call().values.requires_grad
    with pytest.raises(NotImplementedError, match="policy_input: found a forward-mode gradient of values"):
        torch.func.jvp(
            lambda v: made([stream._replace(values=v)], targets).values, (values,), (torch.ones_like(values),)
        )
