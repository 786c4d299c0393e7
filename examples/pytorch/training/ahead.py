# SPDX-License-Identifier: Apache-2.0
"""Batches ahead of the model."""

import torch

from .data_path import DataPath


class Ahead(DataPath):
    """A data path whose next batches are made while the model computes with these, on a separate stream.

    On the CPU it gives what the path gives.
    """

    def __init__(self, data_path):
        super().__init__(data_path.task, data_path.order)
        self.data_path, self.stream = data_path, None
        self.group, self.beforehand = data_path.group, data_path.beforehand
        self.next = None  # step, samples or an error, and when they are ready
        self.reached = None  # when the GPU gets to what the model got last
        if self.device.type == "cuda":
            self.stream = torch.cuda.Stream(self.device)
            # What the path has made already.
            self.stream.wait_stream(torch.cuda.current_stream(self.device))
            self.beforehand += self.group

    def group_from(self, step):
        """The current stream waits for them."""
        if self.stream is None:
            return self.data_path.group_from(step)
        if self.next is None or self.next[0] != step:
            self.prepare(step)
        _, samples, ready = self.next
        if isinstance(samples, Exception):
            raise samples
        current = torch.cuda.current_stream(self.device)
        current.wait_event(ready)
        for sample in samples:
            for tensor in vars(sample).values():
                tensor.record_stream(current)  # its memory is not used again before the model has read it
        # The host does not get too far ahead: what is made waits in memory.
        if self.reached is not None:
            self.reached.synchronize()
        self.reached = torch.cuda.Event(blocking=True)  # the host sleeps while it waits
        self.reached.record(current)
        self.prepare(step + len(samples))
        return samples

    def prepare(self, step):
        with torch.cuda.stream(self.stream):
            try:
                samples = self.data_path.group_from(step)
            except Exception as trouble:  # raised when this group is asked for
                samples = trouble
            ready = torch.cuda.Event()
            ready.record(self.stream)
        self.next = step, samples, ready

    def close(self):
        self.next = None
        self.data_path.close()
