# SPDX-License-Identifier: Apache-2.0
"""`summarize` and `Summarizer`."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import FLOATS, INTEGERS, adjacent, count_of, real_number, want_device, want_index, want_tensor
from ._rows_operators import RANK_WORDS, SUMMARY_WORDS

VALUES = (*FLOATS, *INTEGERS)
MOST_QUANTILES = 16
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
    return _named(summaries, values, offsets is not None)


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
        return _named(self.summaries.clone(), self.values.clone(), self._grouped)

    def _want_pass(self):
        if self.number >= self.passes:
            raise ValueError(f"pass: found {self.number + 1}, want at most {self.passes}")


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


def _named(summaries, values, grouped):
    if not grouped:
        summaries, values = summaries[0], values[0]
    whole, real = summaries, summaries.view(torch.float64)
    return Summary(*(whole[..., i] for i in range(3)), *(real[..., i] for i in range(3, SUMMARY_WORDS)), values)
