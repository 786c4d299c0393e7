# SPDX-License-Identifier: Apache-2.0
"""The files and folders that the documentation names: prints those that do not exist; fails if there is one.

A name in backquotes that ends like a file of this project or in a slash has to be the end of a path of the project, so
that `detail/config.hpp` means include/robocache/detail/config.hpp. Links are looked up beside the page.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "bench/README.md", "examples/pytorch/README.md", *(ROOT / "docs").rglob("*.md")]
NAMED = re.compile(r"`([\w./-]+(?:\.(?:cpp|cuh?|hpp|cmake|py|md|in)|/))`")
LINKED = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
# What a page asks the reader to write.
YOURS = {"first.cu"}
MADE = ROOT / "docs" / "reference" / "cpp"  # by docs/site/make.py, which looks up what links into it
FOLDERS = (".ci", "bench", "cmake", "docs", "examples", "include", "src", "tests")


def every_path():
    """All files and folders, with a slash before each."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    found += [path for path in ROOT.iterdir() if path.is_file()] + [ROOT / folder for folder in FOLDERS]
    return {f"/{path.relative_to(ROOT).as_posix()}" for path in found}


def main():
    paths = every_path()
    looked_up, missing = 0, []
    for page in (ROOT / page for page in PAGES):
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for name in NAMED.findall(text):
            looked_up += 1
            tail = "/" + name.rstrip("/").removeprefix("./")
            if name not in YOURS and not any(path.endswith(tail) for path in paths):
                missing.append(f"{page.relative_to(ROOT)}: {name}")
        for name in LINKED.findall(text):
            looked_up += 1
            linked = (page.parent / name).resolve()
            if not linked.exists() and MADE not in linked.parents:
                missing.append(f"{page.relative_to(ROOT)}: {name}")
    print(f"{looked_up} files and folders named, {len(missing)} not there")
    print("\n".join(missing))
    return 1 if missing or looked_up < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
