# SPDX-License-Identifier: Apache-2.0
"""What a compiler says about each wrong use: one sentence, and nothing after it.

All wrong uses are compiled together, each with a type of its own where it can have one, by nvcc as far as its front
end goes, and by the C++ compilers as far as host.hpp goes. A compiler that says more or less than the sentences below
fails the test.
"""

import argparse
import collections
import re
import subprocess
import sys
import tempfile
from pathlib import Path

VALUES = "values and results are float, __half, __nv_bfloat16, std::uint8_t, std::int32_t or std::int64_t"
FLOATS = "features, fused results, gradients and what has them are float, __half or __nv_bfloat16"
STAMPS = "stamps are float, double or std::int64_t"
WRITTEN = "results are written: want a pointer to what is not const"
ONE_STAMP = "all timelines, streams and options of a call have stamps of one type, in one unit"
CONVERSION = "integer values keep their type, and floats become floats"
QUATERNION = "quaternions are float, __half or __nv_bfloat16"
GRADIENT = "gradients of values have the type of the values"
PERIOD = "a period of integer stamps is an integer or a ratio, {1'000'000'000, 30} for 30 Hz in nanoseconds"
DEPTH = "depth is std::uint16_t, float or __half"
CPP17 = "RoboCache needs C++17 or newer: compile with -std=c++17"
ARCHITECTURE = "RoboCache needs compute capability 8.0 or newer"

# The calls of the host side; those of the device take a stream as well, and some scratch.
BEGIN = """
#include <cstdint>
@INCLUDES@
namespace rc = robocache;
template <int> struct odd { float x, y; };
template <class T> T* at() { return nullptr; }
template <class Stamp> rc::timeline<Stamp> times() { return rc::timeline<Stamp>::dense(at<Stamp>(), 1, 2); }
template <class Value, class Stamp> auto values() { return rc::series{at<Value>(), times<Stamp>(), 3}; }
rc::point_clouds clouds;
rc::grid lattice;
rc::sparse_voxels voxels;
@STREAM@
"""

