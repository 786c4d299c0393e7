# SPDX-License-Identifier: Apache-2.0
"""UMI's sampler in NumPy and SciPy, one process, beside `policy_input` on the same windows.

    python bench/peers/scipy_policy_input.py [--windows 512] [--batch 4096] [--json FILE]
    python bench/report.py policy_input.json scipy_policy_input.json    writes bench/results/<chip>-policy-input.md

The recording, the windows and the sampler are those of examples/pytorch/policy_input.py and of its test, which compares
every number. A training's data loader runs the sampler a window at a time in some workers; here is one of them. RoboCache
takes the whole batch in one call, on the GPU if there is one, which is waited for. The first windows are compared before
anything is timed.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import scipy
import torch

PACKAGE = Path(__file__).resolve().parents[2] / "examples" / "pytorch"
sys.path[:0] = [str(PACKAGE), str(PACKAGE / "tests")]
import policy_input as example  # noqa: E402
from test_policy_example import theirs  # noqa: E402

EPISODES = 64


def cpu_name():
    """The processor, by the name that Linux gives it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "a CPU"


def moved(one, device):
    """A tensor, or a timeline."""
    if isinstance(one, torch.Tensor):
        return one.to(device)
    return one._replace(**{name: x.to(device) for name, x in one._asdict().items() if isinstance(x, torch.Tensor)})


def windows(count, device):
    """Anchors inside of their episodes."""
    anchors = torch.randint(300, 3_100, (count,), device=device) * example.MS
    return anchors, torch.randint(EPISODES, (count,), device=device)


def seconds_of_sampler(recording, anchors, episodes):
    """Median of the time of one window: several rounds over all of them."""
    asked = list(zip(anchors.tolist(), episodes.tolist()))
    rounds = []
    for _ in range(3):
        begin = time.perf_counter()
        for anchor, episode in asked:
            theirs(recording, anchor, episode)
        rounds.append((time.perf_counter() - begin) / len(asked))
    return statistics.median(rounds)


def seconds_of_call(recording, anchors, episodes):
    """Median of the time of one call for the whole batch, Python and waiting for it included."""
    opening = example.opening_of(recording)
    times = []
    for _ in range(30):
        begin = time.perf_counter()
        example.policy_input(recording, anchors, episodes, opening)
        if anchors.device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def compare(recording, here, anchors, episodes):
    """Fails where a number of one window is another one."""
    found = example.policy_input(recording, anchors, episodes, example.opening_of(recording))
    for b, (anchor, episode) in enumerate(zip(anchors.tolist(), episodes.tolist())):
        seen, done, _ = theirs(here, anchor, episode)
        for mine, wanted in zip(found, (seen, done)):
            worst = np.abs(mine.values[b].cpu().numpy() - wanted).max()
            if not worst < 5e-6:
                sys.exit(f"window {b}: found a number that is {worst} off, want 5e-6 at most")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--windows", type=int, default=512, help="of SciPy's sampler, which takes milliseconds for each")
    parser.add_argument("--batch", type=int, default=4096, help="of the call")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    here = example.made_up("cpu", EPISODES)
    recording = example.Recording(*(moved(one, device) for one in here))
    anchors, episodes = windows(options.batch, device)
    compare(recording, here, anchors[:16], episodes[:16])
    sampler = seconds_of_sampler(here, *(one[: options.windows].cpu() for one in (anchors, episodes)))
    call = seconds_of_call(recording, anchors, episodes)
    case = {
        "name": f"policy_input/UMI/B:{options.batch}/T:2+16",
        "windows_of_sampler": min(options.windows, options.batch),
        "sampler_us_a_window": sampler * 1e6,
        "call_us": call * 1e6,
        "ratio": sampler * options.batch / call,
    }
    report = {
        "benchmark": "scipy_policy_input",
        "commit": os.environ.get("ROBOCACHE_COMMIT", ""),
        "device": torch.cuda.get_device_name() if device == "cuda" else "CPU",
        "cpu": cpu_name(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "cases": [case],
    }
    print(
        f"SciPy, one worker on {report['cpu']}: {case['sampler_us_a_window']:.0f} us a window. policy_input, "
        f"{options.batch} windows on {report['device']}: {case['call_us']:.1f} us, {case['ratio']:.0f} times as fast"
    )
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
