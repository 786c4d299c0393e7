# SPDX-License-Identifier: Apache-2.0
"""The training loop, for one process or several."""

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from .graphed import Graphed
from .policy import Policy, loss_of


@dataclass
class Process:
    """One of those that torchrun started, or the only one."""

    rank: int
    ranks: int
    device: torch.device

    @property
    def first(self):
        return self.rank == 0


def join(device_name):
    """Finds the other processes, if torchrun started any, and this one's device."""
    ranks = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    name = device_name or ("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda":
        count = torch.cuda.device_count()
        if count <= int(os.environ.get("LOCAL_RANK", "0")):
            raise SystemExit(f"--device: found {count} GPUs, want one for each process here; --device cpu needs none")
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    else:
        device = torch.device(name)
    if ranks > 1:
        if device.type == "cuda":
            dist.init_process_group("nccl", device_id=device)
        else:
            dist.init_process_group("gloo")
    return Process(rank, ranks, device)


def meet(process):
    """Waits for the other processes."""
    if process.ranks > 1:
        dist.barrier()


def leave():
    """Leaves the group of processes."""
    if dist.is_initialized():
        dist.destroy_process_group()


class Trainer:
    """Model, optimiser, and a step of training: on one GPU a CUDA graph."""

    def __init__(self, task, process, *, seed, layers, heads, width, rate=3e-4):
        torch.manual_seed(seed)
        self.process, self.widths = process, [task.seen, task.predicted]
        self.model = Policy(*self.widths, task.length, layers=layers, heads=heads, width=width).to(process.device)
        self.whole = self.model
        if process.ranks > 1:
            devices = [process.device] if process.device.type == "cuda" else None
            self.model = DistributedDataParallel(self.model, device_ids=devices, broadcast_buffers=False)
        on_gpu = process.device.type == "cuda"
        self.kind = {"fused": on_gpu, "capturable": on_gpu}
        self.optimiser = torch.optim.AdamW(self.whole.parameters(), rate, **self.kind)
        self.work = self.fresh_work()

    def fresh_work(self):
        if self.process.device.type == "cuda" and self.process.ranks == 1:
            return Graphed(self.learn, self.process.device)
        return self.learn

    def step(self, sample):
        """Trains with one batch. Returns this rank's part of the loss, on the device."""
        return self.work(sample.values, sample.valid, sample.share)

    def learn(self, values, valid, share):
        seen, predicted = values.split(self.widths, dim=-1)
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.process.device.type, torch.bfloat16):
            found = self.model(seen)
        loss = loss_of(found, predicted, valid, share)
        # Gradients are averaged over the ranks, and this is a part of the sum.
        (loss * self.process.ranks).backward()
        self.optimiser.step()
        return loss.detach()

    def state(self):
        return {"model": self.whole.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load(self, state):
        self.whole.load_state_dict(state["model"])
        # It may have been written on another kind of device.
        for group in state["optimiser"]["param_groups"]:
            group |= self.kind
        self.optimiser.load_state_dict(state["optimiser"])
        self.work = self.fresh_work()  # the optimiser's tensors have changed


class PreprocessingClock:
    """How long the model waits for its batches: events on its stream where there is a GPU, else the clock."""

    def __init__(self, device):
        self.device, self.marks, self.seconds = device, [], 0.0

    @contextlib.contextmanager
    def measure(self):
        if self.device.type == "cuda":
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            yield
            end.record()
            self.marks.append((begin, end))
        else:
            begin = time.perf_counter()
            yield
            self.seconds += time.perf_counter() - begin

    def read(self):
        """Seconds so far. Waits for the GPU."""
        if self.marks:
            torch.cuda.synchronize(self.device)
            self.seconds += sum(begin.elapsed_time(end) for begin, end in self.marks) / 1000
            self.marks.clear()
        return self.seconds


def wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def train(trainer, path, *, steps, out: Path, resume: bool, save_every: int, setting: dict):
    """Trains to `steps`, with a progress bar; writes loss.csv, checkpoint.pt and summary.json to `out`.

    When it is interrupted, a single process leaves a checkpoint of the last step that was finished.

    Args:
        setting: What a resumed run must have in common with the one before.

    Returns:
        The loss of each step since the beginning, and the summary: with figures, or why there are none.
    """
    process, losses, first = trainer.process, [], 0
    checkpoint = out / "checkpoint.pt"
    if resume:
        if not checkpoint.exists():
            raise SystemExit(f"--resume: found no {checkpoint}, want one that an earlier run left")
        state = torch.load(checkpoint, map_location=process.device, weights_only=True)
        for name, value in setting.items():
            if state["setting"].get(name) != value:
                raise SystemExit(
                    f"--resume: found {name} {value}, want {state['setting'].get(name)}, as {checkpoint} has it"
                )
        trainer.load(state)
        losses, first = state["losses"], len(state["losses"])
    if first >= steps:
        raise SystemExit(f"--steps: found {steps}, want more than the {first} that are done")
    # The first steps choose kernels, allocate, capture a graph and take what was made beforehand, so they are not
    # counted. Whole groups of batches are measured, so that as many are made meanwhile as are taken.
    begin = first + path.warm_up(Graphed.EAGER + 2)
    end = begin + max(0, steps - begin) // path.group * path.group
    clock, waiting, begun = PreprocessingClock(process.device), [], None
    bar = tqdm(total=steps, initial=first, unit="step", disable=not process.first)
    try:
        for step in range(first, steps):
            if step == begin:
                wait(process.device)
                clock, begun = PreprocessingClock(process.device), time.perf_counter()
            with clock.measure():
                sample = path.sample(step)
            done = step + 1
            with unbroken(process):
                waiting.append(trainer.step(sample))
                if len(waiting) == 20 or done in (end, steps) or done % save_every == 0:
                    losses += read_losses(waiting, process)
                    waiting.clear()
                    clock.read()
                    bar.set_postfix(loss=f"{losses[-1]:.4f}")
            if begun is not None and done == end:
                wait(process.device)
                seconds = time.perf_counter() - begun
                share = clock.read() / seconds
            if process.first and (done == steps or done % save_every == 0):
                before = time.perf_counter()
                save(checkpoint, {**trainer.state(), "losses": losses, "setting": setting})
                if begun is not None:
                    begun += time.perf_counter() - before  # as if it had taken no time
            bar.update(1)
    except KeyboardInterrupt:
        # Losses of several processes are read by all of them together, and these may be at different steps.
        if process.ranks == 1 and len(losses) + len(waiting) > first:
            losses += read_losses(waiting, process)
            save(checkpoint, {**trainer.state(), "losses": losses, "setting": setting})
        raise
    finally:
        bar.close()
    summary = {"steps": steps, "ranks": process.ranks, "loss": losses[-1]}
    if end > begin:
        summary |= {
            "ms_per_step": 1000 * seconds / (end - begin),
            "windows_per_second": (end - begin) * path.order.batch / seconds,
            "share_of_preprocessing": share,
        }
    else:
        summary["no_figures"] = (
            f"no figures: found {steps - first} steps, want {begin - first + path.group} or more, "
            f"as the first {begin - first} are not counted"
        )
    if process.first:
        rows = "".join(f"{i},{loss:.6f}\n" for i, loss in enumerate(losses))
        (out / "loss.csv").write_text("step,loss\n" + rows, encoding="utf-8")
        (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    return losses, summary


@contextlib.contextmanager
def unbroken(process):
    """Interrupts are delayed until this is done: a step is both made and counted, or neither.

    Of several processes each may wait for the others here, and is interrupted at once.
    """
    if process.ranks > 1:
        yield
        return
    held = []
    usual = signal.signal(signal.SIGINT, lambda *given: held.append(given))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if held:
        signal.raise_signal(signal.SIGINT)


def read_losses(waiting, process):
    """Of the whole batch. Waits for the device."""
    if not waiting:
        return []
    losses = torch.stack(waiting)
    if process.ranks > 1:
        dist.all_reduce(losses)
    return losses.tolist()


def save(path, state):
    """Whole or not at all: a run that is stopped while it writes leaves the previous checkpoint."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)
