# SPDX-License-Identifier: Apache-2.0
"""The images that a batch of windows shows: each frame is decoded once, by torchcodec or PyAV, whichever is installed.

    python decode.py STORE CAMERA [--out frames.png]

draws the frames of a few windows of the store, which `robocache-data convert` made of a LeRobot data set.
"""

import argparse
import importlib.util
import sys

import torch

import robocache_torch as rc
from robocache_torch import data


def with_torchcodec(file, numbers):
    """Frames `[N, 3, H, W]`, uint8, of ascending numbers."""
    from torchcodec.decoders import VideoDecoder

    return VideoDecoder(file).get_frames_at(indices=numbers).data


def with_pyav(file, numbers):
    """The same. PyAV has no index of frames: it decodes from the first one on, up to the last one that is wanted."""
    import av

    wanted, found = set(numbers), []
    with av.open(str(file)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                found.append(torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1))
            if len(found) == len(numbers):
                return torch.stack(found)
    raise ValueError(f"{file}: found {len(found)} of {len(numbers)} frames, the last one wanted is {numbers[-1]}")


def decoder():
    """The one to use."""
    for package, decode in (("torchcodec", with_torchcodec), ("av", with_pyav)):
        if importlib.util.find_spec(package):
            return decode
    raise SystemExit("decoding videos needs torchcodec or PyAV: python -m pip install torchcodec")


def images(shown, decode):
    """Images `[B, T, 3, H, W]` of what `data.frames` found."""
    parts = []
    for which, file in enumerate(shown.files):
        numbers = shown.number[shown.file == which].tolist()
        if numbers:
            parts.append(decode(file, numbers))
    return torch.cat(parts)[shown.inverse]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("store")
    parser.add_argument("camera", help="the modality of its frame numbers: observation.images.top")
    parser.add_argument("--out", default="frames.png")
    options = parser.parse_args(arguments)
    store = data.Store(options.store)
    camera = store.modality(options.camera)
    # Four steps of 0.2 s, ending at the middle of each of the first episodes.
    episodes = [e for e in range(len(store)) if camera.offsets[e] < camera.offsets[e + 1]][:3]
    ends = torch.stack([camera.episode(e)[1][-1] // 2 for e in episodes])
    targets = rc.windows(ends, torch.arange(-3, 1) * 200_000_000, torch.tensor(episodes))
    shown = data.frames(store, options.camera, targets)
    batch = images(shown, decoder())
    print(f"{tuple(batch.shape)} of {len(shown.number)} frames that were decoded")

    from PIL import Image

    rows = [torch.cat(list(row), -1) for row in batch]
    Image.fromarray(torch.cat(rows, 1).permute(1, 2, 0).numpy()).save(options.out)


if __name__ == "__main__":
    sys.exit(main())
