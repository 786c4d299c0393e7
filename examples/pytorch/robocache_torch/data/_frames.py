# SPDX-License-Identifier: Apache-2.0
"""`frames`: which frames of which video files a batch needs."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from .._timed import resample
from .._timelines import Timeline
from ._store import Store


class Frames(NamedTuple):
    """Frames to decode, each once, and where each belongs.

    Attributes:
        files: Video files, in the folders that the data sets were in when they were converted.
        file: int64 `[frames]`, which of `files`.
        episode: int64 `[frames]`.
        number: int64 `[frames]`, within the file, from 0; ascends within a file.
        inverse: int64 `[B, T]`: target (b, t) shows frame `inverse[b, t]`.
        valid: bool `[B, T]`: whether the target is inside its episode's frames.
    """

    files: list[str]
    file: Tensor
    episode: Tensor
    number: Tensor
    inverse: Tensor
    valid: Tensor


def frames(store: Store, camera: str, targets: Timeline, *, method: str = "previous") -> Frames:
    """The frames that targets show, by whole numbers: no time is compared with a rounded one.

    Waits for the GPU, where targets are on one: the number of frames is a size.

    Args:
        store: Its episodes name their videos, as those of LeRobot's data sets do.
        camera: A modality of frame numbers.
        targets: `rc.windows`, or one trajectory for each episode of the store.
        method: "previous", "next" or "nearest".
    """
    some = next(one for one in (targets.starts, targets.stamps, torch.empty(0)) if one is not None)
    place = {"place": "host"} if some.device.type == "cpu" else {"place": "device", "device": some.device}
    numbers = store.modality(camera, **place)
    shown = resample(numbers.values, numbers.times(), targets, method=method)
    videos = [_video_of(episode, camera) for episode in store.episodes]
    files = {file: i for i, file in enumerate(dict.fromkeys(videos))}
    file_of = torch.tensor([files[one] for one in videos], device=some.device)
    trajectory = targets.index if targets.kind == "windows" else None
    if trajectory is None:
        trajectory = torch.arange(shown.values.shape[0], device=some.device)
    found = torch.broadcast_tensors(file_of[trajectory, None], shown.values[..., 0], trajectory[:, None])
    each, inverse = torch.stack(found, -1).flatten(0, 1).unique(dim=0, return_inverse=True)
    file, number, episode = each.unbind(1)
    return Frames(list(files), file, episode, number, inverse.view(shown.valid.shape), shown.valid)


def _video_of(episode, camera):
    video = episode["extra"].get("videos", {}).get(camera)
    if video is None:
        raise ValueError(f"camera: {episode['name']} has no video of {camera!r}")
    return str(Path(episode["source"]) / video)
