#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a policy on episodes of several modalities, each at its own rate.

python train.py                          on the GPU if there is one, everything on it
python train.py --path pinned            episodes in pinned memory of the host, read by the GPU
python train.py --compare                all data paths side by side: a table and a chart
python train.py --resume --steps 2000    continues from the last checkpoint
torchrun --nproc-per-node 2 train.py     one process per GPU; with --device cpu two on the CPU
python train.py --store FOLDER --predict action
                                         a store that robocache-data converted
python train.py --csv FOLDER --predict controls
                                         CSV files of one episode, or a folder of such folders, are converted first
"""

import argparse
import importlib.util
import shutil
import time
from contextlib import closing
from functools import partial
from pathlib import Path

NEEDED = ("torch", "numpy", "matplotlib", "safetensors", "tqdm")
missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
if missing:
    raise SystemExit(f"train.py: found no {', '.join(missing)}, want: python -m pip install {' '.join(missing)}")

import torch

from robocache_torch import data
from training import loop
from training.compare import compare, table_of, write
from training.episodes import made_up
from training.order import Order
from training.paths import PATHS, opened
from training.task import task_of


def number(text, kind, least):
    found = kind(text)
    if not found >= least:
        raise argparse.ArgumentTypeError(f"found {text}, want {least} or more")
    return found


count = partial(number, kind=int, least=1)
positive = partial(number, kind=float, least=1e-3)
count.__name__, positive.__name__ = "count", "number"  # for argparse's messages


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", choices=PATHS, default="gpu", help="the data path (gpu)")
    parser.add_argument("--compare", action="store_true", help="time all paths, instead of training")
    parser.add_argument(
        "--preprocess-only", action="store_true", help="time only the data path, without a model"
    )
    parser.add_argument(
        "--steps", type=count, default=200, help="to train in all, or to time, in whole groups of batches (200)"
    )
    parser.add_argument("--rounds", type=count, default=5, help="of --compare (5)")
    parser.add_argument("--batch", type=count, default=32, help="windows per step, of all processes together (32)")
    parser.add_argument("--window", type=count, default=250, help="targets per window (250)")
    parser.add_argument("--rate", type=positive, default=50.0, help="of the targets, in Hz (50)")
    parser.add_argument("--stride", type=positive, default=0.5, help="seconds from window to window (0.5)")
    parser.add_argument("--layers", type=count, default=4)
    parser.add_argument("--heads", type=count, default=8)
    parser.add_argument("--width", type=count, default=1024)
    parser.add_argument("--seed", type=int, default=0, help="of the episodes, their order and the model (0)")
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint in --out")
    parser.add_argument("--save-every", type=count, default=500, help="steps from checkpoint to checkpoint (500)")
    parser.add_argument(
        "--workers", type=partial(number, kind=int, least=0), default=4, help="of the DataLoader of the path numpy (4)"
    )
    parser.add_argument("--device", choices=("cuda", "cpu"), help="default: cuda where there is one")
    parser.add_argument("--out", type=Path, default=Path("train-out"), help="folder for the results (train-out)")
    which = parser.add_argument_group("episodes")
    which.add_argument("--episodes", type=count, default=64, help="to make up (64)")
    which.add_argument("--seconds", type=positive, default=20.0, help="of an episode, about (20)")
    which.add_argument("--vision", type=count, default=512, help="channels of the camera's features (512)")
    which.add_argument("--vision-rate", type=positive, default=30.0, help="in Hz (30)")
    which.add_argument("--state", type=count, default=14, help="channels of the joints, at 100 Hz (14)")
    which.add_argument("--store", type=Path, help="train with the episodes of this store instead")
    which.add_argument(
        "--csv",
        type=Path,
        help="convert this folder to a store first: one file per modality, the time in its first column, in seconds, "
        "or in the unit that its name ends with: _ms, _us, _ns",
    )
    which.add_argument("--predict", help="with --store, --csv: the modality, or file without .csv, that is predicted")
    given = parser.parse_args()
    if given.width % given.heads != 0:
        parser.error(f"--width: found {given.width}, want a multiple of the {given.heads} heads")
    if given.csv is not None and given.store is not None:
        parser.error("--csv: found --store, too, want one of the two")
    if (given.csv is None and given.store is None) != (given.predict is None):
        parser.error("--predict: want it with --store or --csv, the name of what is predicted")
    return given


def make_store(given):
    """Makes the store that the episodes are read from, where it has to be made; says what is not in it."""
    if given.csv is None:
        if given.store is None:
            shape = {"vision": given.vision, "vision_rate": given.vision_rate, "state": given.state}
            made_up(given.out / "episodes", given.episodes, given.seconds, given.seed, **shape)
        return
    if not given.csv.is_dir():
        raise SystemExit(f"--csv: {given.csv} is no folder")
    shutil.rmtree(given.out / "converted", ignore_errors=True)
    store = data.convert(given.csv, given.out / "converted", reader="csv", clean=True)
    for one in store.left_out:
        print(f"{one.episode} is left out: {one.why}")
    for one in store.episodes:
        for name, problems in one["problems"].items():
            print(f"{one['name']}: {name}: {problems}; dropped: {one['dropped'].get(name, 'nothing')}")


def main():
    given = arguments()
    process = loop.join(given.device)
    try:
        given.out.mkdir(parents=True, exist_ok=True)
    except OSError as trouble:
        raise SystemExit(f"--out: {trouble}") from None
    if process.first:
        make_store(given)
    loop.meet(process)
    store = data.Store(given.store or given.out / ("episodes" if given.csv is None else "converted"))
    task = task_of(store, given.predict or "actions", given.window, given.rate, given.stride)
    order = Order(task, given.batch, given.seed, process.rank, process.ranks, process.device)
    more = {"workers": given.workers} if given.path == "numpy" else {}
    if process.first:
        print(
            f"{len(store)} episodes, {order.windows} windows of {given.window} at {given.rate:g} Hz, "
            f"{task.seen} channels seen, {task.predicted} predicted; {process.ranks} x {process.device.type}"
        )
    if given.preprocess_only:
        with closing(opened(given.path, task, order, **more)) as path:
            preprocess(path, given.steps, process)
        loop.leave()
        return
    trainer = loop.Trainer(
        task, process, seed=given.seed, layers=given.layers, heads=given.heads, width=given.width
    )
    if given.compare:
        steps, results = compare(trainer, (task, order), steps=given.steps, rounds=given.rounds, workers=given.workers)
        if process.first:
            device = torch.cuda.get_device_name(process.device) if process.device.type == "cuda" else "CPU"
            setting = {
                "device": device,
                "torch": torch.__version__,
                "batch": given.batch,
                "window": given.window,
                "rate": given.rate,
                "stride": given.stride,
                "channels": task.seen + task.predicted,
                "layers": given.layers,
                "width": given.width,
                "ranks": process.ranks,
                "workers": given.workers,
                "steps": steps,
                "rounds": given.rounds,
            }
            write(results, setting, given.out)
            from training.picture import draw_comparison

            draw_comparison(results, given.out / "compare.png")
            print(f"\n{table_of(results)}\n{given.out}/compare.md, compare.json, compare.png")
    else:
        setting = {
            name: getattr(given, name)
            for name in ("batch", "window", "rate", "stride", "layers", "heads", "width", "seed")
        }
        setting |= {"windows": order.windows, "seen": task.seen, "predicted": task.predicted}
        with closing(opened(given.path, task, order, **more)) as path:
            losses, summary = loop.train(
                trainer,
                path,
                steps=given.steps,
                out=given.out,
                resume=given.resume,
                save_every=given.save_every,
                setting=setting,
            )
        if process.first:
            from training.picture import draw_loss

            draw_loss(losses, given.out / "loss.png")
            figures = summary.get("no_figures") or (
                f"{summary['ms_per_step']:.2f} ms per step, {summary['windows_per_second']:.0f} windows a second; "
                f"the model waits for preprocessing for {100 * summary['share_of_preprocessing']:.2f} % of it"
            )
            print(f"loss {losses[0]:.4f} to {losses[-1]:.4f}; {figures}\n{given.out}/loss.png, loss.csv, checkpoint.pt")
    loop.leave()


def preprocess(path, steps, process):
    """Windows per second of all processes together, without a model; `steps` are rounded up to whole groups."""
    first, steps = path.warm_up(5), path.whole(steps)
    for step in range(first):
        path.sample(step)
    loop.wait(process.device)
    if process.ranks > 1:
        torch.distributed.barrier()
    begin = time.perf_counter()
    for step in range(first, first + steps):
        path.sample(step)
    loop.wait(process.device)
    seconds = torch.tensor(time.perf_counter() - begin, device=process.device)
    if process.ranks > 1:
        torch.distributed.all_reduce(seconds, torch.distributed.ReduceOp.MAX)
    if process.first:
        rate = steps * path.order.batch / seconds.item()
        print(f"preprocessing alone: {rate:.0f} windows a second, over {steps} steps")


if __name__ == "__main__":
    main()
