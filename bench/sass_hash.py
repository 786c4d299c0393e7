#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hash of the machine code of each kernel: which kernels did a change touch?

python3 bench/sass_hash.py build/main/src/librobocache.so >before.txt
python3 bench/sass_hash.py build/main/src/librobocache.so --against before.txt

Only the encoded instructions count, with their scheduling: neither names nor addresses nor line numbers. A kernel that
has another name now, and the same code, is no difference. `cuobjdump` is the CUDA Toolkit's, from PATH or $CUOBJDUMP;
a file that ends in .sass is what it printed before."""

import argparse
import collections
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

CHIP = re.compile(r"\tcode for (sm_\w+)")
KERNEL = re.compile(r"\s*Function : (\S+)")
WORD = re.compile(rb"/\* 0x([0-9a-f]{16}) \*/")


def hashes_of(lines, arch):
    """Kernel to hash, of what `cuobjdump -sass` prints."""
    sums = {}
    current = None
    wanted = False
    for line in lines:
        if (word := WORD.search(line)) is not None:
            if current is not None:
                current.update(word.group(1))
            continue
        text = line.decode(errors="replace")
        if (chip := CHIP.match(text)) is not None:
            wanted = chip.group(1) == arch
            current = None
        elif wanted and (kernel := KERNEL.match(text)) is not None:
            current = sums.setdefault(kernel.group(1), hashlib.sha256())
    return {kernel: found.hexdigest()[:16] for kernel, found in sums.items()}


def read_code(library, arch):
    if library.suffix == ".sass":
        with library.open("rb") as lines:
            return hashes_of(lines, arch)
    tool = os.environ.get("CUOBJDUMP") or shutil.which("cuobjdump")
    if tool is None:
        sys.exit("found no cuobjdump, want the CUDA Toolkit's in PATH or $CUOBJDUMP")
    with subprocess.Popen([tool, "-sass", "-arch", arch, library], stdout=subprocess.PIPE) as dump:
        found = hashes_of(dump.stdout, arch)
    if dump.returncode != 0:
        sys.exit(f"{tool} failed")
    return found


def differences(before, after):
    """Sentences about kernels whose code is not what it was."""
    added = {kernel for kernel in after if kernel not in before}
    # Renamed: a new name for code that lost its own.
    lost = collections.Counter(before[kernel] for kernel in before if kernel not in after)
    for kernel in sorted(added):
        if lost[after[kernel]] > 0:
            lost[after[kernel]] -= 1
        else:
            yield f"new: {kernel}"
    for kernel in sorted(before):
        if kernel not in after:
            if lost[before[kernel]] > 0:
                lost[before[kernel]] -= 1
                yield f"gone: {kernel}"
        elif after[kernel] != before[kernel]:
            yield f"other code: {kernel}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=pathlib.Path, help="a library, a program or a cubin; or a .sass file")
    parser.add_argument("--arch", default="sm_90")
    parser.add_argument(
        "--against", type=pathlib.Path, help="what this script printed before; fails where code differs"
    )
    parser.add_argument("--only", default="", help="only kernels whose mangled names this expression finds")
    args = parser.parse_args()

    chosen = re.compile(args.only)
    after = {name: code for name, code in read_code(args.library, args.arch).items() if chosen.search(name)}
    if not after:
        sys.exit(f"found no kernel for {args.arch}")
    if args.against is None:
        for kernel, code in sorted(after.items()):
            print(code, kernel)
        return 0
    lines = args.against.read_text(encoding="utf-8").splitlines()
    known = (line.split() for line in lines if not line.startswith("#"))
    before = {kernel: code for code, kernel in known if chosen.search(kernel)}
    found = list(differences(before, after))
    print(*found, f"{len(after)} kernels, {len(found)} differ", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
