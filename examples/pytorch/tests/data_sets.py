# SPDX-License-Identifier: Apache-2.0
"""What tests of readers have in common."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch


def recorded(*parts):
    """A recording of others; the test is skipped where there is none."""
    folder = os.environ.get("ROBOCACHE_DATA")
    if not folder:
        pytest.skip("ROBOCACHE_DATA is not set")
    return Path(folder).joinpath(*parts)


def stored(store, name, episode):
    """Values of an episode in the type that is on the disk, and its stamps."""
    values, stamps = store.modality(name, dtype=getattr(torch, store.schemas[name]["dtype"])).episode(episode)
    return values.numpy(), stamps.numpy()


def same_rows(found, want):
    return found.dtype == want.dtype and np.array_equal(
        found, want.reshape(len(want), -1), equal_nan=found.dtype.kind == "f"
    )


def about_of(store):
    """What the store's one data set says of itself."""
    (about,) = store.about["sources"].values()
    return about
