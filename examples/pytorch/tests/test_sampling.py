# SPDX-License-Identifier: Apache-2.0
"""Samples and neighbours of clouds, compared with plain PyTorch."""

import pytest
import torch

import robocache_torch as rc


def clouds_of(device, batch=3, count=200, channels=3):
    return torch.randn(batch, count, channels, device=device)


def plain_farthest(points, samples, start=0):
    """Of one cloud without ties, [N, 3] to [K]."""
    taken = [start]
    distance = torch.full(points.shape[:1], float("inf"), device=points.device)
    for _ in range(samples - 1):
        apart = points - points[taken[-1]]
        squares = apart * apart
        distance = torch.minimum(distance, (squares[:, 0] + squares[:, 1]) + squares[:, 2])
        taken.append(int(distance.argmax()))
    return taken


@pytest.mark.parametrize("count, samples", [(200, 30), (9000, 40)])
def test_farthest_points_are_those_of_a_loop(device, count, samples):
    points = clouds_of(device, 2, count)
    found = rc.sample_farthest(points, samples, start=torch.tensor([3, 0], device=device))
    assert found.indices.tolist() == [plain_farthest(points[0], samples, 3), plain_farthest(points[1], samples)]
    assert found.counts.tolist() == [samples] * 2
    offsets = torch.tensor([0, count, 2 * count], device=device)
    packed = rc.sample_farthest(points.flatten(0, 1), samples, offsets=offsets)
    assert packed.indices[1].tolist() == plain_farthest(points[1], samples)


def test_clouds_with_few_points(device):
    points = torch.tensor([[0.0, 0, 0], [1, 0, 0], [float("nan"), 0, 0], [5, 0, 0]], device=device)
    assert rc.sample_farthest(points, 5).indices.tolist() == [[0, 3, 1, -1, -1]]
    assert rc.sample_farthest(points, 5, repeat=True).indices.tolist() == [[0, 3, 1, 0, 3]]
    assert rc.sample_farthest(points, 5).counts.tolist() == [3]
    empty = points[:0]
    assert rc.sample_farthest(empty, 2).indices.tolist() == [[-1, -1]]
    assert rc.sample_uniform(empty, 2, 0).indices.tolist() == [[-1, -1]]
    assert rc.nearest_neighbours(points[:1], empty, 2).indices.tolist() == [[[-1, -1]]]


def test_uniform_samples_are_without_replacement(device):
    points = clouds_of(device, 3, 1000)
    found = rc.sample_uniform(points, 999, 7).indices
    assert all(len(set(row)) == 999 and 0 <= min(row) and max(row) < 1000 for row in found.tolist())
    assert torch.equal(found, rc.sample_uniform(points, 999, torch.tensor([7], device=device)).indices)
    assert not torch.equal(found, rc.sample_uniform(points, 999, 8).indices)
    ids = torch.tensor([2, 1, 0], device=device)
    assert torch.equal(rc.sample_uniform(points, 999, 7, cloud_ids=ids).indices, found.flip(0))
    assert rc.sample_uniform(points[:, :3], 5, 7, repeat=True).indices.tolist() == [[0, 1, 2, 0, 1]] * 3
    rc.sample_uniform(points, 4, 2**64 - 1)


def test_known_uniform_samples(device):
    ids = torch.tensor([7], device=device)
    points = clouds_of(device, 1, 10)
    assert rc.sample_uniform(points, 9, 42, cloud_ids=ids).indices.tolist() == [[9, 7, 0, 4, 6, 2, 8, 3, 1]]


@pytest.mark.parametrize("k", [1, 5, 64])
def test_nearest_neighbours_are_those_of_topk(device, k):
    points, queries = clouds_of(device, 2, 700), clouds_of(device, 2, 50)
    found = rc.nearest_neighbours(queries, points, k)
    exact = torch.cdist(queries.double(), points.double()) ** 2
    wanted = exact.topk(k, largest=False)
    assert torch.equal(found.indices, wanted.indices)
    assert torch.allclose(found.distances.double(), wanted.values, rtol=1e-5)
    assert (found.counts == k).all()


def test_neighbours_within_a_radius(device):
    points, queries = clouds_of(device, 2, 700), clouds_of(device, 2, 50)
    found = rc.within_radius(queries, points, 0.7, 9)
    near = (torch.cdist(queries.double(), points.double()) ** 2).float() <= torch.tensor(0.7).float() ** 2
    for b in range(2):
        for i in range(50):
            wanted = near[b, i].nonzero().flatten()[:9].tolist()
            assert found.indices[b, i].tolist() == wanted + [-1] * (9 - len(wanted))
            assert int(found.counts[b, i]) == len(wanted)
    offsets = torch.tensor([0, 50, 100], device=device)
    packed = rc.within_radius(queries.flatten(0, 1), points, 0.7, 9, query_offsets=offsets)
    assert torch.equal(packed.indices, found.indices.flatten(0, 1))


