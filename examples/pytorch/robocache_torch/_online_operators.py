# SPDX-License-Identifier: Apache-2.0
"""What PyTorch has to know about the operator of csrc/online.cpp: it gives nothing, and writes to the rings."""

from ._layout import gives_shapes_of


@gives_shapes_of("append")
def _(given):
    return None
