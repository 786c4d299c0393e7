# SPDX-License-Identifier: Apache-2.0
"""What the PyTorch peers have in common: inputs as bench/support/random.cuh makes them, the bracket, timing, the report.

Two times per case: eager, as called from Python (wall time of the calls, GPU included), and torch.compile replayed from
CUDA graphs of 20 calls (time between events), PyTorch's best case. Buffers rotate as in the benchmarks, so that L2 is
cold; every call has its own inputs and result.
"""

import argparse
import json
import statistics
import time

import torch

STAMPS, VALUES, LENGTHS, WINDOWS, POINTS = 1, 2, 3, 4, 5  # seeds, as in bench/support/random.cuh
CALLS = 20  # in one replay
RUNS = 5


def resample(values, stamps, targets):
    """Linear; values [B, S, D], stamps [B, S], targets [B, T]."""
    right = torch.searchsorted(stamps, targets, right=True).clamp(1, stamps.shape[1] - 1)
    left = right - 1
    t0, t1 = stamps.gather(1, left), stamps.gather(1, right)
    weight = ((targets - t0) / (t1 - t0)).clamp(0, 1)[..., None]
    rows = (-1, -1, values.shape[2])
    a = values.gather(1, left[..., None].expand(rows))
    b = values.gather(1, right[..., None].expand(rows))
    return torch.lerp(a.float(), b.float(), weight).to(values.dtype)


def random_bits(seed, count, device, first=0):
    """bench/support/random.cuh in 64-bit integers, of which the low half is kept."""
    low = 0xFFFFFFFF
    x = (torch.arange(first, first + count, device=device) + (seed * 0x9E3779B9 & low)) & low
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & low
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & low
    return x ^ (x >> 16)


def random_below(seed, count, bound, device, first=0):
    """Whole numbers in [0, bound)."""
    return ((random_bits(seed, count, device, first) >> 8) * bound) >> 24


def random_unit(seed, count, device, first=0):
    """U[0, 1) in FP32."""
    return (random_bits(seed, count, device, first) >> 8).float() * 2.0**-24


def evenly(first, last, count):
    """`count` targets from `first` to `last`, in whole nanoseconds."""
    steps = torch.arange(count, device=first.device)
    return first + (last - first) * steps // max(1, count - 1)


def seconds(ns):
    """FP32 stamps, converted once."""
    return (ns.double() * 1e-9).float()


def checksum(tensors):
    """Of stamps and indices, as the benchmarks print it: the sum of their 32-bit words."""
    return sum(int((x.view(torch.int32).long() & 0xFFFFFFFF).sum()) for x in tensors) % 2**52


def touched_rows(stamps, targets):
    """How many rows linear reads of stamps [B, S], each counted once."""
    right = torch.searchsorted(stamps, targets, right=True).clamp(1, stamps.shape[1] - 1)
    left = right - 1
    touched = torch.zeros_like(stamps, dtype=torch.bool)
    # At a sample, only that sample is read; between two, both are.
    touched.scatter_(1, torch.where(targets < stamps.gather(1, right), left, right), True)
    touched.scatter_(1, torch.where(targets > stamps.gather(1, left), right, left), True)
    return int(touched.sum())


def sets_in_rotation(bytes_a_call, l2_bytes):
    """Enough for four times the L2 cache to be touched before any buffer is touched again."""
    least = 4 * l2_bytes // bytes_a_call + 2
    return next((n for n in (2, 4, 5, 10, 20) if n >= least), -(-least // CALLS) * CALLS)


def time_eager(function, sets):
    """Microseconds per call, as a program that calls from Python sees them."""
    runs = []
    for run in range(RUNS + 1):  # the first is a warm-up
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for call in range(CALLS):
            function(*sets[(run * CALLS + call) % len(sets)])
        torch.cuda.synchronize()
        runs.append((time.perf_counter() - begin) / CALLS * 1e6)
    return runs[1:]


def time_graph(function, sets):
    """Microseconds per call, from graphs of 20 calls each."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            function(*sets[0])
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()

    graphs, results = [], []  # results are kept, so that no call writes where another wrote
    for first in range(0, len(sets), CALLS):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            results += [function(*sets[(first + i) % len(sets)]) for i in range(CALLS)]
        graphs.append(graph)

    def replay(count):
        events = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(count)]
        for i, (begin, end) in enumerate(events):
            begin.record()
            graphs[i % len(graphs)].replay()
            end.record()
        torch.cuda.synchronize()
        return statistics.median(begin.elapsed_time(end) * 1e3 / CALLS for begin, end in events)

    per_call = replay(len(graphs) + 1)
    count = max(3, min(100, int(6000 / (per_call * CALLS))))
    return [replay(count) for _ in range(RUNS)]


def measure(name, function, sets, size, inputs_checksum):
    """One entry of the report."""
    torch.compiler.reset()
    compiled = torch.compile(function, fullgraph=True, dynamic=False)
    difference = (compiled(*sets[0]).float() - function(*sets[0]).float()).abs().max().item()
    assert difference <= 2**-8, f"compiled and eager differ by {difference}"

    eager = time_eager(function, sets)
    graph = time_graph(compiled, sets)
    return {
        "name": name,
        "bytes": size,
        "checksum": inputs_checksum,
        "eager_us": statistics.median(eager),
        "compiled_graph_us": statistics.median(graph),
        "runs_eager_us": eager,
        "runs_compiled_graph_us": graph,
    }


def run(benchmark, description, cases):
    """Measures the cases that are asked for and reports them.

    cases: pairs of a name and a function that, given the device and the size of its L2 cache, measures.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--json", help="where to write everything")
    args = parser.parse_args()
    properties = torch.cuda.get_device_properties(0)
    report = {
        "benchmark": benchmark,
        "chip": properties.name,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cases": [],
    }
    width = 2 + max(len(name) for name, _ in cases)
    print(f"{properties.name}, torch {torch.__version__}")
    print(f"{'case':{width}}{'MB':>9}{'eager us':>12}{'compiled + graph us':>22}")
    for name, measure_it in cases:
        if args.only not in name:
            continue
        case = measure_it(torch.device("cuda"), properties.L2_cache_size)
        report["cases"].append(case)
        times = f"{case['eager_us']:12.1f}{case['compiled_graph_us']:22.2f}"
        print(f"{name:{width}}{case['bytes'] * 1e-6:9.2f}{times}", flush=True)
        torch.cuda.empty_cache()
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            json.dump(report, file, indent=1)
