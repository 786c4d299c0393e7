# SPDX-License-Identifier: Apache-2.0
"""What tests of readers have in common."""

import json
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


def write_lerobot(folder, lengths, widths, fps=30):
    """A data set as LeRobot's documentation has v3.0, by pyarrow: features of floats, uniform in 0 to 1."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    random = np.random.default_rng(0)
    features = {name: {"dtype": "float32", "shape": [width], "names": None} for name, width in widths.items()}
    features |= {
        name: {"dtype": "int64", "shape": [1]} for name in ("frame_index", "episode_index", "index", "task_index")
    }
    features["timestamp"] = {"dtype": "float32", "shape": [1]}
    rows, episodes = [], []
    for number, length in enumerate(lengths):
        for i in range(length):
            row = {name: random.random(width).tolist() for name, width in widths.items()}
            row |= {"timestamp": i / fps, "frame_index": i, "episode_index": number}
            row |= {"index": len(rows), "task_index": 0}
            rows.append(row)
        at = {"data/chunk_index": 0, "data/file_index": 0}
        episodes.append({"episode_index": number, "length": length, "tasks": ["pick"], **at})
    info = {"codebase_version": "v3.0", "fps": fps, "features": features, "chunks_size": 1000}
    info |= {"data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"}
    for path, table in (
        ("data/chunk-000/file-000.parquet", rows),
        ("meta/episodes/chunk-000/file-000.parquet", episodes),
        ("meta/tasks.parquet", [{"task_index": 0, "__index_level_0__": "pick"}]),
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(arrow.Table.from_pylist(table), folder / path)
    (folder / "meta" / "info.json").write_text(json.dumps(info))
