# SPDX-License-Identifier: Apache-2.0
"""Policies that are small enough that what feeds them matters; a step is one CUDA graph."""

import torch
from torch import nn

STATES, ACTIONS, CHUNK, SEEN = 14, 14, 100, 2


class Mlp(nn.Module):
    def __init__(self, width=512):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(SEEN * STATES, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, CHUNK * ACTIONS), nn.Unflatten(1, (CHUNK, ACTIONS)),
        )  # fmt: skip

    def forward(self, seen):
        return self.layers(seen)


class Act(nn.Module):
    """The size of ACT's transformer, without its vision."""

    def __init__(self, width=512, layers=4):
        super().__init__()
        self.read, self.write = nn.Linear(STATES, width), nn.Linear(width, ACTIONS)
        self.queries = nn.Parameter(torch.randn(CHUNK, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, 8, 3200, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, seen):
        tokens = torch.cat([self.read(seen), self.queries.expand(len(seen), -1, -1)], 1)
        return self.write(self.encoder(tokens)[:, SEEN:])


class Step:
    """A training step of inputs at fixed addresses, on a stream of high priority: batches are made beside it.

    Attributes:
        stream: That of the caller, too.
    """

    def __init__(self, policy, batch_size, device):
        torch.manual_seed(0)
        self.policy = policy.to(device)
        self.seen = torch.randn(batch_size, SEEN, STATES, device=device)
        self.action = torch.randn(batch_size, CHUNK, ACTIONS, device=device)
        self.valid = torch.ones(batch_size, CHUNK, dtype=torch.bool, device=device)
        self.optimizer = torch.optim.AdamW(self.policy.parameters(), 1e-4, capturable=True, fused=True)
        self.stream = torch.cuda.Stream(device, priority=-1)
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            for _ in range(3):
                self._compute()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, stream=self.stream):
            self._compute()

    def _compute(self):
        with torch.autocast("cuda", torch.bfloat16):
            found = self.policy(self.seen)
        loss = ((found.float() - self.action).abs() * self.valid[..., None]).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def __call__(self, seen, action, valid):
        torch._foreach_copy_([self.seen, self.action], [seen, action], non_blocking=True)
        self.valid.copy_(valid, non_blocking=True)
        self.graph.replay()
