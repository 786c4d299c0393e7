# SPDX-License-Identifier: Apache-2.0
"""Warnings of the compiled operators, as Python's own."""

import sys
import warnings
from pathlib import Path

import torch

# Whose lines are not the user's.
_INSIDE = tuple(f"{Path(module).parent}/" for module in (__file__, torch.__file__))
_library = torch.library.Library("robocache", "FRAGMENT")


def _warn(text):
    """Names the line that called a function of this package."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INSIDE):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, UserWarning, stacklevel=level)


_library.impl("warn", _warn, "CompositeExplicitAutograd")
