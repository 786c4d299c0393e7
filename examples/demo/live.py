# SPDX-License-Identifier: Apache-2.0
"""What is fused, replayed as if it were live: what a policy on the robot would see at each tick, and how old it is."""

from dataclasses import dataclass, field

import numpy as np
from errors import DemoError
from fusion import Fusion, fused_of, sources_of, target_times
from live_bridge import replay

KEPT = 64  # samples in a ring


@dataclass
class Live(Fusion):
    """`microseconds`: of a tick, the median.

    ages: of each stream, seconds [ticks]: the tick less the stamp of the newest sample that was read; NaN where the
    stream is not valid.
    """

    ages: list = field(default_factory=list)
    slowest: float = 0.0  # microseconds that 99 of 100 ticks were within


def capacities(streams, rules):
    """Of rings. A stream whose stamps are early is asked for what was long ago: its ring keeps all."""
    return [stream.stamps.size if rule.latency < 0 else min(KEPT, stream.stamps.size) for stream, rule in zip(streams, rules)]


def replay_live(bridge, streams, rules, rate, on_gpu):
    _, _, ticks = target_times(streams, rules, rate)
    sources, offsets = sources_of(streams, rules)
    found = replay(bridge, sources, capacities(streams, rules), ticks, on_gpu)
    if found.unlike:
        raise DemoError(f"{found.unlike:,} of {ticks.size:,} ticks are not what the whole recording gives as of them")
    valid = found.valid.astype(bool)
    ages = [
        np.where(mask, stream.seconds(age.astype(np.float64)), np.nan)
        for stream, age, mask in zip(streams, found.ages.T, valid.T)
    ]
    fused = fused_of(streams, rules, offsets, found.values, found.valid)
    middle, slowest = np.percentile(found.microseconds, (50, 99))
    return Live(rate, ticks, fused, valid.all(axis=1), middle, ages, slowest)


def report_live(live, gpu):
    """`gpu`: its name, empty for the CPU."""
    width = max(len(fused.stream.name) for fused in live.streams)
    print(f"live: {live.targets.size} ticks at {float(live.rate):g} Hz, each one, bit for bit, what the whole recording "
          "gives as of the tick")  # fmt: skip
    for fused, ages in zip(live.streams, live.ages):
        share = f"{np.count_nonzero(fused.valid):6} valid ({100.0 * fused.valid.mean():.1f} %)"
        if fused.valid.any():
            low, middle, high = np.nanpercentile(ages, (0, 50, 99))
            share += f", age {1e3 * middle:.1f} ms in the middle, {1e3 * low:.1f} at least, 99 % within {1e3 * high:.1f}"
        print(f"  {fused.stream.name:{width}} {share}")
    where = gpu or "the CPU"
    print(f"a tick, waited for, took {live.microseconds:.1f} us in the middle, 99 % within {live.slowest:.1f}, on {where}")
