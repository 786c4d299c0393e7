# SPDX-License-Identifier: Apache-2.0
"""Loads the compiled operators: those of a wheel or that `pip install .` made, else those built on first import.

The first import takes minutes (the library by CMake, for the GPUs that are there, then the operators), and needs CMake,
ninja, g++ and nvcc; later ones load what it left in PyTorch's cache of extensions, until a source changes. Processes
that import at the same time wait for the first one. Nothing here initialises CUDA: a process may import and then fork.

Environment:
    ROBOCACHE_LIBRARY: A librobocache.a of the same sources, to be used instead of building one.
    ROBOCACHE_CUDA_ARCHITECTURES: What to build for, as CMake names it ("80;90"); default: the GPUs of this machine.
    TORCH_EXTENSIONS_DIR: PyTorch's: where the cache is (~/.cache/torch_extensions).
"""

import fcntl
import functools
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
SOURCES = [
    HERE / "csrc" / f"{name}.cpp"
    for name in (
        "common",
        "depth",
        "disk",
        "disk_files",
        "disk_ring",
        "layout",
        "online",
        "points",
        "policy",
        "rows",
        "sampling",
        "stamps",
        "tangents",
        "timed",
        "windows",
    )
]
# No -std: PyTorch's builder gives the one that its own headers ask for.
# An enumerator without a word in layout.cpp does not compile.
FLAGS = ["-O2", "-fopenmp", "-Werror=switch"]
# The architectures to build for on a machine without a GPU.
DEFAULT_ARCHITECTURES = "80;90"


def project_root() -> Path:
    """The folder of RoboCache's sources, of which this package is an example."""
    root = HERE.parents[2]
    if not (root / "include" / "robocache" / "robocache.hpp").exists():
        raise ImportError(
            f"robocache_torch builds RoboCache from its sources, which are not at {root}: "
            "import it from the repository, or install it from there"
        )
    return root


def has_cuda() -> bool:
    """Whether this PyTorch was built for CUDA."""
    return torch.version.cuda is not None


@functools.cache
def architectures() -> str:
    """For CMake: those of this machine's GPUs, or ROBOCACHE_CUDA_ARCHITECTURES."""
    if chosen := os.environ.get("ROBOCACHE_CUDA_ARCHITECTURES"):
        return chosen
    # Not torch.cuda, which would initialise CUDA: after that a process must not fork.
    command = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    if shutil.which(command[0]) is None:
        return DEFAULT_ARCHITECTURES
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    chips = {line.replace(".", "") for line in found if line.replace(".", "").isdigit()}
    return ";".join(sorted(chips, key=int)) or DEFAULT_ARCHITECTURES


def tell_pytorch() -> None:
    """PyTorch's builder asks which GPUs to build for, even where no source is CUDA, and fails where there is no GPU."""
    known = ";".join(f"{chip[:-1]}.{chip[-1]}" for chip in architectures().split(";") if chip.isdigit())
    os.environ.setdefault("TORCH_CUDA_ARCH_LIST", known or "9.0")


def given_library() -> Path | None:
    """The one that ROBOCACHE_LIBRARY names."""
    made = os.environ.get("ROBOCACHE_LIBRARY")
    if made and not Path(made).is_file():
        raise ImportError(f"ROBOCACHE_LIBRARY: found no file {made}, want a librobocache.a")
    return Path(made) if made else None


def library_of(folder: Path) -> Path:
    """librobocache.a: the one that was given, or built with CMake in `folder`, as far as it changed."""
    if given := given_library():
        return given
    cmake = shutil.which("cmake")
    if cmake is None:
        raise ImportError("robocache_torch needs CMake 3.25 or newer to build RoboCache: python -m pip install cmake")
    parts = [f"-DROBOCACHE_BUILD_{part}=OFF" for part in ("TESTS", "BENCH", "EXAMPLES")]
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    if not (folder / "CMakeCache.txt").exists():
        configure = [
            cmake,
            "-S",
            project_root(),
            "-B",
            folder,
            *generator,
            *parts,
            "-DCMAKE_BUILD_TYPE=Release",
            f"-DCMAKE_CUDA_ARCHITECTURES={architectures()}",
        ]
        _run(configure)
    _run([cmake, "--build", folder, "--target", "robocache_static", "--parallel"])
    return next(folder.rglob("librobocache.a"))


