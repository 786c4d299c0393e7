# SPDX-License-Identifier: Apache-2.0
"""`convert` on a Ray cluster: for data sets that are too many for one machine.

>>> from robocache_torch.data.ingest_ray import ingest
>>> store = ingest("/shared/lerobot_set", "/shared/store", actors=64)

Needs `ray[data]`. All machines see the data set and the store's folder under the same paths.
"""

from collections.abc import Callable
from pathlib import Path

from ._convert import Job, convert_by, write_piece
from ._optional import need
from ._store import Store
from ._writer import SHARD_BYTES


def ingest(
    path: str | Path,
    folder: str | Path,
    *,
    actors: int,
    reader: str | None = None,
    clean: bool = False,
    episodes: range | None = None,
    shard_bytes: int = SHARD_BYTES,
    progress: Callable[[int, int], None] | None = None,
    **options,
) -> Store:
    """Reads a data set and appends its episodes to a store, as `convert` does, with the same files whatever the number
    of actors.

    Ray Data hands the pieces of the data set to actors. One actor writes a shard, from its first byte to its last; this
    process alone writes the index, in the order of the episodes, as shards are done. So the store is whole whenever
    this process, an actor or a machine is killed. Ray makes an actor that is lost anew, which writes its shard again;
    after a lost driver, calling this again goes on.

    Args:
        path, folder, reader, clean, episodes, shard_bytes, progress, options: As `convert` takes them.
        actors: How many read, one for each CPU. They are started on the cluster to which `ray.init` has connected this
            process, else on this machine.

    Raises:
        Missing: Ray Data is not installed.
        FileNotFoundError, ValueError, TypeError, BlockingIOError: As `convert`.
    """
    ray = need("ray", "'ray[data]'", "ingest")
    ray_data = need("ray.data", "'ray[data]'", "ingest")
    job = Job(Path(path).resolve(), reader, options, Path(folder).resolve(), clean, shard_bytes)

    def on_actors(pieces, schemas):
        context = ray_data.DataContext.get_current()
        ordered, context.execution_options.preserve_order = context.execution_options.preserve_order, True
        try:
            work = ray_data.from_items([{"piece": piece} for piece in pieces], override_num_blocks=len(pieces))
            done = work.map(
                _ShardWriter,
                fn_constructor_args=(job, ray.put(schemas)),
                compute=ray_data.ActorPoolStrategy(size=min(actors, len(pieces))),
            )
            for row in done.iter_rows():
                yield row["done"]
        finally:
            context.execution_options.preserve_order = ordered

    return convert_by(on_actors, job, episodes, progress)


class _ShardWriter:
    """An actor."""

    def __init__(self, job, schemas):
        import ray

        self.job, self.schemas, self.source = job, ray.get(schemas), job.open()

    def __call__(self, row):
        return {"done": write_piece(self.job, self.source, row["piece"], self.schemas)}
