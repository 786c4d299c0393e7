# SPDX-License-Identifier: Apache-2.0
"""robomimic's data sets: one HDF5 file, read by h5py."""

import json
import re

from .._episode import Episode, Series, Unreadable
from .._optional import need
from ._source import Source, on_grid, plain


class Robomimic(Source):
    """Each demonstration of the group `data`, with observations as "obs/NAME". `next_obs` is left out: it is `obs`, one
    step later.

    Args:
        hertz: The rate of the steps; default: the environment's control_freq.
        images: Whether to read images (uint8 with three dimensions a step). Else the episode notes them.
    """

    def __init__(self, path, hertz=None, images=False):
        super().__init__(path)
        self.images = images
        self._h5py = need("h5py", "h5py", "reading robomimic's data sets")
        with self._h5py.File(self.path, "r") as file:
            if "data" not in file:
                raise ValueError(f"{self.path}: found no group data, want a file of robomimic")
            environment = json.loads(file["data"].attrs.get("env_args", "{}"))
            self._keys = sorted(file["data"], key=lambda name: [int(n) for n in re.findall(r"\d+", name)])
            self._masks = {name: set(plain(file["mask"][name][:])) for name in file.get("mask", {})}
        self.hertz = hertz or environment.get("env_kwargs", {}).get("control_freq")
        if self.hertz is None:
            raise ValueError(f"hertz: {self.path} has no control_freq in env_args, want the rate of the steps")
        self.about = {"format": "robomimic", "hertz": self.hertz, "environment": environment}

    @staticmethod
    def recognises(path):
        return path.is_file() and path.suffix in (".hdf5", ".h5")

    def keys(self):
        return self._keys

    def read(self, key):
        series, notes = {}, []
        with self._h5py.File(self.path, "r") as file:
            demonstration = file["data"][key]

            def add(name, found):
                if not isinstance(found, self._h5py.Dataset) or name.startswith("next_obs"):
                    return
                if found.ndim == 0 or found.dtype.kind not in "biuf":
                    notes.append(f"{name}: {found.dtype} with {found.ndim} dimensions is not read")
                elif found.ndim == 4 and found.dtype == "uint8" and not self.images:
                    notes.append(f"{name}: image is not read")
                else:
                    values = found[:]
                    series[name] = Series(values, on_grid(range(len(values)), self.hertz))

            try:
                demonstration.visititems(add)
            except (OSError, RuntimeError) as trouble:  # a damaged file
                raise Unreadable(f"{self.path.name}: {key}: {trouble}") from None
            attributes = {name: plain(value) for name, value in demonstration.attrs.items() if name != "model_file"}
        steps = attributes.get("num_samples")
        for name, one in series.items():
            if steps is not None and len(one.stamps) != steps:
                notes.append(f"{name}: found {len(one.stamps)} rows, want {steps}, num_samples")
        words = json.loads(attributes.pop("ep_meta", "{}"))
        attributes["masks"] = sorted(name for name, members in self._masks.items() if key in members)
        task = words.get("lang") or self.about["environment"].get("env_name", "")
        return Episode(key, series, task, notes, attributes)
