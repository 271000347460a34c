"""The recorded data that the board replays: a CSV file in, one column of values a channel out.

Two forms are read: our own (`time,temperature,humidity,light`) and `datatraining.txt` of the Occupancy
Detection data set, whose header lacks the name of its first field, a row number.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, pairwise
from math import isfinite
from pathlib import Path

from firmware_sim.channels import CHANNELS, Channel
from firmware_sim.errors import SimulatorError

DEFAULT_DATA = Path(__file__).parent / "data" / "occupancy.csv"
MAX_ROWS = 1_000_000
"""Two years of minutes: 3 x 8 bytes a row, 24 MB (equal values share their text)."""
OUT_OF_RANGE = "!range"
"""What a board reports in place of a value outside what the channel can measure."""

_TIME_NAMES = ("time", "date")
_EXPECTED = "a header with time (or date), temperature, humidity and light"


@dataclass(frozen=True, slots=True)
class Recording:
    """Rows at even steps; `columns` holds, by channel name, what the board says at each row."""

    step_ns: int
    columns: dict[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.columns[CHANNELS[0].name])


def load(path: Path = DEFAULT_DATA) -> Recording:
    """Read `path`; SimulatorError names the file, the line, what was expected and what is there."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _parse(path, csv.reader(file))
    except OSError as err:
        raise SimulatorError(
            f"{path}: expected a CSV file that can be read; got: {err.strerror}; give another with --data"
        ) from err
    except UnicodeDecodeError as err:
        raise SimulatorError(
            f"{path}: expected a CSV file in UTF-8; got: {err.reason} at byte {err.start}"
        ) from err
    except csv.Error as err:
        raise SimulatorError(f"{path}: expected a CSV file; got: {err}") from err


def _parse(path: Path, rows: Iterator[list[str]]) -> Recording:
    header = next(rows, [])
    first = next(rows, [])
    try:
        time_at, columns = _positions(header, extra=1 if len(first) == len(header) + 1 else 0)
    except ValueError as err:
        raise SimulatorError(f"{path}:1: {err}") from err
    texts: dict[str, list[str]] = {channel.name: [] for channel in CHANNELS}
    known: dict[tuple[str, str], str] = {}  # few distinct values: parse and keep each once
    times: list[float] = []
    for line, row in enumerate(chain([first] if first else [], rows), start=2):
        try:
            _check_row(row, len(first), len(times))
            times.append(_time(row[time_at], times[-1] if times else None))
            for channel, at in columns:
                key = channel.name, row[at]
                if key not in known:
                    known[key] = _value(channel, row[at])
                texts[channel.name].append(known[key])
        except ValueError as err:
            raise SimulatorError(f"{path}:{line}: {err}") from err
    if len(times) < 2:
        raise SimulatorError(f"{path}: expected {_EXPECTED}, and two rows at least; got {len(times)} rows")
    return Recording(_step_ns(times), {name: tuple(column) for name, column in texts.items()})


def _positions(header: list[str], extra: int) -> tuple[int, list[tuple[Channel, int]]]:
    """Where in a row the time and each channel's value are."""
    names = [name.strip().lower() for name in header]
    time_name = next((name for name in _TIME_NAMES if name in names), None)
    if time_name is None or not all(channel.kind in names for channel in CHANNELS):
        raise ValueError(f"expected {_EXPECTED}; got {','.join(header)[:100]!r}")
    return names.index(time_name) + extra, [(c, names.index(c.kind) + extra) for c in CHANNELS]


def _check_row(row: list[str], width: int, before: int) -> None:
    if len(row) != width:
        raise ValueError(f"expected {width} fields, as in line 2; got {len(row)}")
    if before == MAX_ROWS:
        raise ValueError(f"expected at most {MAX_ROWS} rows; got more; give a shorter recording")


def _time(cell: str, before: float | None) -> float:
    """Seconds; without a zone UTC, which has no hour twice."""
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        raise ValueError(f"expected a time such as 2015-02-04 17:51:00; got {cell[:40]!r}") from None
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if before is not None and seconds <= before:
        raise ValueError(f"expected a time after the row before; got {cell!r}")
    return seconds


def _value(channel: Channel, cell: str) -> str:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise ValueError(f"expected a {channel.kind} in {channel.unit}; got {cell[:40]!r}")
    return channel.text(value) if channel.minimum <= value <= channel.maximum else OUT_OF_RANGE


def _step_ns(times: list[float]) -> int:
    """The median step: the data set's steps are 59, 60 and 61 s, which is its clock's rounding."""
    steps = sorted(b - a for a, b in pairwise(times))
    return round(steps[len(steps) // 2] * 1e9)
