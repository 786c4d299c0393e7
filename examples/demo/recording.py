# SPDX-License-Identifier: Apache-2.0
"""Streams to fuse, and how they get one clock."""

from dataclasses import dataclass, field

import numpy as np
from errors import DemoError

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
INT64_MIN, INT64_MAX = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@dataclass
class Stream:
    """Samples of one sensor: stamps ascend, whole numbers of `unit` as int64 or fractions of it as float64."""

    name: str
    channels: list
    unit: str
    stamps: np.ndarray
    values: np.ndarray  # float64 [rows, channels]
    method: str = "linear"  # the method unless another one is asked for
    remarks: list = field(default_factory=list)  # what is odd about the samples, and what was changed

    def seconds(self, stamps):
        """Durations or stamps of this stream's unit in seconds."""
        return stamps / PER_SECOND[self.unit]


def fits_int64(*numbers):
    """True where whole numbers of any size are within 64 bits."""
    return all(INT64_MIN <= number <= INT64_MAX for number in numbers)


def ends(stamps):
    """The smallest and the largest of them, as Python's numbers, which do not overflow."""
    return stamps.min().item(), stamps.max().item()


def put_in_order(stream):
    """Sorts the rows by stamp, and remarks on what is odd: steps back in time, duplicates, NaN and infinities."""
    stamps = stream.stamps
    back = np.flatnonzero(stamps[1:] < stamps[:-1])
    if back.size:
        longest = max(stream.seconds(stamps[at].item() - stamps[at + 1].item()) for at in back)
        stream.remarks.append(f"{_times(back.size, 'step')} back in time, by {longest:.3g} s at most, the first to "
                              f"{stamps[back[0] + 1]} after {stamps[back[0]]}: rows were sorted by stamp")  # fmt: skip
        order = np.argsort(stamps, kind="stable")
        stream.stamps, stream.values = stamps[order], stream.values[order]
    again = np.count_nonzero(stream.stamps[1:] == stream.stamps[:-1])
    if again:
        stream.remarks.append(f"{_times(again, 'duplicate')}: at a stamp that several rows have the last one counts")
    broken = ~np.isfinite(stream.values)
    rows = np.count_nonzero(broken.any(axis=1))
    if rows:
        names = [name for name, column in zip(stream.channels, broken.T) if column.any()]
        stream.remarks.append(f"{_times(rows, 'row')} with NaN or infinity in {_some(names)}: what is fused from them "
                              "counts as valid, but is not finite")  # fmt: skip


def _times(count, what):
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _some(names, most=4):
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def one_clock(streams, rate):
    """Brings all streams to one stamp type and one unit, which a fusion needs; says what it changed.

    Whole numbers go to the finest unit among them, exactly; to a finer one where targets `rate` a second would be
    rounded by more than a thousandth of their period. Fractions go to seconds. Where logs mix the two, fractions are
    rounded to nanoseconds.
    """
    whole = [stream.stamps.dtype == np.int64 for stream in streams]
    if not any(whole):
        for stream in streams:
            if stream.unit != "s":
                stream.stamps, stream.unit = stream.seconds(stream.stamps), "s"
        return None
    units = list(PER_SECOND)  # coarse to fine
    unit = max((stream.unit for stream in streams), key=PER_SECOND.get) if all(whole) else units[-1]
    while unit != units[-1] and PER_SECOND[unit] < 1000 * rate and PER_SECOND[unit] % rate != 0:
        unit = units[units.index(unit) + 1]
    for stream in streams:
        factor = PER_SECOND[unit] // PER_SECOND[stream.unit]
        if not fits_int64(*(round(end * factor) for end in ends(stream.stamps))):
            raise DemoError(f"{stream.name}: stamps in {stream.unit} do not fit 64 bits in {unit}, the common unit")
        if stream.stamps.dtype == np.int64:
            stream.stamps = stream.stamps * factor
        else:
            stream.stamps = np.array([round(stamp * factor) for stamp in stream.stamps.tolist()], np.int64)
        stream.unit = unit
    return None if all(whole) else "logs mix whole and fractional stamps: fractions were rounded to nanoseconds"


def unique_names(streams):
    """Files of the same name in different folders become name, name_2, ..."""
    taken = set()
    for stream in streams:
        base, count = stream.name, 1
        while stream.name in taken:
            count += 1
            stream.name = f"{base}_{count}"
        taken.add(stream.name)
