# SPDX-License-Identifier: Apache-2.0
"""Counts the kernels of the compiled library: every one is built for every architecture.

nvcc makes a stub for each kernel, `__device_stub_` and the kernel's mangled name, which shows in the symbol table,
its length before it, if only in the names of the variables inside it.
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("--limit", type=int, required=True)
    options = parser.parse_args()
    kernels = kernels_in(options.library)
    families = collections.Counter(re.search(r"[a-z_]*kernel|$", name[len("__device_stub_") :]).group() for name in kernels)
    for family, count in sorted(families.items()):
        print(f"{count:4d}  {family}")
    print(f"{len(kernels)} kernels an architecture, limit {options.limit}")
    if not kernels:
        print("found none: has the library been stripped?")
    return 0 if 0 < len(kernels) <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
