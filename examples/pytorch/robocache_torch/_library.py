# SPDX-License-Identifier: Apache-2.0
"""Loads the compiled operators: those that `pip install .` made, else such as are built here on first import.

The first import takes minutes (the library by CMake, for the GPUs that are there, then the operators); later ones find
everything in PyTorch's cache of extensions. Processes that import at the same time wait for the first one.

Environment:
    ROBOCACHE_LIBRARY: A librobocache.a of the same sources, to be used instead of building one.
    ROBOCACHE_CUDA_ARCHITECTURES: What to build for, as CMake has it ("80;90"); default: the GPUs that are there.
    TORCH_EXTENSIONS_DIR: PyTorch's: where the cache is.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
SOURCES = [HERE / "csrc" / name for name in ("common.cpp", "points.cpp", "timed.cpp")]
FLAGS = ["-std=c++17", "-O2", "-fopenmp"]
# The GPUs that code is made for where none is there to ask.
DEFAULT_ARCHITECTURES = "80;90"


def project_root() -> Path:
    """The folder of RoboCache's sources, of which this package is an example."""
    root = HERE.parents[2]
    if not (root / "include" / "robocache" / "robocache.hpp").exists():
        raise ImportError(f"robocache_torch builds RoboCache from its sources, which are not at {root}: "
                          "import it from the repository, or install it from there")
    return root


def has_cuda() -> bool:
    """Whether this PyTorch was built for CUDA."""
    return torch.version.cuda is not None


def architectures() -> str:
    """For CMake: of the GPUs that are there, or ROBOCACHE_CUDA_ARCHITECTURES."""
    if chosen := os.environ.get("ROBOCACHE_CUDA_ARCHITECTURES"):
        return chosen
    found = {torch.cuda.get_device_capability(i) for i in range(torch.cuda.device_count())}
    return ";".join(f"{major}{minor}" for major, minor in sorted(found)) or DEFAULT_ARCHITECTURES


def tell_pytorch() -> None:
    """PyTorch's builder asks which GPUs to build for, even where no source is CUDA, and fails where there is none."""
    known = ";".join(f"{chip[:-1]}.{chip[-1]}" for chip in architectures().split(";") if chip.isdigit())
    os.environ.setdefault("TORCH_CUDA_ARCH_LIST", known or "9.0")


def library_of(folder: Path) -> Path:
    """librobocache.a: the one that ROBOCACHE_LIBRARY names, or built with CMake in `folder`, as far as it changed."""
    if made := os.environ.get("ROBOCACHE_LIBRARY"):
        return Path(made)
    cmake = shutil.which("cmake")
    if cmake is None:
        raise ImportError("robocache_torch needs CMake 3.25 or newer to build RoboCache: python -m pip install cmake")
    parts = [f"-DROBOCACHE_BUILD_{part}=OFF" for part in ("TESTS", "BENCH", "EXAMPLES")]
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    if not (folder / "CMakeCache.txt").exists():
        configure = [cmake, "-S", project_root(), "-B", folder, *generator, *parts, "-DCMAKE_BUILD_TYPE=Release",
                     f"-DCMAKE_CUDA_ARCHITECTURES={architectures()}"]
        _run(configure)
    _run([cmake, "--build", folder, "--target", "robocache_static", "--parallel"])
    return next(folder.rglob("librobocache.a"))


def _run(command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode != 0:
        raise ImportError(f"building RoboCache failed: {' '.join(map(str, command))}\n{done.stdout}")


def compile_options() -> list[str]:
    return FLAGS + (["-DROBOCACHE_TORCH_CUDA"] if has_cuda() else [])


def _cuda_home() -> str:
    # Not above: it looks for CUDA, and complains where there is none, also where nothing is to be built.
    from torch.utils import cpp_extension

    if cpp_extension.CUDA_HOME is None:
        raise ImportError("robocache_torch needs the CUDA Toolkit to build RoboCache; set CUDA_HOME to where it is")
    return cpp_extension.CUDA_HOME


def link_options(library: Path) -> list[str]:
    # With CUDA the runtime is PyTorch's; without, the library brings one along, which finds no GPU.
    runtime = [] if has_cuda() else [f"-L{_cuda_home()}/lib64", "-lcudart_static", "-ldl", "-lrt"]
    return [str(library), "-fopenmp", *runtime]


def include_paths() -> list[str]:
    return [str(project_root() / "include"), str(Path(_cuda_home()) / "include")]


def _build_and_load():
    from torch.utils import cpp_extension

    made_of = f"{torch.__version__} {architectures()} {project_root()} {os.environ.get('ROBOCACHE_LIBRARY')}"
    name = f"robocache_torch_{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    folder = Path(cpp_extension._get_build_directory(name, verbose=False))  # where load() builds, too
    library_folder = folder / "library"
    library_folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "being_built", "w", encoding="utf-8") as lock:
        # Let go when the process ends, however it ends.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / f"{name}.so").exists():
            print(f"robocache_torch: building for the first time, for {architectures()}, in {folder}: takes minutes",
                  file=sys.stderr, flush=True)
        tell_pytorch()
        library = library_of(library_folder)
        cpp_extension.load(name=name, sources=[str(source) for source in SOURCES], extra_cflags=compile_options(),
                           extra_include_paths=include_paths(), extra_ldflags=link_options(library),
                           build_directory=str(folder), with_cuda=has_cuda(), is_python_module=False)


def load():
    """Makes torch.ops.robocache."""
    installed = importlib.util.find_spec("robocache_torch._compiled")
    if installed is not None and installed.origin is not None:
        torch.ops.load_library(installed.origin)
    else:
        _build_and_load()
