# SPDX-License-Identifier: Apache-2.0
"""Rings: series that grow while a robot runs, or thousands of simulated ones, and `append`."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import FLOATS, INTEGERS, count_of, want_device, want_index, want_tensor
from ._layout import Refused
from ._timed import want_list
from ._timelines import STAMPS, Timeline, ring


class Ring(torch.nn.Module):
    """The last samples of a stream, of each of B trajectories: what `append` writes to and `fuse` reads.

    >>> force = rc.Ring(1, 256, 6, device="cuda")
    >>> rc.append([force], [rc.Rows(stamps, values)])
    >>> rc.fuse([rc.Stream(force.values, force.times(), after="hold")], rc.windows(clock, deltas))

    Its tensors stay the same, so that a captured CUDA graph reads them tick after tick. They are buffers of a module, so
    that a policy that has rings moves them along, and is exported with them; a state_dict is without them.

    Args:
        batch: B, robots.
        capacity: How many samples are kept of each.
        channels: D.
        dtype: Of the values: float32, float16, bfloat16, uint8, int32 or int64.
        stamp: Of the stamps: int64, float64 or float32.

    Attributes:
        stamps, values: `[B, capacity]`, `[B, capacity, D]`: sample number j since the reset is in slot `j % capacity`.
        written: int64 `[B]`: how many samples were accepted since the reset.
        refused: int64 `[B, 2]`: rows that were refused, stamped before the newest one or not finite.
    """

    def __init__(
        self,
        batch: int,
        capacity: int,
        channels: int,
        *,
        dtype: torch.dtype = torch.float32,
        stamp: torch.dtype = torch.int64,
        device: torch.device | str = "cpu",
    ):
        if dtype not in (*FLOATS, *INTEGERS):
            raise TypeError(f"dtype: found {dtype}, want float32, float16, bfloat16, uint8, int32 or int64")
        if stamp not in STAMPS:
            raise TypeError(f"stamp: found {stamp}, want float32, float64 or int64")
        shape = (count_of(batch, "batch"), count_of(capacity, "capacity", least=1))
        channels = count_of(channels, "channels", least=1)
        super().__init__()
        for name, size, kind in (
            ("stamps", shape, stamp),
            ("values", (*shape, channels), dtype),
            ("written", shape[:1], torch.int64),
            ("refused", (shape[0], len(Refused._fields)), torch.int64),
        ):
            self.register_buffer(name, torch.zeros(size, dtype=kind, device=device), persistent=False)

    def times(self) -> Timeline:
        """With `values` a source for `resample`, `fuse` and `policy_input`."""
        return ring(self.stamps, self.written)


class Rows(NamedTuple):
    """What is appended to a ring.

    Attributes:
        stamps: `[B, k]`, of the ring's type.
        values: `[B, k, D]`, of the ring's type.
        counts: int64 `[B]`, optional: only the first so many rows of each trajectory are there.
        present: bool or uint8 `[B, k]`, optional: rows with 0 are not there.

    All of them on the ring's device or, if that is a GPU, in pinned memory of the host, which is read where it is.
    """

    stamps: Tensor
    values: Tensor
    counts: Tensor | None = None
    present: Tensor | None = None


def append(rings: Sequence[Ring], rows: Sequence[Rows], resets: Tensor | None = None) -> None:
    """Appends rows to rings, of all streams in one launch, on the current stream, without waiting.

    Rows of a trajectory are taken in order. One whose stamp is not finite, or below that of the newest row kept, is
    refused and counted; one with the same stamp is accepted. The oldest samples make room.

    Args:
        rings: One or more, of one batch, device and type of stamps.
        rows: One for each ring.
        resets: bool or uint8 `[B]`, optional: trajectories with 1 begin anew, in all rings, before rows are appended.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted.
    """
    want_list(rings, "rings")
    if len(rows) != len(rings):
        raise ValueError(f"rows: found {len(rows)}, want {len(rings)}, one for each ring")
    first = rings[0]
    for i, (one, more) in enumerate(zip(rings, rows)):
        _check(one, more, first, f"rings[{i}]", f"rows[{i}]")
    if resets is not None:
        want_tensor(resets, "resets", (torch.bool, torch.uint8))
        _want_shape(resets, "resets", first.written.shape)
        _want_place(resets, "resets", first)
    torch.ops.robocache.append(
        [one.stamps for one in rings],
        [one.values for one in rings],
        [one.written for one in rings],
        [one.refused for one in rings],
        [one.stamps for one in rows],
        [one.values for one in rows],
        [one.counts for one in rows],
        [one.present for one in rows],
        resets,
    )


def _check(ring, rows, first, ring_name, name):
    if not isinstance(ring, Ring):
        raise TypeError(f"{ring_name}: found {type(ring).__name__}, want a Ring")
    if not isinstance(rows, Rows):
        raise TypeError(f"{name}: found {type(rows).__name__}, want Rows")
    if ring.written.shape != first.written.shape:
        raise ValueError(f"{ring_name}: found a batch of {len(ring.written)}, want {len(first.written)}, of rings[0]")
    if ring.stamps.dtype != first.stamps.dtype:
        raise TypeError(f"{ring_name}: found stamps of {ring.stamps.dtype}, want {first.stamps.dtype}, of rings[0]")
    want_device(ring.written, ring_name, first.written.device, "rings[0] is")
    want_tensor(rows.stamps, f"{name}.stamps", (ring.stamps.dtype,))
    if rows.stamps.dim() != 2 or rows.stamps.shape[0] != ring.stamps.shape[0]:
        raise ValueError(f"{name}.stamps: found {list(rows.stamps.shape)}, want [{ring.stamps.shape[0]}, k]")
    want_tensor(rows.values, f"{name}.values", (ring.values.dtype,))
    _want_shape(rows.values, f"{name}.values", (*rows.stamps.shape, ring.values.shape[2]))
    if rows.values.requires_grad and torch.is_grad_enabled():
        raise ValueError(f"{name}.values: found a tensor that requires a gradient, which rings do not have; want detach()")
    want_index(rows.counts, f"{name}.counts", ring.stamps.shape[0])
    if rows.present is not None:
        want_tensor(rows.present, f"{name}.present", (torch.bool, torch.uint8))
        _want_shape(rows.present, f"{name}.present", rows.stamps.shape)
    for field in ("stamps", "values", "counts", "present"):
        _want_place(getattr(rows, field), f"{name}.{field}", first)


def _want_place(tensor, name, first):
    """On the rings' device, or on the host, whose memory the operator checks to be pinned."""
    device = first.written.device
    if tensor is not None and not (device.type == "cuda" and tensor.device.type == "cpu"):
        want_device(tensor, name, device, "the rings are")


def _want_shape(tensor, name, shape):
    if tuple(tensor.shape) != tuple(shape):
        raise ValueError(f"{name}: found {list(tensor.shape)}, want {list(shape)}")
