# SPDX-License-Identifier: Apache-2.0
"""Windows a second, and training steps a second, of RoboCache's loader and of what people have.

    PYTHONPATH=examples/pytorch python bench/loader/loader.py --json loader.json --lerobot FOLDER

Makes a store of 20 GB in a folder that is removed. Without a GPU it runs on the CPU, to show that it works. The parts,
in this order: `large` (the store of 20 GB: from the device, pinned, disk, beside the link's and the disk's rates, and
NumPy), `small` (a LeRobot data set of states and chunks of actions: LeRobotDataset, NumPy, RoboCache) and `train`.
"""

import argparse
import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import torch

import ceilings
import inputs
import peers
import train
from robocache_torch import data
from robocache_torch.data._disk import THREADS


class Report:
    """Figures, written out after each one."""

    def __init__(self, path, device):
        name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
        self.path, self.rows = path, []
        self.about = {
            "chip": name,
            "driver": driver(),
            "pytorch": torch.__version__,
            "cores": os.cpu_count(),
            "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
            "commit": os.environ.get("ROBOCACHE_COMMIT") or commit(),
        }

    def add(self, part, what, **figures):
        self.rows.append({"part": part, "what": what, **figures})
        words = " ".join(f"{k}={v:,.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in figures.items())
        print(f"{time.perf_counter() - BEGUN:6.1f} s  {part:6} {what:24} {words}", flush=True)
        Path(self.path).write_text(json.dumps(self.about | {"rows": self.rows}, indent=1))


def driver():
    try:
        command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()[0]
    except (OSError, IndexError):
        return None


def commit():
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def synchronize():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def rate_of(step, least):
    """Calls a second; as many calls as take so many seconds at least."""
    count = 2
    while True:
        synchronize()
        begun = time.perf_counter()
        for _ in range(count):
            step()
        synchronize()
        elapsed = time.perf_counter() - begun
        if elapsed >= least:
            return count / elapsed
        count = int(count * min(8.0, 1.3 * least / elapsed)) + 1


def rate_within(step, seconds, workers):
    """Calls a second of what worker processes make, once they have given what they had made before."""
    begun = time.perf_counter()
    for _ in range(2 * workers):
        step()
        if time.perf_counter() - begun > 2 * seconds:
            break
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds or count < workers:  # they may all be done at the same time
        step()
        count += 1
    synchronize()
    return count / (time.perf_counter() - begun)


def large(report, options, device, folder):
    begun = time.perf_counter()
    store = inputs.make_large(folder, options.gigabytes, min(14, os.cpu_count()))
    size = sum(shard["bytes"] for shard in store.shards)
    report.add("large", "store", gigabytes=size / 1e9, episodes=len(store), made_in_s=time.perf_counter() - begun)
    spec, names = inputs.large_spec(), [name for name, *_ in inputs.MODALITIES]
    deltas, batch = np.array(spec.parts["all"].deltas), options.batches[0]
    for place in ("pinned", "device"):
        begun = time.perf_counter()
        loader = store.loader(spec, batch, place=place, device=device)
        loader.next()
        synchronize()
        made = time.perf_counter() - begun
        rate = rate_of(loader.next, options.seconds / 2) * batch
        report.add("large", f"ours, {place}", batch=batch, windows=rate, made_in_s=made)
        if place == "pinned":
            series = [loader._source.series(name, 0) for name in names]
            windows = loader._sampler.on_host(10_000 % loader.steps, options.windows // batch)
            rows = [ceilings.touched(one.stamps, one.offsets, windows, deltas) for one in series]
            widths = [one.values.shape[1] * one.values.itemsize for one in series]
            count = len(windows.anchors)
            touched = sum(int(of[:, 1].sum()) * width for of, width in zip(rows, widths))
            if device.type == "cuda":
                seconds = ceilings.gather_rate(series, rows)
                rate = {"windows": count / seconds, "gb_per_s": touched / seconds / 1e9}
                report.add("large", "ceiling, gather", **rate, bytes_of_window=touched / count)
            reads = [ceilings.reads_of(store, name, of) for name, of in zip(names, rows)]
            del series
        loader.close()
        del loader
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
    # The files are still in memory: NumPy does not wait for the disk.
    loader = store.loader(spec, batch, device="cpu", place="disk", budget=options.budget)
    dataset = peers.LargeInNumPy(folder, names, [one.numpy() for one in loader._sampler.on_host(0, 40)], deltas)
    loader.close()
    for workers in (1, options.workers):
        turn = peers.batches(dataset, 256, workers)
        step = lambda: next(turn).to(device, non_blocking=True).bfloat16()  # noqa: B023, E731
        rate = rate_within(step, options.seconds, workers)
        report.add("large", "NumPy + DataLoader", batch=256, workers=workers, windows=rate * 256)
        del turn
    # Files that are mapped the system does not forget.
    del store, loader
    gc.collect()
    ordered = [one for of_window in zip(*reads) for one in of_window]
    for threads in (THREADS, 4 * THREADS):
        ceilings.forget(folder)
        rate = ceilings.disk_rate(ordered, threads, options.seconds)
        figures = {"gb_per_s": rate / 1e9, "windows": rate * count / touched}
        report.add("large", "ceiling, disk, windows", threads=threads, **figures)
    ceilings.forget(folder)
    paths = sorted(folder.glob("shard-*"))
    whole = [(path, place, 4 << 20) for place in range(0, 400 << 20, 4 << 20) for path in paths]
    rate = ceilings.disk_rate(whole, THREADS, options.seconds)
    report.add("large", "ceiling, disk, 4 MB", threads=THREADS, gb_per_s=rate / 1e9)
    ceilings.forget(folder)
    store = data.Store(folder)
    loader = store.loader(spec, batch, place="disk", device=device, budget=options.budget, seed=7)
    loader.next()
    before, begun, batches = loader._source.bytes_read, time.perf_counter(), 0
    while time.perf_counter() - begun < options.seconds:
        for _ in range(loader.group):
            loader.next()
        synchronize()
        batches += loader.group
    elapsed, read = time.perf_counter() - begun, loader._source.bytes_read - before
    report.add(
        "large", "ours, disk", batch=batch, windows=batches * batch / elapsed, gb_per_s=read / elapsed / 1e9,
        pinned_bytes=loader._source.pinned_bytes, resident_bytes=loader._source.resident_bytes,
    )  # fmt: skip
    loader.close()


def small(report, options, device, store):
    spec = inputs.act_spec()
    for name, dataset in (("NumPy", peers.ActInNumPy(store)), ("LeRobotDataset", peers.lerobot_set(options.lerobot))):
        for workers in (1, options.workers):
            turn = peers.batches(dataset, 256, workers)
            rate = rate_within(lambda: next(turn), options.seconds, workers)  # noqa: B023
            report.add("small", f"{name} + DataLoader", batch=256, workers=workers, windows=rate * 256)
            del turn
    for batch in options.batches:
        for place in ("device", "pinned", "disk"):
            loader = store.loader(spec, batch, place=place, device=device, budget=options.budget)
            loader.next()
            rate = rate_of(loader.next, options.seconds / 4) * batch
            report.add("small", f"ours, {place}", batch=batch, windows=rate)
            loader.close()


# Of the GPU, for batches of the MLP; None: all.
MULTIPROCESSORS = {"device": (None, 16, 64), "pinned": (None, 16, 32), "disk": (None,)}


def training(report, options, device, store):
    for policy in (train.Mlp, train.Act):
        for batch in options.batches:
            step = train.Step(policy(), batch, device)
            with torch.cuda.stream(step.stream):
                train_with_ours(report, options, device, store, step, batch)
    for batch in options.batches:
        step = train.Step(train.Mlp(), batch, device)
        with torch.cuda.stream(step.stream):
            train_with_others(report, options, store, step, batch)


def train_with_ours(report, options, device, store, step, batch):
    """In turns with batches that are there."""
    loaders = {
        (place, part): store.loader(
            inputs.act_spec(), batch, place=place, device=device, budget=options.budget, multiprocessors=part
        )
        for place, parts in MULTIPROCESSORS.items()
        for part in (parts if isinstance(step.policy, train.Mlp) else [None])
    }

    def step_of(loader):
        def one():
            found = loader.next()
            step(found["seen"].values, found["action"].values, found["action"].all_valid)

        return one

    ready = [(torch.randn_like(step.seen), torch.randn_like(step.action), step.valid.clone()) for _ in range(4)]
    turn = iter(range(10**9))
    ways = {("ready-made", None): lambda: step(*ready[next(turn) % 4])}
    ways |= {(f"ours, {place}", part): step_of(loader) for (place, part), loader in loaders.items()}
    for one in ways.values():
        one()
    rates = {name: [] for name in ways}
    for _ in range(3):
        for name, one in ways.items():
            rates[name].append(rate_of(one, options.seconds / 8))
    for (name, part), found in rates.items():
        of_ready = statistics.median(a / b for a, b in zip(found, rates["ready-made", None]))
        figures = {"policy": type(step.policy).__name__, "batch": batch, "steps": statistics.median(found)}
        figures |= {} if part is None else {"multiprocessors": part}
        report.add("train", name, **figures, of_ready_made=of_ready)
    for loader in loaders.values():
        loader.close()


def train_with_others(report, options, store, step, batch):
    for name, dataset, unpack in (
        ("NumPy + DataLoader", peers.ActInNumPy(store), lambda found: found),
        ("LeRobotDataset + DataLoader", peers.lerobot_set(options.lerobot), peers.from_lerobot),
    ):
        made = peers.batches(dataset, batch, options.workers)
        rate = rate_within(lambda: step(*unpack(next(made))), options.seconds, options.workers)  # noqa: B023
        report.add("train", name, policy="Mlp", batch=batch, workers=options.workers, steps=rate)
        del made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", required=True, help="where figures go")
    parser.add_argument("--lerobot", help="a LeRobot v3.0 data set as make_lerobot.py makes it; for small and train")
    parser.add_argument("--folder", help="where the large store is made (the folder for temporary files)")
    parser.add_argument("--gigabytes", type=float, default=20.0, help="of the large store (%(default)s)")
    parser.add_argument("--budget", type=int, default=2 * 10**9, help="bytes that a loader from the disk pins")
    parser.add_argument("--batches", type=int, nargs="+", default=[256, 1024])
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--windows", type=int, default=16_384, help="that ceilings read (%(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a measurement (%(default)s)")
    parser.add_argument("--parts", nargs="+", default=["large", "small", "train"])
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    report = Report(options.json, device)
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        store = data.convert(options.lerobot, folder / "small") if options.lerobot else None
        parts = {
            "large": lambda: large(report, options, device, folder / "large"),
            "small": lambda: store and small(report, options, device, store),
            "train": lambda: store and device.type == "cuda" and training(report, options, device, store),
        }
        for name in options.parts:
            try:
                parts[name]()
            except Exception as trouble:  # the others are measured all the same
                traceback.print_exc()
                report.add(name, "failed", why=f"{type(trouble).__name__}: {trouble}"[:300])
    finally:
        shutil.rmtree(folder)


BEGUN = time.perf_counter()
if __name__ == "__main__":
    sys.exit(main())
