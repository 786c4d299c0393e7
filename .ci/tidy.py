# SPDX-License-Identifier: Apache-2.0
"""clang-tidy on the host code, as it was compiled: python3 .ci/tidy.py BUILD_DIR

What passed before is not read again while the file, the project's headers that it includes, its command and the rules
are the same; BUILD_DIR/tidy remembers that. The static analyzer looks at every function, but follows few calls: with
ROBOCACHE_THOROUGH=1 all files are read, and it follows all calls that it can, which takes ten times as long."""

import concurrent.futures
import hashlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-14"
THOROUGH = bool(os.environ.get("ROBOCACHE_THOROUGH"))
# clang need not know every warning of g++.
OPTIONS = ["--quiet", "--extra-arg=-Wno-unknown-warning-option"]
if not THOROUGH:
    OPTIONS += [f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "mode=shallow")]


def key_of(entry):
    """A hash of all that clang-tidy's verdict depends on."""
    command = shlex.split(entry["command"])
    at = command.index("-o")
    asked = [*command[:at], *command[at + 2 :], "-MM"]
    rule = subprocess.run(asked, cwd=entry["directory"], check=True, capture_output=True, text=True).stdout
    included = rule.replace("\\\n", " ").split()[1:]
    digest = hashlib.sha256(entry["command"].encode())
    for path in [ROOT / ".clang-tidy", Path(__file__), *sorted(included)]:
        digest.update((Path(entry["directory"]) / path).read_bytes())
    return digest.hexdigest()


def passes(entry, build):
    passed = build / "tidy" / key_of(entry)
    if passed.exists() and not THOROUGH:
        return True
    done = subprocess.run(
        [TIDY, *OPTIONS, "-p", str(build), entry["file"]], check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        print(done.stdout + done.stderr, flush=True)
        return False
    passed.touch()
    return True


def main():
    build = Path(sys.argv[1]).resolve()
    (build / "tidy").mkdir(exist_ok=True)
    entries = json.loads((build / "compile_commands.json").read_text())
    chosen = [e for e in entries if Path(e["file"]).is_relative_to(ROOT / "src") and e["file"].endswith(".cpp")]
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        verdicts = list(pool.map(lambda entry: passes(entry, build), chosen))
    print(f"{sum(verdicts)} of {len(chosen)} files pass")
    return 0 if chosen and all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
