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
    """What the GPU's kernels and copies of `work` take, added up by the profiler."""
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
        A list of one dictionary a way: its name, milliseconds of wall time and of GPU time a step (medians over the
        rounds, and each), and what it adds to the step whose input is ready-made: the median over the rounds, each
        beside the ready-made step of its round. GPU time counts every kernel and copy, those that run beside each other
        and those that wait for other ranks included.
    """
    device = trainer.process.device
    ready = ReadyMade(*given)
    ways = {"ready": ready}
    for name, kind in PATHS.items():
        ways[name] = Ahead(kind(*given, workers=workers) if name == "numpy" else kind(*given))
    ways["again"] = ready
    reached = dict.fromkeys(ways, 0)
    wall = {name: [] for name in ways}
    gpu = {name: [] for name in ways}

    def run(name, count):
        for _ in range(count):
            trainer.step(ways[name].sample(reached[name]))
            reached[name] += 1

    profiles = 3 if device.type == "cuda" else 0
    bar = tqdm(total=(rounds + 1 + profiles) * len(ways), unit="round", disable=not trainer.process.first)
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
    for _ in range(profiles):
        for name in ways:
            gpu[name].append(gpu_milliseconds(lambda: run(name, steps), device) / steps)  # called at once
            bar.update(1)
    bar.close()
    for way in ways.values():
        way.close()
    results = []
    for name in ways:
        one = {"path": name, "what": NAMES[name]}
        for what, spent in (("wall", wall), ("gpu", gpu)):
            if spent[name]:
                added = [mine / ready - 1 for mine, ready in zip(spent[name], spent["ready"])]
                one |= {
                    f"{what}_ms": statistics.median(spent[name]),
                    f"{what}_ms_each": spent[name],
                    f"{what}_added": statistics.median(added),
                    f"{what}_added_each": added,
                }
        results.append(one)
    return results


def table_of(results):
    """In Markdown."""
    lines = ["| data path | wall ms a step | added | GPU ms a step | added |", "|---|---:|---:|---:|---:|"]
    for one in results:
        gpu = (f"{one['gpu_ms']:.3f}", f"{100 * one['gpu_added']:.2f} %") if "gpu_ms" in one else ("", "")
        lines.append(
            f"| {one['what']} | {one['wall_ms']:.3f} | {100 * one['wall_added']:.2f} % | {gpu[0]} | {gpu[1]} |"
        )
    return "\n".join(lines) + "\n"


def write(results, setting, out):
    """compare.json, compare.md."""
    (out / "compare.json").write_text(json.dumps({"setting": setting, "paths": results}, indent=1) + "\n", "utf-8")
    told = ", ".join(f"{name} {value}" for name, value in setting.items())
    (out / "compare.md").write_text(f"{told}\n\n{table_of(results)}", "utf-8")
