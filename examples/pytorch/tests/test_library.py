# SPDX-License-Identifier: Apache-2.0
"""How the operators are built; all other tests show that they are."""

import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import robocache_torch
from robocache_torch import _library, _wheel

BUILT = {
    "version": "0.1.0",
    "cuda": "13.0",
    "architectures": ["sm_80", "sm_90", "PTX of 121"],
    "operators": {"2.6+cuda": "torch-2.6-cuda.so", "2.15+cuda": "torch-2.15-cuda.so"},
}


def test_the_standard_is_that_of_pytorch():
    assert not any(option.startswith("-std") for option in _library.compile_options())


def test_a_path_of_the_library_may_hold_a_blank():
    # As ninja reads it, and then the shell.
    written = _library._for_ninja("/a folder/of $5/librobocache.a")
    assert shlex.split(written.replace("$$", "$")) == ["/a folder/of $5/librobocache.a"]
    assert written.count("$$") == written.count("$") / 2


def test_a_wheel_has_operators_for_minor_versions():
    assert _wheel.chosen(BUILT, "2.6.1+cu126", "12.6") == "torch-2.6-cuda.so"
    assert _wheel.chosen(BUILT, "2.15.0", "13.2") == "torch-2.15-cuda.so"
    with pytest.raises(ImportError, match=r"for PyTorch 2.6 with CUDA and 2.15 with CUDA; .*found PyTorch 2.9.1 with"):
        _wheel.chosen(BUILT, "2.9.1", "13.0")
    with pytest.raises(ImportError, match="found PyTorch 2.6.0[+]cpu without CUDA, want one of those"):
        _wheel.chosen(BUILT, "2.6.0+cpu", None)


def test_a_wheel_warns_of_a_driver_that_is_too_old():
    with pytest.warns(UserWarning, match="found a GPU driver for CUDA 12.4, want a newer one"):
        _wheel.warn_of_driver(BUILT, 12040)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _wheel.warn_of_driver(BUILT, 13000)
        _wheel.warn_of_driver(BUILT, None)  # no driver, no GPU


def test_the_version_is_that_of_the_library():
    root = Path(__file__).resolve().parents[3]
    header = root / "include" / "robocache" / "version.hpp"
    if not header.exists():
        pytest.skip("the repository is not here")
    numbers = re.findall(r"^#define ROBOCACHE_VERSION_\w+ (\d+)$", header.read_text(encoding="utf-8"), re.MULTILINE)
    project = (root / "examples" / "pytorch" / "pyproject.toml").read_text(encoding="utf-8")
    assert robocache_torch.__version__ == ".".join(numbers)
    assert f'version = "{robocache_torch.__version__}"' in project


@pytest.mark.skipif(not (_wheel.FOLDER / "built.json").exists(), reason="this is no wheel")
def test_importing_a_wheel_starts_no_process():
    program = """
import sys, torch
started = []
sys.addaudithook(lambda event, _: event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork")
                 and started.append(event))
import robocache_torch
assert not started, started
assert "torch.utils.cpp_extension" not in sys.modules and not torch.cuda.is_initialized()
"""
    subprocess.run([sys.executable, "-c", program], check=True)
