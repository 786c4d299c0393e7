# SPDX-License-Identifier: Apache-2.0
"""The ways of the data side by side: the same steps, in turn, so that what disturbs one disturbs all."""

import json
import statistics
import time

import torch
from tqdm import tqdm

from .ahead import Ahead
from .loop import wait
from .paths import NAMES, PATHS, ReadyMade


def gpu_milliseconds(work, device):
    """What the GPU's kernels and copies of `work` take, added up by the profiler; None without a GPU."""
    if device.type != "cuda":
        work()
        return None
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        work()
        wait(device)
    kinds = torch.autograd.DeviceType.CUDA
    spans = [
        one for one in profile.events() if one.device_type == kinds and not getattr(one, "is_user_annotation", False)
    ]
    return sum(one.device_time for one in spans) / 1000


def compare(trainer, given, *, steps, rounds, workers):
    """Times a step with each way of the data.

    Returns:
        A list of one dictionary a way: its name, milliseconds of wall time a step (median over the rounds, and each),
        of GPU time a step, and of what it adds to the step whose input is ready-made. GPU time counts every kernel and
        copy, those that run beside each other and those that wait for other ranks included.
    """
    device = trainer.process.device
    ways = {"ready": ReadyMade(*given)}
    for name, kind in PATHS.items():
        ways[name] = Ahead(kind(*given, workers=workers) if name == "numpy" else kind(*given))
    reached = dict.fromkeys(ways, 0)
    wall = {name: [] for name in ways}
    gpu = {name: [] for name in ways}

    def run(name, count):
        for _ in range(count):
            trainer.step(ways[name].sample(reached[name]))
            reached[name] += 1

    bar = tqdm(total=(rounds + 2) * len(ways), unit="round", disable=not trainer.process.first)
    # Chooses kernels, allocates, starts workers: those of NumPy first, as processes are best forked before there are
    # threads at work.
    for name in sorted(ways, key=lambda name: name != "numpy"):
        run(name, max(3, steps // 4))
        bar.update(1)
    for _ in range(rounds):
        for name in ways:
            wait(device)
            begin = time.perf_counter()
            run(name, steps)
            wait(device)
            wall[name].append(1000 * (time.perf_counter() - begin) / steps)
            bar.update(1)
    for name in ways:
        spent = gpu_milliseconds(lambda: run(name, steps), device)  # called at once
        gpu[name] = None if spent is None else spent / steps
        bar.update(1)
    bar.close()
    for way in ways.values():
        way.close()
    results = []
    for name in ways:
        one = {"path": name, "what": NAMES[name], "wall_ms": statistics.median(wall[name]), "wall_ms_each": wall[name]}
        one["wall_added"] = one["wall_ms"] / statistics.median(wall["ready"]) - 1
        # Round by round: each beside the step with ready-made input of the same round.
        one["wall_added_each"] = [mine / ready - 1 for mine, ready in zip(wall[name], wall["ready"])]
        if gpu[name] is not None:
            one |= {"gpu_ms": gpu[name], "gpu_added": gpu[name] / gpu["ready"] - 1}
        results.append(one)
    return results


def table_of(results):
    """In Markdown."""
    lines = ["| data path | wall ms a step | added | GPU ms a step | added |", "|---|---:|---:|---:|---:|"]
    for one in results:
        gpu = (f"{one['gpu_ms']:.3f}", f"{100 * one['gpu_added']:.1f} %") if "gpu_ms" in one else ("", "")
        lines.append(
            f"| {one['what']} | {one['wall_ms']:.3f} | {100 * one['wall_added']:.1f} % | {gpu[0]} | {gpu[1]} |"
        )
    return "\n".join(lines) + "\n"


def write(results, setting, out):
    """compare.json, compare.md."""
    (out / "compare.json").write_text(json.dumps({"setting": setting, "paths": results}, indent=1) + "\n", "utf-8")
    told = ", ".join(f"{name} {value}" for name, value in setting.items())
    (out / "compare.md").write_text(f"{told}\n\n{table_of(results)}", "utf-8")
