# SPDX-License-Identifier: Apache-2.0
"""What a user's compiler works through for a file with one call: for each header for nvcc the lines that it adds to
CUDA's own headers, and for each operation the kernels that one call compiles. Both are counts, the same on every
machine with the same compilers, and have limits.

With --seconds, or ROBOCACHE_THOROUGH=1, also the processor seconds that nvcc takes for that file and sm_90, by
program. Those are printed but not judged: they grow where other programs use the same cores."""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

USUAL = "#include <cuda_bf16.h>\n#include <cuda_fp16.h>\n#include <cstdint>\n"
TIMED = "timeline<std::int64_t> const& target, resample_options<std::int64_t> const& options"
SERIES = "series<__nv_bfloat16, std::int64_t> const& source"
STREAMS = "stream<std::int64_t> const* streams, timeline<std::int64_t> const& target"
POINTS = "point_clouds const& clouds, point_features<__nv_bfloat16> const& features"
GRID = f"{POINTS}, grid const& lattice"
MEMORY = "scratch const& memory"
RESULTS = "result_gradients<__nv_bfloat16> const& results"
OF_CELLS = "voxel_gradients<__nv_bfloat16> const& gradients"
GRADIENTS = "feature_gradients<__nv_bfloat16> const& out"

# Header, what a call takes, the call, and how many kernels it compiles at most.
CALLS = [
    ("resample", f"{SERIES}, {TIMED}, output<__nv_bfloat16> const& out", "resample(source, target, out, options", 3),
    (
        "resample",
        f"timeline<std::int64_t> const& source, {TIMED}, located const& out",
        "locate(source, target, out, options",
        1,
    ),
    ("fuse", f"{STREAMS}, fused_output<__nv_bfloat16> const& out", "fuse(streams, 3, target, out", 3),
    ("policy_input", "policy_fusion<std::int64_t> const* fusions", "policy_input(fusions, 2", 2),
    ("append", "append_stream<std::int64_t> const* streams", "append(streams, 3, 1, nullptr", 1),
    (
        "resample_backward",
        f"{SERIES}, {TIMED}, {RESULTS}, source_gradients<__nv_bfloat16> const& out",
        "resample_backward(source, target, results, out, options, target_order::any",
        3,
    ),
    (
        "fuse_backward",
        f"{STREAMS}, {RESULTS}, stream_gradients const* out, {MEMORY}",
        "fuse_backward(streams, 3, target, results, out, nullptr, target_order::any, memory",
        3,
    ),
    ("inspect", "timeline<std::int64_t> const& when, trajectory_report* reports", "inspect(when, reports", 1),
    ("inspect", f"{SERIES}, rotation_report* reports", "inspect_rotations(source, reports", 1),
    ("bounds", "point_clouds const& clouds, cloud_bounds* bounds", "find_bounds(clouds, bounds", 2),
    (
        "sample_windows",
        "window_plan const& plan, window_draw const& draw, window_output const& out",
        "sample_windows(plan, draw, out",
        1,
    ),
    (
        "clean",
        f"{SERIES}, clean_output<__nv_bfloat16, std::int64_t> const& out, {MEMORY}",
        "clean(source, out, {}, memory",
        19,
    ),
    (
        "unproject",
        f"depth_images<std::uint16_t> const& images, image_features<std::uint8_t> const& features, {MEMORY}, "
        "unprojected_output<std::uint8_t> const& out",
        "unproject(images, features, {}, out, memory",
        3,
    ),
    (
        "unproject",
        "depth_images<std::uint16_t> const& images, dense_unprojected_output const& out",
        "unproject_dense(images, {}, out",
        2,
    ),
    (
        "crop_points",
        f"{POINTS}, cropped_output<__nv_bfloat16> const& out, {MEMORY}",
        "crop_points(clouds, features, {}, out, memory",
        3,
    ),
    (
        "sample_farthest",
        f"point_clouds const& clouds, sample_output const& out, {MEMORY}",
        "sample_farthest(clouds, 8, out, {}, memory",
        20,
    ),
    (
        "sample_uniform",
        "point_clouds const& clouds, sample_output const& out",
        "sample_uniform(clouds, 8, out, {}",
        1,
    ),
    (
        "neighbours",
        "point_clouds const& clouds, neighbour_output const& out",
        "nearest_neighbours(clouds, clouds, 8, out",
        6,
    ),
    (
        "neighbours",
        "point_clouds const& clouds, neighbour_output const& out",
        "within_radius(clouds, clouds, 1.0f, 8, out",
        1,
    ),
    (
        "summarize",
        f"value_rows<__nv_bfloat16> const& rows, summary_state<__nv_bfloat16> const& state, {MEMORY}",
        "summarize(rows, state, memory",
        5,
    ),
    (
        "summarize_policy_input",
        f"policy_rows<std::int64_t> const& rows, summary_state<float> const& state, {MEMORY}",
        "summarize_policy_input(rows, state, memory",
        5,
    ),
    (
        "voxelize",
        f"{GRID}, voxel_output<__nv_bfloat16> const& out, {MEMORY}",
        "voxelize(clouds, features, lattice, out, {}, memory",
        21,
    ),
    (
        "voxelize",
        f"point_clouds const& clouds, grid const& lattice, voxel_output<float> const& out, {MEMORY}",
        "voxelize(clouds, lattice, out, {}, memory",
        10,
    ),
    (
        "voxelize_backward",
        f"{GRID}, {OF_CELLS}, {GRADIENTS}, {MEMORY}",
        "voxelize_backward(clouds, features, lattice, gradients, channel_order::last, out, memory",
        12,
    ),
    (
        "voxelize_sparse",
        f"{GRID}, sparse_output<__nv_bfloat16> const& out, {MEMORY}",
        "voxelize_sparse(clouds, features, lattice, out, {}, memory",
        26,
    ),
    (
        "voxelize_sparse",
        f"point_clouds const& clouds, grid const& lattice, sparse_output<float> const& out, {MEMORY}",
        "voxelize_sparse(clouds, lattice, out, {}, memory",
        18,
    ),
    (
        "voxelize_sparse_backward",
        f"{POINTS}, sparse_voxels const& voxels, {OF_CELLS}, {GRADIENTS}, {MEMORY}",
        "voxelize_sparse_backward(clouds, features, voxels, gradients, out, memory",
        8,
    ),
    (
        "voxelize_gathered",
        f"{GRID}, gathered_output<__nv_bfloat16> const& out, {MEMORY}",
        "voxelize_gathered(clouds, features, lattice, out, {}, memory",
        19,
    ),
    (
        "voxelize_gathered_backward",
        f"point_clouds const& clouds, std::int64_t const* slots, __nv_bfloat16 const* gradients, {GRADIENTS}",
        "voxelize_gathered_backward(clouds, 4, slots, gradients, out",
        2,
    ),
    (
        "filter_voxels",
        f"{POINTS}, filtered_output<__nv_bfloat16> const& out, {MEMORY}",
        "filter_voxels(clouds, features, {}, out, memory",
        15,
    ),
    (
        "filter_voxels",
        f"point_clouds const& clouds, filtered_output<float> const& out, {MEMORY}",
        "filter_voxels(clouds, {}, out, memory",
        11,
    ),
]
# `find_bounds` and `sample_windows` are no templates: their kernels are compiled wherever they are included.
LAUNCHES_NOTHING = ["arch"]
KERNELS_UNCALLED = 3


