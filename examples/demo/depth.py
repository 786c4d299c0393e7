# SPDX-License-Identifier: Apache-2.0
"""From a folder of depth images to a point cloud, and to what a crop keeps of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from depth_bridge import Unprojected, sample_farthest, unproject
from errors import DemoError
from report import timing

SCALE, FAR = 0.001, 20.0  # metres in a millimetre; what is further away is not used
SAMPLES = 1024  # farthest points of those in the box
MIDDLE = 10, 90  # percentiles of the points along each axis that the crop keeps if it is not told


@dataclass
class DepthImages:
    """Images of one scene, with their cameras."""

    name: str
    depth: np.ndarray  # uint16 [views, height, width], millimetres
    intrinsics: np.ndarray  # float32 [views, 4]: fx, fy, cx, cy
    poses: np.ndarray  # float32 [views, 3, 4], from the camera to the world


@dataclass
class Observation:
    """The points of all images, those in a box, and some of these, far from each other."""

    images: DepthImages
    box: np.ndarray  # float32 [2, 3]
    whole: Unprojected
    kept: Unprojected
    farthest: np.ndarray  # float32 [at most SAMPLES, 3]


def read_depth(folder):
    """A folder with NAME.depth.png, NAME.pose.txt (4 x 4) and camera-intrinsics.txt (3 x 3), as 3DMatch has them."""
    folder = Path(folder)
    frames = sorted(folder.glob("*.depth.png"))
    if not frames:
        raise DemoError(f"{folder}: there is no file NAME.depth.png")
    images, poses = zip(*((_image(frame), _pose(frame)) for frame in frames))
    shapes = {image.shape for image in images}
    if len(shapes) > 1:
        raise DemoError(f"{folder}: images have several sizes: {', '.join(map(str, sorted(shapes)))}")
    matrix = _matrix(folder / "camera-intrinsics.txt", (3, 3))
    pinhole = np.array([matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]], np.float32)
    return DepthImages(folder.name, np.stack(images), np.tile(pinhole, (len(frames), 1)),
                       np.stack(poses).astype(np.float32))  # fmt: skip


def observe(bridge, images, box, on_gpu):
    """`box`: two corners, None for the middle of the cloud."""
    given = (images.depth, images.intrinsics, images.poses, SCALE, FAR)
    whole = unproject(bridge, *given, on_gpu=on_gpu)
    if not len(whole.points):
        raise DemoError(f"{images.name}: no pixel has a depth above 0 and up to {FAR:g} m")
    if box is None:
        box = np.percentile(whole.points, MIDDLE, axis=0)
    box = np.ascontiguousarray(box, np.float32)
    kept = unproject(bridge, *given, box, on_gpu)
    return Observation(images, box, whole, kept, sample_farthest(bridge, kept.points, SAMPLES, on_gpu))


def report_depth(found, gpu):
    """`gpu`: its name, empty for the CPU."""
    views, height, width = found.images.depth.shape
    print(f"{found.images.name}: {views} depth images of {width} x {height} pixels")
    print(f"  dropped  {found.whole.no_depth:,} of {found.images.depth.size:,} pixels have no depth")
    spans = zip("xyz", *found.box)
    print("  box      " + ", ".join(f"{name} {low:.3g} to {high:.3g}" for name, low, high in spans))
    print(f"  left     {len(found.kept.points):,} of {len(found.whole.points):,} points are in the box")
    print(timing(found.kept.microseconds, gpu))
    print(f"  sampled  {len(found.farthest):,} of these, each the farthest from those before it")


def write_depth(path, found):
    """The points in the box, a NumPy array that --points reads."""
    np.save(path, found.kept.points)


def _image(path):
    from PIL import Image  # Matplotlib needs it, too

    try:
        with Image.open(path) as image:
            values = np.asarray(image)
    except OSError as cause:
        raise DemoError(f"{path}: cannot be read as an image: {cause.strerror or cause}") from None
    if values.ndim != 2 or values.dtype.kind not in "iu" or values.min() < 0 or values.max() > 65535:
        raise DemoError(f"{path}: this is no depth image; want one channel of 16 bits")
    return values.astype(np.uint16)


def _pose(path):
    return _matrix(path.with_name(path.name.replace(".depth.png", ".pose.txt")), (4, 4))[:3]


def _matrix(path, shape):
    try:
        matrix = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as cause:
        raise DemoError(f"{path}: cannot be read as numbers: {cause}") from None
    if matrix.shape != shape:
        raise DemoError(f"{path}: found {matrix.shape[0]} x {matrix.shape[1]} numbers, want {shape[0]} x {shape[1]}")
    return matrix
