# SPDX-License-Identifier: Apache-2.0
"""Streams to fuse: read from CSV logs, or recorded by a simulated robot."""

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from errors import DemoError
from progress import Progress

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
SPELLINGS = {"sec": "s", "msec": "ms", "usec": "us", "µs": "us", "nsec": "ns"}
UNIT_AT_END = re.compile(r"[\s_.(\[](sec|msec|usec|nsec|µs|ns|us|ms|s)[)\]]?\s*$", re.IGNORECASE)
LARGEST_FP32 = float(np.finfo(np.float32).max)


@dataclass
class Stream:
    """Samples of one sensor: stamps ascend, whole numbers of `unit` as int64 or fractions of it as float64."""

    name: str
    channels: list
    unit: str
    stamps: np.ndarray
    values: np.ndarray  # float64 [rows, channels]

    def seconds(self, stamps):
        """Durations or stamps of this stream's unit in seconds."""
        return stamps / PER_SECOND[self.unit]


def read_logs(paths, unit=None):
    """One stream a CSV file; a folder stands for all that it holds."""
    files = [file for path in paths for file in _files(Path(path))]
    return [read_log(file, unit) for file in files]


def _files(path):
    try:
        if not path.is_dir():
            return [path]
        found = sorted(file for file in path.iterdir() if file.suffix.lower() == ".csv")
    except OSError as cause:
        raise DemoError(f"{path}: cannot be read: {cause.strerror or cause}") from None
    if not found:
        raise DemoError(f"{path}: this folder holds no .csv file")
    return found


def read_log(path, unit=None):
    """One CSV file: a line of column names, then stamps in the first column and values in the others."""
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            with Progress(f"reading {path.name}", path.stat().st_size) as progress:
                return _parse(path, csv.reader(_watched(file, progress), strict=True), unit)
    except UnicodeDecodeError:
        raise DemoError(f"{path}: {_first_bad_byte(path.read_bytes())} is not UTF-8 text") from None
    except OSError as cause:
        raise DemoError(f"{path}: cannot be read: {cause.strerror or cause}") from None


def _watched(file, progress):
    done = 0
    for line in file:
        done += len(line)
        progress.at(done)
        yield line


def _first_bad_byte(raw):
    try:
        raw.decode()
    except UnicodeDecodeError as cause:
        at = cause.start
    line = raw[:at].split(b"\n")
    return f"line {len(line)}, column {line[-1].count(b',') + 1}: byte 0x{raw[at]:02x}"


def _parse(path, rows, unit):
    stamps, values = [], []
    try:
        header = [name.strip() for name in next(rows, [])]
        unit = _check_header(path, header, unit)
        for row in rows:
            if not row:
                continue
            try:
                numbers = [float(field) for field in row]
            except ValueError:
                numbers = None
            if numbers is None or len(row) != len(header) or not _in_range(numbers):
                raise DemoError(f"{path}: line {rows.line_num}, {_complaint(header, row)}")
            stamp = _whole_number(row[0], numbers[0])
            if stamps and stamp < stamps[-1]:
                raise DemoError(
                    f"{path}: line {rows.line_num}, column 1 ({header[0]}): stamp {stamp} comes before {stamps[-1]} "
                    "of the row above; stamps must ascend"
                )
            stamps.append(stamp)
            values.append(numbers[1:])
    except csv.Error as cause:
        raise DemoError(f"{path}: line {rows.line_num}, column 1: this is not CSV: {cause}") from None
    if not stamps:
        raise DemoError(f"{path}: line 2, column 1 ({header[0]}): a stamp is wanted, but the file ends at its header")
    whole = all(isinstance(stamp, int) for stamp in stamps)
    return Stream(path.stem, header[1:], unit, np.array(stamps, np.int64 if whole else np.float64), np.array(values))


def _check_header(path, header, unit):
    if not header:
        raise DemoError(f"{path}: line 1, column 1: column names are wanted, but the file is empty")
    if _is_number(header[0]):
        raise DemoError(f"{path}: line 1, column 1: column names are wanted, but this is the number {header[0]}")
    if len(header) == 1:
        raise DemoError(f"{path}: line 1, column 2: a channel is wanted, but {header[0]!r} is the only column")
    found = UNIT_AT_END.search(header[0])
    if unit is None and not found:
        raise DemoError(f"{path}: line 1, column 1: {header[0]!r} does not tell the unit of the stamps; add --unit")
    return unit or SPELLINGS.get(found[1].lower(), found[1].lower())


def _complaint(header, row):
    """Why `row` is refused: the column that is at fault, and what it holds."""
    for column, (name, field) in enumerate(zip(header, row), 1):
        where = f"column {column} ({name})"
        if not _is_number(field):
            return f"{where}: {field!r} is not a number"
        number = float(field)
        if column == 1 and not math.isfinite(number):
            return f"{where}: stamp {field.strip()} is not finite"
        if column == 1 and not _in_range([number]):
            return f"{where}: stamp {field.strip()} does not fit 64 bits"
        if not _in_range([0.0, number]):
            return f"{where}: {field.strip()} is beyond the range of FP32"
    if len(row) < len(header):
        return f"column {len(row) + 1} ({header[len(row)]}): missing; the header names {len(header)} columns"
    return f"column {len(header) + 1}: one field too many; the header names {len(header)} columns"


