# SPDX-License-Identifier: Apache-2.0
"""What PyTorch has to know about the operators of csrc/rows.cpp: shapes without values, for torch.compile."""

import torch

from ._layout import Dropped, Sizes, gives_shapes_of, results_of, rows_of

# Words of int64 of a channel's summary, and of a rank.
SUMMARY_WORDS, RANK_WORDS = 7, 3

_Summary, _Clean = results_of("summarize"), results_of("clean")


def empty_summary(pairs: tuple[int, int], quantiles: int, device: torch.device) -> tuple:
    """What operators on rows return for `(groups, channels)`."""
    return tuple(
        _Summary(
            summaries=torch.empty((*pairs, SUMMARY_WORDS), dtype=torch.int64, device=device),
            quantiles=torch.empty((*pairs, quantiles), dtype=torch.float64, device=device),
        )
    )


@gives_shapes_of("summarize")
def _(given):
    groups = 1 if given.offsets is None else given.offsets.shape[0] - 1
    return empty_summary((groups, given.rows.shape[1]), len(given.fractions), given.rows.device)


@gives_shapes_of("add_to_summary")
@gives_shapes_of("end_summary_pass")
def _(given):
    return None


@gives_shapes_of("clean")
def _(given):
    sizes = rows_of(Sizes, given.sizes)[0]
    shape = given.values.shape
    room = sizes.rows if len(shape) == 2 else shape[0] * shape[1]
    empty = given.values.new_empty
    return tuple(
        _Clean(
            values=empty((room, shape[-1])),
            stamps=empty((room,), dtype=given.stamp),
            offsets=empty((sizes.batch + 1,), dtype=torch.int64),
            source_rows=empty((room,), dtype=torch.int64),
            reports=empty((sizes.batch, len(Dropped._fields)), dtype=torch.int64),
        )
    )
