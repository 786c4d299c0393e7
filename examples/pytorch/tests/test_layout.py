# SPDX-License-Identifier: Apache-2.0
"""What this package assumes about the compiled operators, compared with what they report and how they behave."""

import pytest
import torch

import robocache_torch as rc
from robocache_torch import _arguments, _flat, _layout, _timed
from robocache_torch._timelines import STAMPS

# bool is not among them: it is taken as bytes.
FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64]
INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]


def accepts(operator, *, method="previous", value_type=torch.float32, stamp=torch.float64, **more):
    """Whether the operator beneath `resample`, or that of its backward pass, takes this, without our checks."""
    values = torch.zeros(1, 2, 4).to(value_type)
    stamps, targets = torch.arange(2).to(stamp), torch.zeros(1).to(stamp)
    times, targets = rc.Timeline("shared", stamps, length=2), rc.Timeline("shared", targets, length=1)
    stream = rc.Stream(values, times, method)
    given = _flat.flatten([stream], targets, [""])
    try:
        operator(values=values, **given, rules=_flat.rules_of(stream, ""), fill=0.0, **more)
    except (TypeError, ValueError):
        return False
    return True


def resamples(*, dtype=torch.float32, **more):
    return accepts(torch.ops.robocache.resample, value_type=dtype, dtype=dtype, **more)


def test_an_unknown_layout_is_refused():
    with pytest.raises(ValueError, match="of: found color"):
        torch.ops.robocache.layout("color")


def test_words_are_those_of_the_documentation():
    assert _layout.KINDS == ("dense", "shared", "ragged", "uniform", "windows", "ring")
    assert _layout.EDGES == ("clamp", "fill", "extrapolate", "hold")
    assert _layout.METHODS == (
        "previous",
        "next",
        "nearest",
        "linear",
        "angle",
        "catmull_rom",
        "pchip",
        "akima",
        "slerp",
    )
    assert list(_layout.ROTATIONS)[:6] == ["wxyz", "xyzw", "vector", "matrix", "columns", "rows"]
    assert list(_layout.ROTATIONS.values())[:6] == [4, 4, 3, 9, 6, 6]
    orders = [a + b + c for a in "xyz" for b in "xyz" for c in "xyz" if a != b != c]
    assert {*list(_layout.ROTATIONS)[6:]} == {*orders, *(order.upper() for order in orders)}
    assert _layout.RESULT_TYPES == _arguments.FLOATS
    assert set(_layout.REDUCTIONS) == {"sum", "mean", "max", "min"} and set(_layout.ORDERS) == {"first_point", "cell"}


def test_results_are_those_of_the_operators():
    for operator, kind in (
        ("resample", _timed.Resampled),
        ("fuse", _timed.Fused),
        ("voxelize", rc.Voxels),
        ("voxelize_sparse", rc.Sparse),
        ("voxelize_gathered", rc.Gathered),
        ("filter_voxels", rc.Filtered),
    ):
        assert kind._fields == _layout.results_of(operator)._fields
    assert _timed.Inspected._fields == _layout.Report._fields


@pytest.mark.parametrize("method", _layout.METHODS)
def test_methods_are_as_the_operators_have_them(method):
    assert resamples(method=method, dtype=torch.int32) == (method in _layout.HOLDS)
    backward = {"method": method, "gradient": torch.zeros(1, 1, 4)}
    of_values = accepts(torch.ops.robocache.resample_backward, **backward, of_values=True, of_targets=False)
    assert of_values == (method in _layout.DIFFERENTIABLE)
    of_targets = accepts(torch.ops.robocache.resample_backward, **backward, of_values=False, of_targets=True)
    assert of_targets == (method in _layout.MOVES)


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS, ids=str)
def test_types_are_as_the_operators_have_them(dtype):
    assert resamples(dtype=dtype) == (dtype in _arguments.FLOATS + _arguments.INTEGERS)
    assert resamples(stamp=dtype) == (dtype in STAMPS)


def test_infinities_and_nan_have_stand_ins():
    """Numbers of a package that runs without Python are JSON."""
    for number in (float("inf"), -float("inf"), float("nan")):
        sent = _layout.stand_in(number)
        assert torch.isfinite(torch.tensor(sent, dtype=torch.float64))
        nowhere = rc.Stream(torch.zeros(1, 2, 1), torch.tensor([0.0, 1.0]), before="fill", fill=number)
        found = rc.fuse([nowhere], torch.tensor([-1.0])).values
        assert torch.equal(found.nan_to_num(nan=7.0), torch.full((1, 1, 1), number).nan_to_num(nan=7.0))
    assert _layout.stand_in(-0.5) == -0.5
