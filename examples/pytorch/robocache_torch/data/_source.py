# SPDX-License-Identifier: Apache-2.0
"""Between the sampler, which says which windows a batch has, and the kernels, which read values: where values are.

A loader makes batches in groups, and each group in a *slot*: memory at fixed addresses, so that a CUDA graph can be
replayed for it. Group n is made in slot `n % slots`. For each group the loader calls, in this order:

    source.want(slot, windows)   begins to fetch what the windows read; returns at once
    source.wait(slot)            returns when it is there; the current stream has what it needs, too
    ...                          one launch that reads `source.series(name, slot)`, on the current stream
    source.done(slot)            the launch is on the current stream: after it the slot's values may be overwritten

`want` comes `slots` groups ahead: first for all slots, then for a slot again right after its `done`. Where the loader
is moved to another step, it begins again with slot 0: `want` of a slot that is wanted already takes the place of what
was wanted. All calls come from one thread, `wait` and `done` with the loader's stream as the current one. A source that
has all values in place (`Resident`) does nothing in these calls, and gets no windows. One that draws them itself
(`Disk`, whose threads do) is told the sampler by `draw_from(sampler, batches)`, and of each group the first batch and
the seed by `want_drawn(slot, step, seed)`, in place of `want`.
"""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from ._store import Modality, Store


class Windows(NamedTuple):
    """Of a group of batches, on the host: row i is window i of the group. Both are what the device draws, bit for bit.

    Attributes:
        trajectory: int64 `[rows]`, the episode of each window.
        anchors: int64 `[rows]`, its time in nanoseconds.
    """

    trajectory: Tensor
    anchors: Tensor


class Reach(NamedTuple):
    """What a window reads of a modality, whose samples are those of `[anchor + first, anchor + last]` and some beside.

    Where there are fewer samples than that, the window is at the end of its episode: no sample of the episode is left
    out on that side, and the result is that of the whole episode.

    Attributes:
        first, last: Nanoseconds from the anchor: the earliest and the latest time that is looked for, with latencies,
            tolerances and times of references.
        beside: Samples before the right-most one stamped at or before `anchor + first`, and as many after the first
            one stamped after `anchor + last`, that methods may read besides these two.
        dtype: Of its values; None: that of `Store.modality`.
    """

    first: int
    last: int
    beside: int
    dtype: torch.dtype | None = None


class Source(Protocol):
    """Where values are.

    Attributes:
        slots: How many groups are under way at a time, 2 or more.
        wants_windows: `want` is given the windows of its group; else None.
        draws_windows: It draws them itself: `want_drawn` takes the place of `want`.
    """

    slots: int
    wants_windows: bool
    draws_windows: bool

    def series(self, name: str, slot: int) -> Modality:
        """What the launch for a slot reads: the same tensors each time, whatever they hold then. Stamps and offsets are
        on the loader's device, values there or in pinned memory."""

    def trajectory(self, slot: int) -> Tensor | None:
        """int64 `[rows]` on the loader's device: the trajectory of `series(name, slot)` that row i of the group reads,
        the same of all modalities. None: its episode."""

    def want(self, slot: int, windows: Windows | None) -> None: ...

    def wait(self, slot: int) -> None:
        """
        Raises:
            OSError, ValueError: What was found while values were fetched.
        """

    def done(self, slot: int) -> None: ...

    def close(self) -> None:
        """Ends threads. May be called at any time, and more than once."""


class Resident:
    """All values of all episodes, on the loader's device or in pinned memory of the host."""

    slots = 2
    wants_windows = draws_windows = False

    def __init__(self, store: Store, reaches: dict[str, Reach], place: str, device: torch.device):
        where = "host" if device.type == "cpu" else place
        self._modalities = {
            name: store.modality(name, where, dtype=reach.dtype, device=device) for name, reach in reaches.items()
        }

    def series(self, name, slot):
        return self._modalities[name]

    def trajectory(self, slot):
        return None

    def want(self, slot, windows):
        pass

    def wait(self, slot):
        pass

    def done(self, slot):
        pass

    def close(self):
        pass


def source_of(
    store: Store, reaches: dict[str, Reach], rows: int, place: str, device: torch.device, budget: int
) -> Source:
    """The source that a place names.

    Args:
        reaches: By the name of each modality that is read.
        rows: Windows of a group.
        place: "device", "pinned" or "disk".
        budget: Of "disk", bytes of pinned memory.
    """
    if place in ("device", "pinned"):
        return Resident(store, reaches, place, device)
    if place == "disk":
        from ._disk import Disk  # which needs this file

        return Disk(store, reaches, rows, device, budget)
    raise ValueError(f"place: found {place!r}, want device, pinned or disk")
