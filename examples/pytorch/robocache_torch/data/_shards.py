# SPDX-License-Identifier: Apache-2.0
"""Files of a store: shards, which are safetensors files, and the index that says which of them count."""

import hashlib
import json
import os
from pathlib import Path

import torch

from ._episode import Episode, Series
from ._optional import need

FORMAT = "robocache-store"
VERSION = 1
INDEX = "index.json"
SHARD = "shard-{number:05d}-{part:03d}.safetensors"
UNFINISHED = ".unfinished"  # behind the name of a file that is being written


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is there whole, under its name and on the disk, or is not there at all."""
    unfinished = path.with_name(path.name + UNFINISHED)
    with open(unfinished, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    # The name is on the disk once its folder is.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Shard:
    """Episodes that become one file."""

    def __init__(self, schemas: dict[str, dict]):
        self.schemas = {name: dict(one) for name, one in schemas.items()}
        self.episodes: list[Episode] = []
        self.table: list[dict] = []
        self.size = 0

    def add(self, episode: Episode, *, cleaned: bool) -> None:
        """Adds an episode, counts what is wrong with it, and drops that where `cleaned`.

        Raises:
            ValueError: A modality differs from that of the episodes before. Nothing is added then.
        """
        for name, series in episode.series.items():
            known, found = self.schemas.get(name), series.schema()
            if known is not None:
                for word, want in known.items():
                    if found[word] != want:
                        raise ValueError(
                            f"{episode.name}: {name}: found {word} {found[word]}, "
                            f"want {want}, that of the episodes before"
                        )
        problems, dropped, series = {}, {}, dict(episode.series)
        for name, one in episode.series.items():
            if found := one.problems():
                problems[name] = found
            if cleaned:
                series[name], lost = one.cleaned()
                if lost:
                    dropped[name] = lost
        for name, one in series.items():
            self.schemas.setdefault(name, one.schema())
            self.size += one.values.nbytes + one.stamps.nbytes
        self.episodes.append(Episode(episode.name, series))
        self.table.append(
            {
                "name": episode.name,
                "source": episode.source,
                "task": episode.task,
                "problems": problems,
                "dropped": dropped,
                "notes": list(episode.notes),
                "extra": episode.extra,
            }
        )

    def write(self, path: Path) -> dict:
        """Writes the file; returns its line of the index."""
        save = need("safetensors.torch", "safetensors", "a store").save
        tensors, rows = {}, {}
        for name, schema in self.schemas.items():
            parts = [one.series.get(name) for one in self.episodes]
            if not any(part is not None for part in parts):
                continue
            parts = [empty(schema) if part is None else part for part in parts]
            counts = torch.tensor([0, *(len(part.stamps) for part in parts)])
            tensors[f"{name}/values"] = torch.cat([part.values for part in parts])
            tensors[f"{name}/stamps"] = torch.cat([part.stamps for part in parts])
            tensors[f"{name}/offsets"] = counts.cumsum(0)
            rows[name] = int(counts.sum())
        content = save(tensors, {"episodes": json.dumps(self.table)})
        write_whole(path, content)
        return {
            "file": path.name,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "episodes": len(self.table),
            "rows": rows,
        }


def empty(schema: dict) -> Series:
    """No rows of a modality."""
    values = torch.empty((0, *schema["shape"]), dtype=getattr(torch, schema["dtype"]))
    return Series(values, torch.empty(0, dtype=torch.int64), schema["names"], schema["units"])


def read_index(folder: Path) -> dict:
    """The index of a store.

    Raises:
        FileNotFoundError, ValueError: With what was found and what is wanted.
    """
    path = folder / INDEX
    if not path.is_file():
        raise FileNotFoundError(f"{folder}: found no {INDEX}, want the folder of a store")
    try:
        index = json.loads(path.read_bytes())
    except ValueError as trouble:
        raise ValueError(f"{path}: found no JSON: {trouble}") from None
    found = (index.get("format"), index.get("version")) if isinstance(index, dict) else (type(index).__name__, None)
    if found != (FORMAT, VERSION):
        raise ValueError(f"{path}: found format {found[0]} version {found[1]}, want {FORMAT} version {VERSION}")
    return index


def write_index(folder: Path, index: dict) -> None:
    """Replaces the index; from then on the shards that it names count."""
    write_whole(folder / INDEX, json.dumps(index, indent=1).encode())


def ignored_files(folder: Path, index: dict) -> list[str]:
    """Files of shards that the index does not name: what a killed writer left."""
    known = {shard["file"] for shard in index["shards"]}
    found = (path.name for path in folder.iterdir() if path.name.startswith(("shard-", INDEX)))
    return sorted(name for name in found if name not in known and name != INDEX)


def sha256_of(path: Path) -> str:
    """Of a file, piece by piece."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 22):
            digest.update(piece)
    return digest.hexdigest()
