"""What to do about lines of which none fits, in words for a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from drivers.stream.conversation import Dropped, escaped
from drivers.stream.readable import is_readable
from drivers.stream.text.csv_lines import default_separator
from drivers.stream.text.foreign import foreign_protocol
from drivers.stream.text.shapes import guess


def remedy(lines: Sequence[bytes], dropped: Dropped | None, keys: Mapping[str, Any]) -> str:
    """`lines`: the newest that did not fit; `dropped`: why the last did not; `keys`: the link's own."""
    if not lines:
        return "not one line ended (wrong baud rate? Or do lines end with something else: see terminator)"
    if 2 * sum(is_readable(line) for line in lines) < len(lines):
        return "they are no text (wrong baud rate? Sketches use 9600, or else 115200)"
    last = f"; last: {dropped or escaped(lines[-1])}"
    protocol = foreign_protocol(lines)
    if protocol is not None:
        return f"this is {protocol}: write protocol: {protocol}{last}"
    shape = guess(lines)
    if shape is None or _same(shape.format_options, keys):
        return f"see docs/text.md{last}"
    return f"this would read them: {shape} (see docs/text.md){last}"


def _same(guessed: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    """Whether the link already splits its lines so. Its header and checksum have reasons of their own."""
    return keys.get("format") is not None and _splits(guessed) == _splits(keys)


def _splits(keys: Mapping[str, Any]) -> tuple[object, str, str]:
    form, decimal = keys.get("format"), keys.get("decimal") or "."
    separator = (keys.get("separator") or default_separator(decimal)) if form == "csv" else ""
    return form, separator, decimal
