# SPDX-License-Identifier: Apache-2.0
"""A store and its windows in plain NumPy, from the files on the disk: what batches of a loader are compared with."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file


class Plain:
    """All episodes of a store: by modality a list of (stamps, values), one for each episode."""

    def __init__(self, folder):
        index = json.loads((Path(folder) / "index.json").read_text())
        self.series = {name: [] for name in index["modalities"]}
        self.episodes = 0
        for shard in index["shards"]:
            tensors = load_file(Path(folder) / shard["file"])
            self.episodes += shard["episodes"]
            for name, found in self.series.items():
                if f"{name}/values" not in tensors:
                    width = int(np.prod(index["modalities"][name]["shape"], dtype=int))
                    found += [(np.empty(0, np.int64), np.empty((0, width)))] * shard["episodes"]
                    continue
                bounds = tensors[f"{name}/offsets"]
                for begin, end in zip(bounds, bounds[1:]):
                    rows = slice(begin, end)
                    found.append((tensors[f"{name}/stamps"][rows], tensors[f"{name}/values"][rows]))

    def value(self, name, episode, time, rules, as_of=None):
        """Value of a modality at a time, float64, and whether it is valid; by `previous`, `nearest` or `linear`, with
        the rules that tests use."""
        stamps, values = self.series[name][episode]
        if as_of is not None:
            known = np.searchsorted(stamps, as_of, "right")
            stamps, values = stamps[:known], values[:known]
        method, gap = rules.get("method", "linear"), rules.get("max_gap") or 2**62
        tolerance = 0 if method == "linear" else rules.get("tolerance", 1)
        time = int(time) + rules.get("latency", 0)
        nothing = np.zeros(values.shape[1]), False
        if len(stamps) == 0:
            return nothing
        i = np.searchsorted(stamps, time + tolerance, "right") - 1
        if i < 0:  # before the first one
            far = rules.get("before") == "fill" or stamps[0] - time > gap
            return nothing if far else (values[0].astype(float), False)
        if i + 1 < len(stamps) and time < stamps[i + 1]:
            left, right = int(stamps[i]), int(stamps[i + 1])
            if method == "linear" and time > left:
                if right - left > gap:
                    return nothing
                weight = (time - left) / (right - left)
                return values[i] + weight * (values[i + 1].astype(float) - values[i]), True
            if method == "nearest" and max(time - left, 0) > right - time:
                i += 1
            return nothing if abs(time - int(stamps[i])) > gap else (values[i].astype(float), True)
        late = max(time - int(stamps[-1]), 0)  # behind the last one
        if method != "previous" and late > 0 and rules.get("after") == "fill":
            return nothing
        holds = method == "previous" or late == 0 or rules.get("after") == "hold"
        return nothing if late > gap else (values[-1].astype(float), holds)

    def limits(self, episode, spans):
        """Between which times the targets of anchors lie in all modalities.

        Args:
            spans: (modality, first, last) of targets, from the anchor.
        """
        low, high = -(2**62), 2**62
        for name, first, last in spans:
            stamps = self.series[name][episode][0]
            if len(stamps) == 0:
                return 0, -1
            low, high = max(low, int(stamps[0]) - first), min(high, int(stamps[-1]) - last)
        return low, high

    def anchors(self, episode, spans, at=None, period=None):
        """Of an episode: samples of the modality `at`, or times a period (a Fraction) apart."""
        low, high = self.limits(episode, spans)
        if at is not None:
            return [int(one) for one in self.series[at][episode][0] if low <= one <= high]
        found = []
        while low <= high and (time := low + int(len(found) * period // 1)) <= high:
            found.append(time)
        return found
