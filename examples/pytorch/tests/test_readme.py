# SPDX-License-Identifier: Apache-2.0
"""The README's code blocks."""

import re
from pathlib import Path

import pytest
import torch
from data_sets import recorded


def blocks_of_readme():
    text = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 9
    return blocks


def run(blocks, names):
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)  # the repository's own words
    return names


def test_the_python_of_the_readme_runs_as_pasted(capsys):
    # The one about a data set has a test of its own: it needs one.
    names = run([block for block in blocks_of_readme() if "lerobot_set" not in block], {})
    said = capsys.readouterr().out
    assert "[32, 100, 530]" in said and "tensor(240" in said
    assert names["batch"].all_valid.all()
    assert torch.equal(names["from_host"].values, names["batch"].values)
    assert "[32, 2, 20]) torch.Size([32, 16, 20]" in said and names["seen"].all_valid.all()
    now = names["seen"].values[:, 1, 14:]
    assert (now - torch.tensor([1.0, 0, 0, 0, 1, 0], device=now.device)).abs().max() < 1e-5
    normalised = names["batch"].values[..., 512:526].float()
    assert normalised.mean().abs() < 0.05 and (normalised.std() - 0.8).abs() < 0.1  # between samples noise is smaller
    lengths = names["batch"].values[..., 526:].float().norm(dim=-1)
    assert (lengths - 1).abs().max() < 0.02
    assert torch.equal(names["by_integer"], names["frames"])
    assert names["pillars"].values.shape[1:] == (32, 4) and len(names["pillars"].count) <= 200 * 200
    assert names["thin"].trim().points.shape[0] > 1000
    found = names["sparse"].trim()
    assert torch.equal(found.count.sum(), names["bird"].count.sum())
    assert names["bird"].max.shape == (1, 1, 1, 200, 200)


def test_the_readme_reads_a_data_set(tmp_path, monkeypatch):
    for package in ("safetensors", "pyarrow"):
        pytest.importorskip(package)
    import robocache_torch as rc

    (tmp_path / "lerobot_set").symlink_to(recorded("datasets", "g1_lerobot_v21"))
    monkeypatch.chdir(tmp_path)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    blocks = [block for block in blocks_of_readme() if "lerobot_set" in block]
    names = run(blocks, {"torch": torch, "rc": rc, "device": device})
    batch, store = names["from_store"], names["store"]
    assert batch.values.shape == (2, 50, 52) and batch.all_valid.all()
    values, stamps = store.modality("action").episode(7)
    last = torch.searchsorted(stamps, torch.tensor(3_500_000_000), right=True) - 1
    assert torch.equal(batch.values[1, -1, 26:].cpu(), values[last])
