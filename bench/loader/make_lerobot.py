# SPDX-License-Identifier: Apache-2.0
"""A data set that LeRobot itself writes, for loader.py: make_lerobot.py FOLDER. Needs lerobot 0.4."""

import sys

import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset

EPISODES, HERTZ, WIDTH = 50, 50, 14

names = [f"joint{i}" for i in range(WIDTH)]
feature = {"dtype": "float32", "shape": (WIDTH,), "names": names}
made = LeRobotDataset.create(
    "bench/arms", HERTZ, {"observation.state": feature, "action": feature}, root=sys.argv[1], use_videos=False
)
random = np.random.default_rng(0)
for _ in range(EPISODES):
    frames = int(random.integers(300, 501))
    walk = (np.cumsum(random.normal(size=(frames + 1, WIDTH)), 0) * 0.01).astype(np.float32)
    for now, then in zip(walk, walk[1:]):
        made.add_frame({"observation.state": now, "action": then, "task": "move"})
    made.save_episode()
made.finalize()
