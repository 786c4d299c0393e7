# SPDX-License-Identifier: Apache-2.0
"""What the tests of the demo share: a scratch folder, the demo as a process, and how it refuses bad input."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import matplotlib  # noqa: F401
    import numpy  # noqa: F401
except ImportError as missing:
    print(f"skipped: {Path(sys.argv[0]).name}: {missing}")
    sys.exit(77)

DEMO = Path(__file__).resolve().parents[1] / "examples" / "demo" / "demo.py"


class DemoTest(unittest.TestCase):
    bridge = ""  # from the command line

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def demo(self, *arguments):
        command = [sys.executable, DEMO, "--bridge", self.bridge, "--out", self.folder / "out", *arguments]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)

    def refused(self, *words, arguments):
        """Exit code 2 and a last sentence on stderr that holds all of `words`; no traceback. Returns all of stderr."""
        done = self.demo(*arguments)
        self.assertEqual(done.returncode, 2, done.stderr)
        sentence = done.stderr.strip().splitlines()[-1]
        for word in words:
            self.assertIn(word, sentence)
        self.assertNotIn("Traceback", done.stderr)
        return done.stderr


def main(usage):
    """Runs the tests of the calling file."""
    if len(sys.argv) < 2:
        sys.exit(usage)
    DemoTest.bridge = sys.argv.pop(1)
    unittest.main(verbosity=1)
