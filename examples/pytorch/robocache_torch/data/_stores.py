# SPDX-License-Identifier: Apache-2.0
"""`Stores`: several stores as one."""

from collections.abc import Sequence
from pathlib import Path

from ._store import Store


class Stores(Store):
    """Several stores, in this order, as one that is read: episodes are counted through. No file is copied or changed.

    >>> both = data.Stores(["bridge", "droid"])
    >>> loader = both.loader(spec, 256, weights={"bridge": 0.7, "droid": 0.3})

    Each store keeps its rates. Modalities that are not in all of them have no samples in the others.

    Args:
        stores: Folders, or stores.

    Attributes:
        parts_of: By the name of each store's folder: its episodes, a range. `weights` of a loader take these names,
            too.

    Raises:
        ValueError: A modality's type, shape, names or units differ, or two folders have the same name.
    """

    def __init__(self, stores: Sequence[Store | str | Path]):
        given = [one if isinstance(one, Store) else Store(one) for one in stores]
        if not given:
            raise ValueError("stores: found none, want one or more")
        self.folder = Path()  # shards have whole paths
        self.schemas, self.about = {}, {"sources": {}}
        self.shards, self.episodes, self._files, self.left_out, self.ignored = [], [], [], [], []
        self.parts_of = {}
        for store in given:
            for name, schema in store.schemas.items():
                if (known := self.schemas.setdefault(name, schema)) != schema:
                    raise ValueError(f"{name}: found {schema} in {store.folder}, want {known}, that of those before")
            name = store.folder.resolve().name
            if name in self.parts_of:
                raise ValueError(f"stores: found two in folders named {name!r}, want names that differ")
            self.parts_of[name] = range(len(self.episodes), len(self.episodes) + len(store))
            self.shards += [{**shard, "file": str((store.folder / shard["file"]).resolve())} for shard in store.shards]
            self.episodes += store.episodes
            self._files += store._files
            self.left_out += store.left_out
            self.ignored += [str(store.folder / one) for one in store.ignored]
            self.about["sources"] |= store.about.get("sources", {})
        self.names = list(self.schemas)
