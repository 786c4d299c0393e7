# SPDX-License-Identifier: Apache-2.0
"""Compiles the C++ of the documentation's pages, and looks up the commands that they name.

    python docs_code.py --nvcc NVCC --ccbin CXX --include DIR

A block of `cpp` is the body of a function; what it takes for granted is in a comment before it, as the parameters of
that function: `<!-- given: float const* values, std::int64_t batch -->`. A block of `cuda` is what a file holds.
Programs with a `main` are examples, which CMake builds. All blocks are one file, which nvcc compiles without
optimising: by then it has read all code of every header.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(?:^<!-- given: (?P<given>[^\n]*) -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```", re.M | re.S)
INCLUDE = re.compile(r"^#include .*\n", re.M)
COMMAND = re.compile(r"^(?:python3? |\.?/?)(\./build\.sh|build\.sh|\.ci/\w+|(?:bench|examples|docs|tests)/[\w/.]+\.py)(?: ([\w-]+))?",
                     re.M)  # fmt: skip
FIRST = "#include <cstdint>\n#include <cstdio>\n#include <cuda_bf16.h>\n#include <cuda_fp16.h>\n"


def blocks():
    """Of all pages: where a block is, and what it is."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start("code")) + 1
            yield f"{page.relative_to(ROOT)}:{line}", block["language"], block["code"], block["given"]


def as_one_file():
    """The text to compile, and how many blocks are in it."""
    includes, parts = [], []
    for place, language, code, given in blocks():
        if language not in ("cpp", "cuda") or "int main(" in code:
            continue
        includes += INCLUDE.findall(code)
        path, line = place.rsplit(":", 1)
        below = len(code) - len(INCLUDE.sub("", code).lstrip("\n"))  # what is hoisted is above
        begin = int(line) + code[:below].count("\n")
        code = INCLUDE.sub("", code).lstrip("\n").replace("namespace rc = robocache;\n", "")
        body = code if language == "cuda" else f"void block({given or ''}) {{\n#line {begin} \"{path}\"\n{code}}}\n"
        parts.append(f'namespace block_{len(parts)} {{\n#line {begin} "{path}"\n{body}}}\n')
    head = FIRST + "".join(dict.fromkeys(includes)) + "namespace rc = robocache;\n"
    return head + "".join(parts), len(parts)


def missing_commands():
    """Commands of shell blocks that the repository does not have."""
    known = set(re.findall(r"^  ([a-z-]+)\) run_|^  (setup)\)", (ROOT / "build.sh").read_text(encoding="utf-8"), re.M))
    known = {word for pair in known for word in pair if word} | {"help"}
    missing, seen = [], 0
    for place, language, code, _ in blocks():
        if language != "sh":
            continue
        for program, word in COMMAND.findall(code):
            seen += 1
            if program.endswith("build.sh"):
                if word not in known:
                    missing.append(f"{place}: build.sh {word}")
            elif not (ROOT / program).exists():
                missing.append(f"{place}: {program}")
    for line in re.findall(r"^RUN (.*)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M):
        if not re.search(rf"^{re.escape(line)}\b", (ROOT / "README.md").read_text(encoding="utf-8"), re.M):
            missing.append(f"Dockerfile: {line} is no command of the README")
    return missing, seen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nvcc", required=True)
    parser.add_argument("--ccbin", required=True)
    parser.add_argument("--include", required=True)
    options = parser.parse_args()
    missing, seen = missing_commands()
    print("\n".join(missing))
    text, count = as_one_file()
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "docs.cu"
        file.write_text(text, encoding="utf-8")
        # Results that a block does not look at are its reader's; unused names are parameters of the page.
        command = [options.nvcc, "-ccbin", options.ccbin, "-std=c++17", "-arch=sm_90", "-G", "-ptx", "-o", "/dev/null",
                   "-diag-suppress=177,550,20011,20014", f"-I{options.include}", file]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"{count} blocks of C++ compiled, {seen} commands found\n{done.stdout}{done.stderr}")
    return 1 if missing or done.returncode or count < 10 or seen < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
