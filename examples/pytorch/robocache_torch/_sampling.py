# SPDX-License-Identifier: Apache-2.0
"""`sample_farthest`, `sample_uniform`, `nearest_neighbours`, `within_radius` and `gather_rows`."""

from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import adjacent, count_of, plain_number, real_number, want_device, want_index, want_tensor
from ._clouds import LARGEST, batch_of, clouds_of
from ._layout import stand_in

MOST_NEAREST = 64


class Sampled(NamedTuple):
    """Samples of clouds.

    Attributes:
        indices: int64 `[B, K]`: which points of the cloud, counted from its first one; -1: none.
        counts: int64 `[B]`: how many different points each cloud gave.
    """

    indices: Tensor
    counts: Tensor


class Neighbours(NamedTuple):
    """Neighbours of queries.

    Attributes:
        indices: int64 `[B, M, k]` or `[rows, k]`: which points of the cloud, counted from its first one; -1: none.
        distances: float32, likewise: the squares of their distances; infinite where there is no neighbour. Without a
            gradient: `gather_rows` gives neighbours that have one.
        counts: int64 `[B, M]` or `[rows]`: how many of the k there are.
    """

    indices: Tensor
    distances: Tensor
    counts: Tensor


def sample_farthest(
    points: Tensor,
    samples: int,
    *,
    start: int | Tensor = 0,
    lengths: Tensor | None = None,
    offsets: Tensor | None = None,
    repeat: bool = False,
) -> Sampled:
    """Farthest point sampling: each step takes the point that is farthest from all that were taken.

    Ties go to the lowest index; no point is taken twice, and none that is NaN or infinite. On the current stream,
    without waiting, and the same on the CPU, bit by bit.

    Args:
        points: float32 `[B, N, 3 or more]`, x y z first; `[N, 3 or more]`: one cloud, B = 1; with `offsets` packed
            `[rows, 3 or more]`.
        samples: K.
        start: The point that is taken first: an int, or int64 `[B]`. Where it cannot be taken the first that can.
        lengths: int64 `[B]`, optional: how many points of each cloud are real.
        offsets: int64 `[B + 1]`: cloud b owns points `offsets[b]` to `offsets[b + 1]`.
        repeat: Where a cloud has fewer points, repeat its samples in their order; else -1.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted.
    """
    clouds = clouds_of(points, None, lengths, offsets)
    starts = None
    if isinstance(start, Tensor):
        want_index(start, "start", batch_of(clouds))
        want_device(start, "start", points.device, "the points are")
        starts, start = adjacent(start), 0
    else:
        start = count_of(start, "start")
    return _sampled(torch.ops.robocache.sample_farthest, clouds, (starts, start), samples, repeat)


def sample_uniform(
    points: Tensor,
    samples: int,
    seed: int | Tensor,
    *,
    cloud_ids: Tensor | None = None,
    lengths: Tensor | None = None,
    offsets: Tensor | None = None,
    repeat: bool = False,
) -> Sampled:
    """Points at random, each at most once; where all are wanted, all in their order. All else as in `sample_farthest`.

    Args:
        seed: An int, or int64 `[1]` on the points' device: so a CUDA graph can draw others at each replay.
        cloud_ids: int64 `[B]`, optional: the number of each cloud, by which it draws; default: its place in the batch.
    """
    clouds = clouds_of(points, None, lengths, offsets)
    if isinstance(seed, Tensor):
        want_index(seed, "seed", 1)
        want_device(seed, "seed", points.device, "the points are")
    else:
        seed = plain_number(seed, "seed")
        if not isinstance(seed, int):
            raise TypeError(f"seed: found {seed!r}, want an int, or int64 [1]")
        signed = (seed + 2**63) % 2**64 - 2**63
        seed = torch.full((1,), signed, dtype=torch.int64, device=points.device)
    want_index(cloud_ids, "cloud_ids", batch_of(clouds))
    want_device(cloud_ids, "cloud_ids", points.device, "the points are")
    return _sampled(torch.ops.robocache.sample_uniform, clouds, (seed, adjacent(cloud_ids)), samples, repeat)


def nearest_neighbours(
    queries: Tensor,
    points: Tensor,
    k: int,
    *,
    query_lengths: Tensor | None = None,
    query_offsets: Tensor | None = None,
    lengths: Tensor | None = None,
    offsets: Tensor | None = None,
) -> Neighbours:
    """The k nearest points of each query, by distance, then by index: cloud b of `queries` looks in that of `points`.

    What is not finite has no neighbours and is nobody's. On the current stream, without waiting.

    Args:
        queries, points: As `points` of `sample_farthest`, either of them dense or packed.
        k: At most 64.

    Raises:
        ValueError, TypeError: With the argument's name, what was found and what is wanted.
    """
    asked = _asked(queries, query_lengths, query_offsets, points, lengths, offsets)
    count = count_of(k, "k", most=MOST_NEAREST)
    return Neighbours(*torch.ops.robocache.nearest_neighbours(*asked, count))


