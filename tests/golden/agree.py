# SPDX-License-Identifier: Apache-2.0
"""Random agreement with the installed SciPy: golden vectors of other seeds, through the golden tests.

    python agree.py PATH_OF_test_host [--first SEED] [--count N]

Exits with 77 where there is no SciPy.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy  # noqa: F401
    import scipy
except ImportError as missing:
    print(f"skipped: agree.py: {missing}")
    sys.exit(77)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests")
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--count", type=int, default=10)
    arguments = parser.parse_args()
    make = Path(__file__).resolve().parent / "make_golden.py"
    with tempfile.TemporaryDirectory() as scratch:
        vectors = Path(scratch) / "golden.csv"
        for seed in range(arguments.first, arguments.first + arguments.count):
            with vectors.open("w") as file:
                subprocess.run([sys.executable, make, str(seed)], stdout=file, check=True)
            environment = {**os.environ, "ROBOCACHE_GOLDEN": str(vectors)}
            command = [arguments.tests, "[golden]"]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                print(done.stdout)
                print(f"repeat: python {Path(__file__).name} {arguments.tests} --first {seed} --count 1")
                return 1
    print(f"agrees with SciPy {scipy.__version__} on {arguments.count} seeds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
