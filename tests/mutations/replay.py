# SPDX-License-Identifier: Apache-2.0
"""Shows that the suite catches each mutation: a small mistake, kept as a patch against the library.

    python replay.py [--gpu] [--tests "[voxelize]"] [NAME ...]

Copies the sources to a scratch folder, applies one patch at a time, rebuilds what it touches and runs the tests.
Mutations need only a C++ compiler and the CUDA headers: those named `simt-*` are of kernels, which run on the CPU;
those named `gpu-*`, of the chip's own arithmetic, need a GPU and run with --gpu. Fails when a mutation is missed or a
patch does not apply.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INSTRUCTIONS = {"blend_avx2": ["-mavx2", "-mf16c"], "blend_avx512": ["-mavx512f", "-mavx512bw", "-mavx512vl"]}


def run(command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)


def sources_of(target, tree):
    """The sources that the CMakeLists.txt of the test folders give a target."""
    sources = []
    for listed in sorted((tree / "tests").glob("*/CMakeLists.txt")):
        for names in re.findall(rf"target_sources\(\s*{target}\s+PRIVATE\s+([^)]+)\)", listed.read_text()):
            sources += [listed.parent / name for name in names.split()]
    return sources


class CpuSuite:
    """Tests on the CPU without CMake and nvcc: a mutation rebuilds only the sources that see it."""

    flags = []

    def __init__(self, tree, arguments):
        self.tree, self.jobs, self.cuda = tree, arguments.jobs, arguments.cuda_include
        self.tests = arguments.tests
        self.kept = sources_of("robocache_test_bodies", tree)
        self.rebuilt = []
        self.host = sorted((tree / "src" / "host").rglob("*.cpp"))

    def compile_one(self, source):
        command = ["g++", "-std=c++17", "-O1", "-fopenmp", "-ffp-contract=off", *self.flags, f"-I{self.tree}/include"]
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
        program = self.tree / "mutated_tests"
        linked = run(["g++", "-fopenmp", *objects, "-o", program])
        if linked.returncode != 0:
            raise RuntimeError(linked.stderr)
        return failure_of(program, self.tests)


class HostSuite(CpuSuite):
    """The host's tests."""

    def __init__(self, tree, arguments):
        super().__init__(tree, arguments)
        # The compiled layer's tests need nvcc.
        self.kept += [source for source in sources_of("test_host", tree) if not source.stem.startswith("compiled")]
        self.rebuilt = [*self.host, tree / "tests" / "package" / "host_isa.cpp"]
        self.compile(self.kept)


class SimtSuite(CpuSuite):
    """The kernels' tests, on the CPU."""

    def __init__(self, tree, arguments):
        super().__init__(tree, arguments)
        self.flags = [f"-I{tree}/tests/simt", "-fno-extern-tls-init", "-w"]
        self.kept += self.host
        self.rebuilt = sources_of("test_simt", tree)
        self.compile(self.kept)


class GpuSuite:
    """test_gpu, built by CMake."""

    def __init__(self, tree, arguments):
        self.tree, self.jobs, self.tests = tree, arguments.jobs, arguments.tests
        options = ["-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CUDA_ARCHITECTURES=native", "-DROBOCACHE_BUILD_BENCH=OFF"]
        done = run(["cmake", "-S", tree, "-B", tree / "build", *options, "-DROBOCACHE_BUILD_EXAMPLES=OFF"])
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def first_failure(self):
        done = run(["cmake", "--build", self.tree / "build", "--target", "test_gpu", "-j", self.jobs])
        if done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)
        return failure_of(self.tree / "build" / "tests" / "test_gpu", self.tests)


def failure_of(program, tests):
    """The first test case that fails, or an empty text. A mutation that crashes or hangs is caught as well."""
    try:
        done = run([program, "--abort", *tests], timeout=3600)
    except subprocess.TimeoutExpired:
        return "it hangs"
    if done.returncode == 0:
        return ""
    lines = done.stdout.splitlines()
    rules = [i for i, line in enumerate(lines) if line.startswith("-" * 70)]
    return lines[rules[0] + 1] if rules else f"exit {done.returncode}"


def replay(make_suite, patches, arguments):
    """Applies each patch in turn; the number of mutations that are missed."""
    if not patches:
        return 0
    missed = 0
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".*", "build"))
        suite = make_suite(tree, arguments)
        if failure := suite.first_failure():
            print(f"the suite fails without any mutation: {failure}")
            return len(patches)
        for patch in patches:
            if run(["patch", "-p1", "-d", tree, "-i", patch]).returncode != 0:
                print(f"{patch.stem:26} DOES NOT APPLY")
                missed += 1
                continue
            failure = suite.first_failure()
            missed += not failure
            print(f"{patch.stem:26} {'caught by: ' + failure if failure else 'MISSED'}", flush=True)
            run(["patch", "-R", "-p1", "-d", tree, "-i", patch])
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="mutations; default: all for the CPU, or with --gpu for the GPU")
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--tests", action="append", default=[], help="the only tests to run, as Catch2 takes them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--cuda-include", default="/usr/local/cuda/include")
    arguments = parser.parse_args()
    patches = [p for p in sorted(HERE.glob("*.patch")) if p.stem.startswith("gpu-") == arguments.gpu]
    patches = [p for p in patches if not arguments.names or p.stem in arguments.names]
    missed = 0
    for suite in (GpuSuite,) if arguments.gpu else (HostSuite, SimtSuite):
        kernels = suite is SimtSuite
        missed += replay(suite, [p for p in patches if p.stem.startswith("simt-") == kernels], arguments)
    print(f"{len(patches) - missed} of {len(patches)} mutations caught")
    return 1 if missed or not patches else 0


if __name__ == "__main__":
    sys.exit(main())
