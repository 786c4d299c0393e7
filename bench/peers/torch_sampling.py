# SPDX-License-Identifier: Apache-2.0
"""Farthest point sampling in PyTorch, a peer of bench_sampling: a plain loop, and torch-fps (PyPI) where it is.

On the points of bench_sampling. torch-fps finds the same samples, bit by bit, as long as no distance is contracted, so
this prints how many clouds differ. Neighbours beside torch.cdist with topk. "Compiled" is a call in a CUDA graph.
"""

import functools
import statistics

import torch
from torch_common import POINTS, checksum, random_unit, run

try:
    import torch_fps
except ImportError:
    torch_fps = None

SHAPES = [(128, 3000, 128), (32, 20000, 1024), (1, 20000, 1024), (1, 300000, 1024)]
NEIGHBOURS = [(32, 1024, 20000, 16), (1, 1024, 20000, 16)]
RUNS = 3


def plain_loop(points, samples):
    """As it is usually written: distances in place, one argmax a step."""
    batch, count, _ = points.shape
    taken = torch.zeros(batch, samples, dtype=torch.long, device=points.device)
    distance = torch.full((batch, count), float("inf"), device=points.device)
    rows = torch.arange(batch, device=points.device)
    last = taken[:, 0]
    for k in range(1, samples):
        apart = points - points[rows, last, None]
        torch.minimum(distance, (apart * apart).sum(-1), out=distance)
        last = distance.argmax(-1)
        taken[:, k] = last
    return taken


def of_torch_fps(points, samples):
    mask = points.new_ones(points.shape[:2], dtype=torch.bool)
    start = torch.zeros(points.shape[0], dtype=torch.long, device=points.device)
    return torch_fps.farthest_point_sampling(
        points, mask, samples, start_idx=start, validate=False, assume_finite=True
    )


def nearest(queries, points, k):
    return torch.cdist(queries, points).topk(k, largest=False)


def median_of(call):
    """Microseconds of a call, some times over."""
    call()
    runs = []
    for _ in range(RUNS):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        call()
        end.record()
        torch.cuda.synchronize()
        runs.append(begin.elapsed_time(end) * 1e3)
    return statistics.median(runs)


def time_both(function):
    """A call from Python, and one in a CUDA graph of its own, which has neither Python's time nor that of launches."""
    eager = median_of(function)
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        function()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        function()
    return eager, median_of(graph.replay)


def draw(batch, count, device):
    return random_unit(POINTS, 3 * batch * count, device).view(batch, count, 3)


def entry_of(name, moved, points, function):
    eager, graph = time_both(function)
    return {
        "name": name,
        "bytes": moved,
        "checksum": checksum((points,)),
        "eager_us": eager,
        "compiled_graph_us": graph,
    }


def measure_farthest(batch, count, samples, name, device, l2_bytes):
    points = draw(batch, count, device)
    entry = entry_of(
        name, points.numel() * 4 + batch * samples * 8, points, lambda: plain_loop(points, samples)
    )
    if torch_fps is not None:
        eager, graph = time_both(lambda: of_torch_fps(points, samples))
        differ = int((of_torch_fps(points, samples) != plain_loop(points, samples)).any(1).sum())
        print(f"torch-fps {torch_fps.__version__}: {eager:.0f}, in a graph {graph:.0f} us; {differ} clouds differ")
        entry |= {"torch_fps_us": eager, "torch_fps_graph_us": graph}
    return entry


def measure_nearest(batch, queries, count, k, name, device, l2_bytes):
    points = draw(batch, count, device)
    of = points[:, :queries].contiguous()
    moved = (points.numel() + of.numel()) * 4 + batch * queries * k * 12
    return entry_of(name, moved, points, lambda: nearest(of, points, k))


def short(count):
    return f"{count // 1000}k" if count % 1000 == 0 else str(count)


def main():
    cases = []
    for batch, count, samples in SHAPES:
        name = f"sample_farthest/B:{batch}/N:{short(count)}/K:{samples}/uniform/hot"
        cases.append((name, functools.partial(measure_farthest, batch, count, samples, name)))
    for batch, queries, count, k in NEIGHBOURS:
        name = f"nearest_neighbours/B:{batch}/M:{queries}/N:{short(count)}/K:{k}/uniform/hot"
        cases.append((name, functools.partial(measure_nearest, batch, queries, count, k, name)))
    run("torch_sampling", __doc__.splitlines()[0], cases)


if __name__ == "__main__":
    main()
