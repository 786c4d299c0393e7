# SPDX-License-Identifier: Apache-2.0
"""What comes out of a fusion, as the report, the table and the picture read it."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from recording import Stream
from rules import Rules


@dataclass
class Fused:
    """One stream at the target times."""

    stream: Stream
    rules: Rules
    offsets: np.ndarray  # [channels], what was taken off before rounding to FP32 and is put back in `values`
    values: np.ndarray  # float64 [targets, channels]
    valid: np.ndarray  # bool [targets]

    def sample_seconds(self, start):
        """When each sample's value was true, latency taken off, in seconds from `start` on."""
        return self.stream.seconds(self.stream.stamps - self.rules.latency - start)


@dataclass
class Fusion:
    """All streams, each in the unit of time that they share."""

    rate: Fraction
    targets: np.ndarray
    streams: list
    all_valid: np.ndarray  # bool [targets]
    microseconds: float

    def seconds(self):
        """The targets, from the first one on."""
        return self.streams[0].stream.seconds(self.targets - self.targets[0])
