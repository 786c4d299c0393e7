# SPDX-License-Identifier: Apache-2.0
"""How to keep numbers that FP32, in which RoboCache computes, would round."""

import numpy as np


def offsets_for_fp32(values):
    """What to subtract from each channel so that FP32 keeps what the log holds: 0 wherever FP32 holds it anyway.

    FP32 has 24 bits: a latitude in units of 1e-7 degrees needs 30.
    """
    offsets = np.zeros(values.shape[1])
    for channel, column in enumerate(values.T):
        column = column[np.isfinite(column)]
        if column.size and np.any(column != column.astype(np.float32)):
            centre = 0.5 * column.min() + 0.5 * column.max()
            if abs(centre) > 4.0 * (column.max() - column.min()):
                offsets[channel] = np.rint(centre) if abs(centre) > 2.0**20 else centre
    return offsets
