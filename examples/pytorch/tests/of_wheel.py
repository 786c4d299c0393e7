# SPDX-License-Identifier: Apache-2.0
"""The suite against a wheel, as a user has it: in a fresh environment, without nvcc and without the sources.

    python of_wheel.py WHEEL [--torch 2.6.0] [--python PYTHON]

Makes an environment with that PyTorch (the newest that the wheel takes), installs the wheel, checks that an import
starts no process and how long it takes, and runs the tests there. PYTHON is an environment that was made before.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NEEDED = ["numpy", "scipy", "matplotlib", "pytest", "tqdm", "safetensors", "pyarrow", "setuptools"]
# The best of five, in processes of their own: other work on the machine only makes them longer.
IMPORT = """
import sys, time, torch
started = []
sys.addaudithook(lambda event, _: event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork")
                 and started.append(event))
begin = time.perf_counter()
import robocache_torch
print(time.perf_counter() - begin, robocache_torch.__file__, torch.__version__)
assert not started, f"the import started {started}"
assert not torch.cuda.is_initialized()
assert "torch.utils.cpp_extension" not in sys.modules
"""


def without_nvcc() -> dict[str, str]:
    """The environment, with neither nvcc nor a folder of the sources in it."""
    kept = [folder for folder in os.environ["PATH"].split(os.pathsep) if not (Path(folder) / "nvcc").exists()]
    hidden = {"PYTHONPATH", "ROBOCACHE_LIBRARY", "TORCH_EXTENSIONS_DIR"}
    ours = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**ours, "PATH": os.pathsep.join(kept), "CUDA_HOME": "/nowhere"}


def environment(folder: Path, torch: str) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", torch, *NEEDED], check=True)
    return python


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--torch", default="", help="the version of PyTorch")
    parser.add_argument("--python", type=Path, help="of an environment with PyTorch and what the tests need")
    options, for_pytest = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        python = options.python or environment(work / "venv", f"torch=={options.torch}" if options.torch else "torch")
        subprocess.run([python, "-m", "pip", "install", "-q", "--force-reinstall", "--no-deps", options.wheel], check=True)
        subprocess.run([python, "-m", "pip", "check"], check=True)
        # The tests and what they call, without the package.
        copied = work / "pytorch"
        shutil.copytree(HERE.parent, copied, ignore=shutil.ignore_patterns("robocache_torch", "build", "__pycache__"))
        ours = without_nvcc()
        times = []
        for _ in range(5):
            said = subprocess.run([python, "-c", IMPORT], cwd=work, env=ours, capture_output=True, text=True, check=False)
            if said.returncode != 0:
                print(said.stderr)
                return 1
            times.append(float(said.stdout.split()[0]))
        print(f"{said.stdout.split()[1:]}: import {min(times):.2f} s beyond import torch, starting nothing")
        if min(times) > 1:
            print("want at most 1 s")
            return 1
        tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *for_pytest, copied / "tests"]
        return subprocess.run(tests, cwd=work, env=ours, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
