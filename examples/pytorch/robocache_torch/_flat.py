# SPDX-License-Identifier: Apache-2.0
"""How timelines, streams and their rules become the flat lists that operators take: see csrc/layout.hpp."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import Number, adjacent, plain_number, real_number, want_device, word_of
from ._layout import EDGES, KINDS, METHODS, Rules, Sizes, Source, Ticks, stand_in
from ._timelines import Stream, Timeline, is_packed

# What messages call an entry of `Ticks`, where it is not the entry's own name.
TICK_NAMES = {"num": "period", "den": "period[1]", "at": "relative.at"}

# max_gap, latency, tolerance and time of the reference of times that belong to no stream.
NO_RULES = (None, 0, 0, 0)


class Call(NamedTuple):
    """What all series and targets of a call have in common.

    Attributes:
        device: Where the work is done.
        where: Where the device was found, for messages.
        stamp: The type of all stamps.
    """

    device: torch.device
    where: str
    stamp: torch.dtype


def call_of(streams: Sequence[Stream], targets: Sequence[Timeline], names: Sequence[str], asked: Sequence[str]) -> Call:
    """Of streams whose `times` are timelines.

    Args:
        names, asked: Of each stream and of each of the targets, for messages.
    """
    device, where = _place_of(streams, targets, names, asked)
    times = [(stream.times, f"{name}times") for stream, name in zip(streams, names)]
    return Call(device, where, _type_of([*times, *zip(targets, asked)]))


def flatten(streams: Sequence[Stream], target: Timeline, names: Sequence[str]) -> dict:
    """Checks timelines against values and each other, and makes lists of them.

    Args:
        streams: Their `times` are timelines.
        names: Of each stream, for messages.

    Returns:
        Arguments of `resample` and `fuse`, by name.
    """
    return flatten_for(call_of(streams, [target], names, ["targets"]), streams, target, names, "targets")


def flatten_for(
    call: Call,
    streams: Sequence[Stream],
    target: Timeline,
    names: Sequence[str],
    asked: str,
    references: Sequence[Number] | None = None,
) -> dict:
    """As `flatten`, of a fusion of the call.

    Args:
        asked: What messages call the targets.
        references: Of each stream when what it is relative to is, after the anchor.
    """
    batch = target.batch
    place = (call.device, call.where)
    for stream, name in zip(streams, names):
        batch = _check_series(stream, name, place, batch, target)
    if target.batch is None and batch is None:
        batch = 1
    sources: list[Tensor | None] = []
    lists = _Lists(call.stamp)
    for stream, name, reference in zip(streams, names, references or [0] * len(streams)):
        when = stream.times
        source_batch = when.batch if when.batch is not None else _batch_of_values(stream.values, batch)
        rows = stream.values.shape[0] if when.rows is None and is_packed(when) else when.rows
        # As lists, since torch.compile adds no tuples to lists with PyTorch 2.11.
        sources += [*Source(stamps=adjacent(when.stamps), starts=adjacent(when.starts), index=adjacent(when.index))]
        lists.append(when, source_batch, rows, (stream.max_gap, stream.latency, stream.tolerance, reference), name)
    _want_device_of(target, asked, *place)
    _want_rows(target, asked)
    lists.append(target, batch, target.rows, NO_RULES, f"{asked}.")
    return {
        "sources": sources,
        "target_stamps": adjacent(target.stamps),
        "target_starts": adjacent(target.starts),
        "target_index": adjacent(target.index),
        "target_as_of": adjacent(target.as_of),
        "device": call.device,
        **lists.arguments(),
    }


def flatten_alone(when: Timeline, name: str) -> dict:
    """Arguments of `inspect`, by name: a timeline by itself, and a tensor on its device."""
    _want_rows(when, name)
    given = _tensors_of(when)
    place = given[0] if given else torch.empty(0)
    _want_device_of(when, name, place.device, "its other tensors are")
    lists = _Lists(_type_of([(when, name)]))
    lists.append(when, 1 if when.batch is None else when.batch, when.rows, NO_RULES, f"{name}.")
    return {
        "place": place,
        "stamps": adjacent(when.stamps),
        "starts": adjacent(when.starts),
        "index": adjacent(when.index),
        **lists.arguments(),
    }


def flatten_source(values: Tensor, when: Timeline) -> dict:
    """Arguments of `clean`, by name: a series by itself, which is checked."""
    stream = Stream(values, when)
    place = _place_of([stream], [when], [""], ["targets"])
    want_device(values, "values", *place)
    batch = _check_series(stream, "", place, None, when)
    lists = _Lists(_type_of([(when, "times")]))
    rows = values.shape[0] if when.rows is None and is_packed(when) else when.rows
    lists.append(when, batch, rows, NO_RULES, "times.")
    return {
        "values": values,
        "stamps": adjacent(when.stamps),
        "starts": adjacent(when.starts),
        "index": adjacent(when.index),
        **lists.arguments(),
    }


def rules_of(stream: Stream, name: str) -> list[int]:
    """Method, edges and causality as numbers."""
    if stream.causal and (stream.method, stream.before) != ("previous", "fill"):
        raise ValueError(
            f"{name}causal: found method {stream.method!r} and before {stream.before!r}, want 'previous' and 'fill'"
        )
    return list(
        Rules(
            method=word_of(stream.method, METHODS, f"{name}method"),
            before=word_of(stream.before, EDGES, f"{name}before"),
            after=word_of(stream.after, EDGES, f"{name}after"),
            causal=int(bool(stream.causal)),
        )
    )


def _place_of(streams, targets, names, asked):
    """The device of a call: that of the first tensor on a GPU, of times and targets before values; else the CPU.

    Returns:
        The device, and where it was found, for messages.
    """
    for stream, name in zip(streams, names):
        for one in _tensors_of(stream.times):
            if one.device.type != "cpu":
                return one.device, f"{name}times are"
    for target, name in zip(targets, asked):
        for one in _tensors_of(target):
            if one.device.type != "cpu":
                return one.device, f"{name} are"
    for stream, name in zip(streams, names):
        if stream.values.device.type != "cpu":
            return stream.values.device, f"{name}values are"
    return torch.device("cpu"), "times, targets and values are"


def _check_series(stream, name, place, batch, target):
    """Checks a stream against the targets and the place of the call.

    Args:
        batch: That of the streams before and of the targets; None: not known yet.

    Returns:
        The batch.
    """
    when, values = stream.times, stream.values
    times_name, values_name = f"{name}times", f"{name}values"
    for tensor in (when.stamps, when.starts):
        if tensor is not None and tensor.requires_grad and torch.is_grad_enabled():
            raise ValueError(
                f"{times_name}: found stamps that require gradients, want stamps that do not: "
                "only targets have gradients; pass times.detach()"
            )
    if when.kind == "windows":
        raise ValueError(
            f"{times_name}: found windows, want dense, shared, ragged or uniform times; windows are targets"
        )
    # A GPU reads values in the host's memory, too; the operator checks whether they are pinned.
    is_pinned = values.device.type == "cpu" and place[0].type == "cuda"
    if not is_pinned:
        want_device(values, values_name, *place)
    for factor, what in ((stream.scale, "scale"), (stream.shift, "shift")):
        want_device(factor, f"{name}{what}", *place)
    if values.dim() > 1 and values.shape[-1] == 0:
        raise ValueError(f"{values_name}: found {list(values.shape)}, want one channel or more")
    _want_device_of(when, times_name, *place)
    if is_packed(when):
        if values.dim() != 2:
            raise ValueError(
                f"{values_name}: found {list(values.shape)}, want packed [rows, D], as its times are packed"
            )
        rows = when.rows
        if rows is not None and values.shape[0] < rows:
            raise ValueError(f"{values_name}: found {values.shape[0]} rows, want {rows}, one per stamp")
        found = when.batch
    else:
        if values.dim() != 3:
            raise ValueError(f"{values_name}: found {list(values.shape)}, want [B, N, D]")
        if values.shape[1] != when.length:
            raise ValueError(f"{values_name}: found {values.shape[1]} samples, want {when.length}, one per stamp")
        found = values.shape[0]
        if when.batch is not None and when.batch != found:
            raise ValueError(f"{values_name}: found a batch of {found}, want {when.batch}, that of {times_name}")
    if is_pinned and values.shape[-1] > 1 and values.stride(-1) != 1:
        raise ValueError(
            f"{values_name}: found a stride of {values.stride(-1)} from channel to channel, want 1 of pinned values, "
            "which are read where they are"
        )
    picks = target.kind == "windows" and target.index is not None
    if picks:
        return batch
    if batch is not None and found != batch:
        hint = "; or windows that name their trajectory, windows(anchors, deltas, trajectory)"
        hint = hint if target.kind == "windows" else ""
        raise ValueError(f"{values_name}: found a batch of {found}, want {batch}, that of the others{hint}")
    return found


def _type_of(timelines):
    """The one type of all stamps; float64 or int64, as the numbers are, where all timelines are uniform.

    Args:
        timelines: Each with its name.
    """
    chosen = first = None
    for when, name in timelines:
        for tensor in (when.stamps, when.starts):
            if tensor is None:
                continue
            if chosen is not None and tensor.dtype != chosen:
                rounds = torch.float32 in (tensor.dtype, chosen)  # which float64 must not be made to fit
                hint = "; float32 rounds: make both float64 or int64 (nanoseconds / 1e9 is float32)" if rounds else ""
                raise TypeError(f"{name}: found stamps of {tensor.dtype}, want {chosen}, that of {first}{hint}")
            chosen, first = tensor.dtype, first or name
    if chosen is None:
        numbers = [number for when, _ in timelines for number in (when.start, *when.period)]
        chosen = torch.int64 if all(isinstance(x, int) for x in numbers) else torch.float64
    return chosen


class _Lists:
    """Kinds, sizes and numbers of timelines, one row per timeline, for stamps of one type."""

    def __init__(self, stamp: torch.dtype):
        self.stamp = stamp
        self.kinds: list[int] = []
        self.sizes: list[int] = []
        self.whole: list[int] = []
        self.real: list[float] = []

    def append(self, when, batch, rows, rules, name):
        """Adds a timeline.

        Args:
            rules: max_gap, latency, tolerance and time of the reference of its stream.
        """
        max_gap, latency, tolerance, at = rules
        self.kinds.append(KINDS.index(when.kind))
        self.sizes += [*Sizes(batch=batch, length=when.length, rows=rows or 0)]
        num, den = when.period
        if self.stamp == torch.int64:
            gap = 2**63 - 1 if max_gap is None or max_gap == math.inf else max_gap
            ticks = Ticks(start=when.start, num=num, den=den, max_gap=gap, latency=latency, tolerance=tolerance, at=at)
            for argument, number in zip(Ticks._fields, ticks):
                self.whole.append(_tick(number, name, TICK_NAMES.get(argument, argument)))
        else:
            ticks = Ticks(
                start=float(when.start),
                num=num / den,
                den=1.0,
                max_gap=real_number(math.inf if max_gap is None else max_gap, f"{name}max_gap"),
                latency=real_number(latency, f"{name}latency"),
                tolerance=real_number(tolerance, f"{name}tolerance"),
                at=real_number(at, f"{name}relative.at"),
            )
            self.real += [stand_in(number) for number in ticks]

    def arguments(self) -> dict:
        """By name. Lists are never empty: PyTorch's autograd takes an empty one for a list of tensors."""
        return {
            "kinds": self.kinds,
            "stamp": self.stamp,
            "sizes": self.sizes,
            "whole": self.whole or [0],
            "real": self.real or [0.0],
        }


def _tick(number, name, argument):
    """A time in the unit of int64 stamps."""
    if not isinstance(number, int):
        number = plain_number(number, f"{name}{argument}")
        if not isinstance(number, int):
            raise TypeError(f"{name}{argument}: found {number!r}, want an int, as stamps are int64")
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{name}{argument}: found {number}, want what int64 holds")
    return number


def _batch_of_values(values, batch):
    return values.shape[0] if values.dim() == 3 else batch


def _want_rows(when, name):
    if is_packed(when) and when.rows is None:
        raise ValueError(
            f"{name}: found offsets without rows, want uniform(..., offsets=..., rows=...): their "
            "number is known only on the GPU"
        )


def _tensors_of(when):
    return [tensor for tensor in (when.stamps, when.starts, when.index, when.as_of) if tensor is not None]


def _want_device_of(when, name, device, where):
    for tensor in _tensors_of(when):
        want_device(tensor, name, device, where)
