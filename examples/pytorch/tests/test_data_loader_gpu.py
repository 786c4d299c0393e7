# SPDX-License-Identifier: Apache-2.0
"""What a loader does on a GPU alone."""

import gc

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

from test_data_loader import draw_spec, keys_of, make_store, simple


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_graphs_that_others_left_do_not_disturb_a_capture(tmp_path):
    store = make_store(tmp_path, np.random.default_rng(9))
    loader = store.loader(simple(anchors="action"), 4, device="cuda:0")
    before = gc.get_threshold()
    left = [torch.cuda.CUDAGraph()]
    with torch.cuda.graph(left[0]):
        torch.zeros(1, device="cuda:0")
    left.append(left)  # for the collector alone
    del left
    gc.set_threshold(1)
    try:
        loader.next()
    finally:
        gc.set_threshold(*before)


def has_parts_of_a_gpu():
    try:
        from torch.cuda.green_contexts import GreenContext
    except ImportError:
        return False
    return torch.cuda.is_available() and hasattr(GreenContext, "Stream")


@pytest.mark.skipif(not has_parts_of_a_gpu(), reason="needs a GPU, and a PyTorch that gives streams of a part of it")
@pytest.mark.parametrize("place", ["device", "pinned", "disk"])
def test_a_part_of_the_gpu_gives_the_same(tmp_path, place):
    store = make_store(tmp_path, np.random.default_rng(6))
    spec, _ = draw_spec(np.random.default_rng(0))
    here = store.loader(spec, 8, device="cpu")
    there = store.loader(spec, 8, device="cuda", place=place, multiprocessors=8)
    for _ in range(2 * len(here)):
        want, found = here.next(), there.next()
        assert keys_of(found) == keys_of(want)
        for name in spec.parts:
            assert all(torch.equal(one.cpu(), other) for one, other in zip(found[name], want[name]))
    there.close()
