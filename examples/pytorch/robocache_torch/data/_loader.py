# SPDX-License-Identifier: Apache-2.0
"""`Loader`: batches of windows out of a store, made while the model computes."""

import math
import os
from collections.abc import Iterator, Mapping, Sequence

import torch

from ._normalise import factors_of
from ._ring import Batch, Graphed, Made
from ._sampler import Sampler, plan_of
from ._source import source_of
from ._spec import Spec
from ._store import Store
from ._windows import Launch

# Batches of a group share what a launch costs the host: as many as so many bytes hold, from two to eight.
GROUP_BYTES = 2**28
LEAST_BATCHES, MOST_BATCHES = 2, 8


class Loader:
    """Batches of a store, without end, or epoch by epoch:

    >>> for batch in loader:  # what is left of the epoch; the next loop has the next one
    ...     train(batch["observation"].values, batch["action"].values, ~batch["action"].all_valid)

    The windows are shuffled by a bijection: each comes once an epoch, whatever the number of ranks, and no list of them
    is kept. The batch of a step follows from the seed, the epoch and the step alone, so that training goes on from
    these, on any number of ranks, and on any device: batches have the same bits everywhere.

    On a GPU batches are made ahead, a few in one launch, on a stream of their own, by CUDA graphs that are replayed; on
    the CPU when they are asked for. One thread uses it, and `next` is for the current stream.

    Args:
        store: Where episodes are.
        spec: What a batch has.
        batch_size: Windows of a step, of all ranks together, of which each has its part.
        place: Where values are: "device", "pinned" (memory of the host, which kernels read), or "disk" (threads read
            what windows need into pinned memory, ahead of their use: a store may be larger than the host's memory).
        budget: Of "disk": bytes of pinned memory, at most. More of it reads further ahead.
        device: Of batches; default: the GPU of this rank, if there is one, else the CPU.
        seed: Of the order.
        weights: By data set, its path or the last part of it, or by a store of `Stores`: the share of an epoch's
            windows that is drawn from it, exactly, and from each its windows in turn. Sets that are not named are not
            drawn. None: each window of all of them once.
        episodes: Which of the store's are drawn from; None: all. Those of a validation set have a loader of their own.
        rank, ranks: Default: torchrun's.
        multiprocessors: Of the GPU that batches are made on, so that the others are the model's alone; the driver
            rounds up (to a multiple of 8 on an H100). None: all. Needs PyTorch 2.11.

    Attributes:
        spec, device, rank, ranks, batch_size: As given.
        seed, epoch, step: Of the next batch; `step` counts from the epoch's beginning.
        steps: Of an epoch.
        windows: Of an epoch.
        factors: Scale and shift of what is normalised, by (part, place of the read), for the robot that will use them.

    Raises:
        KeyError, TypeError, ValueError: With what was found and what is wanted.
    """

    def __init__(
        self,
        store: Store,
        spec: Spec,
        batch_size: int,
        *,
        place: str = "device",
        budget: int = 2**30,
        device: torch.device | str | None = None,
        seed: int = 0,
        weights: Mapping[str, float] | None = None,
        episodes: Sequence[int] | None = None,
        rank: int | None = None,
        ranks: int | None = None,
        multiprocessors: int | None = None,
    ):
        self.spec, self.batch_size = spec, batch_size
        self.rank = int(os.environ.get("RANK", "0")) if rank is None else rank
        self.ranks = int(os.environ.get("WORLD_SIZE", "1")) if ranks is None else ranks
        if not 0 <= self.rank < self.ranks or batch_size < 1 or batch_size % self.ranks != 0:
            raise ValueError(
                f"batch_size: found {batch_size} for rank {self.rank} of {self.ranks}, want a multiple of the ranks"
            )
        self.device = _device_of(device)
        reaches = spec.reaches(store)
        plan = plan_of(store, spec, weights, episodes)
        self._sampler = Sampler(
            plan, batch=batch_size, rank=self.rank, ranks=self.ranks, seed=seed, device=self.device
        )
        self.windows, self.steps = self._sampler.windows, self._sampler.steps
        self.group = _group_of(store, spec, self._sampler.rows)
        self._source = source_of(store, reaches, self.group * self._sampler.rows, place, self.device, budget)
        self.factors = factors_of(store, spec, self._source, self._sampler, self.group)
        self._launch = Launch(spec, self._source, self.factors, self.device, spec.schedules(store))
        self.seed, self._next = seed, 0
        self._ring, self._multiprocessors = None, multiprocessors

    @property
    def epoch(self) -> int:
        return self._next // self.steps

    @property
    def step(self) -> int:
        return self._next % self.steps

    def __len__(self) -> int:
        """Steps of an epoch."""
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        """What is left of the epoch."""
        for _ in range(self.steps - self.step):
            yield self.next()

    def next(self) -> Batch:
        """The next batch, of the next epoch where this one is at its end."""
        if self._ring is None:
            given = self._sampler, self._source, self._launch, self.group, self._next
            self._ring = Graphed(*given, self._multiprocessors) if self.device.type == "cuda" else Made(*given)
        batch = self._ring.next()
        self._next += 1
        return batch

    def real(self, batches_before: int = 1) -> int:
        """Windows of a batch of all ranks that are no padding.

        Args:
            batches_before: Which: 1 is the one that `next` gave last.
        """
        place = (self._next - batches_before) % self.steps
        return min(self.batch_size, self.windows - place * self.batch_size)

    def state_dict(self) -> dict[str, int]:
        """Where it is: seed, epoch and step; and what has to be the same where they are loaded."""
        where = {"seed": self.seed, "epoch": self.epoch, "step": self.step}
        return where | {"windows": self.windows, "batch_size": self.batch_size}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Goes on where another loader of the same windows was, with any number of ranks.

        Raises:
            ValueError: Other windows, or another batch size.
        """
        for word in ("windows", "batch_size"):
            if word in state and state[word] != getattr(self, word):
                raise ValueError(f"{word}: found {getattr(self, word)}, want {state[word]}, that of the state")
        self.seed = self._sampler.seed = int(state["seed"])
        self._next = int(state["epoch"]) * self.steps + int(state["step"])
        self._stop()

    def close(self) -> None:
        """Ends what makes batches ahead; waits for the GPU."""
        self._stop()
        self._source.close()

    def _stop(self):
        if self._ring is not None:
            self._ring.close()
        self._ring = None


def _device_of(device):
    if device is None:
        device = f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if torch.cuda.is_available() else "cpu"
    device = torch.device(device)
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", torch.cuda.current_device())
    return device


def _group_of(store, spec, rows):
    """How many batches one launch makes."""
    of_window = 0
    for _, part, read in spec.reads():
        channels = math.prod(store.schemas[read.name]["shape"])
        of_window += channels * len(part.deltas) * (part.dtype or torch.float32).itemsize
    return max(LEAST_BATCHES, min(MOST_BATCHES, GROUP_BYTES // max(1, of_window * rows)))
