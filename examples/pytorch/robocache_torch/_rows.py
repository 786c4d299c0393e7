# SPDX-License-Identifier: Apache-2.0
"""`summarize`, `Summarizer` and `clean`."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import FLOATS, INTEGERS, adjacent, count_of, real_number, want_device, want_index, want_tensor, word_of
from ._flat import flatten_source
from ._layout import BACKWARD_RULES, DUPLICATE_RULES, NAN_RULES, Dropped
from ._rows_operators import RANK_WORDS, SUMMARY_WORDS
from ._timelines import Timeline, as_timeline, is_packed, ragged

VALUES = (*FLOATS, *INTEGERS)
MOST_QUANTILES = 16
MOST_QUATERNIONS = 8
# Counters of a histogram: 11 bits of a value at a time.
DIGITS = 2048


class Summary(NamedTuple):
    """Statistics of each channel, `[D]`; of each group, `[G, D]`, where there are offsets.

    Attributes:
        count: int64: values that are not NaN; the infinite ones are among them.
        nan, infinite: int64: how many are.
        min, max: float64, -0 below +0; 0 where `count` is.
        mean: float64: of the finite ones.
        m2: float64: the sum of the squares of their differences from the mean.
        quantiles: float64 `[..., Q]`: as `numpy.quantile` gives them, exact; NaN where `count` is 0.
    """

    count: Tensor
    nan: Tensor
    infinite: Tensor
    min: Tensor
    max: Tensor
    mean: Tensor
    m2: Tensor
    quantiles: Tensor

    def std(self, correction: int = 0) -> Tensor:
        """The standard deviation of the finite values.

        Args:
            correction: 1 as `torch.std` has it by default; 0 as NumPy.
        """
        return (self.m2 / (self.count - self.infinite - correction).clamp(min=0)).sqrt()


def summarize(
    rows: Tensor,
    quantiles: Sequence[float] = (),
    *,
    mask: Tensor | None = None,
    offsets: Tensor | None = None,
) -> Summary:
    """Statistics of each channel of rows, with exact quantiles, on the current stream and without waiting.

    The same bits on CPU and GPU. Rows that do not fit in memory at once: `Summarizer`.

    Args:
        rows: `[N, D]`: float32, float16, bfloat16, uint8, int32 or int64. Slices of channels are read where they are.
            Chunks `[B, T, D]` whose steps have statistics of their own: `chunks.flatten(1)`.
        quantiles: Each in [0, 1], 16 at most: 0.5 is the median. Each takes 32 kB for each channel of each group.
        mask: bool or uint8 `[N]`: rows with 0 are absent.
        offsets: int64 `[G + 1]`: group g owns rows `offsets[g]` to `offsets[g + 1]`.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted.
    """
    mask, offsets = _check(rows, mask, offsets)
    summaries, values = torch.ops.robocache.summarize(rows, mask, offsets, fractions_of(quantiles))
    return summary_of(summaries, values, offsets is not None)


class Summarizer:
    """A summary of rows that come call by call. Each pass goes over all rows:

    >>> summarizer = rc.Summarizer(14, [0.01, 0.99], device="cuda")
    >>> for _ in range(summarizer.passes):
    ...     for rows in batches():
    ...         summarizer.add(rows)
    ...     summarizer.end_pass()
    >>> summary = summarizer.summary()

    Minima, maxima, counts and quantiles do not depend on how the rows are dealt out to calls; means and squared
    differences do, in their last bits. Of rows on several devices, each adds its own; add up `counters` before
    `end_pass`, as by `torch.distributed.all_reduce`, and in the first pass merge `summaries` too.

    Args:
        channels: D.
        quantiles: As `summarize` takes them. Without any there is one pass.
        groups: G: then each `add` takes offsets.
        dtype: Of the rows.

    Attributes:
        passes: How many there are: 1, 3, or 6 for int64.
        summaries, ranks, counters, values: The state, tensors to be kept or sent.
    """

    def __init__(
        self,
        channels: int,
        quantiles: Sequence[float] = (),
        *,
        groups: int | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        if dtype not in VALUES:
            raise TypeError(f"dtype: found {dtype}, want float32, float16, bfloat16, uint8, int32 or int64")
        self.fractions = fractions_of(quantiles)
        self.dtype = dtype
        self.passes = 1 if not self.fractions else 6 if dtype == torch.int64 else 3
        self.number = 0
        self._grouped = groups is not None
        pairs = (count_of(groups, "groups") if self._grouped else 1, count_of(channels, "channels"))
        ranks = 2 * len(self.fractions)
        self.summaries = torch.zeros((*pairs, SUMMARY_WORDS), dtype=torch.int64, device=device)
        self.ranks = torch.zeros((*pairs, ranks, RANK_WORDS), dtype=torch.int64, device=device)
        self.counters = torch.zeros((*pairs, ranks, DIGITS), dtype=torch.int64, device=device)
        self.values = torch.zeros((*pairs, len(self.fractions)), dtype=torch.float64, device=device)

    def add(self, rows: Tensor, *, mask: Tensor | None = None, offsets: Tensor | None = None) -> None:
        """Adds rows to the pass under way."""
        self._want_pass()
        mask, offsets = _check(rows, mask, offsets)
        if rows.dtype != self.dtype:
            raise TypeError(f"rows: found {rows.dtype}, want {self.dtype}")
        want_device(rows, "rows", self.summaries.device, "the summary is")
        if (offsets is not None) != self._grouped:
            raise ValueError(f"offsets: found {'some' if offsets is not None else 'none'}, want as `groups` says")
        torch.ops.robocache.add_to_summary(
            rows, mask, offsets, self.summaries, self.ranks, self.counters, self.values, self.fractions, self.number
        )

    def end_pass(self) -> None:
        """Ends a pass, once all rows were added in it."""
        self._want_pass()
        torch.ops.robocache.end_summary_pass(
            self.summaries, self.ranks, self.counters, self.values, self.fractions, self.dtype, self.number
        )
        self.number += 1

    def summary(self) -> Summary:
        """After the first pass; quantiles only after the last one."""
        return summary_of(self.summaries.clone(), self.values.clone(), self._grouped)

    def _want_pass(self):
        if self.number >= self.passes:
            raise ValueError(f"pass: found {self.number + 1}, want at most {self.passes}")


class Cleaned(NamedTuple):
    """What `clean` leaves: a packed series.

    How many rows are left only the GPU knows, and nothing waits for it: tensors have room for all rows, and those
    behind the last one hold 0 (`source_rows`: -1). `trim()` waits, and cuts them off.

    Attributes:
        values: `[rows, D]`.
        stamps: `[rows]`.
        offsets: int64 `[B + 1]`: trajectory b owns rows `offsets[b]` to `offsets[b + 1]`.
        source_rows: int64 `[rows]`: which row each was, of `[B * N, D]` or of packed `[rows, D]`.
        non_finite, invalid, backward, duplicated: int64 `[B]`: rows that were dropped, each counted once: for their
            stamp; for their values, or masked; for a step back in time; for their neighbour's stamp.
    """

    values: Tensor
    stamps: Tensor
    offsets: Tensor
    source_rows: Tensor
    non_finite: Tensor
    invalid: Tensor
    backward: Tensor
    duplicated: Tensor

    def times(self) -> Timeline:
        """Of the rows that are left: with `values`, a source for `resample` and `fuse`."""
        return ragged(self.stamps, self.offsets)

    def trim(self) -> "Cleaned":
        """Without the rows behind the last one. Waits for the GPU."""
        count = int(self.offsets[-1])
        offsets = self.offsets
        return Cleaned(self.values[:count], self.stamps[:count], offsets, self.source_rows[:count], *self[4:])


def clean(
    values: Tensor,
    times: Timeline | Tensor,
    *,
    nan: str = "any",
    nan_channels: Sequence[int] | None = None,
    mask: Tensor | None = None,
    backward: str = "drop",
    duplicates: str = "first",
    quaternions: Sequence[int] = (),
) -> Cleaned:
    """Drops the rows that `resample` and `fuse` take for granted are not there, and counts them.

    In this order, each step on what the ones before it left: stamps that are not finite; values that are NaN, or masked
    rows; sorting; steps back in time; duplicates; signs of quaternions. One sequence of launches for the whole batch, on
    the current stream, without waiting. There are no gradients.

    Args:
        values: `[B, N, D]`, packed `[rows, D]`, or `[N, D]` with times that all trajectories share.
        times: A `Timeline` of any kind but windows, or a tensor of stamps `[B, N]` or `[N]`.
        nan: Rows are dropped that are NaN in "any" or in "all" of the named channels; "keep": none are.
        nan_channels: The named channels; default: all.
        mask: bool or uint8, one a row: `[B, N]`, `[N]` or `[rows]`. Rows with 0 are dropped.
        backward: What is done with rows that step back in time: "drop", or "sort", which keeps the order of rows with
            the same stamp.
        duplicates: Of neighbours with the same stamp, the "first" or the "last" is kept.
        quaternions: The first channel of each, 8 at most: its sign is turned where that is nearer to the row before.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted.
    """
    want_tensor(values, "values", VALUES)
    when = as_timeline(times, "times")
    if values.dim() == 2 and not is_packed(when) and when.kind != "dense":
        values = values.unsqueeze(0)
    if values.requires_grad and torch.is_grad_enabled():
        raise ValueError("values: found a tensor that requires a gradient, which cleaning does not have; want detach()")
    given = flatten_source(values, when)
    if mask is not None:
        want_tensor(mask, "mask", (torch.bool, torch.uint8))
        want_device(mask, "mask", values.device, "the values are")
        rows = values.shape[:-1].numel() if when.rows is None else when.rows
        if mask.numel() != rows:
            raise ValueError(f"mask: found {list(mask.shape)}, want one flag for each of {rows} rows")
    firsts = [count_of(one, "quaternions") for one in quaternions]
    if len(firsts) > MOST_QUATERNIONS:
        raise ValueError(f"quaternions: found {len(firsts)}, want {MOST_QUATERNIONS} at most")
    left, stamps, offsets, source_rows, reports = torch.ops.robocache.clean(
        **given,
        mask=adjacent(mask),
        nan_channels=_flags_of(nan_channels, values),
        nan=word_of(nan, NAN_RULES, "nan"),
        backward=word_of(backward, BACKWARD_RULES, "backward"),
        duplicates=word_of(duplicates, DUPLICATE_RULES, "duplicates"),
        quaternions=firsts,
    )
    return Cleaned(left, stamps, offsets, source_rows, **dict(zip(Dropped._fields, reports.unbind(1))))


def _flags_of(channels, values):
    """One byte for each channel: 1 for those that are named."""
    if channels is None:
        return None
    width = values.shape[-1]
    named = [count_of(one, "nan_channels", most=width - 1) for one in channels]
    flags = torch.tensor([int(c in named) for c in range(width)], dtype=torch.uint8)
    return flags.to(values.device)


def fractions_of(quantiles) -> list[float]:
    """What operators take of them."""
    fractions = [real_number(one, "quantiles") for one in quantiles]
    if len(fractions) > MOST_QUANTILES:
        raise ValueError(f"quantiles: found {len(fractions)}, want {MOST_QUANTILES} at most")
    for one in fractions:
        if not 0.0 <= one <= 1.0:
            raise ValueError(f"quantiles: found {one}, want 0 to 1")
    return fractions


def _check(rows, mask, offsets):
    """The mask and the offsets without gaps."""
    want_tensor(rows, "rows", VALUES)
    if rows.dim() != 2:
        raise ValueError(f"rows: found {list(rows.shape)}, want [N, D]")
    if rows.requires_grad and torch.is_grad_enabled():
        raise ValueError("rows: found a tensor that requires a gradient, which summaries do not have; want detach()")
    if mask is not None:
        want_tensor(mask, "mask", (torch.bool, torch.uint8))
        if mask.shape != rows.shape[:1]:
            raise ValueError(f"mask: found {list(mask.shape)}, want {list(rows.shape[:1])}")
    want_index(offsets, "offsets", None)
    for given, name in ((mask, "mask"), (offsets, "offsets")):
        want_device(given, name, rows.device, "the rows are")
    return adjacent(mask), adjacent(offsets)


def summary_of(summaries, values, grouped) -> Summary:
    """What operators return, as words of int64, by name."""
    if not grouped:
        summaries, values = summaries[0], values[0]
    whole, real = summaries, summaries.view(torch.float64)
    return Summary(*(whole[..., i] for i in range(3)), *(real[..., i] for i in range(3, SUMMARY_WORDS)), values)
