# SPDX-License-Identifier: Apache-2.0
"""What the tests of the demo share: a scratch folder, the demo run in this process, and how it refuses bad input."""

import contextlib
import io
import os
import sys
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo" / "demo.py"
sys.path.insert(0, str(DEMO.parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")  # other tests use the cores too

try:
    import demo
    from matplotlib.figure import Figure
except ModuleNotFoundError as missing:
    if missing.name not in ("matplotlib", "numpy"):
        raise
    print(f"skipped: {Path(sys.argv[0]).name}: {missing}")
    sys.exit(77)

PICTURES = ("draw", "draw_live", "draw_voxels", "draw_filtered", "draw_depth")  # of demo.py


@dataclass
class Done:
    """What subprocess.run would return."""

    returncode: int
    stdout: str
    stderr: str


class DemoTest(unittest.TestCase):
    bridge = ""  # from the command line

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def command(self, *arguments):
        """The demo's arguments, as text."""
        return [str(word) for word in ("--bridge", self.bridge, "--out", self.folder / "out", *arguments)]

    def demo(self, *arguments, pictures=False):
        """`pictures`: composes them; even then they are not rendered, which takes most of the demo's time."""
        said, complained = io.StringIO(), io.StringIO()
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stdout(said))
            stack.enter_context(contextlib.redirect_stderr(complained))
            stack.enter_context(mock.patch.object(Figure, "savefig", lambda _, path, **__: path.touch()))
            for name in () if pictures else PICTURES:
                stack.enter_context(mock.patch.object(demo, name, lambda path, _: path.touch()))
            try:
                code = demo.main(self.command(*arguments))
            except SystemExit as left:  # argparse refuses an option
                code = left.code
        return Done(code, said.getvalue(), complained.getvalue())

    def refused(self, *words, arguments):
        """Exit code 2 and a last sentence on stderr that holds all of `words`; no traceback. Returns all of stderr."""
        done = self.demo(*arguments)
        self.assertEqual(done.returncode, 2, done.stderr)
        sentence = done.stderr.strip().splitlines()[-1]
        for word in words:
            self.assertIn(word, sentence)
        return done.stderr


def main(usage):
    """Runs the tests of the calling file."""
    if len(sys.argv) < 2:
        sys.exit(usage)
    DemoTest.bridge = sys.argv.pop(1)
    unittest.main(verbosity=1)
