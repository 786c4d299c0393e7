# SPDX-License-Identifier: Apache-2.0
"""From the text of stamps to numbers that keep its value."""

import re
from decimal import Decimal

import numpy as np
from recording import PER_SECOND, fits_int64

SPELLINGS = {"sec": "s", "msec": "ms", "usec": "us", "µs": "us", "nsec": "ns"}
UNIT_AT_END = re.compile(r"[\s_.(\[](sec|msec|usec|nsec|µs|ns|us|ms|s)[)\]]?\s*$", re.IGNORECASE)


def unit_of(name):
    """The unit that a column's name ends with, None where it does not."""
    found = UNIT_AT_END.search(name)
    return SPELLINGS.get(found[1].lower(), found[1].lower()) if found else None


def parse_stamp(text):
    """An int where the text is one (a float would round epoch nanoseconds), else a float; ValueError where neither."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def exact_stamps(texts, unit):
    """Stamps, their unit, and a remark where that is not the given one or digits were lost.

    Whole numbers stay whole. Fractions are float64 where that resolves a nanosecond, else whole nanoseconds: a single
    `.5` among epoch nanoseconds would move all of them by up to 128 ns.
    """
    numbers = [parse_stamp(text) for text in texts]
    if all(isinstance(number, int) for number in numbers):
        return np.array(numbers, np.int64), unit, None
    floats = np.array(numbers, np.float64)
    nanoseconds = 10**9 // PER_SECOND[unit]
    step = float(np.spacing(np.abs(floats).max())) * nanoseconds
    if step <= 1.0:
        return floats, unit, None
    exact = [Decimal(text) * nanoseconds for text in texts]
    rounded = [int(stamp.to_integral_value()) for stamp in exact]
    if not fits_int64(min(rounded), max(rounded)):
        return floats, unit, f"FP64 tells these stamps apart in steps of {step:.3g} ns, and int64 does not hold them"
    lost = sum(stamp != whole for stamp, whole in zip(exact, rounded))
    remark = f"FP64 would round these stamps to {step:.3g} ns: they are kept as whole nanoseconds"
    return np.array(rounded, np.int64), "ns", remark + (f", {lost:,} of them rounded to that" if lost else "")
