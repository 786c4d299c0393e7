# SPDX-License-Identifier: Apache-2.0
"""What PyTorch has to know about the operator of csrc/windows.cpp: shapes without values, for torch.compile."""

import torch

from ._layout import gives_shapes_of


@gives_shapes_of("sample_windows")
def _(given):
    rows = given.batches * (given.batch // given.ranks)
    whole = given.step.new_empty(rows, dtype=torch.int64)
    return whole, torch.empty_like(whole), torch.empty_like(whole, dtype=torch.bool)
