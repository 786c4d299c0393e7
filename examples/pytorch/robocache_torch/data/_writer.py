# SPDX-License-Identifier: Apache-2.0
"""`Writer`: appends episodes to a store."""

import fcntl
from collections.abc import Iterable
from pathlib import Path

from ._episode import Episode, Left
from ._shards import FORMAT, INDEX, SHARD, VERSION, Shard, ignored_files, read_index, write_index

SHARD_BYTES = 256 << 20


class Writer:
    """Appends episodes to a store, which it makes where there is none.

    >>> with data.Writer("store") as writer:
    ...     writer.add(data.Episode("run 1", {"joints": data.Series(values, stamps_ns, names, units)}, task="pick"))

    Episodes are in the store once their shard is: when it is full, and at the end of the block. Whenever the process is
    killed, the store holds the shards of before. After an exception in the block the shard under way is not written.
    There is one writer of a store at a time.

    Args:
        folder: Of the store.
        clean: Whether to drop rows with NaN, steps back in time and duplicated stamps. They are counted in any case.
        about: What is known of the data, for JSON; kept in the index, beside what is there.
        shard_bytes: A shard is full from this size on.

    Raises:
        BlockingIOError: Another process writes to this store.
    """

    def __init__(
        self, folder: str | Path, *, clean: bool = False, about: dict | None = None, shard_bytes: int = SHARD_BYTES
    ):
        self.folder, self.clean, self.shard_bytes = Path(folder), clean, shard_bytes
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = open(self.folder / "lock", "w", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released when the process ends, however it ends
            if (self.folder / INDEX).exists():
                self.index = read_index(self.folder)
            else:
                self.index = {"format": FORMAT, "version": VERSION, "stamps": "ns", "about": {}}
                self.index |= {"modalities": {}, "shards": [], "left_out": []}
                write_index(self.folder, self.index)  # from now on there is a store, if an empty one
        except BlockingIOError:
            self._lock.close()
            raise BlockingIOError(f"{self.folder}: another process writes to this store") from None
        except BaseException:
            self._lock.close()
            raise
        self.index["about"] |= about or {}
        self._number = self._next_number()
        self._part = 0
        self._shard = Shard(self.index["modalities"])

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind, *_) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._lock.close()

    def add(self, episode: Episode) -> None:
        """Adds an episode.

        Raises:
            ValueError: A modality's type, shape, names or units differ from those of the episodes before; the message
                names the episode. It is not added then.
        """
        self._shard.add(episode, cleaned=self.clean)
        if self._shard.size >= self.shard_bytes:
            self._write_shard()

    def leave_out(self, episodes: Iterable[Left]) -> None:
        """Keeps a record of episodes that could not be read, once of each."""
        known = self.index["left_out"]
        known += [list(one) for one in dict.fromkeys(episodes) if list(one) not in known]

    def flush(self) -> None:
        """Writes the shard under way, and the index."""
        if self._shard.table:
            self._write_shard()
        else:
            write_index(self.folder, self.index)

    def next_path(self) -> Path:
        """Where the next shard belongs: a name that no file has, not even one that a killed writer left."""
        self._part += 1
        return self.folder / SHARD.format(number=self._number, part=self._part - 1)

    def append(self, schemas: dict, entries: list[dict]) -> None:
        """Takes shards that are written already into the index.

        Raises:
            ValueError: A modality differs from that of the shards before.
        """
        for name, schema in schemas.items():
            known = self.index["modalities"].setdefault(name, schema)
            if known != schema:
                raise ValueError(f"{name}: found {schema}, want {known}, that of the episodes before")
        self.index["shards"] += entries
        write_index(self.folder, self.index)

    def _write_shard(self):
        shard, self._shard = self._shard, Shard(self._shard.schemas)
        self.append(shard.schemas, [shard.write(self.next_path())])

    def _next_number(self):
        names = [shard["file"] for shard in self.index["shards"]] + ignored_files(self.folder, self.index)
        return 1 + max((int(name.split("-")[1]) for name in names if name.startswith("shard-")), default=-1)
