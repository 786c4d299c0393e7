# SPDX-License-Identifier: Apache-2.0
"""For ctest: runs the suite, or says that PyTorch or pytest is missing and exits with 77, which ctest calls skipped."""

import importlib.util
import subprocess
import sys
from pathlib import Path

missing = [
    name for name in ("torch", "pytest", "numpy", "tqdm", "matplotlib") if importlib.util.find_spec(name) is None
]
if missing:
    print(f"skipped: this Python ({sys.executable}) has no {', '.join(missing)}")
    sys.exit(77)
folder = Path(__file__).resolve().parent
sys.exit(
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder], check=False).returncode
)
