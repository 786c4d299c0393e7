# SPDX-License-Identifier: Apache-2.0
"""The Python of the documentation's pages: blocks of one page run in turn, in one namespace, as a reader pastes them.

A block whose imports are not installed is left out, with its page if nothing else is there.
"""

import importlib.util
import re
from pathlib import Path

import pytest
from data_sets import recorded
from robocache_torch.data._optional import Missing

ROOT = Path(__file__).resolve().parents[3]
FILES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if (ROOT / "docs").is_dir() else []
PAGES = [file.relative_to(ROOT).as_posix() for file in FILES]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
IMPORTED = re.compile(r"^(?:import|from) (\w+)", re.MULTILINE)


def blocks_of(page):
    return BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


def make_bag(path):
    """An IMU at 200 Hz and joints at 50 Hz for two seconds, as ROS 2 records them."""
    import numpy as np
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    types = get_typestore(Stores.ROS2_HUMBLE)
    known = {name.rsplit("/", 1)[-1]: kind for name, kind in types.types.items() if name.count("/") == 2}
    start, nothing = 1_700_000_000_000_000_000, np.zeros(9)

    def header(at):
        return known["Header"](stamp=known["Time"](sec=at // 10**9, nanosec=at % 10**9), frame_id="")

    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        topics = {}
        for i in range(400):
            at = start + i * 5_000_000
            turn = known["Quaternion"](0.0, 0.0, float(np.sin(i / 400)), float(np.cos(i / 400)))
            vector = known["Vector3"](0.1 * i, 0.0, 9.8)
            messages = {"/imu": known["Imu"](header(at), turn, nothing, vector, nothing, vector, nothing)}
            if i % 4 == 0:
                none = np.zeros(0)
                messages["/joints"] = known["JointState"](header(at), ["a", "b"], np.array([i, -i / 2.0]), none, none)
            for topic, message in messages.items():
                if topic not in topics:
                    topics[topic] = writer.add_connection(topic, message.__msgtype__, typestore=types)
                writer.write(topics[topic], at, types.serialize_cdr(message, message.__msgtype__))


def prepare(page, folder):
    """What a page takes for granted is in the reader's folder."""
    if page == "docs/how-to/lerobot.md":
        for package in ("safetensors", "pyarrow"):
            pytest.importorskip(package)
        (folder / "lerobot_set").symlink_to(recorded("datasets", "g1_lerobot_v21"))
    if page == "docs/how-to/bag.md":
        for package in ("safetensors", "rosbags"):
            pytest.importorskip(package)
        make_bag(folder / "flight.mcap")


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)])
def test_the_python_of_a_page_runs_as_pasted(page, tmp_path, monkeypatch):
    prepare(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    names, run = {}, 0
    for block in blocks_of(page):
        if page == "README.md" and "lerobot_set" in block:
            continue  # test_readme.py runs it, on a recording
        if all(importlib.util.find_spec(module) for module in IMPORTED.findall(block)):
            try:
                exec(compile(block, page, "exec"), names)  # the repository's own words
            except Missing as missing:
                pytest.skip(str(missing))
            run += 1
    if run == 0:
        pytest.skip("nothing that is imported is installed")

def test_pages_are_found():
    if not PAGES:
        pytest.skip("the repository is not here")
    assert len([page for page in PAGES if blocks_of(page)]) > 10
