# SPDX-License-Identifier: Apache-2.0
"""What PyTorch has to know about the operators of csrc/sampling.cpp: shapes without values, for torch.compile."""

import torch

from ._clouds import batch_of
from ._layout import gives_shapes_of


@gives_shapes_of("sample_farthest")
@gives_shapes_of("sample_uniform")
def _(given):
    batch = batch_of(given)
    new = given.points.new_empty
    return new((batch, given.samples), dtype=torch.int64), new((batch,), dtype=torch.int64)


@gives_shapes_of("nearest_neighbours")
@gives_shapes_of("within_radius")
def _(given):
    rows = given.queries.shape[:1] if given.query_offsets is not None else given.queries.shape[:2]
    new = given.queries.new_empty
    shape = (*rows, given.k)
    return new(shape, dtype=torch.int64), new(shape), new(rows, dtype=torch.int64)
