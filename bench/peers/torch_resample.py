#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Linear resampling as it is written in PyTorch, on the inputs of bench_resample.

Two times a case: eager, as called from Python (wall time of the calls, GPU included), and torch.compile replayed from
a CUDA graph of 20 calls (time between events), PyTorch's best case. Buffers rotate as in bench_resample, so that L2
is cold; every call has inputs and a result of its own.
"""

import argparse
import json
import statistics
import time

import torch

STAMPS, VALUES = 1, 2  # seeds, as in bench/random.cuh
CALLS = 20  # in one replay
RUNS = 5

# batch, source length, target length, channels
SHAPES = (
    (32, 500, 250, 256),
    (256, 500, 250, 32),
    (64, 4096, 1024, 32),
    (2048, 500, 250, 256),
    (1024, 4096, 1024, 32),
    (4096, 300, 150, 16),
    (4096, 300, 150, 14),
    (4096, 300, 150, 7),
    (1, 500, 250, 256),
)


def resample(values, stamps, targets):
    right = torch.searchsorted(stamps, targets, right=True).clamp(1, stamps.shape[1] - 1)
    left = right - 1
    t0, t1 = stamps.gather(1, left), stamps.gather(1, right)
    weight = ((targets - t0) / (t1 - t0)).clamp(0, 1)[..., None]
    rows = (-1, -1, values.shape[2])
    a = values.gather(1, left[..., None].expand(rows))
    b = values.gather(1, right[..., None].expand(rows))
    return torch.lerp(a.float(), b.float(), weight).to(values.dtype)


def random_bits(seed, count, device):
    """bench/random.cuh in 64-bit integers, of which the low half is kept."""
    low = 0xFFFFFFFF
    x = (torch.arange(count, device=device) + (seed * 0x9E3779B9 & low)) & low
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & low
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & low
    return x ^ (x >> 16)


def make_inputs(shape, device):
    """The inputs of bench/inputs.hpp: whole nanoseconds, converted to seconds once."""
    batch, source_length, target_length, channels = shape
    steps = 5_000_000 + (((random_bits(STAMPS, batch * source_length, device) >> 8) * 10_000_000) >> 24)
    ns = steps.view(batch, source_length).cumsum(1)
    first, last = ns[:, :1], ns[:, -1:]
    steps = torch.arange(target_length, device=device)
    target_ns = first + (last - first) * steps // max(1, target_length - 1)
    values = (random_bits(VALUES, batch * source_length * channels, device) >> 8).float() * 2.0**-24
    return (
        values.to(torch.bfloat16).view(batch, source_length, channels),
        (ns.double() * 1e-9).float(),
        (target_ns.double() * 1e-9).float(),
    )


def checksum(inputs):
    """Of the stamps alone, as bench_resample prints it."""
    total = sum(int((x.view(torch.int32).long() & 0xFFFFFFFF).sum()) for x in inputs[1:])
    return total % 2**52


def bytes_of(inputs):
    """The fewest bytes: touched source rows once, result rows once, stamps and targets once."""
    values, stamps, targets = inputs
    right = torch.searchsorted(stamps, targets, right=True).clamp(1, stamps.shape[1] - 1)
    left = right - 1
    touched = torch.zeros_like(stamps, dtype=torch.bool)
    # At a sample, that sample alone is read; between two, both are.
    touched.scatter_(1, torch.where(targets < stamps.gather(1, right), left, right), True)
    touched.scatter_(1, torch.where(targets > stamps.gather(1, left), right, left), True)
    rows = int(touched.sum()) + targets.numel()
    return rows * values.shape[2] * values.element_size() + 4 * (stamps.numel() + targets.numel())


def sets_in_rotation(bytes_a_call, l2_bytes):
    """As bench/harness.cuh."""
    least = 4 * l2_bytes // bytes_a_call + 2
    return next((n for n in (2, 4, 5, 10, 20) if n >= least), -(-least // CALLS) * CALLS)


def time_eager(sets):
    """Microseconds a call, as a program that calls from Python sees them."""
    runs = []
    for run in range(RUNS + 1):  # the first is a warm-up
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for call in range(CALLS):
            resample(*sets[(run * CALLS + call) % len(sets)])
        torch.cuda.synchronize()
        runs.append((time.perf_counter() - begin) / CALLS * 1e6)
    return runs[1:]


def time_graph(function, sets):
    """Microseconds a call, from graphs of 20 calls each."""
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


def measure(shape, l2_bytes):
    device = torch.device("cuda")
    inputs = make_inputs(shape, device)
    size = bytes_of(inputs)
    sets = [inputs] + [tuple(x.clone() for x in inputs) for _ in range(sets_in_rotation(size, l2_bytes) - 1)]

    torch.compiler.reset()
    compiled = torch.compile(resample, fullgraph=True, dynamic=False)
    difference = (compiled(*inputs).float() - resample(*inputs).float()).abs().max().item()
    assert difference <= 2**-8, f"compiled and eager differ by {difference}"

    eager = time_eager(sets)
    graph = time_graph(compiled, sets)
    batch, source_length, target_length, channels = shape
    return {
        "name": f"resample/bf16/B:{batch}/S:{source_length}/T:{target_length}/D:{channels}/cold",
        "bytes": size,
        "checksum": checksum(inputs),
        "eager_us": statistics.median(eager),
        "compiled_graph_us": statistics.median(graph),
        "runs_eager_us": eager,
        "runs_compiled_graph_us": graph,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--json", help="where to write everything")
    args = parser.parse_args()
    properties = torch.cuda.get_device_properties(0)
    report = {
        "benchmark": "torch_resample",
        "chip": properties.name,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cases": [],
    }
    print(f"{properties.name}, torch {torch.__version__}")
    print(f"{'case':56}{'MB':>9}{'eager us':>12}{'compiled + graph us':>22}")
    for shape in SHAPES:
        name = "resample/bf16/B:{}/S:{}/T:{}/D:{}/cold".format(*shape)
        if args.only not in name:
            continue
        case = measure(shape, properties.L2_cache_size)
        report["cases"].append(case)
        print(
            f"{name:56}{case['bytes'] * 1e-6:9.2f}{case['eager_us']:12.1f}{case['compiled_graph_us']:22.2f}", flush=True
        )
        torch.cuda.empty_cache()
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
