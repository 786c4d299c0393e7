# SPDX-License-Identifier: Apache-2.0
"""Every test that takes `device` runs on the CPU, and on each GPU."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

DEVICES = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]


@pytest.fixture(params=DEVICES)
def device(request):
    # The current device remains the first one: operators have to follow their tensors.
    return torch.device(request.param)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def forgets_what_it_compiled():
    # A function may be compiled only a few times, and the same test on another device counts.
    yield
    if "torch._dynamo" in sys.modules:  # it takes seconds to import
        torch._dynamo.reset()


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    """Windows of 30 targets at 50 Hz, every half second, of made-up episodes."""
    pytest.importorskip("safetensors")
    from training import episodes
    from training.task import task_of

    store = episodes.made_up(tmp_path_factory.mktemp("episodes") / "store", 4, 8.0, 3, vision=24)
    return task_of(store, "actions", 30, 50.0, 0.5)
