# SPDX-License-Identifier: Apache-2.0
"""How many lines each header for nvcc adds to those of CUDA's own: what a user's compiler reads for each file. Unlike
seconds, the count is the same on every machine with the same compilers."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

USUAL = "#include <cuda_bf16.h>\n#include <cuda_fp16.h>\n"


def lines_of(source, options):
    """(all lines, those of the project) after preprocessing, blank ones apart."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.cu"
        path.write_text(source)
        command = [options.nvcc, "-ccbin", options.ccbin, "-std=c++17", "-arch=sm_90", "-I", options.include, "-E"]
        text = subprocess.run([*command, str(path)], check=True, capture_output=True, text=True).stdout
    everything, own, file = 0, 0, ""
    for line in text.splitlines():
        if line.startswith("# "):
            file = line.split('"')[1]
        elif line.strip():
            everything += 1
            own += file.startswith(options.include)
    return everything, own


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nvcc", required=True)
    parser.add_argument("--ccbin", required=True)
    parser.add_argument("--include", required=True)
    parser.add_argument("--limit", type=int, required=True, help="lines")
    options = parser.parse_args()
    usual, _ = lines_of(USUAL, options)
    print(f"{'':32}{'lines':>8}{'its own':>10}")
    most = 0
    for header in sorted((Path(options.include) / "robocache").glob("*.cuh")):
        everything, own = lines_of(f"{USUAL}#include <robocache/{header.name}>\n", options)
        print(f"{header.name:32}{everything - usual:8}{own:10}")
        most = max(most, everything - usual)
    print(f"most: {most}, limit {options.limit}")
    return 0 if most <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