def within_radius(
    queries: Tensor,
    points: Tensor,
    radius: float,
    k: int,
    *,
    query_lengths: Tensor | None = None,
    query_offsets: Tensor | None = None,
    lengths: Tensor | None = None,
    offsets: Tensor | None = None,
) -> Neighbours:
    """The first k points of each query, by index, that are no farther than `radius`. All else as `nearest_neighbours`.

    Args:
        k: Any number.
    """
    asked = _asked(queries, query_lengths, query_offsets, points, lengths, offsets)
    radius = real_number(radius, "radius")
    if not radius >= 0:
        raise ValueError(f"radius: found {radius}, want 0 or more")
    count = count_of(k, "k", most=LARGEST)
    return Neighbours(*torch.ops.robocache.within_radius(*asked, stand_in(radius), count))


def gather_rows(values: Tensor, indices: Tensor, *, offsets: Tensor | None = None) -> Tensor:
    """The rows of samples or neighbours, with gradients of `values`; 0 where the index is -1.

    PyTorch's own operations. Where a row is there several times, its gradient is a sum, which PyTorch adds up in any
    order on a GPU.

    Args:
        values: `[B, N, C]`, or `[N, C]` with B = 1; with `offsets`, which ascend, packed `[rows, C]`.
        indices: int64 `[B, ...]`, counted from the first row of each cloud.

    Returns:
        `[B, ..., C]`.
    """
    want_tensor(indices, "indices", (torch.int64,))
    want_index(offsets, "offsets", None)
    dims = (2,) if offsets is not None else (2, 3)
    if not isinstance(values, Tensor) or values.dim() not in dims:
        found = list(values.shape) if isinstance(values, Tensor) else type(values).__name__
        want = "packed [rows, C] with offsets" if offsets is not None else "[B, N, C] or [N, C]"
        raise ValueError(f"values: found {found}, want {want}")
    rows = values if values.dim() == 2 else values.flatten(0, 1)
    each = 0 if values.dim() == 2 else values.shape[1]
    batch = offsets.shape[0] - 1 if offsets is not None else 1 if values.dim() == 2 else values.shape[0]
    if indices.dim() < 1 or indices.shape[0] != batch:
        raise ValueError(f"indices: found {list(indices.shape)}, want [{batch}, ...], as many clouds as values have")
    if rows.shape[0] == 0:
        return values.new_zeros((*indices.shape, values.shape[-1]))
    begin = offsets[:-1] if offsets is not None else torch.arange(batch, device=indices.device) * each
    begin = begin.view(-1, *[1] * (indices.dim() - 1))
    # Of clouds without a row begins are behind the last one.
    places = (begin + indices.clamp_min(0)).clamp(max=rows.shape[0] - 1)
    picked = rows.index_select(0, places.flatten()).view(*indices.shape, values.shape[-1])
    return picked.masked_fill((indices < 0).unsqueeze(-1), 0)


def _view_of(clouds):
    """What operators take of clouds whose points alone are read."""
    return clouds.points.detach(), clouds.lengths, clouds.offsets


def _sampled(operator, clouds, chosen, samples, repeat):
    """Samples of clouds.

    chosen: how, as the operator takes it.
    """
    count = count_of(samples, "samples", most=LARGEST)
    return Sampled(*operator(*_view_of(clouds), *chosen, count, bool(repeat)))


def _queries_of(queries, lengths, offsets):
    """The clouds of queries; errors are in the words of their arguments."""
    try:
        return clouds_of(queries, None, lengths, offsets)
    except (TypeError, ValueError) as refused:
        text = str(refused)
        for name, own in (("points", "queries"), ("lengths", "query_lengths"), ("offsets", "query_offsets")):
            if text.startswith(f"{name}:"):
                text = own + text.removeprefix(name)
        raise type(refused)(text) from None


def _asked(queries, query_lengths, query_offsets, points, lengths, offsets):
    """What operators take of queries, and of the points that these look in."""
    asking = _queries_of(queries, query_lengths, query_offsets)
    clouds = clouds_of(points, None, lengths, offsets)
    if batch_of(clouds) != batch_of(asking):
        raise ValueError(f"queries: found {batch_of(asking)} clouds, want {batch_of(clouds)}, as many as points")
    want_device(points, "points", asking.points.device, "the queries are")
    return *_view_of(asking), *_view_of(clouds)
