# SPDX-License-Identifier: Apache-2.0
"""Work that the host only starts."""

import torch


class Graphed:
    """Work on the GPU that is the same each time, as one CUDA graph: the host's part of it becomes one launch.

    The first times it runs normally, so that kernels are chosen and memory is allocated before the capture; every
    call is a run of the work, in the order of the calls.
    """

    EAGER = 3

    def __init__(self, work, device):
        self.work, self.device, self.calls, self.graph = work, device, 0, None
        # A capture has to see the streams that earlier runs saw: autograd remembers them.
        self.stream = torch.cuda.Stream(device)

    def __call__(self, *given):
        """Runs the work on copies of the tensors, whose shapes are always the same. Returns a copy of its result."""
        if self.calls == 0:
            self.inputs = [torch.empty(one.shape, dtype=one.dtype, device=self.device) for one in given]
        for mine, one in zip(self.inputs, given):
            mine.copy_(one)
        if self.calls < self.EAGER:
            current = torch.cuda.current_stream(self.device)
            self.stream.wait_stream(current)
            with torch.cuda.stream(self.stream):
                self.result = self.work(*self.inputs)
            current.wait_stream(self.stream)
        else:
            if self.graph is None:
                graph = torch.cuda.CUDAGraph()
                # Other threads may copy and allocate meanwhile.
                with torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local"):
                    self.result = self.work(*self.inputs)
                self.graph = graph
            self.graph.replay()
        self.calls += 1
        return self.result.clone()
