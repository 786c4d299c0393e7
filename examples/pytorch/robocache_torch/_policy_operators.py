# SPDX-License-Identifier: Apache-2.0
"""What PyTorch has to know about the operator of csrc/policy.cpp: shapes without values, for torch.compile."""

import torch

from ._layout import RESULT_TYPES, ROTATIONS, Fusion, Policy, Sizes, Targets, gives_shapes_of, rows_of
from ._timed_operators import are_packed, shape_of_targets

_CHANNELS = tuple(ROTATIONS.values())


def result_channels(channels: int, source: int, result: int, velocity, sin_cos) -> int:
    """Channels that a stream of so many has in a row of results.

    Args:
        source, result: Places of formats of rotations; -1 where it is none.
    """
    if source >= 0:
        return 3 if velocity else _CHANNELS[result]
    return 2 * channels if sin_cos else channels


@gives_shapes_of("policy_input")
def _(given):
    sizes, policies = rows_of(Sizes, given.sizes), rows_of(Policy, given.policies)
    results: list[torch.Tensor] = []
    first = line = 0
    for fusion, target in zip(rows_of(Fusion, given.fusion_rows), rows_of(Targets, given.targets)):
        last, line = first + fusion.streams, line + fusion.streams
        shape = shape_of_targets(sizes[line], are_packed(given.kinds[line], target.index))
        channels = sum(
            result_channels(one.shape[-1], rules.source, rules.result, rules.velocity, rules.sin_cos)
            for one, rules in zip(given.values[first:last], policies[first:last])
        )
        for more, dtype in (
            ((channels,), RESULT_TYPES[fusion.dtype]),
            ((fusion.streams,), torch.bool),
            ((), torch.bool),
        ):
            results.append(torch.empty((*shape, *more), dtype=dtype, device=given.device))
        first, line = last, line + 1
    return results
