# SPDX-License-Identifier: Apache-2.0
"""One of several processes that load an epoch of a store from the disk: `torchrun loading_process.py STORE OUT`."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from robocache_torch import data


def loader_of(folder, **more):
    part = data.Part([data.Read("joints", before="fill")], data.ticks(range(-3, 3), 50))
    return data.Store(folder).loader(data.Spec({"x": part}, "joints"), 8, seed=2, device="cpu", **more)


def batches(loader):
    return [(one.episode, one.anchors, one.padding, one["x"].values) for one in loader]


if __name__ == "__main__":
    torch.set_num_threads(1)
    mine = loader_of(sys.argv[1], place="disk", budget=10**6)
    torch.save([batches(mine), mine.rank, mine.ranks], Path(sys.argv[2]) / f"{os.environ['RANK']}.pt")
    mine.close()