def test_gathered_rows_have_gradients(device):
    values = torch.randn(2, 40, 5, dtype=torch.float64, device=device, requires_grad=True)
    indices = rc.sample_farthest(values.detach()[..., :3].float(), 50).indices
    assert (indices[:, 40:] == -1).all()
    found = rc.gather_rows(values, indices)
    assert torch.equal(found[0, :40], values[0][indices[0, :40]]) and (found[:, 40:] == 0).all()
    assert torch.autograd.gradcheck(lambda given: rc.gather_rows(given, indices), values)
    offsets = torch.tensor([0, 40, 80], device=device)
    assert torch.equal(rc.gather_rows(values.flatten(0, 1), indices, offsets=offsets), found)
    near = rc.nearest_neighbours(values.detach()[..., :3].float(), values.detach()[..., :3].float(), 4).indices
    assert rc.gather_rows(values, near).shape == (2, 40, 4, 5)
    assert rc.gather_rows(values[:, :0], indices * 0 - 1).shape == (2, 50, 5)


def test_results_have_no_gradient(device):
    points = clouds_of(device).requires_grad_()
    assert not rc.nearest_neighbours(points, points, 2).distances.requires_grad
    rc.sample_farthest(points, 4)


def test_both_sides_give_the_same_bits(device):
    points = clouds_of("cpu", 2, 9000)
    here = rc.sample_farthest(points, 50)
    there = rc.sample_farthest(points.to(device), 50)
    assert torch.equal(here.indices, there.indices.cpu())
    near = [rc.nearest_neighbours(one[:, :100], one, 7) for one in (points, points.to(device))]
    assert torch.equal(near[0].indices, near[1].indices.cpu())
    assert torch.equal(near[0].distances, near[1].distances.cpu())


def test_operators_are_sound(device):
    points, lengths = clouds_of(device), torch.tensor([200, 3, 0], device=device)
    seed = torch.tensor([1], device=device)
    ops = torch.ops.robocache
    torch.library.opcheck(ops.sample_farthest, (points, lengths, None, None, 0, 10, False))
    torch.library.opcheck(ops.sample_uniform, (points, lengths, None, seed, None, 10, True))
    torch.library.opcheck(ops.nearest_neighbours, (points, None, None, points, lengths, None, 3))
    torch.library.opcheck(ops.within_radius, (points, lengths, None, points, None, None, 0.5, 3))


def test_compiled(device):
    def observe(points, values):
        samples = rc.sample_farthest(points, 16)
        near = rc.within_radius(rc.gather_rows(points, samples.indices), points, 0.5, 4)
        return rc.gather_rows(values, samples.indices), near.indices

    points = clouds_of(device)
    values = torch.randn(3, 200, 6, device=device)
    compiled = torch.compile(observe, fullgraph=True)
    for one, other in zip(observe(points, values), compiled(points, values)):
        assert torch.equal(one, other)


def test_captured_in_a_graph(device):
    if device.type != "cuda":
        pytest.skip("of the GPU")
    points, seed = clouds_of(device, 2, 9000), torch.tensor([0], device=device)
    rc.sample_farthest(points, 32), rc.sample_uniform(points, 32, seed)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        farthest, drawn = rc.sample_farthest(points, 32).indices, rc.sample_uniform(points, 32, seed).indices
    for number in range(3):
        points.normal_()
        seed.fill_(number)
        graph.replay()
        assert torch.equal(farthest, rc.sample_farthest(points, 32).indices)
        assert torch.equal(drawn, rc.sample_uniform(points, 32, number).indices)


def test_refused():
    points = torch.zeros(2, 5, 3)
    for call, text in [
        (lambda: rc.sample_farthest(points[..., :2], 3), "points: found"),
        (lambda: rc.sample_farthest(points, -1), "samples: found -1, want 0"),
        (lambda: rc.sample_farthest(points, 2, start=torch.zeros(3, dtype=torch.int64)), "start: found [3], want [2]"),
        (lambda: rc.sample_uniform(points, 2, torch.zeros(2, dtype=torch.int64)), "seed: found [2], want [1]"),
        (lambda: rc.nearest_neighbours(points[:1], points, 2), "queries: found 1 clouds, want 2, as many as points"),
        (lambda: rc.nearest_neighbours(points.double(), points, 2), "queries: found torch.float64, want float32"),
        (lambda: rc.nearest_neighbours(points, points, 65), "k: found 65, want 0 to 64"),
        (lambda: rc.within_radius(points, points, -1.0, 2), "radius: found -1.0, want 0 or more"),
        (lambda: rc.gather_rows(points, torch.zeros(3, 2, dtype=torch.int64)), "indices: found [3, 2], want [2, ...]"),
    ]:
        with pytest.raises((TypeError, ValueError)) as refused:
            call()
        assert str(refused.value).startswith(text), str(refused.value)
