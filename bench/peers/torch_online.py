#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A tick of thousands of simulated robots: rows of eight sensors, some of them lost, into buffers; robots that begin anew
by a mask; then the last eight steps of every sensor, each robot's with a delay of its own. RoboCache's operators beside
two ways to write it in PyTorch, in the same process.

shift: a delay buffer whose rows move up, as one would write it first; searchsorted, gather, lerp.
ring: rows stay where they are; the place of a target is how many stamps are not after it, which needs no order and
which the compiler fuses.

Both have the same results, within rounding, as RoboCache, which is looked at before anything is timed. torch_common.py
says how times are taken; the buffers, 170 MB, do not fit the L2 cache.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

import torch
from torch_common import CALLS, random_unit, time_eager, time_graph
from torch_fuse import arc

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "pytorch"))

import robocache_torch as rc

US = 1_000  # stamps are nanoseconds
PERIOD = 5_000 * US
CAPACITY, TARGETS = 128, 8
LATEST = 2**62


class Sensor(NamedTuple):
    channels: int
    hertz: int
    method: str = "linear"

    @property
    def rows(self):
        return max(1, self.hertz // 200)


# As in bench/online/case.cu.
SENSORS = (Sensor(6, 1000), Sensor(14, 500), Sensor(6, 400), Sensor(2, 200, "previous"), Sensor(3, 200),
           Sensor(4, 200, "slerp"), Sensor(16, 100), Sensor(32, 50))  # fmt: skip


class Buffers(NamedTuple):
    """Of one sensor of all robots: samples, and how many there were."""

    stamps: torch.Tensor
    values: torch.Tensor
    written: torch.Tensor


def between(method, stamps, values, targets, left, right, count):
    """The value at each target of rows `left` and `right`, and whether there is one; behind the last row that row."""
    rows = (-1, -1, values.shape[2])
    a = values.gather(1, left[..., None].expand(rows))
    valid = (targets >= stamps.gather(1, left)) & (count[:, None] > 0)
    if method == "previous":
        return torch.where(count[:, None, None] > 0, a, 0), valid
    b = values.gather(1, right[..., None].expand(rows))
    t0, t1 = stamps.gather(1, left), stamps.gather(1, right)
    weight = ((targets - t0) / (t1 - t0).clamp(min=1)).clamp(0, 1).float()[..., None]
    made = arc(a, b, weight) if method == "slerp" else torch.lerp(a, b, weight)
    return torch.where(count[:, None, None] > 0, made, 0), valid


def shift_append(buffers, stamps, values, present, resets):
    """New rows go behind the old ones, and all move up by as many."""
    count = present.sum(1)
    order = torch.argsort((~present).to(torch.uint8), dim=1, stable=True)  # rows that are there come first
    stamps, values = stamps.gather(1, order), values.gather(1, order[..., None].expand(values.shape))
    take = torch.arange(CAPACITY, device=stamps.device) + count[:, None]
    buffers.written.copy_((torch.where(resets, 0, buffers.written) + count).clamp(max=CAPACITY))
    both = torch.cat([buffers.stamps, stamps], 1).gather(1, take)
    there = torch.arange(CAPACITY, device=stamps.device) >= CAPACITY - buffers.written[:, None]
    buffers.stamps.copy_(torch.where(there, both, -LATEST))
    all_values = torch.cat([buffers.values, values], 1)
    buffers.values.copy_(all_values.gather(1, take[..., None].expand(buffers.values.shape)))


def shift_look(sensor, buffers, targets):
    right = torch.searchsorted(buffers.stamps, targets, right=True)
    first = CAPACITY - buffers.written[:, None]
    left = torch.maximum(right - 1, first).clamp(max=CAPACITY - 1)
    right = torch.maximum(right, first).clamp(max=CAPACITY - 1)
    return between(sensor.method, buffers.stamps, buffers.values, targets, left, right, buffers.written)


def ring_append(buffers, stamps, values, present, resets):
    written = torch.where(resets, 0, buffers.written)
    # Rows that are not there go to a slot of their own, which nobody reads.
    slot = torch.where(present, (written[:, None] + present.cumsum(1) - 1) % CAPACITY, CAPACITY)
    buffers.stamps.scatter_(1, slot, stamps)
    buffers.values.scatter_(1, slot[..., None].expand(values.shape), values)
    buffers.written.copy_(written + present.sum(1))


def ring_look(sensor, buffers, targets):
    count = buffers.written.clamp(max=CAPACITY)
    there = torch.arange(CAPACITY, device=targets.device) < count[:, None]
    stamps = torch.where(there, buffers.stamps[:, :CAPACITY], LATEST)
    rank = (stamps[:, None] <= targets[..., None]).sum(2)
    oldest = (buffers.written - count)[:, None]
    last = (count[:, None] - 1).clamp(min=0)
    left, right = (rank - 1).clamp(min=0), torch.minimum(rank, last)
    slots = (oldest + left) % CAPACITY, (oldest + right) % CAPACITY
    return between(sensor.method, buffers.stamps, buffers.values, targets, *slots, count)


WAYS = {"shift": (shift_append, shift_look, 0), "ring": (ring_append, ring_look, 1)}


def plain_tick(way, buffers, times, deltas, resets, latencies, parts):
    """In PyTorch. `times`: the stamps of all rows and the clocks; they move on with each call."""
    append, look, _ = WAYS[way]
    times.add_(PERIOD)
    stamps, clock = split(times, len(resets))
    values, valid = [], []
    for i, sensor in enumerate(SENSORS):
        append(buffers[i], stamps[i], *parts[i], resets)
        targets = clock[:, None] + deltas + latencies[i][:, None]
        one = look(sensor, buffers[i], targets)
        values.append(one[0])
        valid.append(one[1])
    return torch.cat(values, 2), torch.stack(valid, 2)


def robocache_tick(rings, times, deltas, resets, latencies, parts):
    times.add_(PERIOD)
    stamps, clock = split(times, len(resets))
    rows = [rc.Rows(one, values, present=present) for one, (values, present) in zip(stamps, parts)]
    rc.append(rings, rows, resets)
    streams = [
        rc.PolicyStream(rc.Stream(ring.values, ring.times(), sensor.method, after="hold"), latencies=late)
        for ring, sensor, late in zip(rings, SENSORS, latencies)
    ]
    (seen,) = rc.policy_input([rc.PolicyFusion(streams, rc.windows(clock, deltas))])
    return seen.values, seen.valid


def split(times, batch):
    """The stamps of each sensor's rows, and the clocks."""
    sizes = [batch * sensor.rows for sensor in SENSORS]
    *stamps, clock = times.split([*sizes, batch])
    return [one.view(batch, -1) for one in stamps], clock


def first_times(batch, device):
    rows = [-torch.arange(sensor.rows - 1, -1, -1, device=device) * (1_000_000 * US // sensor.hertz) for sensor in SENSORS]
    now = 10_000_000 * US
    return torch.cat([*((now + one).expand(batch, -1).flatten() for one in rows), torch.full((batch,), now, device=device)])


def inputs(batch, device, number):
    """What one call is given: resets, and of each sensor values and whether a row came. 1 % of rows are lost, 0.5 % of
    robots begin anew."""
    resets = random_unit(50 + number, batch, device) < 0.005
    parts = []
    for i, sensor in enumerate(SENSORS):
        seed = 100 * (number + 1) + 10 * i
        values = 2 * random_unit(seed, batch * sensor.rows * sensor.channels, device).view(batch, sensor.rows, -1) - 1
        if sensor.method == "slerp":
            values = torch.nn.functional.normalize(values, dim=-1)
        parts.append((values, random_unit(seed + 1, batch * sensor.rows, device).view(batch, -1) >= 0.01))
    return resets, parts


def buffers_of(way, batch, device):
    more = WAYS[way][2]
    return [
        Buffers(
            torch.full((batch, CAPACITY + more), -LATEST, dtype=torch.int64, device=device),
            torch.zeros(batch, CAPACITY + more, sensor.channels, device=device),
            torch.zeros(batch, dtype=torch.int64, device=device),
        )
        for sensor in SENSORS
    ]


def rings_of(batch, device):
    return [rc.Ring(batch, CAPACITY, sensor.channels, device=device) for sensor in SENSORS]


def run_ticks(tick, state, times, common, calls):
    """The last results of as many calls as there are inputs."""
    for resets, parts in calls:
        results = tick(state, times, common[0], resets, common[1], parts)
    return results


def unlike(found, wanted):
    """The largest difference where both are valid; an error where the masks differ."""
    if not torch.equal(found[1], wanted[1]):
        raise SystemExit(f"masks differ in {int((found[1] != wanted[1]).sum())} places")
    assert 0.5 < wanted[1].float().mean() <= 1
    there = torch.cat([wanted[1][..., i : i + 1].expand(-1, -1, one.channels) for i, one in enumerate(SENSORS)], 2)
    return ((found[0] - wanted[0]).abs() * there).max().item()


def measure(batch, device):
    calls = [inputs(batch, device, number) for number in range(CALLS)]
    deltas = torch.arange(1 - TARGETS, 1, device=device) * PERIOD
    latencies = [-(random_unit(9 + i, batch, device) * PERIOD).long() for i in range(len(SENSORS))]
    common = (deltas, latencies)
    ticks = {"robocache": robocache_tick}
    for way in WAYS:
        ticks[way] = lambda *given, way=way: plain_tick(way, *given)
    state_of = {"robocache": lambda: rings_of(batch, device), **{w: lambda w=w: buffers_of(w, batch, device) for w in WAYS}}
    history = calls * 3
    wanted = run_ticks(robocache_tick, state_of["robocache"](), first_times(batch, device), common, history)
    case = {"name": f"online/B:{batch}/append+policy_input/latencies", "batch": batch}
    for name, tick in ticks.items():
        compiled = tick if name == "robocache" else torch.compile(tick, fullgraph=True, dynamic=False)
        for run in {tick, compiled}:
            found = run_ticks(run, state_of[name](), first_times(batch, device), common, history)
            difference = unlike(found, wanted)
            if difference > 2e-3:
                raise SystemExit(f"{name}: differs by {difference} from RoboCache")
        state, times = state_of[name](), first_times(batch, device)
        sets = [(state, times, deltas, resets, latencies, parts) for resets, parts in calls]
        run_ticks(tick, state, times, common, history)
        if device.type == "cuda":
            for what, runs in (("eager", time_eager(tick, sets)), ("graph", time_graph(compiled, sets))):
                case[f"{name}_{what}_us"] = statistics.median(runs)
                case[f"runs_{name}_{what}_us"] = runs
        del state, times, sets
    return case


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, nargs="+", default=[4096], help="robots; default: %(default)s")
    parser.add_argument("--json", help="where to write everything")
    parser.add_argument("--check", action="store_true", help="compares the results alone, on the CPU")
    args = parser.parse_args()
    device = torch.device("cpu" if args.check else "cuda")
    report = {"benchmark": "torch_online", "torch": torch.__version__, "cuda": torch.version.cuda, "cases": []}
    if not args.check:
        report["chip"] = torch.cuda.get_device_properties(0).name
    for batch in args.batch:
        case = measure(batch, device)
        report["cases"].append(case)
        print(case["name"])
        for name in ("robocache", *WAYS):
            if not args.check:
                graph, eager = case[f"{name}_graph_us"], case[f"{name}_eager_us"]
                print(f"  {name:10} in a graph {graph:9.1f} us ({graph / case['robocache_graph_us']:.2f} x), eager {eager:9.1f} us")
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