def _run(command):
    done = subprocess.run(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise ImportError(f"building RoboCache failed: {' '.join(map(str, command))}\n{done.stdout}")


def compile_options() -> list[str]:
    return FLAGS + (["-DROBOCACHE_TORCH_CUDA"] if has_cuda() else [])


def _cuda_home() -> str:
    # Not imported above: it looks for CUDA, and warns where there is none, even if nothing is to be built.
    from torch.utils import cpp_extension

    if cpp_extension.CUDA_HOME is None:
        raise ImportError("robocache_torch needs the CUDA Toolkit to build RoboCache; set CUDA_HOME to where it is")
    return cpp_extension.CUDA_HOME


def link_options(library: Path) -> list[str]:
    # With CUDA the runtime is PyTorch's; without it, the library brings its own, which finds no GPU.
    runtime = [] if has_cuda() else [f"-L{_cuda_home()}/lib64", "-lcudart_static", "-ldl", "-lrt"]
    # PyTorch's builder links its library for Python, too, which the operators do not use.
    return [str(library), "-fopenmp", "-Wl,--as-needed", *runtime]


def _for_ninja(option: str) -> str:
    """PyTorch's builder writes link options into a file for ninja as they are; a path may hold a blank."""
    return shlex.quote(option).replace("$", "$$")


def include_paths() -> list[str]:
    return [str(project_root() / "include"), str(Path(_cuda_home()) / "include")]


def _state_of_sources() -> str:
    """A text that changes whenever a source, or the library that was given, changes."""
    root = project_root()
    files = [*(root / "include").rglob("*.*"), *(HERE / "csrc").glob("*.*")]
    if given := given_library():
        files.append(given)
    else:
        files += [*(root / "src").rglob("*.*"), *(root / "cmake").rglob("*.*"), root / "CMakeLists.txt"]
    states = [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in sorted(files) if path.is_file()]
    return hashlib.sha256("\n".join(states).encode()).hexdigest()


def _find_or_build() -> Path:
    """The shared library with the operators."""
    build = f"{sys.version} {torch.__version__} {architectures()} {project_root()} {given_library()}"
    name = f"robocache_torch_{hashlib.sha256(build.encode()).hexdigest()[:12]}"
    cache = os.environ.get("TORCH_EXTENSIONS_DIR") or Path.home() / ".cache" / "torch_extensions"
    folder = Path(cache) / name
    made, state_of_made, state = folder / f"{name}.so", folder / "made_of", _state_of_sources()

    def is_current():
        return made.exists() and state_of_made.exists() and state_of_made.read_text(encoding="utf-8") == state

    if is_current():
        return made
    (folder / "library").mkdir(parents=True, exist_ok=True)
    with open(folder / "being_built", "w", encoding="utf-8") as lock:
        # Released when the process ends, however it ends.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_current():
            return made
        print(
            f"robocache_torch: building for {architectures()} in {folder}: takes minutes", file=sys.stderr, flush=True
        )
        from torch.utils import cpp_extension

        tell_pytorch()
        library = library_of(folder / "library")
        # Removes PyTorch's own lock, which a killed build leaves behind, and what is linked with an older library.
        (folder / "lock").unlink(missing_ok=True)
        made.unlink(missing_ok=True)
        cpp_extension.load(
            name=name,
            sources=[str(source) for source in SOURCES],
            extra_cflags=compile_options(),
            extra_include_paths=include_paths(),
            extra_ldflags=[_for_ninja(option) for option in link_options(library)],
            build_directory=str(folder),
            with_cuda=has_cuda(),
            is_python_module=False,
        )
        state_of_made.write_text(state, encoding="utf-8")
    return made


@functools.cache
def operators_library() -> Path:
    """The shared library with the operators. It does not use Python: a C++ program loads it with `dlopen`, and then runs
    a package of AOTInductor that calls them."""
    from . import _wheel  # not above: setup.py loads this file alone

    if packed := _wheel.operators():
        return packed
    installed = importlib.util.find_spec("robocache_torch._compiled")
    if installed is not None and installed.origin is not None:
        return Path(installed.origin)
    return _find_or_build()


def load() -> None:
    """Makes torch.ops.robocache."""
    torch.ops.load_library(str(operators_library()))
