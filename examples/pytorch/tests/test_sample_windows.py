# SPDX-License-Identifier: Apache-2.0
"""`sample_windows` as PyTorch's operator; what it draws is tested with the loader."""

import pytest
import torch

import robocache_torch  # noqa: F401  registers the operators


def test_the_sampler_is_an_operator(device):
    numbers = {
        "offsets": [0, 3, 3, 9],
        "trajectory": [4, 5, 6],
        "starts": [0, 7, 100],
        "lasts": [2000, 7, 9000],
        "set_offsets": [0, 1, 3],
        "draws": [0, 3, 9],
    }
    plan = {name: torch.tensor(one, device=device) for name, one in numbers.items()}
    more = {"stamps": None, "num": 1000, "den": 1, "seed": 3, "batches": 3, "batch": 4, "rank": 1, "ranks": 2}
    given = {"step": torch.tensor([1], device=device), **plan, **more}
    operator = torch.ops.robocache.sample_windows
    order = [one.name for one in operator.default._schema.arguments]
    torch.library.opcheck(operator.default, tuple(given[name] for name in order))
    eager = operator(**given)
    compiled = torch.compile(lambda step: operator(**{**given, "step": step}), fullgraph=True, backend="aot_eager")
    assert all(torch.equal(one, other) for one, other in zip(compiled(given["step"]), eager))
    with pytest.raises(ValueError, match="draw.batch: found 4, want a multiple of the 3 ranks"):
        operator(**{**given, "ranks": 3})
