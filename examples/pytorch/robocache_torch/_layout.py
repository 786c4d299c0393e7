# SPDX-License-Identifier: Apache-2.0
"""What the operators take and give, entry by entry, as the compiled operators report it.

Only the C++ side writes it down: schemas name arguments and results, and the operator `layout` (csrc/layout.hpp) names
the entries of lists of numbers. The library's own table says what a method is. All other files of this package go by
name, so that no order is written twice.
"""

import functools
import math
from collections import namedtuple

import torch


def _names(of):
    return tuple(torch.ops.robocache.layout(of))


# Words of the library's enumerations: the place of a word is its number.
KINDS = _names("timeline_kind")
METHODS = _names("interpolation")
EDGES = _names("edge")
ORDERS = _names("voxel_order")
NAN_RULES = _names("nan_rule")
BACKWARD_RULES = _names("backward_rule")
DUPLICATE_RULES = _names("duplicate_rule")
DERIVATIVES = _names("derivative_order")
NORMALISATIONS = _names("normalisation_rule")
DEPTH_KINDS = _names("depth_kind")

# Methods whose result is one sample, those that have gradients of values, and those that have gradients of targets.
HOLDS = _names("interpolation holds")
DIFFERENTIABLE = _names("interpolation differentiable")
MOVES = _names("interpolation moves")

# How rotations are stored, Euler angles by SciPy's names of their orders, and their channels.
ROTATIONS = dict(zip(_names("rotation"), map(int, _names("rotation channels"))))

# Types that results may have.
RESULT_TYPES = tuple(getattr(torch, word) for word in _names("result_type"))

# The place of a reduction is that of its bit.
REDUCTIONS = _names("reductions")

# Rows of the operators' lists.
Source = namedtuple("Source", _names("source"))
Targets = namedtuple("Targets", _names("target"))
Sizes = namedtuple("Sizes", _names("sizes"))
Ticks = namedtuple("Ticks", _names("ticks"))
Rules = namedtuple("Rules", _names("rules"))
Policy = namedtuple("Policy", _names("policy"))
Fusion = namedtuple("Fusion", _names("fusion"))
Report = namedtuple("Report", _names("report"))
Dropped = namedtuple("Dropped", _names("dropped"))
Lost = namedtuple("Lost", _names("lost"))
Refused = namedtuple("Refused", _names("refused"))


_INFINITY, _MINUS_INFINITY, _NAN = map(float.fromhex, _names("stand_ins"))


def stand_in(number: float) -> float:
    """The finite number by which operators are given infinity or NaN: a package of AOTInductor, whose numbers are JSON,
    could not be loaded with these."""
    if number != number:  # not by isnan, which torch.compile does not trace for numbers that change
        return _NAN
    if number == math.inf:
        return _INFINITY
    if number == -math.inf:
        return _MINUS_INFINITY
    return number


def rows_of(row: type, numbers) -> list:
    """The rows of a list of numbers."""
    width = len(row._fields)
    return [row(*numbers[i : i + width]) for i in range(0, len(numbers), width)]


@functools.cache
def arguments_of(operator: str) -> type:
    """A named tuple of the operator's arguments."""
    return namedtuple(operator, [one.name for one in _schema(operator).arguments])


@functools.cache
def results_of(operator: str) -> type:
    """A named tuple of the operator's results."""
    return namedtuple(f"{operator}_results", [one.name for one in _schema(operator).returns])


def _schema(operator):
    return getattr(torch.ops.robocache, operator).default._schema


def gives_shapes_of(operator: str):
    """Of a function that takes the operator's arguments as a named tuple and makes its results without values."""
    arguments = arguments_of(operator)

    def register(make):
        torch.library.register_fake(f"robocache::{operator}", lambda *given: make(arguments(*given)))
        return make

    return register
