# SPDX-License-Identifier: Apache-2.0
"""What UMI's policy takes, in one launch: the low-dimensional observation and the action chunk of a whole batch.

As in UMI's sampler: readings are late by a known time, positions and the gripper are interpolated linearly, rotations
by slerp, poses are relative to the present one, rotations are 6 numbers, values are normalised. Where an action lies
behind the end of its episode, the pad mask says so. One thing more: an observation knows no reading that had not
arrived yet.

Run it: python examples/pytorch/policy_input.py
"""

from typing import NamedTuple

import torch
from torch import Tensor

import robocache_torch as rc

MS = 1_000_000  # stamps are nanoseconds
POSE_LATENCY, GRIPPER_LATENCY = 20 * MS, 35 * MS
HISTORY = (-50 * MS, 0)
CHUNK = tuple(50 * MS * k for k in range(16))


class Recording(NamedTuple):
    """Episodes one after the other: poses at 60 Hz, the gripper at 25 Hz, with jitter."""

    positions: Tensor  # [rows, 3], metres
    rotations: Tensor  # [rows, 3], rotation vectors
    poses: rc.Timeline
    widths: Tensor  # [rows, 1], metres
    gripper: rc.Timeline


def made_up(device="cpu", episodes=3) -> Recording:
    """Hands that move on curves, with the rows of all episodes packed."""

    def times(hertz):
        counts = [4 * hertz + 7 * e for e in range(episodes)]
        jitter = 0.3 / hertz
        seconds = [torch.arange(n, dtype=torch.float64) / hertz + jitter * torch.rand(n) for n in counts]
        offsets = torch.tensor([0, *counts]).cumsum(0)
        return torch.cat(seconds), offsets.to(device)

    s, offsets = times(60)
    positions = torch.stack([s.sin(), (0.7 * s).cos(), 0.3 * s], -1)
    axes = torch.stack([(0.5 * s).sin(), s.cos(), 0.2 * s], -1)
    g, gripper_offsets = times(25)
    stamps, gripper_stamps = ((one * 1e9).round().long().to(device) for one in (s, g))
    return Recording(
        positions.float().to(device),
        axes.float().to(device),
        rc.ragged(stamps, offsets),
        (0.04 + 0.03 * (2 * g).sin())[:, None].float().to(device),
        rc.ragged(gripper_stamps, gripper_offsets),
    )


def to_ones(low: Tensor, high: Tensor) -> dict:
    """Scale and shift that bring [low, high] to [-1, 1]."""
    scale = 2 / (high - low)
    return {"scale": scale.float(), "shift": (-1 - low * scale).float()}


def opening_of(recording: Recording) -> dict:
    """Scale and shift of the gripper, from its whole data set."""
    found = rc.summarize(recording.widths)
    return to_ones(found.min, found.max)


def policy_input(recording: Recording, anchors: Tensor, episode: Tensor, opening: dict) -> tuple[rc.Fused, rc.Fused]:
    """The observation `[B, 2, 10]` and the action chunk `[B, 16, 10]`: position, rotation, gripper of each step.

    Args:
        anchors: int64 `[B]`, when the policy is asked.
        episode: int64 `[B]`.
        opening: From `opening_of`, once.
    """
    metre = torch.ones(3, device=anchors.device)
    past = rc.windows(anchors, torch.tensor(HISTORY, device=anchors.device), episode, as_of=anchors)
    ahead = rc.windows(anchors, torch.tensor(CHUNK, device=anchors.device), episode)

    position = rc.Stream(recording.positions, recording.poses, **to_ones(-0.5 * metre, 0.5 * metre))
    rotation = rc.Stream(recording.rotations, recording.poses, "slerp")
    width = rc.Stream(recording.widths, recording.gripper, **opening)

    def streams(**late):
        """Poses relative to streams 0 and 1 of fusion 0, the observation, at the anchor."""
        where, how = rc.Relative(to=(0, 0), frame=(1, 0)), rc.Relative(to=(1, 0))
        return [
            rc.PolicyStream(position._replace(**late), relative=where, low=-metre, high=metre),
            rc.PolicyStream(rotation._replace(**late), "vector", "rows", relative=how),
        ]

    seen = [*streams(latency=POSE_LATENCY, after="hold"), width._replace(latency=GRIPPER_LATENCY, after="hold")]
    done = [*streams(), width]
    observation, action = rc.policy_input([rc.PolicyFusion(seen, past), rc.PolicyFusion(done, ahead)])
    return observation, action


def main():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    recording = made_up(device)
    anchors = torch.randint(500, 3_900, (64,), device=device) * MS
    episode = torch.randint(3, (64,), device=device)
    observation, action = policy_input(recording, anchors, episode, opening_of(recording))
    print("observation", list(observation.values.shape), "action", list(action.values.shape))
    print(f"{(~action.all_valid).sum()} of {action.all_valid.numel()} actions lie behind the end of their episode")


if __name__ == "__main__":
    main()
