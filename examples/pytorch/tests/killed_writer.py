# SPDX-License-Identifier: Apache-2.0
"""Writes stores and kills itself while it does: `python killed_writer.py FOLDER` makes FOLDER/second0, FOLDER/second1
and so on, one for each moment of writing the second shard and its index, and FOLDER/first0 and so on of the first. Each
has a process of its own."""

import itertools
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from robocache_torch import data
from robocache_torch.data import _shards

EVENTS = 8  # half of the content, before fsync, before the new name, before the folder's fsync; of shard and index


def episode(number):
    stamps = torch.arange(5) * 1_000 + number
    return data.Episode(f"e{number}", {"joints": data.Series(torch.full((5, 2), float(number)), stamps)})


def die_at(moment):
    """Kills this process at that event from now on."""
    events = iter(range(EVENTS + 1))

    def happens():
        if next(events, None) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(function):
        def called(*arguments):
            happens()
            return function(*arguments)

        return called

    def halfway(path, mode):
        file = open(path, mode)
        write = file.write

        class Half:
            fileno, flush = file.fileno, file.flush

            def __enter__(self):
                return self

            def __exit__(self, *_):
                file.close()

            def write(self, content):
                write(content[: len(content) // 2])
                file.flush()
                happens()
                write(content[len(content) // 2 :])

        return Half() if "w" in mode else file

    _shards.open = halfway
    os.fsync, os.replace = before(os.fsync), before(os.replace)


def main(folder):
    torch.set_num_threads(1)
    for which, moment in itertools.product(("first", "second"), range(EVENTS)):
        child = os.fork()
        if child == 0:
            writer = data.Writer(folder / f"{which}{moment}", shard_bytes=1)
            if which == "second":
                writer.add(episode(0))
            die_at(moment)
            writer.add(episode(1))
            os._exit(1)  # was not killed
        if os.WTERMSIG(os.waitpid(child, 0)[1]) != signal.SIGKILL:
            sys.exit(f"{which} shard, moment {moment}: the writer was not killed")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
