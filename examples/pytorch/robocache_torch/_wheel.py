# SPDX-License-Identifier: Apache-2.0
"""The compiled operators that a wheel brings along, one file for each minor version of PyTorch.

`make_wheel.py` writes them into the folder `_operators`, beside the library with the kernels, which all of them share,
and `built.json`, which says what they are for. Nothing is compiled or started here, and CUDA is not initialised.
"""

import ctypes
import json
import warnings
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "_operators"


def key_of(version: str, cuda: str | None) -> str:
    """What the file of operators depends on: PyTorch's minor version, and whether it was built for CUDA."""
    return ".".join(version.split("+")[0].split(".")[:2]) + ("+cuda" if cuda else "+cpu")


def described(built: dict) -> str:
    """What the wheel is for, in words."""
    versions = [key.replace("+cuda", " with CUDA").replace("+cpu", " without CUDA") for key in built["operators"]]
    known = " and ".join(filter(None, [", ".join(versions[:-1]), versions[-1]]))
    kernels = f"CUDA {built['cuda']} for {', '.join(built['architectures'])}"
    return f"robocache_torch {built['version']} is a wheel for PyTorch {known}; its kernels are of {kernels}"


def chosen(built: dict, version: str, cuda: str | None) -> str:
    """The name of the file for this PyTorch."""
    name = built["operators"].get(key_of(version, cuda))
    if name is None:
        kind = f"with CUDA {cuda}" if cuda else "without CUDA"
        raise ImportError(
            f"{described(built)}; found PyTorch {version} {kind}, want one of those, or the operators built for it "
            "from RoboCache's repository: pip install --no-build-isolation examples/pytorch"
        )
    return name


def driver_of_this_machine() -> int | None:
    """The newest CUDA that the GPU's driver runs, as 1000 * major + 10 * minor; None without a driver."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    version = ctypes.c_int(0)
    return version.value if driver.cuDriverGetVersion(ctypes.byref(version)) == 0 else None


def warn_of_driver(built: dict, driver: int | None) -> None:
    """A driver runs the kernels of its own major version of CUDA and of those before."""
    if driver is not None and driver // 1000 < int(built["cuda"].split(".")[0]):
        warnings.warn(
            f"{described(built)}; found a GPU driver for CUDA {driver // 1000}.{driver % 1000 // 10}, want a newer one "
            "for the GPU; on the CPU all operators work",
            stacklevel=2,
        )


def operators() -> Path | None:
    """The shared library with the operators for this PyTorch, or None where this is no wheel."""
    import torch  # not above: what makes the wheel has none

    description = FOLDER / "built.json"
    if not description.exists():
        return None
    built = json.loads(description.read_text(encoding="utf-8"))
    found = FOLDER / chosen(built, torch.__version__, torch.version.cuda)
    if torch.version.cuda:
        warn_of_driver(built, driver_of_this_machine())
    return found
