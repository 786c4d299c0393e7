# SPDX-License-Identifier: Apache-2.0
"""What a policy needs while robots run: how old its inputs are, and a delay of each robot's own."""

import math

import pytest
import torch
from inputs import check_refused, made, series, windows_of

import robocache_torch as rc

NEVER = 2**63 - 1


def equal(one, other):
    return all(torch.equal(mine, its) for mine, its in zip(one, other))


def test_ages_by_hand(device):
    stamps = torch.tensor([[0, 10, 20, 30]], device=device)
    values = torch.arange(8.0, device=device).view(1, 4, 2)
    held = rc.Stream(values, stamps, "previous", before="fill", max_gap=12)
    streams = [held, rc.Stream(values, stamps), rc.Stream(values, stamps, after="hold", max_gap=12, latency=5)]
    (found,) = rc.policy_input([rc.PolicyFusion(streams, torch.tensor([[-3, 0, 14, 34, 50]], device=device), ages=True)])
    assert isinstance(found, rc.Aged) and found.ages.dtype == torch.int64
    # Of a line that of its right sample; of what is not valid there is none. Latency is not part of the age.
    assert found.ages[0].tolist() == [
        [NEVER, NEVER, -3 - 10],
        [0, 0, 0 - 10],
        [4, 14 - 20, 14 - 20],
        [4, NEVER, 34 - 30],
        [NEVER, NEVER, NEVER],
    ]
    assert equal(found, rc.fuse(streams, torch.tensor([[-3, 0, 14, 34, 50]], device=device)))


@pytest.mark.parametrize("stamp", [torch.float32, torch.float64])
def test_ages_have_the_type_of_stamps(device, stamp):
    values, stamps = series(device, stamp=stamp)
    stream = rc.Stream(values, stamps, after="hold", max_gap=100)
    plain, aged = rc.policy_input(
        [
            rc.PolicyFusion([stream], windows_of(stamps, [0])),
            rc.PolicyFusion([stream] * 2, windows_of(stamps, [-1, 1e6], as_of=stamps[:, 20]), ages=True),
        ]
    )
    assert isinstance(plain, rc.Fused) and aged.ages.dtype == stamp and aged.ages.shape == (3, 2, 2)
    assert (aged.ages[:, 1] == math.inf).all() and not aged.valid[:, 1].any()
    # Half a unit behind the 20th sample, which is the newest that is known.
    wanted = stamps[:, 20] + 0.5 - 1 - stamps[:, 20]
    assert torch.equal(aged.ages[:, 0], wanted[:, None].expand(-1, 2))


def test_one_trajectory_needs_no_batch(device):
    values, stamps = series(device, batch=1)
    (found,) = rc.policy_input([rc.PolicyFusion([rc.Stream(values[0], stamps[0])], stamps[0], ages=True)])
    assert found.ages.shape == (40, 1) and (found.ages == 0).all()


@pytest.mark.parametrize("stamp", [torch.int64, torch.float64])
@pytest.mark.parametrize("method", ["linear", "previous", "akima"])
def test_each_robot_has_a_latency_of_its_own(device, stamp, method):
    values, stamps = series(device, stamp=stamp)
    targets = (stamps[:, :1] + 300 + 7 * torch.arange(9, device=device)).to(stamp)
    latencies = torch.tensor([-30, 0, 41], device=device).to(stamp)
    stream = rc.Stream(values, stamps, method, latency=4)
    found = made([rc.PolicyStream(stream, latencies=latencies), stream], targets)
    for b in range(3):
        own = stream._replace(values=values[b : b + 1], times=stamps[b : b + 1], latency=4 + latencies[b].item())
        alone = rc.fuse([own], targets[b : b + 1])
        assert torch.equal(found.values[b : b + 1, :, :5], alone.values)
        assert torch.equal(found.valid[b : b + 1, :, :1], alone.valid)
    assert torch.equal(found.values[..., 5:], rc.fuse([stream], targets).values)


def test_windows_have_latencies_of_windows(device):
    values, stamps = series(device)
    trajectory = torch.tensor([2, 0, 2, 1], device=device)
    targets = rc.windows(stamps[trajectory, 20], torch.zeros(1, dtype=stamps.dtype, device=device), trajectory)
    latencies = torch.tensor([0.0, 5.0, -40.0, 3.0], dtype=stamps.dtype, device=device)
    found = made([rc.PolicyStream(rc.Stream(values, stamps), latencies=latencies)], targets)
    moved = rc.fuse([rc.Stream(values, stamps)], targets._replace(starts=targets.starts + latencies))
    assert equal(found, moved)


def tick(ring, rows, clock, deltas, latencies):
    rc.append([ring], [rows])
    stream = rc.PolicyStream(rc.Stream(ring.values, ring.times(), after="hold"), latencies=latencies)
    return rc.policy_input([rc.PolicyFusion([stream], rc.windows(clock, deltas), ages=True)])[0]


def tick_inputs(device, at):
    stamps = (at + 10 * torch.arange(4, device=device)).expand(3, -1)
    clock = torch.full((3,), at + 35, device=device)
    return rc.Rows(stamps, torch.randn(3, 4, 2, device=device)), clock


def test_it_compiles_without_a_break(device):
    deltas, latencies = torch.tensor([-10, 0], device=device), torch.tensor([-12, 0, -3], device=device)
    here, there = rc.Ring(3, 16, 2, device=device), rc.Ring(3, 16, 2, device=device)
    compiled = torch.compile(tick, fullgraph=True, backend="aot_eager")
    for at in (0, 40, 80):
        rows, clock = tick_inputs(device, at)
        assert equal(compiled(here, rows, clock, deltas, latencies), tick(there, rows, clock, deltas, latencies))
    ages = compiled(here, *tick_inputs(device, 120), deltas, latencies).ages
    # Held: sought at 155 - 12, 155, 155 - 3, where the newest is of 150.
    assert ages[:, 1, 0].tolist() == [155 - 150, 155 - 150, 155 - 150]


def test_what_is_refused(device):
    values, stamps = series(device)
    stream, targets = rc.Stream(values, stamps), windows_of(stamps, [0])
    where = "fusions[0].streams[0].latencies: found "

    def call(latencies):
        return lambda: made([rc.PolicyStream(stream, latencies=latencies)], targets)

    check_refused(call(1.0), TypeError, where + "float")
    check_refused(call(torch.zeros(3, device=device)), TypeError, where + "torch.float32")
    check_refused(call(torch.zeros(2, dtype=stamps.dtype, device=device)), ValueError, where + "[2], want [3]")
    needs = torch.zeros(3, dtype=stamps.dtype, device=device, requires_grad=True)
    check_refused(call(needs), ValueError, where + "a tensor that requires a gradient")
