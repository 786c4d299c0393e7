# SPDX-License-Identifier: Apache-2.0
"""Shows that the suite catches each mutation: a small mistake, kept as a patch against the library.

    python replay.py [--gpu] [NAME ...]

Copies the sources to a scratch folder, applies one patch at a time, rebuilds what it touches and runs the tests.
Mutations of the CPU side need a C++ compiler and the CUDA headers alone; those named `gpu-*` need a GPU and run with
--gpu. Fails when a mutation is missed or a patch does not apply.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INSTRUCTIONS = {"blend_avx2": ["-mavx2", "-mf16c"], "blend_avx512": ["-mavx512f", "-mavx512bw", "-mavx512vl"]}
BODIES = ["call", "golden", "host_isa", "large_host", "locate", "numbers", "property", "timelines"]
SUPPORT = ["compare", "draw", "host_backend", "host_call", "main", "oracle"]


def run(command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)


class HostSuite:
    """The host's tests without CMake and nvcc: a mutation rebuilds src/host and one file of the tests."""

    def __init__(self, tree, arguments):
        self.tree, self.jobs, self.cuda = tree, arguments.jobs, arguments.cuda_include
        tests = [tree / "tests" / f"{name}.cpp" for name in BODIES]
        tests += [tree / "tests" / "support" / f"{name}.cpp" for name in SUPPORT]
        self.kept = [source for source in tests if source.stem != "host_isa"]
        self.rebuilt = sorted((tree / "src" / "host").glob("*.cpp")) + [tree / "tests" / "host_isa.cpp"]
        self.compile(self.kept)

    def compile_one(self, source):
        command = ["g++", "-std=c++17", "-O1", "-fopenmp", "-ffp-contract=off", f"-I{self.tree}/include"]
        command += [f"-I{self.tree}/src", f"-I{self.tree}/tests", "-isystem", self.cuda]
        command += [f'-DROBOCACHE_TESTS_DIR="{self.tree}/tests"', *INSTRUCTIONS.get(source.stem, [])]
        done = run([*command, "-c", source, "-o", source.with_suffix(".o")])
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def compile(self, sources):
        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(self.compile_one, sources))

    def first_failure(self):
        self.compile(self.rebuilt)
        objects = [source.with_suffix(".o") for source in self.kept + self.rebuilt]
        program = self.tree / "test_host"
        linked = run(["g++", "-fopenmp", *objects, "-o", program])
        if linked.returncode != 0:
            raise RuntimeError(linked.stderr)
        return failure_of(program)


class GpuSuite:
    """test_gpu, built by CMake."""

    def __init__(self, tree, arguments):
        self.tree, self.jobs = tree, arguments.jobs
        options = ["-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CUDA_ARCHITECTURES=native", "-DROBOCACHE_BUILD_BENCH=OFF"]
        done = run(["cmake", "-S", tree, "-B", tree / "build", *options, "-DROBOCACHE_BUILD_EXAMPLES=OFF"])
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def first_failure(self):
        done = run(["cmake", "--build", self.tree / "build", "--target", "test_gpu", "-j", self.jobs])
        if done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)
        return failure_of(self.tree / "build" / "tests" / "test_gpu")


def failure_of(program):
    """The first test case that fails, or an empty text. A mutation that crashes or hangs is caught as well."""
    try:
        done = run([program, "--abort"], timeout=240)
    except subprocess.TimeoutExpired:
        return "it hangs"
    if done.returncode == 0:
        return ""
    lines = done.stdout.splitlines()
    rules = [i for i, line in enumerate(lines) if line.startswith("-" * 70)]
    return lines[rules[0] + 1] if rules else f"exit {done.returncode}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="mutations; default: all of the CPU's, or with --gpu of the GPU's")
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--cuda-include", default="/usr/local/cuda/include")
    arguments = parser.parse_args()
    patches = [p for p in sorted(HERE.glob("*.patch")) if p.stem.startswith("gpu-") == arguments.gpu]
    patches = [p for p in patches if not arguments.names or p.stem in arguments.names]
    missed = 0
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", "build"))
        suite = (GpuSuite if arguments.gpu else HostSuite)(tree, arguments)
        if failure := suite.first_failure():
            print(f"the suite fails without any mutation: {failure}")
            return 1
        for patch in patches:
            if run(["patch", "-p1", "-d", tree, "-i", patch]).returncode != 0:
                print(f"{patch.stem:14} DOES NOT APPLY")
                missed += 1
                continue
            failure = suite.first_failure()
            missed += not failure
            print(f"{patch.stem:14} {'caught by: ' + failure if failure else 'MISSED'}", flush=True)
            run(["patch", "-R", "-p1", "-d", tree, "-i", patch])
    print(f"{len(patches) - missed} of {len(patches)} mutations caught")
    return 1 if missed or not patches else 0


if __name__ == "__main__":
    sys.exit(main())
