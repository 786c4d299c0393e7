# SPDX-License-Identifier: Apache-2.0
"""Streams read from text files: CSV with commas, semicolons, tabs or blanks, and trajectories as TUM and EuRoC have
them."""

import csv
import math
from pathlib import Path

import numpy as np
from errors import DemoError
from poses import TUM, is_tum, split_pose
from progress import Progress
from recording import Stream, fits_int64, put_in_order
from stamps import exact_stamps, parse_stamp, unit_of

SUFFIXES = (".csv", ".tsv", ".tum")  # of the files that are read from a folder
SEPARATORS = ",;\t"
LARGEST_FP32 = float(np.finfo(np.float32).max)
SAMPLE = 20  # lines by which the separator is found


def read_logs(paths, unit=None, stamps=(), columns=()):
    """One stream per file, several for a file of poses; a folder means all files in it.

    `stamps` and `columns`: pairs of a log's name, empty for all, and the name of the column of its stamps, or those of
    its values; by default the first column, and all others.
    """
    files = [file for path in paths for file in _files(Path(path))]
    stamps, columns = dict(stamps), dict(columns)
    for option, asked in (("--stamps", stamps), ("--columns", columns)):
        for name in asked:
            if name and name not in [file.stem for file in files]:
                raise DemoError(f"{option} {name}=...: no log is called {name}; there is "
                                f"{', '.join(file.stem for file in files)}")  # fmt: skip
    streams = [
        read_log(file, unit, *(asked.get(file.stem, asked.get("")) for asked in (stamps, columns))) for file in files
    ]
    return [part for stream in streams for part in split_pose(stream)]


def _files(path):
    try:
        if not path.is_dir():
            return [path]
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
    except OSError as cause:
        raise DemoError(f"{path}: cannot be read: {cause.strerror or cause}") from None
    if not found:
        raise DemoError(f"{path}: this folder holds no {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file")
    return found


def read_log(path, unit=None, stamps=None, columns=None):
    """One file: column names, then rows of numbers. `stamps`: the name of the column that holds them, by default the
    first; `columns`: the names of those that hold the values, by default all others."""
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = file.readlines()
    except UnicodeDecodeError:
        raise DemoError(f"{path}: {_first_bad_byte(path.read_bytes())} is not UTF-8 text") from None
    except OSError as cause:
        raise DemoError(f"{path}: cannot be read: {cause.strerror or cause}") from None
    return _Log(path, lines).stream(unit, stamps, columns)


def _first_bad_byte(raw):
    try:
        raw.decode()
    except UnicodeDecodeError as cause:
        at = cause.start
    line = raw[:at].split(b"\n")
    return f"line {len(line)}, column {line[-1].count(b',') + 1}: byte 0x{raw[at]:02x}"


