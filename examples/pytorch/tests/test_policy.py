# SPDX-License-Identifier: Apache-2.0
"""policy_input: results, and that PyTorch's own checks pass."""

import math

import numpy as np
import pytest
import torch
from inputs import inner_targets, made, series, streams_of, windows_of

import robocache_torch as rc
from robocache_torch import _layout


def quaternions(device, batch=3, samples=40):
    values, stamps = series(device, batch, samples, 4)
    return torch.nn.functional.normalize(values, dim=-1), stamps


def equal(one, other):
    return all(torch.equal(mine, its) for mine, its in zip(one, other))


def matrices(rotations):
    """[..., 4] x y z w -> [..., 3, 3]"""
    x, y, z, w = rotations.double().unbind(-1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def close(found, wanted, tolerance=3e-6):
    assert (found.double() - wanted.double()).abs().max() <= tolerance


def test_a_fusion_is_that_of_a_call_of_its_own(device):
    streams = streams_of(device)
    near, far = inner_targets(streams[0].times), windows_of(streams[0].times, [-9, 0, 5, 1000], as_of=None)
    found = rc.policy_input([rc.PolicyFusion(streams, near), rc.PolicyFusion(streams[:1], far, torch.bfloat16)])
    assert equal(found[0], rc.fuse(streams, near))
    assert equal(found[1], rc.fuse(streams[:1], far, dtype=torch.bfloat16))
    many = [streams[1]] * 20
    assert equal(made(many, near), rc.fuse(many, near))
    packed = rc.ragged(near.flatten(), torch.tensor([0, 25, 50, 75], device=device))
    assert equal(made(streams, packed), rc.fuse(streams, packed))


def test_targets_as_of_a_time(device):
    values, stamps = series(device)
    stream = rc.Stream(values, stamps, after="hold")
    targets = windows_of(stamps, [-40, 0, 30], as_of=stamps[:, 20])
    assert equal(made([stream], targets), rc.fuse([stream], targets))
    free = rc.fuse([stream], targets._replace(as_of=None))
    assert not torch.equal(made([stream], targets).values, free.values)


def test_one_trajectory_needs_no_batch(device):
    values, stamps = series(device, batch=1)
    targets = inner_targets(stamps)
    found = made([rc.Stream(values[0], stamps[0])], targets[0])
    assert equal(found, rc.fuse([rc.Stream(values[0], stamps[0])], targets[0])) and found.values.shape == (25, 5)


def written(rotations, name):
    """SciPy's rotations in this format."""
    kinds = {
        "wxyz": lambda: rotations.as_quat()[:, [3, 0, 1, 2]],
        "xyzw": rotations.as_quat,
        "vector": rotations.as_rotvec,
        "matrix": lambda: rotations.as_matrix().reshape(-1, 9),
        "columns": lambda: rotations.as_matrix()[:, :, :2].transpose(0, 2, 1).reshape(-1, 6),
        "rows": lambda: rotations.as_matrix()[:, :2].reshape(-1, 6),
    }
    return torch.tensor(kinds[name]() if name in kinds else rotations.as_euler(name))


def read(rows, name):
    """The matrices [N, 3, 3] of rows in this format, by SciPy."""
    turn = pytest.importorskip("scipy.spatial.transform").Rotation
    rows = rows.cpu().double().numpy()
    kinds = {
        "wxyz": lambda: turn.from_quat(rows[:, [1, 2, 3, 0]]),
        "xyzw": lambda: turn.from_quat(rows),
        "vector": lambda: turn.from_rotvec(rows),
        "matrix": lambda: turn.from_matrix(rows.reshape(-1, 3, 3)),
        "columns": lambda: turn.from_matrix(
            np.stack([rows[:, :3], rows[:, 3:], np.cross(rows[:, :3], rows[:, 3:])], axis=2)
        ),
        "rows": lambda: turn.from_matrix(
            np.stack([rows[:, :3], rows[:, 3:], np.cross(rows[:, :3], rows[:, 3:])], axis=1)
        ),
    }
    return torch.tensor((kinds[name]() if name in kinds else turn.from_euler(name, rows)).as_matrix())


@pytest.mark.parametrize("name", _layout.ROTATIONS)
def test_rotations_are_those_of_scipy(device, name):
    scipy = pytest.importorskip("scipy.spatial.transform")
    values, stamps = quaternions("cpu", batch=1)
    rotations = scipy.Rotation.from_quat(values[0].numpy())
    targets = inner_targets(stamps)
    wanted = torch.tensor(scipy.Slerp(stamps[0].numpy(), rotations)(targets[0].numpy()).as_matrix())
    stamps, targets = stamps.to(device), targets.to(device)
    for source, result in ((name, "matrix"), ("matrix", name)):
        rows = rc.Stream(written(rotations, source).float()[None].to(device), stamps, "slerp")
        found = made([rc.PolicyStream(rows, source, result)], targets)
        assert found.all_valid.all() and found.values.shape[-1] == _layout.ROTATIONS[result]
        close(read(found.values[0], result), wanted, 1e-5)


def test_quaternions_of_one_sign(device):
    values, stamps = quaternions(device)
    stream = rc.Stream(values, stamps, "slerp")
    found = made([rc.PolicyStream(stream, "xyzw", "wxyz", positive=True)], inner_targets(stamps)).values
    plain = rc.fuse([stream], inner_targets(stamps)).values
    assert (found[..., 0] >= 0).all() and not (plain[..., 3] >= 0).all()


def test_results_relative_to_the_present(device):
    positions, stamps = series(device, channels=3)
    turns, turn_stamps = quaternions(device)
    turn_stamps = turn_stamps + stamps[:, 20:21] - turn_stamps[:, 20:21]
    position, rotation = rc.Stream(positions, stamps), rc.Stream(turns, turn_stamps, "slerp")
    angle = rc.Stream(positions * 2, stamps, "angle")
    past, future = windows_of(stamps, [-9, 0]), windows_of(stamps, [3, 8, 11])
    now = windows_of(stamps, [0])
    seen = [
        rc.PolicyStream(position, relative=rc.Relative()),
        rc.PolicyStream(rotation, "xyzw", "matrix", relative=rc.Relative(to=1)),
        rc.PolicyStream(angle, relative=rc.Relative(at=-9)),
    ]
    done = [
        rc.PolicyStream(position, relative=rc.Relative(to=(0, 0), frame=(1, 0))),
        rc.PolicyStream(rotation, "xyzw", "matrix", relative=rc.Relative(to=(1, 0))),
    ]
    observed, action = rc.policy_input([rc.PolicyFusion(seen, past), rc.PolicyFusion(done, future)])
    here, there = rc.fuse([position], now).values, rc.fuse([position], past).values
    assert torch.equal(observed.values[..., :3], there - here)
    first = matrices(rc.fuse([rotation], now).values)
    wanted = first.mT @ matrices(rc.fuse([rotation], past).values)
    close(observed.values[..., 3:12].reshape(wanted.shape), wanted)
    turned = rc.fuse([angle], past).values
    turned = turned - turned[:, :1]
    wanted = torch.atan2(turned.double().sin(), turned.double().cos())
    close(observed.values[..., 12:], wanted, 2e-6)
    wanted = first.mT @ (rc.fuse([position], future).values - here).double()[..., None]
    close(action.values[..., :3], wanted[..., 0], 2e-5)
    wanted = first.mT @ matrices(rc.fuse([rotation], future).values)
    close(action.values[..., 3:].reshape(wanted.shape), wanted)
    assert observed.all_valid.all() and action.all_valid.all()


def test_without_a_reference_there_is_no_result(device):
    values, stamps = series(device)
    stream = rc.Stream(values, stamps, fill=-3)
    found = made([rc.PolicyStream(stream, relative=rc.Relative(at=100_000)), stream], windows_of(stamps, [0, 1]))
    assert (found.values[..., :5] == -3).all()
    assert not found.valid[..., 0].any() and found.valid[..., 1].all() and not found.all_valid.any()


def test_scale_and_shift_of_each_step_and_clamps(device):
    values, stamps = series(device, channels=3)
    targets = windows_of(stamps, [-20, 0, 20, 40])
    scale, shift = torch.rand(4, 3, device=device) + 0.5, torch.randn(3, device=device)
    low, high = torch.tensor([-0.5, -1, -0.1], device=device), torch.tensor([0.5, 1, 9], device=device)
    stream = rc.Stream(values, stamps, scale=scale, shift=shift)
    plain = rc.fuse([rc.Stream(values, stamps)], targets).values
    wanted = plain * scale + shift
    assert torch.equal(made([stream], targets).values, wanted)
    found = made([rc.PolicyStream(stream, low=low, high=high)], targets).values
    assert torch.equal(found, torch.minimum(torch.maximum(wanted, low), high)) and not torch.equal(found, wanted)
    found = made([stream._replace(scale=None, shift=scale)], targets).values
    assert torch.equal(found, plain + scale)


def test_sines_and_cosines(device):
    angles, stamps = series(device, channels=2)
    stream, targets = rc.Stream(angles, stamps, "angle"), windows_of(stamps, [0, 7])
    scale = torch.tensor([2.0, 2, 4, 4], device=device)
    found = made([rc.PolicyStream(stream._replace(scale=scale), sin_cos=True)], targets).values
    plain = rc.fuse([stream], targets).values.double()
    close(found, torch.cat([2 * plain.sin(), 4 * plain.cos()], -1), 1e-6)


def test_velocities(device):
    stamps = torch.arange(0, 40, device=device) * 10  # milliseconds
    seconds = stamps.double()[:, None] / 1000
    values = torch.cat([3 * seconds, -2 * seconds], -1).float()
    axis = torch.tensor([0.0, 0.6, 0.8], dtype=torch.float64, device=device)
    turns = (seconds * 1.5 * axis).float()  # 1.5 radians a second, about an axis that turns with it
    targets = torch.tensor([15, 100, 203], device=device)
    moving = rc.PolicyStream(rc.Stream(values, stamps), derivative="velocity", ticks_per_second=1000)
    turning = rc.PolicyStream(
        rc.Stream(turns, stamps, "slerp"), "vector", derivative="velocity", ticks_per_second=1000, world_frame=True
    )
    found = made([moving, turning], targets)
    assert found.values.shape == (3, 5) and found.all_valid.all()
    wanted = torch.tensor([3, -2, 0, 0.9, 1.2], dtype=torch.float64, device=device).expand(3, 5)
    close(found.values, wanted, 2e-5)


def test_angular_velocity_from_the_body_and_from_the_world(device):
    turns, stamps = quaternions(device)
    targets = inner_targets(stamps)
    stream = rc.Stream(turns, stamps, "slerp")
    body, world = (
        made([rc.PolicyStream(stream, "xyzw", derivative="velocity", world_frame=of)], targets).values
        for of in (False, True)
    )
    turned = matrices(rc.fuse([stream], targets).values) @ body.double()[..., None]
    close(world, turned[..., 0], 1e-5)
    assert (body - world).abs().max() > 0.01


@pytest.mark.parametrize("method", ["catmull_rom", "pchip", "akima"])
def test_derivatives_of_cubics(device, method):
    torch.manual_seed(4)
    stamps = torch.arange(0, 12, dtype=torch.float64, device=device)
    values = torch.randn(12, 2).to(device)
    by = 2**-5
    targets = torch.tensor([1.3, 4.7, 5.2, 9.9], dtype=torch.float64, device=device)
    stream = rc.Stream(values, stamps, method)
    before, at, after = (made([stream], targets + step).values.double() for step in (-by, 0, by))
    moving = [rc.PolicyStream(stream, derivative=word, ticks_per_second=2) for word in ("velocity", "acceleration")]
    found = made(moving, targets).values
    # Between three points a cubic differs from its parabola by a third derivative.
    close(found[:, :2], 2 * (after - before) / (2 * by), 0.1)
    close(found[:, 2:], 4 * (after - 2 * at + before) / by**2, 5e-2)
    exact = {"pchip": "PchipInterpolator", "akima": "Akima1DInterpolator"}
    if method in exact:
        scipy = pytest.importorskip("scipy.interpolate")
        curve = getattr(scipy, exact[method])(stamps.cpu().numpy(), values.double().cpu().numpy())
        for order in (1, 2):
            wanted = torch.tensor(curve(targets.cpu().numpy(), order)).to(device) * 2**order
            close(found[:, 2 * order - 2 : 2 * order], wanted, 2e-4)


def test_fusions_do_not_mix_what_is_theirs(device):
    one, others = series(device, samples=40, channels=3), series(device, samples=70, channels=3)
    fusions = [
        rc.PolicyFusion(
            [
                rc.PolicyStream(rc.Stream(*of, fill=fill, after="fill"), derivative="velocity", ticks_per_second=rate),
                rc.Stream(*of, method, fill=-fill, before="fill", latency=fill),
            ],
            inner_targets(of[1], count) * 2 - 300,  # on both sides of the ends, too
        )
        for of, fill, rate, method, count in ((one, 2.0, 10.0, "pchip", 6), (others, 5.0, 1000.0, "nearest", 9))
    ]
    for found, fusion in zip(rc.policy_input(fusions), fusions):
        assert equal(found, made(*fusion[:2])) and not found.valid.all(1).any()


def test_both_sides_give_the_same_bits(device):
    here = rc.policy_input(all_of_it("cpu"))
    there = rc.policy_input(all_of_it(device))
    for one, other in zip(here, there):
        assert equal(one, (its.cpu() for its in other))
    if device.type == "cuda":
        pinned = [
            fusion._replace(
                streams=[
                    one._replace(stream=one.stream._replace(values=one.stream.values.cpu().pin_memory()))
                    for one in fusion.streams
                ]
            )
            for fusion in all_of_it(device)
        ]
        assert all(equal(one, other) for one, other in zip(rc.policy_input(pinned), there))


def all_of_it(device):
    """Two fusions that use what there is."""
    torch.manual_seed(1)
    positions, stamps = (one.to(device) for one in series("cpu", channels=3))
    turns = torch.randn(3, 40, 6).to(device)
    shift = torch.randn(4, 3).to(device)
    limit = torch.full((3,), 0.9, device=device)
    position = rc.Stream(positions, stamps, scale=limit, shift=shift, latency=2.5)
    rotation = rc.Stream(turns, stamps, "slerp", max_gap=45)
    past = rc.windows(stamps[:, 20], torch.tensor([-9.0, 0, 1, 30], dtype=stamps.dtype, device=device))
    past = past._replace(as_of=stamps[:, 20])
    future = windows_of(stamps, [3, 8])
    relative = rc.Relative(to=(0, 0), frame=(1, 0))
    seen = [
        rc.PolicyStream(position, relative=rc.Relative(at=-2.0), low=-limit, high=limit),
        rc.PolicyStream(rotation, "columns", "ZYX", relative=rc.Relative()),
        rc.PolicyStream(rc.Stream(positions, stamps, "angle"), sin_cos=True),
    ]
    done = [
        rc.PolicyStream(position._replace(shift=None), relative=relative),
        rc.PolicyStream(rotation, "columns", derivative="velocity"),
        rc.PolicyStream(position._replace(shift=None, method="akima"), derivative="acceleration"),
    ]
    return [rc.PolicyFusion(seen, past), rc.PolicyFusion(done, future, torch.bfloat16)]


@pytest.mark.parametrize("dynamic", [False, True])
def test_compiles_without_a_break(device, dynamic):
    def work(positions, turns, stamps, anchors, deltas, scale):
        here = rc.Relative(to=(0, 0), frame=(1, 0))
        position = rc.Stream(positions, stamps, latency=2.5)
        rotation = rc.PolicyStream(rc.Stream(turns, stamps, "slerp"), "xyzw", "rows", relative=rc.Relative(to=(1, 0)))
        scaled = rc.Stream(positions, stamps, scale=scale, shift=scale[0])
        seen = [rc.PolicyStream(position, relative=here), rotation, rc.PolicyStream(scaled, low=scale[1])]
        turned = rc.Stream(turns, stamps, "slerp")
        turning = rc.PolicyStream(turned, "xyzw", derivative="velocity", ticks_per_second=1000)
        angle = rc.PolicyStream(rc.Stream(positions, stamps, "angle"), sin_cos=True)
        past = rc.PolicyFusion(seen, rc.windows(anchors, deltas, as_of=anchors))
        return rc.policy_input([past, rc.PolicyFusion([turning, angle], stamps, torch.bfloat16)])

    (positions, stamps), (turns, _) = series(device, channels=3), quaternions(device)
    deltas, scale = torch.linspace(-5, 5, 7, dtype=stamps.dtype, device=device), torch.rand(7, 3, device=device)
    compiled = torch.compile(work, fullgraph=True, dynamic=dynamic, backend="aot_eager")
    for batch in (3, 2):
        given = (positions[:batch], turns[:batch], stamps[:batch], stamps[:batch, 20], deltas, scale)
        for one, other in zip(compiled(*given), work(*given)):
            assert equal(one, other)


def test_opcheck(device):
    captured = {}

    class Capture(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
            if operator is torch.ops.robocache.policy_input.default:
                captured.update(args=args, kwargs=kwargs or {})
            return operator(*args, **(kwargs or {}))

    with Capture():
        rc.policy_input(all_of_it(device))
    torch.library.opcheck(torch.ops.robocache.policy_input.default, captured["args"], captured["kwargs"])


def test_a_cuda_graph_replays_it(device):
    if device.type == "cpu":
        pytest.skip("needs a GPU")
    fusions = all_of_it(device)
    with torch.cuda.device(device):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=torch.cuda.Stream(device)):
            found = rc.policy_input(fusions)
        fusions[0].streams[0].stream.values.mul_(2)
        graph.replay()
        torch.cuda.synchronize()
    for one, other in zip(found, rc.policy_input(fusions)):
        assert equal(one, other)


def test_nothing_to_do_is_no_error(device):
    values, stamps = series(device)
    targets = windows_of(stamps, [])
    assert made([rc.Stream(values, stamps)], targets).values.shape == (3, 0, 5)
    nothing = rc.Stream(values[:, :0], stamps[:, :0], fill=2.0)
    found = made([rc.PolicyStream(nothing, relative=rc.Relative())], windows_of(stamps, [0, math.pi]))
    assert (found.values == 2).all() and not found.valid.any()
