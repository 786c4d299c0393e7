# SPDX-License-Identifier: Apache-2.0
"""Which folders include which: families share through `common/` and `device/`, and know nothing of each other.

A file of a family includes its own family, `common/`, what is beside families' folders, and public headers: those of
types, and those of its own calls. Files of `common/` include no family, those of `common/timed` and `common/clouds` do
not include each other, and `device/` includes only public headers and what every compiler needs. Prints each arrow that
should not be there; fails if there is one.
"""

import functools
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
# What device/ needs of detail/: the compiler's keywords, and which types there are.
OF_ALL = {"config.hpp", "halves.hpp", "math.hpp", "minimum_arch.cuh", "standard.hpp", "types.hpp"}


def room_of(path):
    """("detail", "fuse") of detail/fuse/check.hpp; of common/timed/params.hpp ("detail", "common/timed"); of a public
    header ("public", "")."""
    parts = path.parts
    for side, at in (("detail", "robocache/detail/"), ("host", "host/"), ("device", "robocache/device/")):
        if path.as_posix().startswith(at):
            inside = parts[at.count("/") :-1]
            return side, "/".join(inside[:2] if inside[:1] == ("common",) else inside[:1])
    return "public", ""


def is_allowed(source, target, included):
    (side, room), (to_side, to_room) = source, target
    if side == "device":
        return to_side in ("device", "public") or included.name in OF_ALL
    if side == "public":
        return True  # a public header includes its family's launcher last
    if to_side == "host" and side != "host":
        return False
    if side == "host" and to_side == "detail" and included.suffix == ".cuh":
        return False  # the host side reads checks, and no kernel
    if to_side == "public":
        return included.suffix != ".cuh" or rooms_behind(included) <= {room}
    if not to_room or to_room == room or to_room == "common":
        return True
    if room.startswith("common"):
        return to_room == "common" or room == to_room
    return to_room.startswith("common/")


@functools.cache
def rooms_behind(header):
    """The families whose launchers a public header includes."""
    text = (ROOT / "include" / header).read_text(encoding="utf-8")
    return {room for side, room in map(room_of, map(Path, INCLUDE.findall(text))) if side == "detail" and room}


def files():
    """(path as it is included, file) of all headers and sources of the library."""
    for base, folder in ((ROOT / "include", "include/robocache"), (ROOT / "src", "src")):
        for file in sorted((ROOT / folder).rglob("*.*")):
            if file.suffix in (".hpp", ".cuh", ".cpp", ".cu"):
                yield file.relative_to(base), file


def main():
    everything = dict(files())
    wrong = []
    for path, file in everything.items():
        for name in INCLUDE.findall(file.read_text(encoding="utf-8")):
            included = Path(name)
            if included in everything and not is_allowed(room_of(path), room_of(included), included):
                wrong.append(f"{path} includes {included}")
            elif included not in everything and name.startswith(("robocache/", "host/")):
                wrong.append(f"{path} includes {included}, which is not there")
    print(f"{len(everything)} files, {len(wrong)} includes across families")
    print("\n".join(wrong))
    return 1 if wrong or len(everything) < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
