# SPDX-License-Identifier: Apache-2.0
"""examples/pytorch/policy_input.py, compared with UMI's sampler as NumPy and SciPy have it: one window at a time."""

import numpy as np
import pytest
import torch

import policy_input as example


def interpolated(stamps, rows, at, latency):
    """Linear, the edges held."""
    return np.stack([np.interp(at, stamps - latency, column) for column in rows.T], -1)


def turned(stamps, vectors, at, latency):
    """Slerp, the edges held."""
    scipy = pytest.importorskip("scipy.spatial.transform")
    stamps = stamps - latency
    if len(stamps) == 1:
        return scipy.Rotation.from_rotvec(np.repeat(vectors, len(at), 0))
    return scipy.Slerp(stamps, scipy.Rotation.from_rotvec(vectors))(np.clip(at, stamps[0], stamps[-1]))


def episode_of(values, times, e):
    """Rows and stamps of one episode, in doubles."""
    begin, end = times.index[e : e + 2].tolist()
    return times.stamps[begin:end].cpu().double().numpy(), values[begin:end].cpu().double().numpy()


def theirs(recording, anchor, e):
    """The observation, the action and the mask of the actions' steps before the end."""
    stamps, positions = episode_of(recording.positions, recording.poses, e)
    _, vectors = episode_of(recording.rotations, recording.poses, e)
    gripper_stamps, widths = episode_of(recording.widths, recording.gripper, e)
    low, high = recording.widths.min().item(), recording.widths.max().item()
    known, gripper_known = stamps <= anchor, gripper_stamps <= anchor

    def pose(at, late):
        part, latency = (known, example.POSE_LATENCY) if late else (slice(None), 0)
        return (
            interpolated(stamps[part], positions[part], at, latency),
            turned(stamps[part], vectors[part], at, latency),
        )

    def steps(deltas, late):
        at = anchor + np.array(deltas, dtype=float)
        (here,), now = pose([float(anchor)], True)
        where, how = pose(at, late)
        relative = now[0].inv()
        distance = np.clip(relative.apply(where - here) / 0.5, -1, 1)
        six = (relative * how).as_matrix()[:, :2].reshape(-1, 6)
        part, latency = (gripper_known, example.GRIPPER_LATENCY) if late else (slice(None), 0)
        width = interpolated(gripper_stamps[part], widths[part], at, latency)
        return np.concatenate([distance, six, (width - low) / (high - low) * 2 - 1], -1), at

    observation, _ = steps(example.HISTORY, True)
    action, at = steps(example.CHUNK, False)
    inside = (at <= min(stamps[-1], gripper_stamps[-1])) & (at >= max(stamps[0], gripper_stamps[0]))
    return observation, action, inside


def test_it_is_what_umi_makes(device):
    pytest.importorskip("scipy")
    recording = example.made_up(device)
    anchors = torch.randint(300, 3_900, (24,), device=device) * example.MS
    anchors[0] = 4_000 * example.MS
    episode = torch.randint(3, (24,), device=device)
    observation, action = example.policy_input(recording, anchors, episode, example.opening_of(recording))
    assert observation.values.shape == (24, 2, 10) and action.values.shape == (24, 16, 10)
    assert observation.all_valid.all()
    assert action.all_valid.any() and not action.all_valid.all()
    for b, (anchor, e) in enumerate(zip(anchors.tolist(), episode.tolist())):
        seen, done, inside = theirs(recording, anchor, e)
        assert np.abs(observation.values[b].cpu().numpy() - seen).max() < 5e-6
        assert np.abs(action.values[b].cpu().numpy() - done).max() < 5e-6
        assert (action.all_valid[b].cpu().numpy() == inside).all()


def test_it_runs(capsys):
    example.main()
    assert "observation [64, 2, 10] action [64, 16, 10]" in capsys.readouterr().out
