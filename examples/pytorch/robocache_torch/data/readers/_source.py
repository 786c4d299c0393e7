# SPDX-License-Identifier: Apache-2.0
"""What readers have in common."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np

from .._episode import Episode, Left

SECOND = 1_000_000_000  # in nanoseconds, the unit of a store's stamps


class Source:
    """A data set of one format.

    Attributes:
        path: Of the data set.
        about: What it says of itself, for JSON.
        left_out: What `keys` could not find; complete once it was called.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        self.about: dict = {}
        self.left_out: list[Left] = []

    @staticmethod
    def recognises(path: Path) -> bool:
        """Whether a data set of this format is at `path`."""
        raise NotImplementedError

    def keys(self) -> list:
        """One for each episode, in order; can be sent to another process."""
        raise NotImplementedError

    def name_of(self, key) -> str:
        """The episode's name, for messages."""
        return str(key)

    def read(self, key) -> Episode:
        """An episode.

        Raises:
            Unreadable: With the file, and what is wrong.
        """
        raise NotImplementedError


def on_grid(numbers, hertz) -> np.ndarray:
    """Stamps of samples with these numbers at a fixed rate: `floor(number * 1 s / hertz)`, as those of
    `rc.uniform(0, (1_000_000_000, hertz))`, computed with whole numbers. 29.97 is 2997 / 100."""
    rate = Fraction(str(hertz))
    if rate <= 0:
        raise ValueError(f"hertz: found {hertz}, want a number above 0")
    numbers = np.asarray(numbers, np.int64)
    if len(numbers) and int(np.abs(numbers).max()) * SECOND * rate.denominator >= 2**63:
        return np.array([n * SECOND * rate.denominator // rate.numerator for n in numbers.tolist()], np.int64)
    return numbers * (SECOND * rate.denominator) // rate.numerator


def plain(value):
    """For JSON."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value


def read_json(path: Path):
    """A JSON file's content.

    Raises:
        ValueError: With the file's name.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as trouble:
        raise ValueError(f"{path}: {trouble}") from None
