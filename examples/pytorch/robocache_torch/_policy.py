# SPDX-License-Identifier: Apache-2.0
"""`policy_input`: what a policy takes, several fusions in one launch; and `summarize_policy_input`."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import (
    Number,
    adjacent,
    count_of,
    real_number,
    result_type,
    want_device,
    want_index,
    want_tensor,
    word_of,
)
from ._flat import call_of, flatten_for, rules_of
from ._layout import DERIVATIVES, RESULT_TYPES, ROTATIONS, Fusion, Policy, Sizes, Targets, rows_of, stand_in
from ._policy_operators import result_channels
from ._rows import Summary, fractions_of, summary_of
from ._timed import Fused, place_in, prepared, want_list, widest_type, without_batch
from ._timelines import Stream, Timeline, as_timeline, is_packed

# A stream of the same fusion by its place, or (stream, fusion).
StreamIndex = int | tuple[int, int]


class Relative(NamedTuple):
    """What the results of a stream are relative to: the value of a stream at a time of the window.

    It is that stream's value by its own rules, before its own `relative`, scale and shift. Vectors are `p - p0`, angles
    the same, wrapped, rotations `R0^-1 R`. Where the reference is not valid the result is fill, and not valid.

    Attributes:
        to: Whose value the reference is: the place of a stream of the same fusion, or (stream, fusion); None: this
            stream's own.
        frame: Of a position, three channels: the rotation from whose axes the difference is seen.
        at: When: this much after the window's anchor, in the stamps' unit.
    """

    to: StreamIndex | None = None
    frame: StreamIndex | None = None
    at: Number = 0


class PolicyStream(NamedTuple):
    """A stream of a policy input, and what is done to its values.

    In this order: value -> relative -> result's format -> scale, shift -> clamp -> the result's type. Fill values skip
    all of it.

    Attributes:
        stream: Its `scale` and `shift` have as many channels as the result, `[D]`, or one row for each target of a
            window, `[T, D]`.
        source: Of a rotation, how its values are stored: "wxyz", "xyzw", "vector" (axis times angle), "matrix",
            "columns" or "rows" (6 numbers, of the matrix), or the order of Euler angles as SciPy names it ("xyz",
            "ZYX"). The stream's method is then slerp, previous, next or nearest. None: it is no rotation.
        result: How results are stored, the same words; None: as `source`.
        positive: Of results that are quaternions: the real part is 0 or more. Otherwise the sign is as it comes.
        relative: What results are relative to; windows alone have an anchor. None: values stay as they are.
        low, high: float32, `[D]` of the result, optional: what is scaled and shifted is clamped to.
        sin_cos: Of angles in radians, by "angle" or held: the sines of all channels, then their cosines.
        derivative: "velocity" or "acceleration" instead of the "value", per second: of linear, angle, catmull_rom,
            pchip and akima; of slerp the angular velocity, three channels. Not with `relative` or `sin_cos`. For both
            the value and its velocity, name the series twice.
        ticks_per_second: Of derivatives: how many units of the stamps a second has.
        world_frame: An angular velocity is as seen from the world; else from the body.
        latencies: `[B]`, of the stamps' type, optional: what is added to the stream's latency for each trajectory of
            the targets, such as a delay of each simulated robot's own; -d for values that are d late.
    """

    stream: Stream
    source: str | None = None
    result: str | None = None
    positive: bool = False
    relative: Relative | None = None
    low: Tensor | None = None
    high: Tensor | None = None
    sin_cos: bool = False
    derivative: str = "value"
    ticks_per_second: float = 1.0
    world_frame: bool = False
    latencies: Tensor | None = None


class PolicyFusion(NamedTuple):
    """One tensor of a policy input.

    Attributes:
        streams: One or more, `Stream` or `PolicyStream`; their channels are side by side, in this order.
        targets: A `Timeline` of its own, or a tensor of stamps `[B, T]` or `[T]`.
        dtype: Of the result; default: what the streams' types promote to.
        ages: Whether the result says how old the samples are; then it is `Aged`.
    """

    streams: Sequence[PolicyStream | Stream]
    targets: Timeline | Tensor
    dtype: torch.dtype | None = None
    ages: bool = False


class Aged(NamedTuple):
    """As `Fused`, and how old the results are.

    Attributes:
        ages: `[B, T, N]` of N streams, in the stamps' type and unit: the target less the stamp of the newest sample that
            was read; negative before the first sample. Of results that are not valid the largest int64, or infinity.
    """

    values: Tensor
    valid: Tensor
    all_valid: Tensor
    ages: Tensor


def policy_input(fusions: Sequence[PolicyFusion]) -> list[Fused | Aged]:
    """What a policy takes out of recordings, such as the history of two observations and the chunk of 16 actions.

    One launch for up to 16 streams and 16 references, on the current stream, without waiting; more go in several. A
    fusion has, bit for bit, the results of a call of its own, and a stream to which nothing is done those of `fuse`.
    Devices, and values in pinned memory, as `fuse` has them. There are no gradients: inputs that require them are
    refused.

    Args:
        fusions: One or more; one type and one unit of stamps for all of them. Where a stream is relative, its fusion
            and that of its reference are windows of one batch.

    Returns:
        Of each fusion its values, the valid mask of each stream, and the mask that is True where all are valid; where
        they were asked for, ages, too.

    Raises:
        ValueError, TypeError: With the argument's name, as `fusions[1].streams[2].scale`, what was found and what is
            wanted. Nothing is computed then.
    """
    parts = _parts_of(fusions)
    results = torch.ops.robocache.policy_input(**_arguments_of(parts))
    ages = iter(results[3 * len(parts) :])
    made = []
    for f, part in enumerate(parts):
        own = [*results[3 * f : 3 * f + 3], *([next(ages)] if part.ages else [])]
        made.append((Aged if part.ages else Fused)(*without_batch(own, all(part.alone), part.target)))
    return made


def summarize_policy_input(
    fusions: Sequence[PolicyFusion],
    quantiles: Sequence[float] = (),
    *,
    fusion: int = 0,
    each_step: bool = False,
    offsets: Tensor | None = None,
) -> Summary:
    """Statistics of what one fusion would give, as `summarize` has them, without ever writing it.

    Such as those of action chunks relative to the state at their anchor, over all frames of a data set. Values are in
    float32; where a stream is not valid its channels are absent. On the current stream, without waiting; the same bits
    on CPU and GPU, those of `summarize` over the results. There are no gradients.

    Args:
        fusions: As `policy_input` takes them. Streams may be relative to those of another one.
        quantiles: As `summarize` takes them.
        fusion: The one whose values these are.
        each_step: Each step of a window has statistics of its own: rows are windows, and statistics `[T * C]`.
            Otherwise rows are targets, and statistics `[C]`.
        offsets: int64 `[G + 1]`: group g owns rows `offsets[g]` to `offsets[g + 1]`.

    Raises:
        ValueError, TypeError: As `policy_input`. Nothing is computed then.
    """
    parts = _parts_of(fusions)
    want_index(offsets, "offsets", None)
    arguments = _arguments_of(parts)
    want_device(offsets, "offsets", arguments["device"], "the streams are")
    summaries, values = torch.ops.robocache.summarize_policy_input(
        **arguments,
        fusion=count_of(fusion, "fusion", most=len(parts) - 1),
        each_step=bool(each_step),
        offsets=adjacent(offsets),
        fractions=fractions_of(quantiles),
    )
    return summary_of(summaries, values, offsets is not None)


def _parts_of(fusions):
    want_list(fusions, "fusions")
    return [_part_of(fusion, f"fusions[{f}].") for f, fusion in enumerate(fusions)]


def _arguments_of(parts) -> dict:
    """What the operators take of them."""
    every = [stream for part in parts for stream in part.streams]
    call = call_of(
        every,
        [part.target for part in parts],
        [name for part in parts for name in part.names],
        [f"{part.name}targets" for part in parts],
    )
    factors: list[Tensor] = []
    lists: dict[str, list] = {name: [] for name in ("sources", "kinds", "sizes", "whole", "real")}
    targets: list[Tensor | None] = []
    rules: list[int] = []
    policies: list[int] = []
    fills: list[float] = []
    fusion_rows: list[int] = []
    for part in parts:
        references = [one.relative.at if one.relative else 0 for one in part.policies]
        times = flatten_for(call, part.streams, part.target, part.names, f"{part.name}targets", references)
        for name, one in lists.items():
            one += times[name]
        batch = rows_of(Sizes, times["sizes"])[-1].batch  # of the targets, whose timeline is the last one
        targets += [*Targets(**{name: times[f"target_{name}"] for name in Targets._fields})]
        for stream, policy, name in zip(part.streams, part.policies, part.names):
            rules += rules_of(stream, name)
            policies += [*_rules_of(stream, policy, name, part.target, batch, factors, call)]
            fills.append(stand_in(real_number(stream.fill, f"{name}fill")))
        dtype = result_type(part.dtype, widest_type(part.streams), f"{part.name}dtype")
        fusion_rows += [*Fusion(streams=len(part.streams), dtype=RESULT_TYPES.index(dtype), ages=int(part.ages))]
    values = [stream.values for stream in every]
    return dict(
        values=values,
        factors=factors or values[:1],  # a package of AOTInductor cannot hold a list of no tensors
        **lists,
        targets=targets,
        device=call.device,
        stamp=call.stamp,
        rules=rules,
        policies=policies,
        fills=fills,
        rates=[
            real_number(policy.ticks_per_second, f"{name}ticks_per_second")
            for part in parts
            for policy, name in zip(part.policies, part.names)
        ],
        fusion_rows=fusion_rows,
    )


class _Part(NamedTuple):
    """A fusion whose streams are checked for themselves."""

    name: str
    streams: list[Stream]
    policies: list[PolicyStream]
    names: list[str]
    alone: list[bool]
    target: Timeline
    dtype: torch.dtype | None
    ages: bool


def _part_of(fusion, name):
    if not isinstance(fusion, PolicyFusion):
        raise TypeError(f"{name[:-1]}: found {type(fusion).__name__}, want a PolicyFusion")
    want_list(fusion.streams, f"{name}streams")
    names = [f"{name}streams[{i}]." for i in range(len(fusion.streams))]
    policies = [PolicyStream(one) if isinstance(one, Stream) else one for one in fusion.streams]
    for policy, where in zip(policies, names):
        if not isinstance(policy, PolicyStream):
            raise TypeError(f"{where[:-1]}: found {type(policy).__name__}, want a Stream or a PolicyStream")
        if policy.relative is not None and not isinstance(policy.relative, Relative):
            raise TypeError(f"{where}relative: found {type(policy.relative).__name__}, want a Relative")
    streams, alone = prepared([policy.stream for policy in policies], names)
    target = as_timeline(fusion.targets, f"{name}targets")
    if torch.is_grad_enabled():
        for stream, policy, where in zip(streams, policies, names):
            for what in ("values", "scale", "shift"):
                _want_no_gradient(getattr(stream, what), f"{where}{what}")
            for what in ("low", "high", "latencies"):
                _want_no_gradient(getattr(policy, what), f"{where}{what}")
        for tensor in (target.stamps, target.starts, target.as_of):
            _want_no_gradient(tensor, f"{name}targets")
    return _Part(name, streams, policies, names, alone, target, fusion.dtype, bool(fusion.ages))


def _want_no_gradient(tensor, name):
    if isinstance(tensor, Tensor) and tensor.requires_grad:
        raise ValueError(
            f"{name}: found a tensor that requires a gradient, which policy inputs do not have; want detach()"
        )


def _rules_of(stream, policy, name, target, batch, factors, call):
    """Rules beyond those of a stream as numbers, whose factors are added to the list.

    Args:
        batch: Trajectories of the targets.
    """
    source = _layout_of(policy.source, f"{name}source")
    if source < 0 and policy.result is not None:
        raise ValueError(
            f"{name}result: found {policy.result!r} without source, want both, or none where it is no rotation"
        )
    result = source if policy.result is None else _layout_of(policy.result, f"{name}result")
    derivative = word_of(policy.derivative, DERIVATIVES, f"{name}derivative")
    channels = result_channels(stream.values.shape[-1], source, result, derivative, policy.sin_cos)
    scale, shift = stream.scale, stream.shift
    for factor, what in ((scale, "scale"), (shift, "shift")):
        _want_factor(factor, f"{name}{what}", channels, None if is_packed(target) else target.length)
    for limit, what in ((policy.low, "low"), (policy.high, "high")):
        _want_factor(limit, f"{name}{what}", channels, None)
        want_device(limit, f"{name}{what}", call.device, call.where)
    if policy.latencies is not None:
        want_tensor(policy.latencies, f"{name}latencies", (call.stamp,))
        if tuple(policy.latencies.shape) != (batch,):
            raise ValueError(
                f"{name}latencies: found {list(policy.latencies.shape)}, want [{batch}], one per trajectory of the targets"
            )
        want_device(policy.latencies, f"{name}latencies", call.device, call.where)
    if scale is not None and shift is not None and scale.dim() != shift.dim():
        # The library has one stride for both.
        scale, shift = (factor.expand(target.length, channels) for factor in (scale, shift))
    relative = policy.relative if policy.relative is not None else Relative()
    to_stream, to_fusion = _index_of(relative.to, f"{name}relative.to")
    frame_stream, frame_fusion = _index_of(relative.frame, f"{name}relative.frame")
    return Policy(
        source=source,
        result=result,
        positive=int(bool(policy.positive)),
        world_frame=int(bool(policy.world_frame)),
        derivative=derivative,
        sin_cos=int(bool(policy.sin_cos)),
        relative=int(policy.relative is not None),
        to_stream=to_stream,
        to_fusion=to_fusion,
        frame_stream=frame_stream,
        frame_fusion=frame_fusion,
        scale=place_in(factors, scale),
        shift=place_in(factors, shift),
        low=place_in(factors, policy.low),
        high=place_in(factors, policy.high),
        latencies=place_in(factors, policy.latencies),
    )


def _layout_of(word, name):
    return -1 if word is None else word_of(word, tuple(ROTATIONS), name)


def _index_of(of, name):
    """The place of a stream and of its fusion; -1 where they are not given."""
    if of is None:
        return -1, -1
    if not isinstance(of, (tuple, list)):
        return count_of(of, name, most=2**31 - 1), -1
    if len(of) != 2:
        raise ValueError(f"{name}: found {len(of)} numbers, want the place of a stream, or (stream, fusion)")
    return tuple(count_of(one, name, most=2**31 - 1) for one in of)


def _want_factor(factor, name, channels, steps):
    """None, or `[D]`, or one row for each of `steps` targets."""
    if factor is None:
        return
    want_tensor(factor, name, (torch.float32,))
    shapes = [[channels]] if steps is None else [[channels], [steps, channels]]
    if list(factor.shape) not in shapes:
        raise ValueError(f"{name}: found {list(factor.shape)}, want {' or '.join(map(str, shapes))}")