# What views say.
VIEWS = """
void stamps() {
  rc::inspect(times<odd<1>>(), nullptr@CUDA@);
  rc::inspect(times<odd<2>>(), 1, nullptr@CUDA@);
  rc::inspect_rotations(values<float, odd<9>>(), nullptr@CUDA@);
  rc::clean(values<float, odd<10>>(), rc::clean_output<float, odd<10>>{}, {}@MEMORY@@CUDA@);
  rc::append_stream<odd<35>> const rings[] = {{}};
  rc::append(rings, 1, 1, nullptr@CUDA@);
  rc::timeline<odd<3>>::uniform(odd<3>{}, odd<3>{}, 1, 2);
  rc::timeline<std::int64_t>::uniform(0, 1e9 / 30, 1, 2);
  rc::resample(values<float, odd<4>>(), times<odd<4>>(), rc::output{at<float>()}, {}@CUDA@);
  rc::locate(times<odd<5>>(), times<odd<5>>(), {}, {}@CUDA@);
  rc::resample_backward(values<float, odd<6>>(), times<odd<6>>(), rc::result_gradients{at<float>()},
                        rc::source_gradients{at<float>()}, {}, rc::target_order::any@CUDA@);
  rc::stream<odd<7>> const streams[] = {values<float, odd<7>>()};
  rc::fuse(streams, 1, times<odd<7>>(), rc::fused_output{at<float>()}@CUDA@);
  rc::stream const other{values<float, odd<8>>(), rc::resample_options<odd<8>>{}};
  rc::fuse_backward(&other, 1, times<odd<8>>(), rc::result_gradients{at<float>()}, nullptr, nullptr,
                    rc::target_order::any@MEMORY@@CUDA@);
}

void values_and_results() {
  rc::resample(values<odd<11>, float>(), times<float>(), rc::output{at<odd<11>>()}, {}@CUDA@);
  rc::resample(values<float, float>(), times<float>(), rc::output{at<odd<12>>()}, {}@CUDA@);
  rc::resample_backward(values<odd<13>, float>(), times<float>(), rc::result_gradients{at<odd<13>>()},
                        rc::source_gradients{at<odd<13>>()}, {}, rc::target_order::any@CUDA@);
  rc::stream const one{values<odd<14>, float>()};
  rc::fuse(&one, 1, times<float>(), rc::fused_output{at<odd<15>>()}@CUDA@);
  rc::fuse_backward(&one, 1, times<float>(), rc::result_gradients{at<odd<16>>()}, nullptr, nullptr,
                    rc::target_order::any@MEMORY@@CUDA@);
  rc::point_features const features{at<odd<17>>(), 1};
  rc::point_features const sound{at<float>(), 1};
  rc::voxelize(clouds, features, lattice, rc::voxel_output<float>{}, {}@MEMORY@@CUDA@);
  rc::voxelize(clouds, sound, lattice, rc::voxel_output<odd<18>>{}, {}@MEMORY@@CUDA@);
  rc::voxelize_sparse(clouds, sound, lattice, rc::sparse_output<odd<19>>{}, {}@MEMORY@@CUDA@);
  rc::voxelize_gathered(clouds, sound, lattice, rc::gathered_output<odd<20>>{}, {}@MEMORY@@CUDA@);
  rc::filter_voxels(clouds, sound, {}, rc::filtered_output<odd<21>>{}@MEMORY@@CUDA@);
  rc::voxelize_backward(clouds, sound, lattice, rc::voxel_gradients<odd<22>>{}, rc::channel_order::last,
                        rc::feature_gradients{at<float>()}@MEMORY@@CUDA@);
  rc::voxelize_sparse_backward(clouds, features, voxels, rc::voxel_gradients<float>{},
                               rc::feature_gradients{at<odd<23>>()}@MEMORY@@CUDA@);
  rc::voxelize_gathered_backward(clouds, 1, nullptr, at<float>(), rc::feature_gradients{at<odd<25>>()}@CUDA@);
  rc::voxelize(clouds, lattice, rc::voxel_output<odd<26>>{}, {}@MEMORY@@CUDA@);
  rc::voxelize_sparse(clouds, lattice, rc::sparse_output<odd<27>>{}, {}@MEMORY@@CUDA@);
  rc::voxelize_gathered(clouds, lattice, rc::gathered_output<odd<28>>{}, {}@MEMORY@@CUDA@);
  rc::filter_voxels(clouds, {}, rc::filtered_output<odd<29>>{}@MEMORY@@CUDA@);
  rc::clean(values<odd<32>, float>(), rc::clean_output<odd<32>, float>{}, {}@MEMORY@@CUDA@);
  rc::summarize(rc::value_rows<odd<33>>{}, rc::summary_state<odd<33>>{}@MEMORY@@CUDA@);
  rc::unproject(rc::depth_images<float>{}, rc::image_features<odd<34>>{}, {},
                rc::unprojected_output<odd<34>>{}@MEMORY@@CUDA@);
  rc::crop_points(clouds, {}, rc::cropped_output<std::int64_t>{}@MEMORY@@CUDA@);
  rc::unproject_dense(rc::depth_images<double>{}, {}, {}@CUDA@);
  rc::fuse(&one, 1, times<float>(), rc::fused_output{at<std::int32_t>()}@CUDA@);
  rc::voxelize(clouds, sound, lattice, rc::voxel_output<std::uint8_t>{}, {}@MEMORY@@CUDA@);
}

void const_results() {
  rc::point_features const sound{at<float>(), 1};
  rc::stream const one{values<float, float>()};
  rc::resample(values<float, float>(), times<float>(), rc::output{at<float const>()}, {}@CUDA@);
  rc::resample_backward(values<float, float>(), times<float>(), rc::result_gradients{at<float>()},
                        rc::source_gradients{at<float const>()}, {}, rc::target_order::any@CUDA@);
  rc::fuse(&one, 1, times<float>(), rc::fused_output{at<float const>()}@CUDA@);
  rc::voxelize(clouds, sound, lattice, rc::voxel_output<float const>{}, {}@MEMORY@@CUDA@);
  rc::voxelize_sparse(clouds, sound, lattice, rc::sparse_output<float const>{}, {}@MEMORY@@CUDA@);
  rc::voxelize_gathered(clouds, sound, lattice, rc::gathered_output<float const>{}, {}@MEMORY@@CUDA@);
  rc::filter_voxels(clouds, sound, {}, rc::filtered_output<float const>{}@MEMORY@@CUDA@);
  rc::voxelize_backward(clouds, sound, lattice, rc::voxel_gradients<float>{}, rc::channel_order::last,
                        rc::feature_gradients{at<float const>()}@MEMORY@@CUDA@);
  rc::voxelize_sparse_backward(clouds, sound, voxels, rc::voxel_gradients<float>{},
                               rc::feature_gradients{at<float const>()}@MEMORY@@CUDA@);
  rc::voxelize_gathered_backward(clouds, 1, nullptr, at<float>(), rc::feature_gradients{at<float const>()}@CUDA@);
}

"""

