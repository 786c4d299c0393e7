# SPDX-License-Identifier: Apache-2.0
"""Names of cases in words, for readers who do not know the benchmarks."""

import re

TYPES = {"bf16": "BF16", "fp16": "FP16", "fp32": "FP32", "fp64": "FP64", "uint8": "bytes"}
METHODS = {
    "angle": "angles",
    "catmull_rom": "Catmull-Rom",
    "pchip": "PCHIP",
    "akima": "Akima",
    "slerp": "rotations (slerp)",
}
VARIANTS = {
    "source:ragged": "recordings of different lengths, packed",
    "target:ragged": "numbers of targets that differ, packed",
    "source:uniform": "samples at a constant rate",
    "target:uniform": "targets at a constant rate",
    "target:windows": "windows around random moments",
    "source:shared": "one clock for all recordings",
    "target:shared": "",
    "mask": "with a mask of what is valid",
    "all_valid": "with one mask for all streams",
    "scale_shift": "normalised on the way",
    "any_order": "targets in any order",
    "store:pinned": "from the host's memory",
    "store:device": "from the GPU's memory",
    "unordered": "sums in any order",
    "channels:first": "channels first",
    "point_voxels": "with the voxel of each point",
    "order:cell": "in the order of cells",
    "hot": "already in the cache",
    "cold": "",
}
SCENES = {
    "uniform": "anywhere",
    "inside": "anywhere",
    "scan": "in a lidar's order",
    "street": "a street",
    "square": "a square, ten sweeps",
    "table": "a depth camera's frame",
    "lidar": "a lidar's sweep",
    "lidar_wide": "a lidar's wide sweep",
}
DENSE = {
    "count": "counts",
    "count+dropped": "counts, and of dropped points",
    "occupied": "occupancy",
    "occupied_bits": "occupancy, a bit a cell",
    "mean": "means",
    "sum": "sums",
    "max": "maxima",
    "min": "minima",
    "max+min": "maxima and minima",
    "count+mean+max+min": "counts, means, maxima and minima",
}
COUNTS = {"250k": "250,000", "100k": "100,000", "20k": "20,000", "1M": "1 million", "16M": "16 million"}


def size_of(parts, letter):
    return next((part[2:] for part in parts if part.startswith(f"{letter}:")), None)


def rest_of(parts, *known):
    """What is left of a name: stamps, methods, variants, and types that are not among what is known."""
    for part in parts:
        kind, _, value = part.partition(":")
        if part in known or kind in ("B", "S", "T", "D", "N", "C", "P", "G", "episodes"):
            continue
        if kind == "method":
            yield METHODS.get(value, value)
        elif kind == "stamps":
            yield f"{TYPES.get(value, value)} stamps"
        elif kind == "leaf":
            yield f"voxels of {value}"
        elif part in TYPES:
            yield TYPES[part]
        elif words := VARIANTS.get(part, part):
            yield words


def stream_of(text):
    """100Hzx14:fp32 as "14 at 100 Hz", 500x32 as "500 x 32"."""
    length, width = re.match(r"(\d+(?:Hz)?)x(\d+)", text).groups()
    return f"{width} at {length[:-2]} Hz" if length.endswith("Hz") else f"{length} x {width}"


def describe_resample(stem, parts):
    source, target, channels = (size_of(parts, letter) for letter in "STD")
    what = f"{size_of(parts, 'B')} x {source} -> {target} samples, {channels} channels"
    gradient = "gradient of " if stem == "resample_backward" else ""
    return ", ".join([gradient + what, *rest_of(parts, "bf16")])


def describe_fuse(parts):
    # B:4/30x512+100x64/T:50, or B:4096/..., windows
    streams = next(part for part in parts if re.match(r"\d+(Hz)?x\d+", part))
    batch, steps = size_of(parts, "B"), size_of(parts, "T")
    many = streams.count("+") + 1
    listed = f"{many} streams" if many > 3 else " + ".join(stream_of(text) for text in streams.split("+"))
    noun = f"{batch} windows of {steps} steps" if "windows" in parts else f"{batch} recordings to {steps} steps"
    noun = f"one robot's last {steps} steps" if batch == "1" else noun
    return ", ".join([f"{noun}: {listed}", *rest_of(parts, "bf16", streams, "windows", "stamps:int64")])


def describe_points(stem, parts):
    points, batch, grid, channels = (size_of(parts, letter) for letter in "NBGC")
    scene = next((part for part in parts if part in SCENES), "")
    cloud = (
        f"{COUNTS.get(points, points)} points" + (f", {SCENES[scene]}" if scene else "") if points else SCENES[scene]
    )
    cloud = f"{batch} clouds of {cloud}" if batch else cloud
    features = f" of {channels} features" if channels else ""
    if grid:
        sizes = grid.split("x")
        cloud += f", {sizes[0]}^3 cells" if len(set(sizes)) == 1 else f", {' x '.join(sizes)} cells"
    kind = parts[0] if stem in ("voxelize", "voxelize_backward") else ""
    what = {
        "voxelize": DENSE.get(kind, kind) + features,
        "voxelize_backward": f"gradient of {DENSE.get(kind, kind)}{features}",
        "find_bounds": "box around each cloud",
        "voxelize_sparse": f"sparse means{features}",
        "voxelize_gathered": f"first {size_of(parts, 'P')} points of each voxel",
        "filter_voxels": "filter",
    }[stem]
    return ", ".join([f"{what}: {cloud}", *rest_of(parts, kind or "mean", scene, "fp32")])


def describe(name):
    """A case's name in words; as it is where it is of no known kind."""
    stem, *parts = name.split("/")
    try:
        if stem.startswith("resample"):
            return describe_resample(stem, parts)
        return describe_fuse(parts) if stem == "fuse" else describe_points(stem, parts)
    except (KeyError, StopIteration, AttributeError):
        return name
