# SPDX-License-Identifier: Apache-2.0
"""The data paths side by side: the same steps, in turn, so that what disturbs one disturbs all."""

import json
import statistics
import time
from contextlib import ExitStack, closing

import torch
from tqdm import tqdm

from .loop import wait
from .paths import NAMES, PATHS, ReadyMade, opened


def gpu_milliseconds(work, device):
    """The time of the GPU's kernels and copies of `work`, added up by the profiler."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        work()
        wait(device)
    kinds = torch.autograd.DeviceType.CUDA
    spans = [
        one for one in profile.events() if one.device_type == kinds and not getattr(one, "is_user_annotation", False)
    ]
    return sum(one.device_time for one in spans) / 1000


def order_of(names, turn):
    """The order of a round: workers and threads of one path may still be at work when the next begins, so that in as
    many rounds as there are names (an even number) each comes once right after each other one."""
    zigzag = [(k + 1) // 2 if k % 2 else -k // 2 for k in range(len(names))]  # 0, 1, -1, 2, -2, 3
    return [names[(place + turn) % len(names)] for place in zigzag]


def compare(trainer, given, *, steps, rounds, workers):
    """Times a step with each data path, in whole groups of batches: `steps` are rounded up.

    Returns:
        The steps of a round, and a list of one dictionary per path: its name, milliseconds of wall time and of GPU time
        per step (medians over the rounds, and each), and what it adds to the step whose input is ready-made: the median
        over the rounds, each beside the ready-made step of its round. GPU time counts every kernel and copy,
        including those that run beside each other and those that wait for other ranks.
    """
    with ExitStack() as stack:
        ready = ReadyMade(*given)
        data_paths = {"ready": ready}
        for name in PATHS:
            more = {"workers": workers} if name == "numpy" else {}
            data_paths[name] = stack.enter_context(closing(opened(name, *given, **more)))
        data_paths["again"] = ready
        asked, steps = steps, max(data_path.whole(steps) for data_path in data_paths.values())
        if steps != asked and trainer.process.first:
            print(f"--steps: {asked} rounded up to {steps}, to whole groups of batches")
        wall, gpu = time_in_turn(trainer, data_paths, steps, rounds)
    results = []
    for name in data_paths:
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
    return steps, results


def time_in_turn(trainer, data_paths, steps, rounds):
    """Milliseconds of wall time and of GPU time per step: for each path a list, one element per round."""
    device = trainer.process.device
    reached = dict.fromkeys(data_paths, 0)
    wall = {name: [] for name in data_paths}
    gpu = {name: [] for name in data_paths}

    def run(name, count):
        for _ in range(count):
            trainer.step(data_paths[name].sample(reached[name]))
            reached[name] += 1

    def paths_in_turn(turn):
        for name in order_of(list(data_paths), turn):
            # What was made while other paths ran is taken before the clock starts: it cost this path nothing.
            run(name, data_paths[name].warm_up())
            wait(device)
            yield name
            bar.update(1)

    profiles = 3 if device.type == "cuda" else 0
    with tqdm(total=(rounds + 1 + profiles) * len(data_paths), unit="round", disable=not trainer.process.first) as bar:
        # Chooses kernels, allocates, starts workers: those of NumPy first, as processes are best forked before there
        # are threads at work. Then half a group, so that rounds begin in the middle of one: the device, idle while
        # the clock is set, need not wait for the host to launch what comes after this group.
        for name in sorted(data_paths, key=lambda name: name != "numpy"):
            run(name, data_paths[name].warm_up(max(3, steps // 4)) + data_paths[name].group // 2)
            bar.update(1)
        for turn in range(rounds):
            for name in paths_in_turn(turn):
                begin = time.perf_counter()
                run(name, steps)
                wait(device)
                wall[name].append(1000 * (time.perf_counter() - begin) / steps)
        for turn in range(profiles):
            for name in paths_in_turn(turn):
                spent = gpu_milliseconds(lambda: run(name, steps), device)  # called at once
                gpu[name].append(spent / steps)
    return wall, gpu


def table_of(results):
    """In Markdown."""
    lines = ["| data path | wall ms per step | added | GPU ms per step | added |", "|---|---:|---:|---:|---:|"]
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
