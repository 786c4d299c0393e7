# SPDX-License-Identifier: Apache-2.0
"""CALVIN's data sets: a folder of npz files, one for each step, read by NumPy."""

import zipfile

import numpy as np

from .._episode import Episode, Left, Series, Unreadable
from ._source import Source, on_grid, plain

ENDS = "ep_start_end_ids.npy"
WORDS = "lang_annotations/auto_lang_ann.npy"


class Calvin(Source):
    """Steps whose file is missing or broken are counted; stamps keep their gap.

    Args:
        hertz: The rate of the steps; CALVIN records at 30.
        images: Whether to read images (uint8 with three dimensions, and depth). Else the episode notes them.
        trust_pickle: Whether to read the language annotations: they are a pickle, which can run any code when it is
            read.
    """

    def __init__(self, path, hertz=30, images=False, trust_pickle=False):
        super().__init__(path)
        self.hertz, self.images = hertz, images
        self._ranges = np.load(self.path / ENDS).astype(np.int64).reshape(-1, 2).tolist()
        self.about = {"format": "calvin", "hertz": hertz}
        self._words, self._unread = [], (self.path / WORDS).is_file() and not trust_pickle
        if trust_pickle and (self.path / WORDS).is_file():
            found = np.load(self.path / WORDS, allow_pickle=True).item()
            self._words = list(zip(plain(found["info"]["indx"]), plain(found["language"]["ann"])))

    @staticmethod
    def recognises(path):
        return (path / ENDS).is_file()

    def keys(self):
        self.left_out = [
            Left(self.name_of(one), f"{ENDS}: found an end before the start") for one in self._ranges if one[1] < one[0]
        ]
        return [(first, last) for first, last in self._ranges if last >= first]

    def name_of(self, key):
        return f"steps_{key[0]:07d}_{key[1]:07d}"

    def read(self, key):
        first, last = key
        rows, steps, counts, notes = {}, {}, {}, []
        for step in range(first, last + 1):
            path = self.path / f"episode_{step:07d}.npz"
            try:
                with np.load(path) as file:
                    found = {name: file[name] for name in file.files if self.images or not is_image(name)}
                    unread = [name for name in file.files if name not in found]
            except FileNotFoundError:
                counts["missing"] = counts.get("missing", 0) + 1
                continue
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                counts["corrupt"] = counts.get("corrupt", 0) + 1
                continue
            notes += [note for name in unread if (note := f"{name}: image is not read") not in notes]
            for name, values in found.items():
                rows.setdefault(name, []).append(values)
                steps.setdefault(name, []).append(step)
        if not rows:
            raise Unreadable(f"episode_{first:07d}.npz to episode_{last:07d}.npz: found none that can be read")
        if self._unread:
            notes.append(f"{WORDS}: is a pickle, read with trust_pickle only")
        series = {}
        for name, values in rows.items():
            fits = [one.shape == values[0].shape for one in values]
            of_series = dict(counts)
            if not all(fits):
                of_series["corrupt"] = of_series.get("corrupt", 0) + fits.count(False)
            kept = np.stack([one for one, good in zip(values, fits) if good])
            numbers = np.array([one for one, good in zip(steps[name], fits) if good]) - first
            series[name] = Series(kept, on_grid(numbers, self.hertz), counts=of_series)
        spans = [
            {"first": begin - first, "last": end - first, "text": text}
            for (begin, end), text in self._words
            if begin >= first and end <= last
        ]
        task = spans[0]["text"] if len(spans) == 1 else ""
        return Episode(self.name_of(key), series, task, notes, {"tasks": spans} if spans else {})


def is_image(name):
    """By CALVIN's names."""
    return name.startswith(("rgb_", "depth_"))
