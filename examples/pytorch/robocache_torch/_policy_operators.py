# SPDX-License-Identifier: Apache-2.0
"""What PyTorch has to know about the operator of csrc/policy.cpp: shapes without values, for torch.compile."""

import torch

from ._layout import RESULT_TYPES, ROTATIONS, Fusion, Policy, Sizes, Targets, gives_shapes_of, rows_of
from ._rows_operators import empty_summary
from ._timed_operators import are_packed, shape_of_targets

_CHANNELS = tuple(ROTATIONS.values())


def result_channels(channels: int, source: int, result: int, derivative: int, sin_cos) -> int:
    """Channels that a stream of so many has in a row of results.

    Args:
        source, result: Places of formats of rotations; -1 where it is none.
        derivative: The place of its word; 0: values.
    """
    if source >= 0:
        return 3 if derivative else _CHANNELS[result]
    return 2 * channels if sin_cos else channels


def _fusions_of(given):
    """Of each fusion its row, the shape of its targets, and its channels."""
    sizes, policies = rows_of(Sizes, given.sizes), rows_of(Policy, given.policies)
    first = line = 0
    for fusion, target in zip(rows_of(Fusion, given.fusion_rows), rows_of(Targets, given.targets)):
        last, line = first + fusion.streams, line + fusion.streams
        channels = sum(
            result_channels(one.shape[-1], rules.source, rules.result, rules.derivative, rules.sin_cos)
            for one, rules in zip(given.values[first:last], policies[first:last])
        )
        yield fusion, shape_of_targets(sizes[line], are_packed(given.kinds[line], target.index)), channels
        first, line = last, line + 1


@gives_shapes_of("policy_input")
def _(given):
    results: list[torch.Tensor] = []
    ages: list[torch.Tensor] = []
    for fusion, shape, channels in _fusions_of(given):
        for more, dtype in (
            ((channels,), RESULT_TYPES[fusion.dtype]),
            ((fusion.streams,), torch.bool),
            ((), torch.bool),
        ):
            results.append(torch.empty((*shape, *more), dtype=dtype, device=given.device))
        if fusion.ages:
            ages.append(torch.empty((*shape, fusion.streams), dtype=given.stamp, device=given.device))
    return results + ages


@gives_shapes_of("summarize_policy_input")
def _(given):
    _, shape, channels = list(_fusions_of(given))[given.fusion]
    groups = 1 if given.offsets is None else given.offsets.shape[0] - 1
    pairs = (groups, channels * (shape[-1] if given.each_step else 1))
    return empty_summary(pairs, len(given.fractions), given.device)
