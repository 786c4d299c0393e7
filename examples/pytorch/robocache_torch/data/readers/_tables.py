# SPDX-License-Identifier: Apache-2.0
"""Text files of a time and numbers on each line."""

from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import numpy as np


class Corrupt(NamedTuple):
    """A line that is left out."""

    line: int
    why: str


class Table(NamedTuple):
    """A text file's rows.

    Attributes:
        header: Words of the first line, if it was to be read.
        stamps: int64 `[rows]`.
        values: float64 `[rows, columns]`, without the time; NaN where there is no number.
        lines: Where each row is, from 1.
        corrupt: Lines without a time, or with another number of columns.
    """

    header: list[str]
    stamps: np.ndarray
    values: np.ndarray
    lines: list[int]
    corrupt: list[Corrupt]


def read_table(path, separator, unit, *, comments=False) -> Table:
    """Reads a file.

    Args:
        separator: Between columns; None: blanks.
        unit: Of times, in nanoseconds; or a function that gives it for the header, which is the first line then.
        comments: Whether lines that begin with # are left out.

    Raises:
        ValueError: No row at all.
    """
    header, stamps, rows, lines, corrupt = [], [], [], [], []
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or (comments and line.startswith("#")):
                continue
            words = [word.strip().strip('"') for word in line.split(separator)]
            if callable(unit):
                header, unit = words, unit(words)
                continue
            width = len(header) or (len(rows[0]) + 1 if rows else len(words))
            if len(words) != width:
                corrupt.append(Corrupt(number, f"found {len(words)} columns, want {width}"))
                continue
            try:
                stamp = nanoseconds(words[0], unit)
            except (InvalidOperation, ValueError, OverflowError):
                corrupt.append(Corrupt(number, f"found no time in {words[0]!r}"))
                continue
            stamps.append(stamp)
            rows.append([_number(word) for word in words[1:]])
            lines.append(number)
    if not rows and corrupt:
        raise ValueError(f"{path}: line {corrupt[0].line}: {corrupt[0].why}; no line is better")
    if not rows or not rows[0]:
        raise ValueError(f"{path}: found {len(rows)} rows of {len(header) or 1} columns, want a time and values")
    return Table(header, np.array(stamps, np.int64), np.array(rows, np.float64), lines, corrupt)


def nanoseconds(text, unit) -> int:
    """A time as whole nanoseconds, exactly: a float has no room for those since 1970."""
    value = int(text) * unit if text.lstrip("+-").isdigit() else int((Decimal(text) * unit).to_integral_value())
    if not -(2**63) <= value < 2**63:
        raise OverflowError
    return value


def _number(word):
    try:
        return float(word)
    except ValueError:
        return np.nan
