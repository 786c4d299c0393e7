# SPDX-License-Identifier: Apache-2.0
"""`convert`: a data set becomes a store, in parallel processes."""

import itertools
import multiprocessing
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import torch

from ._episode import Left, Unreadable
from ._optional import Missing
from ._shards import SHARD, Shard
from ._store import Store
from ._writer import SHARD_BYTES, Writer
from .readers import open_source

# A process reads some episodes before it takes the next ones: a sixteenth of all, up to so many.
MOST_EPISODES = 64
PIECES = 16


class Job(NamedTuple):
    """A conversion, as whoever writes shards needs it."""

    path: Path
    reader: str | None
    options: dict
    folder: Path
    clean: bool
    shard_bytes: int

    def open(self):
        return open_source(self.path, self.reader, **self.options)


class Piece(NamedTuple):
    """Episodes that become one shard, or several: `number` is in the names of the files."""

    number: int
    keys: list


def convert(
    path: str | Path,
    folder: str | Path,
    *,
    reader: str | None = None,
    processes: int = 1,
    clean: bool = False,
    episodes: range | None = None,
    shard_bytes: int = SHARD_BYTES,
    progress: Callable[[int, int], None] | None = None,
    **options,
) -> Store:
    """Reads a data set and appends those of its episodes that the store does not have, so that a conversion that was
    stopped goes on.

    Each sixteenth of the episodes, 64 at most, becomes one or more shards, whose names and contents do not depend on
    how many processes there are. Episodes that cannot be read, or do not fit those before, are in `Store.left_out`.

    Args:
        path: Of the data set.
        folder: Of the store, made where there is none.
        reader: One of `READERS`; default: the first that recognises the path.
        processes: How many read. With more than 1 the caller is a module that may be imported again, as
            `multiprocessing` asks for with "spawn".
        clean: As `Writer` takes it.
        episodes: Which of the data set's, by their place in it; default: all.
        shard_bytes: As `Writer` takes it.
        progress: Called with the number of episodes that are done, and of all.
        options: Of the reader.

    Raises:
        FileNotFoundError, ValueError, TypeError, Missing: As `open_source`; nothing is written then.
        BlockingIOError: Another process writes to this store.
    """
    job = Job(Path(path).resolve(), reader, options, Path(folder), clean, shard_bytes)

    def in_processes(pieces, schemas):
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, context, _begin, (job, torch.get_num_threads() // processes or 1)) as pool:
            yield from pool.map(_write_in_process, pieces, itertools.repeat(schemas))

    return convert_by(in_processes if processes > 1 else None, job, episodes, progress)


def convert_by(
    spread: Callable | None,
    job: Job,
    episodes: range | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Store:
    """`convert`, with the work done by others.

    Args:
        spread: Called with pieces and the modalities' schemas, all of the first piece; gives what `write_piece` gives,
            in the order of the pieces. None: everything is done here.
    """
    source = job.open()
    keys = source.keys()
    keys = keys if episodes is None else [keys[i] for i in episodes if i < len(keys)]
    present = _names_in(job.folder, str(job.path))
    keys = [key for key in keys if source.name_of(key) not in present]
    length = min(MOST_EPISODES, -(-len(keys) // PIECES)) or 1
    with Writer(job.folder, clean=job.clean) as writer:
        writer.index["about"].setdefault("sources", {})[str(job.path)] = source.about
        # What was left out before is tried again.
        again = {(source.name_of(key), str(job.path)) for key in keys}
        before = writer.index["left_out"]
        writer.index["left_out"] = [one for one in before if (one[0], one[2]) not in again]
        writer.leave_out(one._replace(source=str(job.path)) for one in source.left_out)
        number = int(writer.next_path().name.split("-")[1])
        firsts = range(0, len(keys), length)
        pieces = [Piece(number + i, keys[first : first + length]) for i, first in enumerate(firsts)]
        schemas, done = dict(writer.index["modalities"]), 0

        def results():
            # What the first piece finds is what all others have to fit.
            for piece in pieces[:1] if spread else pieces:
                yield write_piece(job, source, piece, dict(schemas))
            if spread and pieces[1:]:
                yield from spread(pieces[1:], dict(schemas))

        for piece, (found, entries, left_out) in zip(pieces, results(), strict=True):
            writer.leave_out(one._replace(source=str(job.path)) for one in left_out)
            writer.append(found, entries)
            schemas.update(found)
            done += len(piece.keys)
            if progress is not None:
                progress(done, len(keys))
    store = Store(job.folder)
    missing = [one for one in store.left_out if one.source == str(job.path)]
    if missing:
        warnings.warn(
            f"{job.path}: {len(missing)} episodes were left out, the first because: {missing[0].why}; "
            "Store.left_out has all of them",
            stacklevel=3,
        )
    return store


def _names_in(folder, source):
    """Of the episodes of a data set that a store has."""
    try:
        store = Store(folder)
    except FileNotFoundError:
        return set()
    return {one["name"] for one in store.episodes if one["source"] == source}


_mine = None  # this process's job and data set


def _begin(job, threads):
    global _mine
    torch.set_num_threads(threads)
    _mine = job, job.open()


def _write_in_process(piece, schemas):
    return write_piece(*_mine, piece, schemas)


def write_piece(job: Job, source, piece: Piece, schemas: dict) -> tuple[dict, list[dict], list[Left]]:
    """Writes the shards of some episodes; returns their schemas, their lines of the index, and what was left out."""
    entries, left_out = [], []
    shard = Shard(schemas)

    def write():
        path = job.folder / SHARD.format(number=piece.number, part=len(entries))
        entries.append(shard.write(path))
        return Shard(shard.schemas)

    for key in piece.keys:
        try:
            episode = source.read(key)
        except (Missing, MemoryError):
            raise
        except Unreadable as trouble:
            left_out.append(Left(source.name_of(key), str(trouble)))
            continue
        except Exception as trouble:  # a damaged file shows itself in whatever the library that reads it raises
            left_out.append(Left(source.name_of(key), f"{type(trouble).__name__}: {trouble}"))
            continue
        episode.source = str(source.path)
        try:
            shard.add(episode, cleaned=job.clean)
        except ValueError as trouble:  # it does not fit the episodes before
            left_out.append(Left(source.name_of(key), str(trouble)))
        if shard.size >= job.shard_bytes:
            shard = write()
    if shard.table:
        shard = write()
    return shard.schemas, entries, left_out
