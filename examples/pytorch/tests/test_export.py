# SPDX-License-Identifier: Apache-2.0
"""Programs that are exported, and a package that runs in C++ without Python: the same bits."""

import copy
import io
import subprocess
from pathlib import Path

import export as example
import pytest
import torch
from inputs import inner_targets, series, streams_of, windows_of

import robocache_torch as rc


class Called(torch.nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *given):
        return self.function(*given)


def flat(results):
    """All tensors of nested results."""
    if isinstance(results, torch.Tensor):
        return [results]
    return [tensor for one in results if one is not None for tensor in flat(one)]


def equal(some, others):
    some, others = flat(some), flat(others)
    return len(some) == len(others) and all(torch.equal(one, other) for one, other in zip(some, others))


def fused(values, stamps, targets, scale):
    """Of each kind of times."""
    packed = rc.ragged(stamps.flatten(), torch.arange(4, device=stamps.device) * stamps.shape[1])
    plain = rc.fuse([rc.Stream(values, stamps, "next", fill=float("nan"))], targets)  # without factors
    streams = [
        rc.Stream(values, stamps, "akima", latency=2.5, scale=scale),
        rc.Stream(values.flatten(0, 1), packed, "previous", before="fill", max_gap=40),
        rc.Stream(values, rc.uniform(stamps[:, 0], 20.0, values.shape[1]), after="hold"),
    ]
    return plain.valid, rc.fuse(streams, targets), rc.resample(values, stamps, rc.windows(targets[:, 0], targets[0] - targets[0, 0]))


def from_a_policy(values, stamps, anchors):
    deltas = torch.arange(-2, 1, dtype=stamps.dtype, device=stamps.device)
    plain = rc.PolicyStream(rc.Stream(values, stamps), relative=rc.Relative(), latencies=anchors * 0 + 3)
    turned = rc.PolicyStream(rc.Stream(values[..., :4], stamps, "slerp"), "xyzw", "rows")
    return rc.policy_input([rc.PolicyFusion([plain, turned], rc.windows(anchors, deltas, as_of=anchors), ages=True)])


def of_rows(values, stamps):
    return rc.clean(values, stamps), rc.inspect(stamps), rc.summarize(values.flatten(0, 1), [0.1, 0.5])


def of_points(points):
    grid = rc.Grid((0.0, 0.0, 0.0), 0.25, (4, 4, 4))
    return (
        rc.voxelize(points, grid),
        rc.sample_farthest(points, 8),
        rc.nearest_neighbours(points, points[:, :5], 3),
    )


def appended(stamps, values, written):
    ring = rc.Ring(3, 16, values.shape[2], device=values.device, stamp=stamps.dtype)
    rc.append([ring], [rc.Rows(stamps, values)], written == 0)
    return ring.values, ring.stamps, ring.written


def cases(device):
    values, stamps = series(device)
    return {
        "fuse": (fused, values, stamps, inner_targets(stamps), torch.rand(5, device=device)),
        "policy_input": (from_a_policy, values, stamps, stamps[:, 20]),
        "rows": (of_rows, values, stamps),
        "points": (of_points, torch.rand(2, 60, 3, device=device)),
        "append": (appended, stamps, values, torch.zeros(3, dtype=torch.int64, device=device)),
    }


@pytest.mark.parametrize("name", ["fuse", "policy_input", "rows", "points", "append"])
def test_what_is_exported_gives_the_same_bits(device, name):
    """Also after it was written and read again, for which every argument of an operator has to be data."""
    function, *given = cases(device)[name]
    wanted = function(*given)
    program = torch.export.export(Called(function), tuple(given))
    assert equal(program.module()(*given), wanted)
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    assert equal(torch.export.load(file).module()(*given), wanted)


@pytest.fixture(scope="module")
def deploy(tmp_path_factory):
    """The program deploy.cpp, built for this PyTorch."""
    from torch.utils import cpp_extension

    if torch.__version__.startswith(("2.6.", "2.11.")):  # 2.15 reads them right
        pytest.skip("this PyTorch's runner of packages misreads the types and lists that operators of others are given")
    if not (Path(cpp_extension.include_paths()[0]) / "torch/csrc/inductor/aoti_package/model_package_loader.h").exists():
        pytest.skip("this PyTorch has no header of AOTInductor's loader")
    folder = tmp_path_factory.mktemp("deploy")
    return cpp_extension.load(
        name="robocache_deploy",
        sources=[str(Path(example.__file__).with_name("deploy.cpp"))],
        extra_cflags=["-O1"],
        extra_ldflags=["-Wl,--no-as-needed", "-ldl"],
        build_directory=str(folder),
        with_cuda=torch.cuda.is_available(),
        is_python_module=False,
        is_standalone=True,
    )


def test_a_package_runs_in_cpp_without_python(device, deploy, tmp_path):
    """Tick after tick, with rings that live in the package."""
    ticks = example.some_ticks(3, 30, str(device))
    policy = example.Policy(3, str(device))
    packed = example.package(copy.deepcopy(policy), ticks[0], tmp_path / "policy.pt2")
    results, _ = run(deploy, packed, ticks, tmp_path, device)
    with torch.no_grad():
        for tick, found in zip(ticks, results, strict=True):
            action, *seen = policy(*tick)
            assert equal(found[1:], [tensor.cpu() for tensor in seen])
            torch.testing.assert_close(found[0], action.cpu())  # products are summed in another order
    assert policy.rings[0].refused.sum() == 0


def run(deploy, packed, ticks, folder, device):
    """What the package gives for each of `ticks`, and what the program said as a warning."""
    torch.save([[tensor.cpu() for tensor in tick] for tick in ticks], folder / "ticks.pt")
    command = [deploy, packed, rc.operators_library(), folder / "ticks.pt", folder / "results.pt", device.type]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{len(ticks)} ticks, p50")
    return torch.load(folder / "results.pt", weights_only=False), done.stderr


def test_all_operators_run_in_a_package(device, deploy, tmp_path):
    all_cases = list(cases(device).values())

    def everything(*given):
        given, results = list(given), []
        for function, *own in all_cases:
            results += flat(function(*given[: len(own)]))
            given = given[len(own) :]
        return results

    given = [tensor for _, *own in all_cases for tensor in own]
    packed = example.package(Called(everything), given, tmp_path / "everything.pt2")
    (found,), _ = run(deploy, packed, [given], tmp_path, device)
    wanted = [tensor.cpu() for tensor in everything(*given)]
    assert len(found) == len(wanted) and all(torch.equal(one, other) for one, other in zip(found, wanted))


def test_a_program_without_python_is_warned_of_stamps(deploy, tmp_path):
    """The operator that warns is Python's; without it PyTorch's own warning has the words."""
    stamps = 2.0**24 + torch.arange(8.0).expand(1, -1)
    values = torch.randn(1, 8, 2)
    packed = example.package(Called(lambda v, t: rc.fuse([rc.Stream(v, t)], t)), [values, stamps], tmp_path / "coarse.pt2")
    (found,), said = run(deploy, packed, [[values, stamps]], tmp_path, torch.device("cpu"))
    assert "cannot tell neighbours apart" in said and found[2].all()