# What calls say, of views that compile by themselves. nvcc looks at calls only where all views compile.
CALLS = """
void mixtures() {
  rc::stream<float> const one[] = {values<float, float>()};
  rc::resample(values<float, float>(), times<double>(), rc::output{at<float>()}, {}@CUDA@);
  rc::locate(times<double>(), times<std::int64_t>(), {}, {}@CUDA@);
  rc::resample_backward(values<float, double>(), times<float>(), rc::result_gradients{at<float>()},
                        rc::source_gradients{at<float>()}, rc::resample_options<std::int64_t>{},
                        rc::target_order::any@CUDA@);
  rc::fuse(one, 1, times<double>(), rc::fused_output{at<float>()}@CUDA@);
  rc::fuse_backward(one, 1, times<std::int64_t>(), rc::result_gradients{at<float>()}, nullptr, nullptr,
                    rc::target_order::any@MEMORY@@CUDA@);
  rc::stream const mixed{values<float, float>(), rc::resample_options<double>{}};

  rc::resample(values<std::int32_t, float>(), times<float>(), rc::output{at<float>()}, {}@CUDA@);
  rc::resample(values<float, float>(), times<float>(), rc::output{at<std::uint8_t>()}, {}@CUDA@);
  rc::inspect_rotations(values<std::int32_t, float>(), nullptr@CUDA@);

  rc::point_features const features{at<float>(), 1};
  rc::resample_backward(values<float, float>(), times<float>(), rc::result_gradients{at<float>()},
                        rc::source_gradients{at<__half>()}, {}, rc::target_order::any@CUDA@);
  rc::voxelize_backward(clouds, features, lattice, rc::voxel_gradients<float>{}, rc::channel_order::last,
                        rc::feature_gradients{at<__nv_bfloat16>()}@MEMORY@@CUDA@);
  rc::point_features const halves{at<__half>(), 1};
  rc::voxelize_sparse_backward(clouds, halves, voxels, rc::voxel_gradients<float>{},
                               rc::feature_gradients{at<float>()}@MEMORY@@CUDA@);
  rc::voxelize_gathered_backward(clouds, 1, nullptr, at<odd<24>>(), rc::feature_gradients{at<float>()}@CUDA@);
}
"""

# What the device has in addition to the host.
SCRATCH = """
void scratch() {
  rc::point_features const features{at<odd<31>>(), 1};
  rc::voxelize_scratch(clouds, features, lattice, rc::voxel_output<float>{}, {});
  rc::voxelize_sparse_scratch(clouds, features, lattice, rc::sparse_output<float>{}, {});
  rc::voxelize_gathered_scratch(clouds, features, lattice, rc::gathered_output<float>{}, {});
  rc::filter_voxels_scratch(clouds, features, {}, rc::filtered_output<float>{});
  rc::voxelize_backward_scratch(clouds, features, lattice, rc::voxel_gradients<float>{});
  rc::voxelize_sparse_backward_scratch(clouds, features, voxels, rc::voxel_gradients<float>{});
}
"""
FUSE_SCRATCH = """
void scratch() {
  rc::stream<float> const one[] = {values<float, float>()};
  rc::fuse_backward_scratch(one, 1, times<std::int64_t>(), nullptr);
}
"""

# `odd<1>` to `odd<10>` and `odd<35>`, and so on.
VIEWS_SAY = collections.Counter({STAMPS: 11, VALUES: 21, FLOATS: 3, WRITTEN: 1, DEPTH: 1, PERIOD: 1})
CALLS_SAY = collections.Counter({ONE_STAMP: 6, CONVERSION: 2, QUATERNION: 1, GRADIENT: 3, VALUES: 1})

# A kernel that uses nothing but building blocks.
KERNEL = """
#include <robocache/device/@HEADER@.cuh>
__global__ void kernel() {}
"""