def with_call(header, takes, call):
    return f"""{USUAL}#include <robocache/{header}.cuh>
namespace robocache {{
status use({takes}, cudaStream_t cuda_stream) {{ return {call}, cuda_stream); }}
}}
"""


class Compiler:
    def __init__(self, options, folder):
        self.include = options.include
        self.source = Path(folder) / "one_call.cu"
        self.folder = folder
        self.command = [options.nvcc, "-ccbin", options.ccbin, "-std=c++17", "-arch=sm_90", "-I", self.include]

    def run(self, source, *more):
        self.source.write_text(source)
        ran = subprocess.run([*self.command, *more, str(self.source)], check=True, capture_output=True, text=True)
        return ran.stdout, ran.stderr

    def lines(self, source):
        """All lines after preprocessing, and those of the project, without blank ones; and the project's headers."""
        everything, own, file, headers = 0, 0, "", set()
        for line in self.run(source, "-E")[0].splitlines():
            if line.startswith("# "):
                file = line.split('"')[1]
            elif line.strip():
                everything += 1
                if file.startswith(self.include):
                    own += 1
                    headers.add(file)
        return everything, own, len(headers)

    def kernels(self, source):
        to = Path(self.folder) / "one_call.ptx"
        self.run(source, "-G", "-ptx", "-o", str(to))  # not optimised: a quarter of the time, and the same kernels
        return len(re.findall(r"^\s*(?:\.\w+\s+)*\.entry\b", to.read_text(), re.MULTILINE))

    def seconds(self, source):
        """Processor seconds by program."""
        taken = dict.fromkeys(PROGRAMS, 0.0)
        exports = ""
        steps = self.run(source, "-O3", "--keep-dir", self.folder, "--keep", "--dryrun", "-c", "-o", "/dev/null")[1]
        for step in (line[3:] for line in steps.splitlines() if line.startswith("#$ ")):
            variable = re.match(r"(\w+)=(.*)", step)
            if variable:
                if "-" not in variable.group(2)[:3]:  # paths; flags are in the commands already
                    exports += f"export {variable.group(1)}='{variable.group(2)}'\n"
                continue
            words = step.split()
            program = next((name for name in ("cudafe++", "cicc", "ptxas") if name in words[0]), "host")
            begin = children_seconds()
            subprocess.run(["bash", "-c", exports + step], check=True, capture_output=True, cwd=self.folder)
            taken[program] += children_seconds() - begin
        return taken


