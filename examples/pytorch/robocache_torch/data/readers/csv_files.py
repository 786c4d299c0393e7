# SPDX-License-Identifier: Apache-2.0
"""CSV files with a header, whose first column is the time."""

from .._episode import Episode, Series, Unreadable
from ._source import SECOND, Source
from ._tables import Table, read_table

ENDINGS = {"_ms": SECOND // 1000, "_us": 1000, "_ns": 1}


def read_csv(path) -> Table:
    """A CSV file. Times are in seconds, or in the unit that the first column's name ends with: _ms, _us or _ns; stamps
    in nanoseconds.

    Raises:
        ValueError: No row at all.
    """
    return read_table(path, ",", lambda header: ENDINGS.get(header[0][-3:], SECOND))


def homes_of(folder):
    """The folder itself, if it has CSV files, one for each modality; else the folders in it, one for each episode."""
    return [folder] if any(folder.glob("*.csv")) else sorted(path for path in folder.iterdir() if path.is_dir())


class CsvFiles(Source):
    """A folder of one CSV file for each modality, which is one episode, or a folder of such folders. Lines without a
    time or with another number of columns are counted as corrupt; cells without a number are NaN."""

    def __init__(self, path):
        super().__init__(path)
        self.about = {"format": "csv"}

    @staticmethod
    def recognises(path):
        return path.is_dir() and any(any(home.glob("*.csv")) for home in homes_of(path))

    def keys(self):
        return [home.name for home in homes_of(self.path)]

    def read(self, key):
        home = self.path if key == self.path.name and any(self.path.glob("*.csv")) else self.path / key
        series = {}
        for path in sorted(home.glob("*.csv")):
            try:
                table = read_csv(path)
            except (OSError, ValueError) as trouble:
                raise Unreadable(str(trouble)) from None
            counts = {"corrupt": len(table.corrupt)}
            series[path.stem] = Series(table.values, table.stamps, table.header[1:], counts=counts)
        if not series:
            raise Unreadable(f"{home}: found no CSV file")
        return Episode(key, series)
