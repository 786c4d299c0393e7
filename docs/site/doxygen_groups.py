# SPDX-License-Identifier: Apache-2.0
"""What Doxygen reads of a header: the header, whose namespace robocache is put into a group of the reference.

A header that is in none of these lists has a group of its own, with its name. docs/site/main.dox says what groups are.
"""

import re
import sys
from pathlib import Path

GROUPS = {
    "arguments": ("arch", "dtype", "options", "points", "scratch", "series", "status", "timeline", "version"),
    "resample": ("resample", "resample_backward"),
    "fuse": ("fuse", "fuse_backward", "stream"),
    "policy_input": ("policy_input", "derivative", "normalisation", "rotation"),
    "inspect": ("inspect",),
    "clean": ("clean", "cleaning"),
    "summarize": ("summarize", "summarize_policy_input", "summary"),
    "sample_windows": ("sample_windows", "windows"),
    "voxelize": ("voxelize", "voxelize_backward", "bounds", "grid"),
    "voxels": ("voxels", "voxelize_sparse", "voxelize_sparse_backward", "voxelize_gathered",
               "voxelize_gathered_backward", "filter_voxels"),
    "append": ("append",),
    "points": ("camera", "cropping", "crop_points", "unproject"),
    "samples": ("sampling", "sample_farthest", "sample_uniform", "neighbours"),
    "compiled": ("robocache",),
    "host": ("host",),
}  # fmt: skip
OPENED = re.compile(r"^(namespace robocache(?!::detail)[\w:]* \{)$", re.MULTILINE)
CLOSED = re.compile(r"^(\}  // namespace robocache(?!::detail)[\w:]*)$", re.MULTILINE)


def group_of(header: Path) -> str:
    if header.parent.name == "device":
        return "device"
    return next((group for group, stems in GROUPS.items() if header.stem in stems), header.stem)


def main() -> None:
    header = Path(sys.argv[1])
    text = header.read_text(encoding="utf-8")
    if header.suffix in (".hpp", ".cuh"):
        text = OPENED.sub(rf"\1\n/** @addtogroup {group_of(header)}\n@{{ */", text)
        text = CLOSED.sub(r"/** @} */\n\1", text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
