# SPDX-License-Identifier: Apache-2.0
"""Checks that all functions share. Each says the argument's name, what was found and what is wanted."""

import operator

import torch
from torch import Tensor

FLOATS = (torch.float32, torch.float16, torch.bfloat16)
INTEGERS = (torch.uint8, torch.int32, torch.int64)

Number = int | float


def plain_number(number, name: str) -> Number:
    """An int or a float, also of a NumPy scalar."""
    if isinstance(number, (int, float)):
        return number
    for kind in (operator.index, float):
        try:
            return kind(number)
        except (TypeError, ValueError):
            pass
    raise TypeError(f"{name}: found {type(number).__name__}, want a number")


def real_number(number, name: str) -> float:
    """A float, also of an int and of a NumPy scalar."""
    return float(plain_number(number, name))


def words_of(words, name: str) -> tuple[str, ...]:
    """One word, or several."""
    if isinstance(words, str):
        return (words,)
    try:
        return tuple(words)
    except TypeError:
        raise TypeError(f"{name}: found {type(words).__name__}, want a word, or a list of them") from None


def count_of(number, name: str, least: int = 0, most: int = 2**63 - 1) -> int:
    """An int from `least` to `most`."""
    number = plain_number(number, name)
    if not isinstance(number, int):
        raise TypeError(f"{name}: found {number!r}, want an int")
    if not least <= number <= most:
        raise ValueError(f"{name}: found {number}, want {least} to {most}")
    return number


def want_tensor(given, name: str, types: tuple[torch.dtype, ...]) -> None:
    """A tensor of one of these types."""
    if not isinstance(given, Tensor):
        raise TypeError(f"{name}: found {type(given).__name__}, want a tensor")
    if given.dtype not in types:
        words = [str(one).removeprefix("torch.") for one in types]
        listed = f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
        raise TypeError(f"{name}: found {given.dtype}, want {listed}")


def want_index(index, name: str, count: int | None) -> None:
    """None, or int64 `[count]`; of offsets, whose `count` is None, int64 `[B + 1]`."""
    if index is None:
        return
    want_tensor(index, name, (torch.int64,))
    if index.dim() != 1 or (index.shape[0] == 0 if count is None else index.shape[0] != count):
        raise ValueError(f"{name}: found {list(index.shape)}, want [{'B + 1' if count is None else count}]")


def want_device(given, name: str, device: torch.device, where: str) -> None:
    """None, or a tensor on this device."""
    if given is not None and given.device != device:
        raise ValueError(f"{name}: found {given.device}, want {device}, where {where}")


def word_of(word, words: tuple[str, ...], name: str) -> int:
    """The word's place among those that are known."""
    if word not in words:
        raise ValueError(f"{name}: found {word!r}, want one of {', '.join(words)}")
    return words.index(word)


def want_type(dtype, name: str) -> None:
    """A type of PyTorch."""
    if not isinstance(dtype, torch.dtype):
        raise TypeError(f"{name}: found {dtype!r}, want a type such as torch.uint8")


def result_type(dtype: torch.dtype | None, default: torch.dtype, name: str = "dtype") -> torch.dtype:
    """The float type that was asked for."""
    if dtype is not None and dtype not in FLOATS:
        raise TypeError(f"{name}: found {dtype}, want float32, float16 or bfloat16")
    return default if dtype is None else dtype


def adjacent(tensor: Tensor | None) -> Tensor | None:
    """The tensor without gaps."""
    return None if tensor is None else tensor.contiguous()


def refuse_double_backward(ctx, *_):
    """The backward pass of the backward passes."""
    raise RuntimeError("robocache: found a gradient of a gradient, which these operators do not have")