def _is_number(field):
    try:
        float(field)
        return True
    except ValueError:
        return False


def _in_range(numbers):
    """True where the stamp is finite and fits 64 bits, and values fit FP32 (NaN and infinity are values too)."""
    return abs(numbers[0]) < 2.0**63 and all(
        not math.isfinite(number) or abs(number) <= LARGEST_FP32 for number in numbers[1:]
    )


def _whole_number(field, number):
    """An int where the text is one (a float would round epoch nanoseconds), else the float."""
    try:
        return int(field)
    except ValueError:
        return number


def one_clock(streams, rate):
    """Brings all streams to one stamp type and one unit, which a fusion asks for; says what it changed.

    Whole numbers go to the finest unit among them, exactly; to a finer one where targets `rate` a second would be
    rounded by more than a thousandth of their period. Fractions go to seconds. Where logs mix the two, fractions are
    rounded to nanoseconds.
    """
    whole = [stream.stamps.dtype == np.int64 for stream in streams]
    if not any(whole):
        for stream in streams:
            if stream.unit != "s":
                stream.stamps, stream.unit = stream.seconds(stream.stamps), "s"
        return None
    units = list(PER_SECOND)  # coarse to fine
    unit = max((stream.unit for stream in streams), key=PER_SECOND.get) if all(whole) else units[-1]
    while unit != units[-1] and PER_SECOND[unit] < 1000 * rate and PER_SECOND[unit] % rate != 0:
        unit = units[units.index(unit) + 1]
    for stream in streams:
        factor = PER_SECOND[unit] // PER_SECOND[stream.unit]
        if np.abs(stream.stamps.astype(np.float64)).max() * factor >= 2.0**63:
            raise DemoError(f"{stream.name}: stamps in {stream.unit} do not fit 64 bits in {unit}, the common unit")
        if stream.stamps.dtype == np.int64:
            stream.stamps = stream.stamps * factor
        else:
            stream.stamps = np.array([round(stamp * factor) for stamp in stream.stamps.tolist()], np.int64)
        stream.unit = unit
    return None if all(whole) else "logs mix whole and fractional stamps: fractions were rounded to nanoseconds"


def unique_names(streams):
    """Files of the same name in different folders become name, name_2, ..."""
    taken = set()
    for stream in streams:
        base, count = stream.name, 1
        while stream.name in taken:
            count += 1
            stream.name = f"{base}_{count}"
        taken.add(stream.name)


def simulate_robot(seed):
    """Twelve seconds of an arm that sweeps and taps a table: camera features, joints and a force sensor."""
    rng = np.random.default_rng(seed)
    camera = _stamps(rng, rate=30.0, jitter=0.15, dropout=(4.1, 4.7))
    joints = _stamps(rng, rate=100.0, jitter=0.08, dropout=(8.0, 8.25))
    force = _stamps(rng, rate=333.0, jitter=0.05, dropout=None)

    features = np.stack([np.tanh(1.5 * np.sin((0.5 + 0.23 * k) * camera + k)) for k in range(8)], axis=1)
    angles = np.stack([0.9 * np.sin(0.7 * joints * (1 + 0.13 * k) + 0.6 * k) / (1 + 0.2 * k) for k in range(7)], axis=1)
    # A tap each 1.7 s: a blow that rings out, mostly along z.
    ring = np.exp(-6.0 * (force % 1.7)) * np.cos(2 * np.pi * 9.0 * (force % 1.7))
    wrench = ring[:, None] * np.array([1.5, -2.5, 11.0, 0.3, -0.2, 0.1]) + np.array([0.0, 0.0, -4.9, 0.0, 0.0, 0.0])

    noise = ((features, 0.02), (angles, 0.002), (wrench, 0.15))
    features, angles, wrench = (clean + sigma * rng.standard_normal(clean.shape) for clean, sigma in noise)
    made = (("camera", "feature", camera, features), ("joints", "q", joints, angles), ("force", "w", force, wrench))
    return [
        Stream(name, [f"{channel}{k}" for k in range(values.shape[1])], "ns", (at * 1e9).astype(np.int64), values)
        for name, channel, at, values in made
    ]


def _stamps(rng, rate, jitter, dropout):
    """Ascending times in seconds: one a period, displaced by a normal share `jitter` of it, a hole cut out."""
    period = 1.0 / rate
    ticks = np.arange(0.0, 12.0, period)
    at = np.sort(ticks + period * (rng.uniform(0, 1) + jitter * rng.standard_normal(ticks.size)).clip(0.0, 1.9))
    return at if dropout is None else at[(at < dropout[0]) | (at > dropout[1])]
