# SPDX-License-Identifier: Apache-2.0
"""The README's code blocks."""

import re
from pathlib import Path

import pytest
import torch
from data_sets import recorded, write_lerobot


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


def test_the_readme_begins_with_a_data_set(tmp_path, monkeypatch, capsys):
    for package in ("safetensors", "pyarrow"):
        pytest.importorskip(package)
    write_lerobot(tmp_path / "lerobot_set", [70, 40, 90], {"observation.state": 7, "action": 7})
    monkeypatch.chdir(tmp_path)
    block = blocks_of_readme()[0]
    assert "lerobot_set" in block
    names = run([block], {})
    assert "torch.Size([200, 7]) torch.Size([200]) 3" in capsys.readouterr().out
    observation, action, padded = (names[name].cpu() for name in ("observation", "action", "padded"))
    assert observation.shape == (64, 2, 9) and action.shape == (64, 16, 9) and padded.shape == (64, 16)
    assert names["loader"].windows == 200 and padded.any() and not padded.all()
    assert action[..., :3][~padded].abs().max() <= 1 + 1e-5  # normalised
    rows = observation[..., 3:].unflatten(-1, (2, 3))
    assert (rows.norm(dim=-1) - 1).abs().max() < 1e-5 and (rows[..., 0, :] * rows[..., 1, :]).sum(-1).abs().max() < 1e-5


def test_the_projects_readme_reads_a_data_set(tmp_path, monkeypatch):
    for package in ("safetensors", "pyarrow"):
        pytest.importorskip(package)
    (tmp_path / "lerobot_set").symlink_to(recorded("datasets", "g1_lerobot_v21"))
    text = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
    (block,) = (one for one in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "lerobot_set" in one)
    monkeypatch.chdir(tmp_path)
    names = run([block], {})
    assert names["observation"].shape == (256, 2, 26) and names["action"].shape == (256, 16, 26)
    assert names["padded"].any() and names["action"].abs().max() <= 1 + 1e-5
