# SPDX-License-Identifier: Apache-2.0
"""Batches ahead of the model."""

import torch


class Ahead:
    """A way of the data whose next batch is made while the model computes with this one, on a stream of its own.

    The host is two steps ahead of the GPU at most, so that no more than three batches are in memory. On the CPU batches
    are made when they are asked for.
    """

    def __init__(self, way):
        self.way, self.shards, self.device = way, way.shards, way.device
        self.stream = torch.cuda.Stream(self.device) if self.device.type == "cuda" else None
        self.next = None  # step, sample, and when it is ready
        self.reached = None  # when the GPU comes to the step before
        if self.stream is not None:
            # What the way has made already.
            self.stream.wait_stream(torch.cuda.current_stream(self.device))

    def sample(self, step):
        """The batch of a step; the current stream waits for it. Steps ascend one by one."""
        if self.stream is None:
            return self.way.sample(step)
        if self.next is None or self.next[0] != step:
            self.prepare(step)
        _, sample, ready = self.next
        current = torch.cuda.current_stream(self.device)
        current.wait_event(ready)
        for tensor in vars(sample).values():
            tensor.record_stream(current)  # its memory is not used again before the model has read it
        if self.reached is not None:
            self.reached.synchronize()
        self.reached = torch.cuda.Event(blocking=True)  # the host sleeps while it waits
        self.reached.record(current)
        self.prepare(step + 1)
        return sample

    def prepare(self, step):
        with torch.cuda.stream(self.stream):
            sample = self.way.sample(step)
            ready = torch.cuda.Event()
            ready.record(self.stream)
        self.next = step, sample, ready

    def close(self):
        self.next = None
        self.way.close()
