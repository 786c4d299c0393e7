# SPDX-License-Identifier: Apache-2.0
"""What the link and the disk give to those who know where everything is."""

import ctypes
import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import torch

from robocache_torch.data._disk import _place_of

ALIGNMENT = 16  # of what the kernel copies


def touched(stamps, offsets, windows, deltas):
    """First rows and counts of rows that linear interpolation reads, each once, of each window."""
    stamps, offsets = stamps.cpu().numpy(), offsets.cpu().numpy()
    found = np.empty((len(windows[0]), 2), np.int64)
    for i, (episode, anchor) in enumerate(zip(*(one.tolist() for one in windows))):
        begin, end = offsets[episode], offsets[episode + 1]
        times = stamps[begin:end]
        low = max(int(np.searchsorted(times, anchor + deltas[0], "right")) - 1, 0)
        high = min(int(np.searchsorted(times, anchor + deltas[-1], "left")) + 1, len(times))
        found[i] = begin + low, high - low
    return found


def gather_library():
    """Built from gather.cu, or where ROBOCACHE_GATHER says."""
    if given := os.environ.get("ROBOCACHE_GATHER"):
        return ctypes.CDLL(given)
    made = Path(tempfile.mkdtemp()) / "libgather.so"
    source = Path(__file__).with_name("gather.cu")
    command = ["nvcc", "-O2", "-shared", "-Xcompiler", "-fPIC", "-arch=native", source, "-o", made]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(made))


def gather_rate(series, rows, repeats=5):
    """Seconds in which a kernel copies rows out of pinned memory: all windows' runs of all modalities, one block each.

    Args:
        series: The modalities, their values in pinned memory.
        rows: Of each, as `touched` gives them.
    """
    runs, place = [], 0
    for one, of in zip(series, rows):
        width = one.values.shape[1] * one.values.itemsize
        begin = one.values.data_ptr() + of[:, 0] * width
        first = begin // ALIGNMENT * ALIGNMENT
        size = -(-(begin + of[:, 1] * width - first) // ALIGNMENT) * ALIGNMENT
        runs.append(np.stack([first, size, place + np.cumsum(size) - size], 1))
        place += int(size.sum())
    runs = torch.from_numpy(np.concatenate(runs))
    to = torch.empty(place, dtype=torch.uint8, device="cuda")
    runs[:, 2] += to.data_ptr()
    runs = runs[torch.randperm(len(runs))].contiguous().cuda()
    library, stream = gather_library(), torch.cuda.current_stream().cuda_stream
    times = []
    for _ in range(repeats):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        given = ctypes.c_void_p(runs.data_ptr()), ctypes.c_int64(len(runs)), ctypes.c_void_p(stream)
        if error := library.gather_runs(*given):
            raise RuntimeError(f"gather kernel: CUDA error {error}")
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) / 1e3)
    return float(np.median(times))


def forget(folder):
    """Asks the system to drop what it keeps of the files in memory. Nobody may have them mapped."""
    for path in Path(folder).iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def disk_rate(reads, threads, seconds):
    """Bytes a second of threads that read pieces of files: (path, place, bytes), in this order, at most so long."""
    paths = list(dict.fromkeys(path for path, _, _ in reads))
    files = {path: os.open(path, os.O_RDONLY) for path in paths}
    for file in files.values():
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
    done, turn, begun = [0] * threads, iter(reads), time.perf_counter()
    lock = threading.Lock()

    def work(number):
        buffer = memoryview(bytearray(max(size for _, _, size in reads)))
        while time.perf_counter() - begun < seconds:
            with lock:
                path, place, size = next(turn, (None, 0, 0))
            if path is None:
                return
            done[number] += os.preadv(files[path], [buffer[:size]], place)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    elapsed = time.perf_counter() - begun
    for file in files.values():
        os.close(file)
    return sum(done) / elapsed


def reads_of(store, name, rows):
    """Of rows as `touched` gives them: where in which file they are."""
    firsts = np.cumsum([0] + [shard["rows"].get(name, 0) for shard in store.shards])
    paths = [store.folder / shard["file"] for shard in store.shards]
    places = [_place_of(path, name) for path in paths]
    schema = store.schemas[name]
    width = int(np.prod(schema["shape"])) * getattr(torch, schema["dtype"]).itemsize
    found = []
    for first, count in rows.tolist():
        shard = int(np.searchsorted(firsts, first, "right")) - 1
        found.append((paths[shard], places[shard] + (first - int(firsts[shard])) * width, count * width))
    return found
