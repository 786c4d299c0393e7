# SPDX-License-Identifier: Apache-2.0
"""`convert`: a data set becomes a store, in parallel processes."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

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
    path = Path(path).resolve()
    source = open_source(path, reader, **options)
    keys = source.keys()
    keys = keys if episodes is None else [keys[i] for i in episodes if i < len(keys)]
    present = _names_in(folder, str(path))
    keys = [key for key in keys if source.name_of(key) not in present]
    length = min(MOST_EPISODES, -(-len(keys) // PIECES)) or 1
    pieces = [keys[first : first + length] for first in range(0, len(keys), length)]
    with Writer(folder, clean=clean) as writer:
        writer.index["about"].setdefault("sources", {})[str(path)] = source.about
        # What was left out before is tried again.
        again = {(source.name_of(key), str(path)) for key in keys}
        before = writer.index["left_out"]
        writer.index["left_out"] = [one for one in before if (one[0], one[2]) not in again]
        writer.leave_out(one._replace(source=str(path)) for one in source.left_out)
        number = int(writer.next_path().name.split("-")[1])
        # What the first piece finds is what all others have to fit.
        schemas, done = dict(writer.index["modalities"]), 0
        work = [(i, piece) for i, piece in enumerate(pieces)]

        def take(result, piece):
            nonlocal done
            found, entries, left_out = result
            writer.leave_out(one._replace(source=str(path)) for one in left_out)
            writer.append(found, entries)
            schemas.update(found)
            done += len(piece)
            if progress is not None:
                progress(done, len(keys))

        def arguments(at, piece):
            return (source, piece, Path(folder), number + at, dict(schemas), clean, shard_bytes)

        first, rest = work[:1], work[1:]
        for at, piece in first if processes > 1 else work:
            take(_read_piece(*arguments(at, piece)), piece)
        if processes > 1 and rest:
            given = ((path, reader, options), torch.get_num_threads() // processes or 1)
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(processes, context, _begin, given) as pool:
                futures = [(pool.submit(_read_in_process, *arguments(at, piece)[1:]), piece) for at, piece in rest]
                for future, piece in futures:  # in the order of the episodes
                    take(future.result(), piece)
    return Store(folder)


def _names_in(folder, source):
    """Of the episodes of a data set that a store has."""
    try:
        store = Store(folder)
    except FileNotFoundError:
        return set()
    return {one["name"] for one in store.episodes if one["source"] == source}


_source = None  # of this process


def _begin(given, threads):
    global _source
    path, reader, options = given
    torch.set_num_threads(threads)
    _source = open_source(path, reader, **options)


def _read_in_process(*arguments):
    return _read_piece(_source, *arguments)


def _read_piece(source, keys, folder, number, schemas, clean, shard_bytes):
    """Writes the shards of some episodes; returns their schemas, their lines of the index, and what was left out."""
    entries, left_out = [], []
    shard = Shard(schemas)

    def write():
        path = folder / SHARD.format(number=number, part=len(entries))
        entries.append(shard.write(path))
        return Shard(shard.schemas)

    for key in keys:
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
            shard.add(episode, cleaned=clean)
        except ValueError as trouble:  # it does not fit the episodes before
            left_out.append(Left(source.name_of(key), str(trouble)))
        if shard.size >= shard_bytes:
            shard = write()
    if shard.table:
        shard = write()
    return shard.schemas, entries, left_out
