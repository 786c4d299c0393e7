# SPDX-License-Identifier: Apache-2.0
"""What the README asks to paste."""

import re
from pathlib import Path

import torch


def test_the_python_of_the_readme_runs_as_pasted(capsys):
    text = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    names = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)  # the repository's own words
    assert "[32, 100, 526]" in capsys.readouterr().out
    assert names["batch"].all_valid.all()
    assert names["pillars"].values.shape[1:] == (32, 4) and len(names["pillars"].count) <= 200 * 200
    assert names["thin"].trim().points.shape[0] > 1000
    found = names["sparse"].trim()
    assert torch.equal(found.count.sum(), names["bird"].count.sum())
    assert names["bird"].max.shape == (1, 1, 1, 200, 200)
