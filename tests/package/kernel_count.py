# SPDX-License-Identifier: Apache-2.0
"""Counts the kernels of the compiled library: every one is built for every architecture.

nvcc makes a stub for each kernel, called `__device_stub_` and the kernel's mangled name. That name is in the symbol
table, after its length, if only as part of the names of variables inside it.
"""

import argparse
import collections
import re
import subprocess
import sys


def kernels_in(library):
    text = subprocess.run(["nm", library], check=True, capture_output=True, text=True).stdout
    stubs = re.finditer(r"_Z[A-Za-z]*(\d+)(__device_stub_\w+)", text)
    return {stub.group(2)[: int(stub.group(1))] for stub in stubs}


def family_of(kernel):
    return re.search(r"[a-z_]*kernel|$", kernel[len("__device_stub_") :]).group()


def is_voxelizing(kernel):
    return re.search("cell|voxel|crowd|reduce|list|given|gather|pack|sort|bounds|fill", family_of(kernel)) is not None


def is_of_rows(kernel):
    return re.search("summar|clean|^scan_|windows", family_of(kernel)) is not None


def is_of_points(kernel):
    return re.match("unproject|crop_|sample_|nearest_|within_radius", family_of(kernel)) is not None


def is_of_policy_inputs(kernel):
    return re.match("policy_input|append", family_of(kernel)) is not None or "input_rows_of" in kernel


def report(what, kernels, limit):
    """Prints the kernels by family; true if there are some, and no more than the limit."""
    for family, count in sorted(collections.Counter(map(family_of, kernels)).items()):
        print(f"{count:4d}  {family}")
    print(f"{len(kernels)} kernels per architecture for {what}, limit {limit}")
    if not kernels:
        print("found none: has the library been stripped?")
    return 0 < len(kernels) <= limit


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("--limit", type=int, required=True, help="for resampling and fusing, with their gradients")
    parser.add_argument("--policy-limit", type=int, required=True, help="for policy inputs, and what appends to rings")
    parser.add_argument("--voxel-limit", type=int, required=True, help="for voxelizing, with its gradients and bounds")
    parser.add_argument("--row-limit", type=int, required=True, help="for summaries, cleaning and drawing windows")
    parser.add_argument("--point-limit", type=int, required=True, help="for unprojection, crops, samples, neighbours")
    options = parser.parse_args()
    kernels = kernels_in(options.library)
    of_policy_inputs = set(filter(is_of_policy_inputs, kernels))
    of_rows = set(filter(is_of_rows, kernels)) - of_policy_inputs
    of_points = set(filter(is_of_points, kernels)) - of_rows
    voxelizing = set(filter(is_voxelizing, kernels)) - of_rows - of_points
    within = [
        report("resampling and fusing", kernels - voxelizing - of_rows - of_policy_inputs - of_points, options.limit),
        report("policy inputs and rings", of_policy_inputs, options.policy_limit),
        report("summaries, cleaning and drawing windows", of_rows, options.row_limit),
        report("points", of_points, options.point_limit),
        report("voxelizing", voxelizing, options.voxel_limit),
    ]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