class _Log:
    """The lines of one file, and what they are: comments and blank lines, then column names, then rows. Where there is
    a comment instead of names, it is the last one with as many names as there are columns."""

    def __init__(self, path, lines):
        self.path, self.lines = path, lines
        begin = next((at for at, line in enumerate(lines) if line.strip() and not _is_comment(line)), len(lines))
        self.separator = _separator(lines[begin : begin + SAMPLE] or lines[:SAMPLE])
        comments = [line.strip().lstrip("#") for line in lines[:begin] if line.strip()]
        first = self._fields(lines[begin]) if begin < len(lines) else []
        if not first and not comments:
            raise DemoError(f"{path}: line 1, column 1: column names are wanted, but the file is empty")
        if first and not _is_number(first[0]):
            self.header, self.begin = first, begin + 1
        else:
            self.header, self.begin = self._names(comments, first, begin), begin

    def _names(self, comments, first, begin):
        for comment in reversed(comments):
            names = self._fields(comment)
            if not first or len(names) == len(first):
                return names
        # TUM's trajectories often have no names at all.
        if len(first) == len(TUM) and self.separator == " " and _is_unit([float(field) for field in first[4:]]):
            return list(TUM)
        raise DemoError(f"{self.path}: line {begin + 1}, column 1: column names are wanted, but this is the number "
                        f"{first[0]}")  # fmt: skip

    def _fields(self, line):
        fields = next(self._rows([line]), [])
        return [field.strip() for field in fields]

    def _rows(self, lines):
        blanks = self.separator == " "
        return csv.reader((line.rstrip() for line in lines) if blanks else lines, delimiter=self.separator,
                          skipinitialspace=blanks, strict=True)  # fmt: skip

    def stream(self, unit, stamps, columns):
        header, path = self.header, self.path
        if len(header) == 1:
            raise DemoError(f"{path}: line {max(self.begin, 1)}, column 2: a channel is wanted, but {header[0]!r} is "
                            "the only column")  # fmt: skip
        time = self._column("--stamps", stamps) if stamps else 0
        chosen = ([self._column("--columns", name) for name in columns] if columns
                  else [column for column in range(len(header)) if column != time])  # fmt: skip
        unit = unit or unit_of(header[time]) or ("s" if is_tum(header) else None)
        if unit is None:
            raise DemoError(f"{path}: line {max(self.begin, 1)}, column {time + 1}: {header[time]!r} does not tell the "
                            "unit of the stamps; add --unit")  # fmt: skip
        texts, values = self._read(time, chosen)
        if not texts:
            raise DemoError(f"{path}: line {len(self.lines) + 1}, column {time + 1} ({header[time]}): a stamp is "
                            "wanted, but the file ends at its header")  # fmt: skip
        found, unit, remark = exact_stamps(texts, unit)
        stream = Stream(path.stem, [header[column] for column in chosen], unit, found, np.array(values))
        stream.remarks += [remark] if remark else []
        put_in_order(stream)
        return stream

    def _column(self, option, name):
        if name not in self.header:
            raise DemoError(f"{self.path}: {option}: no column is called {name!r}; there is {', '.join(self.header)}")
        return self.header.index(name)

    def _read(self, time, chosen):
        """The text of the stamps, and the values."""
        rows = self._rows(self.lines[self.begin :])
        texts, values = [], []
        try:
            with Progress(f"reading {self.path.name}", len(self.lines)) as progress:
                for row in rows:
                    progress.at(self.begin + rows.line_num)
                    if not row or _is_comment(row[0]):
                        continue
                    numbers = self._numbers(row, time, chosen)
                    if numbers is None:
                        wrong = self._complaint(row, time, chosen)
                        raise DemoError(f"{self.path}: line {self.begin + rows.line_num}, {wrong}")
                    texts.append(row[time])
                    values.append(numbers)
        except csv.Error as cause:
            raise DemoError(f"{self.path}: line {self.begin + rows.line_num}, column 1: this is not CSV: "
                            f"{cause}") from None  # fmt: skip
        return texts, values

    def _numbers(self, row, time, chosen):
        """The values of `row`, None where it is refused."""
        try:
            numbers = [float(row[column]) for column in chosen]
            fits = len(row) == len(self.header) and _is_stamp(parse_stamp(row[time]))
        except (ValueError, IndexError):
            return None
        return numbers if fits and all(map(_fits_fp32, numbers)) else None

    def _complaint(self, row, time, chosen):
        """Why `row` is refused: the column that is at fault, and what it holds."""
        header = self.header
        for column in sorted({time, *chosen} & set(range(len(row)))):
            where, field = f"column {column + 1} ({header[column]})", row[column].strip()
            if not _is_number(field):
                hint = "; decimals are wanted with a point" if _is_number(field.replace(",", ".")) else ""
                return f"{where}: {row[column]!r} is not a number{hint}"
            if column == time and not math.isfinite(float(field)):
                return f"{where}: stamp {field} is not finite"
            if column == time and not _is_stamp(parse_stamp(field)):
                return f"{where}: stamp {field} does not fit 64 bits"
            if column != time and not _fits_fp32(float(field)):
                return f"{where}: {field} is beyond the range of FP32"
        if len(row) < len(header):
            return f"column {len(row) + 1} ({header[len(row)]}): missing; the header names {len(header)} columns"
        return f"column {len(header) + 1}: one field too many; the header names {len(header)} columns"


def _separator(lines):
    """The separator of the fields of a file, from its first lines."""
    try:
        return csv.Sniffer().sniff("".join(lines), SEPARATORS).delimiter
    except csv.Error:  # too few lines, one column, or blanks, as many as the columns' widths ask for
        return next((mark for mark in SEPARATORS if lines and mark in lines[0]), " ")


def _is_comment(text):
    return text.lstrip().startswith("#")


def _is_number(field):
    try:
        float(field)
        return True
    except ValueError:
        return False


def _is_stamp(number):
    """True where it is finite and fits 64 bits."""
    return fits_int64(number) if isinstance(number, int) else abs(number) < 2.0**63


def _fits_fp32(number):
    """True for NaN and infinity, which are values too."""
    return not math.isfinite(number) or abs(number) <= LARGEST_FP32


def _is_unit(quaternion):
    return abs(math.hypot(*quaternion) - 1.0) <= 0.01
