# SPDX-License-Identifier: Apache-2.0
"""Scale and shift from statistics, as projects of the field make them: `robocache/normalisation.hpp`, for tensors."""

from typing import NamedTuple

import torch
from torch import Tensor

from ._arguments import want_tensor, word_of
from ._layout import NORMALISATIONS


class Normalisation(NamedTuple):
    """Of each channel: a value v becomes `v * scale + shift`. As a stream's: `stream._replace(**found._asdict())`.

    Attributes:
        scale, shift: float32, of the statistics' shape.
    """

    scale: Tensor
    shift: Tensor


def from_mean_and_deviation(mean: Tensor, deviation: Tensor, rule: str) -> Normalisation:
    """To mean 0 and standard deviation 1.

    Args:
        mean, deviation: As `Summary.mean` and `Summary.std()`.
        rule: Whose, where a channel hardly varies. "gr00t" (NVIDIA Isaac GR00T, `gr00t/data/transform/state_action.py`,
            `Normalizer`): where the deviation is 0 values stay as they are. "lerobot" (LeRobot,
            `processor/normalize_processor.py`): divided by it + 1e-8. "openpi" (`transforms.py`, `Normalize`): by it +
            1e-6. "diffusion_policy" (and UMI, `model/common/normalizer.py`): below 1e-4 by 1.
    """
    mean, deviation = _statistics(mean=mean, deviation=deviation)
    rule = _rule(rule)
    if rule == "lerobot":
        return _centred(mean, deviation + 1e-8)
    if rule == "openpi":
        return _centred(mean, deviation + 1e-6)
    if rule == "diffusion_policy":
        return _centred(mean, torch.where(deviation < 1e-4, 1.0, deviation))
    found = _centred(mean, deviation)
    same = deviation == 0
    return Normalisation(torch.where(same, 1.0, found.scale), torch.where(same, 0.0, found.shift))


def from_range(low: Tensor, high: Tensor, rule: str) -> Normalisation:
    """From [low, high], minimum and maximum, to [-1, 1]. Clamp afterwards if others may come.

    Args:
        rule: Whose, where the range is 0. "gr00t": the result is 0. "lerobot": it is -1, as theirs is for the value that
            all samples had. "openpi": likewise; elsewhere divided by the range + 1e-6. "diffusion_policy": below 1e-7
            `v - low`.
    """
    low, high = _statistics(low=low, high=high)
    rule = _rule(rule)
    width = high - low
    if rule == "diffusion_policy":
        narrow, scale, shift = width < 1e-7, 1.0, (-low).float()
    else:
        narrow, scale, shift = width == 0, 0.0, torch.full_like(low, 0.0 if rule == "gr00t" else -1.0).float()
    found = _between_ones(low, width + 1e-6 if rule == "openpi" else width)
    return Normalisation(torch.where(narrow, scale, found.scale), torch.where(narrow, shift, found.shift))


def from_quantiles(low: Tensor, high: Tensor, rule: str) -> Normalisation:
    """From [low, high], two quantiles such as those of 1 % and 99 %, to [-1, 1].

    As `from_range`, except that "gr00t" leaves values as they are where both are equal. Values beyond both lie outside
    of [-1, 1]: "gr00t" clamps them.
    """
    found = from_range(low, high, rule)
    if _rule(rule) != "gr00t":
        return found
    same = low == high
    return Normalisation(torch.where(same, 1.0, found.scale), torch.where(same, 0.0, found.shift))


def _statistics(**named):
    for name, one in named.items():
        want_tensor(one, name, (torch.float32, torch.float64))
    return [one.double() for one in named.values()]


def _rule(word):
    return NORMALISATIONS[word_of(word, NORMALISATIONS, "rule")]


def _centred(middle, width):
    return Normalisation((1.0 / width).float(), (-middle / width).float())


def _between_ones(low, width):
    return Normalisation((2.0 / width).float(), (-1.0 - 2.0 * low / width).float())
