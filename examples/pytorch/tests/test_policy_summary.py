# SPDX-License-Identifier: Apache-2.0
"""summarize_policy_input: it is what `summarize` makes of the results, and PyTorch's own checks pass."""

import functools

import numpy as np
import pytest
import torch
from inputs import check_refused, series, windows_of

import robocache_torch as rc


def chunks(device, batch=4, samples=40, steps=(0, 4, 9, 300)):
    """The state, and actions relative to it, at windows of all trajectories."""
    torch.manual_seed(2)
    values, stamps = (one.to(device) for one in series("cpu", batch, samples, 3))
    anchors = stamps[:, 3:-3].flatten()
    index = torch.arange(batch, device=device).repeat_interleave(samples - 6)
    now, ahead = (
        rc.windows(anchors, torch.tensor(of, dtype=stamps.dtype, device=device), index) for of in ([0.0], steps)
    )
    state, action = rc.Stream(values, stamps), rc.Stream(values * 2, stamps)
    relative = rc.PolicyStream(action, relative=rc.Relative(to=(0, 0)))
    return [rc.PolicyFusion([state], now), rc.PolicyFusion([relative, state], ahead)]


def equal(one, other):
    return all(torch.equal(torch.nan_to_num(mine), torch.nan_to_num(its)) for mine, its in zip(one, other))


def test_it_is_the_summary_of_the_results(device):
    fusions = chunks(device)
    results = rc.policy_input(fusions)[1]
    quantiles = [0.01, 0.5, 0.99]
    found = rc.summarize_policy_input(fusions, quantiles, fusion=1)
    for i in range(2):
        mine = slice(3 * i, 3 * i + 3)
        rows, mask = results.values[..., mine].flatten(0, 1), results.valid[..., i].flatten()
        assert equal((of[mine] for of in found), rc.summarize(rows, quantiles, mask=mask))
    each = rc.summarize_policy_input(fusions, quantiles, fusion=1, each_step=True)
    assert each.mean.shape == (24,) and each.quantiles.shape == (24, 3)
    for k in range(4):
        mine = slice(6 * k, 6 * k + 3)
        rows, mask = results.values[:, k, :3], results.valid[:, k, 0]
        assert equal((of[mine] for of in each), rc.summarize(rows, quantiles, mask=mask))
    valid = results.values[:, 1, :3][results.valid[:, 1, 0]].double().cpu()
    close = np.quantile(valid.numpy(), quantiles, axis=0).T
    assert np.abs(each.quantiles[6:9].cpu().numpy() - close).max() < 1e-12
    assert torch.equal(each.count[:3], torch.full_like(each.count[:3], 136)) and (each.count[18:21] < 136).all()


def test_groups_of_windows(device):
    fusions = chunks(device)
    offsets = torch.tensor([0, 10, 10, 136], device=device)
    found = rc.summarize_policy_input(fusions, [0.5], fusion=1, each_step=True, offsets=offsets)
    assert found.mean.shape == (3, 24) and (found.count[1] == 0).all()
    results = rc.policy_input(fusions)[1]
    own = rc.summarize(results.values[:10, 0, :3], [0.5], mask=results.valid[:10, 0, 0])
    assert equal((of[0, :3] for of in found), own)


def test_both_sides_give_the_same_bits(device):
    here, there = (rc.summarize_policy_input(chunks(of), [0.25], fusion=1, each_step=True) for of in ("cpu", device))
    assert equal(here, (one.cpu() for one in there))


@pytest.mark.parametrize("dynamic", [False, True])
def test_compiles_without_a_break(device, dynamic):
    def work(values, stamps, anchors):
        ahead = rc.windows(anchors, torch.tensor([0.0, 5.0], dtype=stamps.dtype, device=stamps.device))
        stream = rc.PolicyStream(rc.Stream(values, stamps), relative=rc.Relative())
        return rc.summarize_policy_input([rc.PolicyFusion([stream], ahead)], [0.5], each_step=True)

    values, stamps = series(device)
    compiled = torch.compile(work, fullgraph=True, dynamic=dynamic, backend="aot_eager")
    for batch in (3, 2):
        given = (values[:batch], stamps[:batch], stamps[:batch, 20])
        assert equal(compiled(*given), work(*given))


def test_opcheck(device):
    captured = {}

    class Capture(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
            if operator is torch.ops.robocache.summarize_policy_input.default:
                captured.update(args=args, kwargs=kwargs or {})
            return operator(*args, **(kwargs or {}))

    with Capture():
        rc.summarize_policy_input(chunks(device), [0.5], fusion=1)
    torch.library.opcheck(torch.ops.robocache.summarize_policy_input.default, captured["args"], captured["kwargs"])


def test_a_cuda_graph_replays_it(device):
    if device.type == "cpu":
        pytest.skip("needs a GPU")
    fusions = chunks(device)
    with torch.cuda.device(device):
        rc.summarize_policy_input(fusions, [0.5], fusion=1)  # loads the kernels, which a capture may not do
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=torch.cuda.Stream(device)):
            found = rc.summarize_policy_input(fusions, [0.5], fusion=1)
        fusions[0].streams[0].values.mul_(2)
        graph.replay()
        torch.cuda.synchronize()
    assert equal(found, rc.summarize_policy_input(fusions, [0.5], fusion=1))


BAD = {
    "fusion: found 2, want": lambda f: rc.summarize_policy_input(f, fusion=2),
    "quantiles: found 1.5": lambda f: rc.summarize_policy_input(f, [1.5]),
    "offsets": lambda f: rc.summarize_policy_input(f, offsets=torch.zeros(2)),
    "fusions: found none": lambda f: rc.summarize_policy_input([]),
    "rows.each_step: found it with packed targets": lambda f: rc.summarize_policy_input(
        [
            rc.PolicyFusion(
                [rc.Stream(f[0].streams[0].values[:1], f[0].streams[0].times[:1])],
                rc.ragged(
                    f[0].streams[0].times[0, :4],
                    torch.tensor([0, 4], device=f[0].streams[0].values.device),
                ),
            )
        ],
        each_step=True,
    ),
}


@pytest.mark.parametrize("argument", BAD)
def test_errors_name_the_argument(device, argument):
    check_refused(lambda: BAD[argument](chunks(device)), TypeError if argument == "offsets" else ValueError, argument)


def test_there_are_no_gradients(device):
    fusions = chunks(device)
    stream = fusions[0].streams[0]
    stream = stream._replace(values=stream.values.clone().requires_grad_())
    call = functools.partial(rc.summarize_policy_input, [rc.PolicyFusion([stream], fusions[0].targets)])
    check_refused(call, ValueError, "fusions[0].streams[0].values: found a tensor that requires")
    with pytest.raises(NotImplementedError, match="summarize_policy_input: found a forward-mode gradient of values"):
        torch.func.jvp(
            lambda v: rc.summarize_policy_input(
                [rc.PolicyFusion([stream._replace(values=v)], fusions[0].targets)]
            ).mean,
            (stream.values.detach(),),
            (torch.ones_like(stream.values),),
        )
