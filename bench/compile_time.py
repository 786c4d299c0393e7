# SPDX-License-Identifier: Apache-2.0
"""Processor seconds that nvcc takes for a file that includes robocache/resample.cuh and calls one instantiation, for
sm_90. Where other programs want the same cores the figure grows, too: it is a measurement, and no test."""

import argparse
import resource
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SOURCE = """
#include <cuda_bf16.h>
#include <robocache/resample.cuh>
robocache::status use(robocache::series<__nv_bfloat16, float> const& source, robocache::timeline<float> const& target,
                      robocache::output<__nv_bfloat16> const& out, cudaStream_t cuda_stream) {
  return robocache::resample(source, target, out, robocache::resample_options<float>{}, cuda_stream);
}
"""


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nvcc", default="nvcc")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "one_instantiation.cu"
        source.write_text(SOURCE)
        command = [options.nvcc, "-std=c++17", "-O3", "-arch=sm_90", "-I", str(ROOT / "include")]
        command += ["-c", str(source), "-o", str(Path(folder) / "one_instantiation.o")]
        seconds = []
        for _ in range(options.runs):
            begin = children_seconds()
            subprocess.run(command, check=True)
            seconds.append(children_seconds() - begin)
    runs = ", ".join(f"{s:.2f}" for s in seconds)
    print(f"one instantiation compiles in {min(seconds):.2f} s of processor time (runs: {runs})")


if __name__ == "__main__":
    main()