PROGRAMS = ("host", "cudafe++", "cicc", "ptxas")


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def check_headers(compiler, limit):
    """Prints what each header adds; true if none adds too many lines, and all add no uncalled kernel."""
    usual = compiler.lines(USUAL)[0]
    called = {header for header, *_ in CALLS}
    headers = sorted(path.stem for path in (Path(compiler.include) / "robocache").glob("*.cuh"))
    good = True
    print(f"{'header':34}{'headers':>9}{'lines':>8}{'its own':>9}")
    for header in headers:
        everything, own, files = compiler.lines(f"{USUAL}#include <robocache/{header}.cuh>\n")
        known = header in called or header in LAUNCHES_NOTHING
        fits = everything - usual <= limit
        complaint = ("" if fits else "   too many lines") + ("" if known else "   no call of it here")
        print(f"{header:34}{files:9}{everything - usual:8}{own:9}{complaint}")
        good = good and fits and known
    kernels = compiler.kernels("".join(f"#include <robocache/{header}.cuh>\n" for header in headers))
    print(f"limit: {limit} lines. All of them without a call compile {kernels} kernels, limit {KERNELS_UNCALLED}\n")
    return good and kernels <= KERNELS_UNCALLED


def check_calls(compiler, seconds):
    """Prints what each call compiles; true if none has more kernels than allowed."""
    good, names = True, set()
    print(f"{'one call':34}{'kernels':>9}{'limit':>8}" + "".join(f"{name:>10}" for name in PROGRAMS[: 4 * seconds]))
    for header, takes, call, limit in CALLS:
        source = with_call(header, takes, call)
        kernels = compiler.kernels(source)
        name = call.split("(")[0]
        if name in names:
            name += ", no features"
        names.add(name)
        print(f"{name:34}{kernels:9}{limit:8}", end="", flush=True)
        if seconds:
            taken = compiler.seconds(source)
            print("".join(f"{taken[name]:10.2f}" for name in PROGRAMS), f"{sum(taken.values()):8.2f} s", end="")
        print("" if kernels <= limit else "   too many")
        good = good and kernels <= limit
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nvcc", default="nvcc")
    parser.add_argument("--ccbin", default="g++")
    parser.add_argument("--include", default=str(Path(__file__).resolve().parents[2] / "include"))
    parser.add_argument("--limit", type=int, default=20000, help="lines that a header adds")
    parser.add_argument("--seconds", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compiler = Compiler(options, folder)
        headers = check_headers(compiler, options.limit)
        calls = check_calls(compiler, options.seconds or bool(os.environ.get("ROBOCACHE_THOROUGH")))
    return 0 if headers and calls else 1


if __name__ == "__main__":
    sys.exit(main())
