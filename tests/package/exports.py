# SPDX-License-Identifier: Apache-2.0
"""The shared library exports its API and nothing else: each symbol with the library's version, and none of `detail`."""

import re
import subprocess
import sys

# What is exported, and how often at least: where nothing matches a name, nothing could link with the library.
SHOWN = {
    r"robocache::compiled::\w+\(robocache::compiled::place, .*\)": 20,
    r"robocache::compiled::device_count\(\)": 1,
    r"robocache::status robocache::host::exact::\w+<.*": 150,
    r"robocache::host::(find_bounds|nearest_neighbours|sample_(farthest|uniform|windows)|within_radius)\(.*\)": 6,
    r"typeinfo (name )?for robocache::error": 2,
}


def main():
    library = sys.argv[1]
    command = ["nm", "-DC", "--defined-only", "--with-symbol-versions", library]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found = dict.fromkeys(SHOWN, 0)
    stray = []
    for line in lines:
        kind, name = re.match(r"[0-9a-f]* +(\w) (.*)", line).groups()
        if kind == "A":  # the version itself
            continue
        matches = [pattern for pattern in SHOWN if re.fullmatch(rf"(?:{pattern})@@robocache_\d+\.\d+", name)]
        if not matches:
            stray.append(name)
        for pattern in matches:
            found[pattern] += 1
    for name in stray:
        print(f"exported, but not part of the API, or without a version: {name}")
    missing = [f"{name}: {found[name]}, want {least} or more" for name, least in SHOWN.items() if found[name] < least]
    print(*missing, f"{len(lines)} symbols", sep="\n")
    return 1 if stray or missing else 0


if __name__ == "__main__":
    sys.exit(main())
