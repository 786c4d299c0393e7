# SPDX-License-Identifier: Apache-2.0
"""The processor seconds of each ctest test: python3 tests/costs.py BUILD_DIR [REGEX]

Unlike seconds on a clock, they tell what a test costs on a machine that others use, too."""

import json
import os
import re
import subprocess
import sys


def tests_of(build):
    text = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, check=True).stdout
    return [test for test in json.loads(text)["tests"] if "command" in test]


def processor_seconds(test):
    properties = {entry["name"]: entry["value"] for entry in test["properties"]}
    environment = dict(os.environ, OMP_WAIT_POLICY="passive")
    environment.update(entry.split("=", 1) for entry in properties.get("ENVIRONMENT", []))
    begin = os.times()
    subprocess.run(
        test["command"], cwd=properties["WORKING_DIRECTORY"], env=environment, capture_output=True, check=False
    )
    end = os.times()
    return end.children_user - begin.children_user + end.children_system - begin.children_system


def main():
    wanted = re.compile(sys.argv[2] if len(sys.argv) > 2 else "")
    total = 0.0
    for test in tests_of(sys.argv[1]):
        if wanted.search(test["name"]):
            seconds = processor_seconds(test)
            total += seconds
            print(f"{seconds:8.2f}  {test['name']}", flush=True)
    print(f"{total:8.2f}  in all")


if __name__ == "__main__":
    main()