def errors_of(text):
    """The sentences of all errors, in order; for what is no assertion, the whole line."""
    found = []
    for line in text.splitlines():
        if not re.search(r"\berror: ", line):
            continue
        said = re.search(r'static assertion failed(?: with "|: | due to requirement .*?: )(.*?)"?$', line)
        said = said or re.search(r"static_assert failed(?: due to requirement '.*?')? \"(.*)\"", line)
        found.append(said.group(1) if said else line)
    return found


def compile_with(command, source, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"door{suffix}"
        path.write_text(source)
        done = subprocess.run([*command, str(path)], capture_output=True, text=True)
    if done.returncode == 0:
        return ["it compiles"]
    return errors_of(done.stdout + done.stderr)


def check(name, found, wanted):
    """Compares sentences, and how often each occurs; true if they are those wanted."""
    missing, more = wanted - collections.Counter(found), collections.Counter(found) - wanted
    for sentence, times in missing.items():
        print(f"{name}: missing, {times} times: {sentence}")
    for sentence, times in more.items():
        print(f"{name}: not wanted, {times} times: {sentence}")
    print(f"{name}: {len(found)} errors")
    return not missing and not more


def check_only(name, found, sentence):
    """The same where one line has the sentence in it."""
    return check(name, [sentence if sentence in one else one for one in found], collections.Counter([sentence]))


def device_source(body, include):
    launchers = sorted(header.name for header in Path(include, "robocache").glob("*.cuh"))
    includes = ["cuda_bf16.h", "cuda_fp16.h", *(f"robocache/{name}" for name in launchers)]
    text = BEGIN.replace("@INCLUDES@", "\n".join(f"#include <{one}>" for one in includes)) + body
    text = text.replace("@STREAM@", "cudaStream_t const cuda_stream = nullptr;\nrc::scratch memory;")
    return text.replace("@MEMORY@", ", memory").replace("@CUDA@", ", cuda_stream")


def host_source():
    text = (BEGIN + VIEWS + CALLS).replace("@INCLUDES@", "#include <robocache/host.hpp>").replace("@STREAM@", "")
    families = "append|resample|locate|fuse|inspect|voxelize|filter|clean|summarize|unproject|crop"
    text = re.sub(rf"rc::((?:{families})\w*)\(", r"rc::host::\1(", text)
    return text.replace("@MEMORY@", "").replace("@CUDA@", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nvcc", required=True)
    parser.add_argument("--include", required=True)
    parser.add_argument("--cxx", action="append", required=True, help="a C++ compiler; the first one is also for nvcc")
    options = parser.parse_args()
    include = ["-I", options.include]
    # Front end only: no machine code is generated.
    nvcc = [options.nvcc, "-ccbin", options.cxx[0], "-cuda", "-o", "/dev/null", *include]
    nvcc_now, nvcc_old = ([*nvcc, f"-std=c++{standard}", "-arch=sm_90"] for standard in (17, 14))

    views = compile_with(nvcc_now, device_source(VIEWS + SCRATCH, options.include), ".cu")
    calls = compile_with(nvcc_now, device_source(CALLS + FUSE_SCRATCH, options.include), ".cu")
    old = compile_with(nvcc_old, device_source("", options.include), ".cu")
    good = [check("nvcc, views", views, VIEWS_SAY + collections.Counter([VALUES]))]
    good.append(check("nvcc, calls", calls, CALLS_SAY))
    good.append(check_only("nvcc, C++14", old, CPP17))
    for header in ("arithmetic", "convert"):
        found = compile_with([*nvcc, "-std=c++17", "-arch=sm_75"], KERNEL.replace("@HEADER@", header), ".cu")
        good.append(check_only(f"sm_75, device/{header}.cuh", found, ARCHITECTURE))

    plain = "#include <robocache/host.hpp>\n#include <robocache/robocache.hpp>\nint main() { return rc::none; }\n"
    for compiler in options.cxx:
        name = Path(compiler).name
        syntax = [compiler, "-fsyntax-only", *(["-ferror-limit=0"] if "clang" in name else []), *include]
        good.append(check(name, compile_with([*syntax, "-std=c++17"], host_source(), ".cpp"), VIEWS_SAY + CALLS_SAY))
        good.append(check_only(f"{name}, C++14", compile_with([*syntax, "-std=c++14"], plain, ".cpp"), CPP17))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
