# SPDX-License-Identifier: Apache-2.0
"""The progress of long work: one line on the terminal, which disappears when the work is done."""

import sys
import time

PATIENCE = 0.5  # seconds before there is a line at all
PAUSE = 0.1  # seconds from one line to the next


class Progress:
    """Silent where stderr is no terminal. `total` is whatever `at` counts in."""

    def __init__(self, text, total):
        self._text, self._total = text, max(total, 1)
        self._next = time.monotonic() + PATIENCE if sys.stderr.isatty() else None
        self._shown = False

    def __enter__(self):
        return self

    def at(self, done):
        if self._next is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PAUSE
        self._shown = True
        share = min(done / self._total, 1.0)
        bar = ("#" * round(30 * share)).ljust(30, ".")
        print(f"\r\033[K{self._text} [{bar}] {share:4.0%}", end="", file=sys.stderr, flush=True)

    def __exit__(self, *_):
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
