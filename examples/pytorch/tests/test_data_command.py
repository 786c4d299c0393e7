# SPDX-License-Identifier: Apache-2.0
"""The command robocache-data."""

import json

import numpy as np
import pytest

pytest.importorskip("safetensors")

from robocache_torch import data
from robocache_torch.data.command import main


@pytest.fixture
def logs(tmp_path):
    """Two episodes of CSV files, the second with everything that can be wrong."""
    for number in range(2):
        home = tmp_path / "logs" / f"run{number}"
        home.mkdir(parents=True)
        for name, hertz in (("joints", 100), ("grip", 20)):
            lines = [f"{i * 1000 // hertz},{i}.5,{-i}" for i in range(2 * hertz)]
            if (number, name) == (1, "joints"):
                del lines[50:80]  # a gap
                lines[20:20] = ["soon,1,2", "5,6", lines[19], lines[3]]
                lines[10] = "100,nothing,1"
            (home / f"{name}.csv").write_text("\n".join(["t_ms,a,b", *lines]) + "\n")
    return tmp_path / "logs"


def test_from_files_to_a_picture(logs, tmp_path, capsys):
    store = tmp_path / "store"
    assert main(["convert", str(logs), str(store), "--processes", "1"]) == 0
    assert "2 episodes added, 0 left out" in capsys.readouterr().out
    assert main(["info", str(store)]) == 0
    said = capsys.readouterr().out
    assert "run1: joints: found 2 corrupt, 1 backward, 1 duplicated, 1 nan" in said
    assert "run0" not in said and "100.00  a, b" in said and "20.00  a, b" in said and "logs: format csv" in said
    assert main(["verify", str(store)]) == 0 and "0 with something wrong" in capsys.readouterr().out

    assert main(["stats", str(store), "--json", "--quantiles", "0.25", "0.5"]) == 0
    found = json.loads(capsys.readouterr().out)
    values = data.Store(store).modality("grip").values.double().numpy()
    for i, one in enumerate(found["grip"]):
        column = values[:, i]
        assert one["channel"] == "ab"[i] and one["count"] == 80
        assert (one["min"], one["max"]) == (column.min(), column.max())
        assert one["std"] == pytest.approx(column.std()) and one["mean"] == pytest.approx(column.mean())
        assert one["q0.25"] == np.quantile(column, 0.25) and one["q0.5"] == np.quantile(column, 0.5)
    assert found["joints"][0]["nan"] == 1
    assert main(["stats", str(store), "--modality", "grip"]) == 0 and "grip: 80 rows" in capsys.readouterr().out

    picture = tmp_path / "episode.png"
    assert main(["plot", str(store), "--episode", "run1", "--out", str(picture)]) == 0
    assert picture.read_bytes()[:4] == b"\x89PNG"

    assert main(["convert", str(logs), str(store), "--processes", "1"]) == 0  # all of them are there
    assert "0 episodes added" in capsys.readouterr().out

    cleaned = tmp_path / "cleaned"
    assert main(["convert", str(logs), str(cleaned), "--clean", "--processes", "1", "--episodes", "1:2"]) == 0
    assert "1 episodes added" in capsys.readouterr().out
    assert main(["info", str(cleaned)]) == 0
    assert "run1: joints: dropped 1 nan, 1 backward, 1 duplicated" in capsys.readouterr().out

    shard = next(store.glob("shard-*"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    assert main(["verify", str(store)]) == 1
    assert f"{shard.name}: found another checksum" in "".join(capsys.readouterr())


def test_no_episode_can_be_read(tmp_path, capsys):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "joints.csv").write_text("t,a\n")
    assert main(["convert", str(tmp_path / "logs"), str(tmp_path / "store"), "--processes", "1"]) == 1
    said = capsys.readouterr()
    assert (
        "0 episodes added, 1 left out" in said.out and "found 0 rows of 2 columns, want a time and values" in said.err
    )


def test_wrong_calls(logs, tmp_path, capsys):
    for arguments, message in (
        (["info", tmp_path], "found no index.json"),
        (["convert", tmp_path / "none", tmp_path / "s"], "found no such file or folder"),
        (["convert", tmp_path, tmp_path / "s"], "found nothing that a reader recognises"),
        (["convert", logs, tmp_path / "s", "--hertz", "3"], "hertz: the reader 'csv' has no such option; it has none"),
    ):
        assert main([str(word) for word in arguments]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
    assert main(["convert", str(logs), str(tmp_path / "s"), "--processes", "1"]) == 0
    for arguments, message in (
        (["plot", tmp_path / "s", "--episode", "9"], "episode: found '9', want a name, or a number below 2"),
        (["stats", tmp_path / "s", "--modality", "camera"], "modality: found 'camera', want one of grip, joints"),
    ):
        assert main([str(word) for word in arguments]) == 2
        assert message in capsys.readouterr().err
