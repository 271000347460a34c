"""Lines of an exported file, or of a CSV file of others, as records; or what is wrong with one. Pure.

A file says itself what it is: with `{` first it is JSON lines, with the columns of ours CSV of ours, with
`time` and `value` that of others.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.encoding import decode
from gateway.history.transfer import checks
from gateway.history.transfer.records import FIELDS, MOST_LINE, TEXTS, Record

BOM = b"\xef\xbb\xbf"


class BadLine(NamedTuple):
    """`problem`: what was expected and got."""

    problem: str


class FileError(ValueError):
    """It is no such file: the first line says so. `usage`: with other options it may be one."""

    def __init__(self, text: str, *, usage: bool = False) -> None:
        super().__init__(text)
        self.usage = usage


class Names(NamedTuple):
    """Whose the readings are, in a file that does not say so."""

    sender: str | None = None
    unit: str | None = None


def records(lines: Iterable[bytes], names: Names) -> Iterator[tuple[int, Record | BadLine]]:
    """By the number of the line, what is in each that is not blank. A line that is longer than `MOST_LINE` is
    bad; `lines` has only to give its beginning. Raises FileError."""
    parse: Callable[[str], Record] | None = None
    for number, raw in enumerate(lines, 1):
        text = _text(raw.removeprefix(BOM) if number == 1 else raw)
        if isinstance(text, BadLine):
            if parse is None:
                raise FileError(f"line {number}: {text.problem}")
            yield number, text
            continue
        if not text.strip():
            continue
        if parse is None:
            parse = _parser(text, number, names)
            if not text.startswith("{"):
                continue
        try:
            yield number, parse(text)
        except (ValueError, OverflowError, RecursionError) as error:
            yield number, BadLine(str(error))


def _text(raw: bytes) -> str | BadLine:
    if len(raw) > MOST_LINE:
        return BadLine(f"expected a line of at most {MOST_LINE} bytes, got a longer one")
    try:
        return raw.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        return BadLine(f"expected UTF-8, got the byte 0x{raw[error.start]:02x} at {error.start + 1}")


def _parser(first: str, number: int, names: Names) -> Callable[[str], Record]:
    """By the first line."""
    if first.startswith("{"):
        _no_names(names)
        return _json_record
    delimiter = ";" if ";" in first and "," not in first else ","
    columns = [cell.strip().lower() for cell in _cells(first, delimiter)]
    if "kind" in columns:
        _no_names(names)
        if odd := [name for name in columns if name not in FIELDS]:
            raise FileError(f"line {number}: expected the columns {', '.join(FIELDS)}, got {odd[0][:60]!r}")
        return lambda line: _own_csv(columns, _cells(line, delimiter))
    if "time" not in columns or "value" not in columns:
        expected = "JSON lines, or CSV with columns in its first line, with time and value among them"
        raise FileError(f"line {number}: expected {expected}, got {first[:60]!r}")
    if names.sender is None and "sender" not in columns:
        text = "has no column sender: say whose values they are: --sender NAME --unit UNIT"
        raise FileError(text, usage=True)
    if names.unit is None and "unit" not in columns:
        raise FileError("has no column unit: say in what the values are: --unit UNIT", usage=True)
    return lambda line: _foreign(columns, _cells(line, delimiter), names)


def _no_names(names: Names) -> None:
    if names != Names():
        text = "is an export, which says whose each value is: leave --sender and --unit out"
        raise FileError(text, usage=True)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(f"expected a line of CSV, got {line[:60]!r}: {error}") from None


def _json_record(line: str) -> Record:
    try:
        found = decode(line)
    except ValueError as error:
        raise ValueError(f"expected a JSON object, got {line[:60]!r}: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, got {line[:60]!r}")  # noqa: TRY004 - as what is no JSON
    return checks.record(found)


def _row(columns: Sequence[str], cells: Sequence[str]) -> Mapping[str, str]:
    if len(cells) != len(columns):
        raise ValueError(f"expected {len(columns)} columns, got {len(cells)}")
    return dict(zip(columns, cells, strict=True))


def _own_csv(columns: Sequence[str], cells: Sequence[str]) -> Record:
    row = _row(columns, cells)
    # a reading's unit may be empty, and so may a gap's reason; whatever else is, is not there
    empty = checks.MAY_BE_EMPTY.get(row.get("kind", ""), ())
    found: dict[str, Any] = {}
    for name, text in row.items():
        if text or name in empty:
            found[name] = _unescaped(text) if name in TEXTS else _typed(name, text)
    return checks.record(found)


def _typed(name: str, text: str) -> Any:
    """As JSON would have it."""
    if name == "data":
        try:
            return decode(text)
        except ValueError as error:
            raise ValueError(f"data: expected JSON, got {text[:60]!r}: {error}") from None
    if name == "value":
        return checks.number(text)
    if name in ("seq", "at", "heard"):
        return checks.integer(name, text)
    return text


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    parts = text.split("\\\\")
    return "\\".join(part.replace("\\n", "\n").replace("\\r", "\r") for part in parts)


def _foreign(columns: Sequence[str], cells: Sequence[str], names: Names) -> Record:
    row = _row(columns, cells)
    sender = row["sender"] if names.sender is None else names.sender
    unit = row["unit"] if names.unit is None else names.unit
    return checks.foreign(sender, unit, row["time"], row["value"])
