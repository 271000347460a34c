"""What to do about lines of which none fits, in words for a person."""

from collections.abc import Sequence

from drivers.stream.conversation import Dropped, escaped
from drivers.stream.readable import is_readable
from drivers.stream.text.foreign import foreign_protocol
from drivers.stream.text.shapes import guess


def remedy(lines: Sequence[bytes], dropped: Dropped | None, form: str | None) -> str:
    """`lines`: the newest that did not fit; `dropped`: why the last did not; `form`: the key `format`."""
    if not lines:
        return "not one line ended (wrong baud rate? Or do lines end with something else: see terminator)"
    if 2 * sum(is_readable(line) for line in lines) < len(lines):
        return "they are no text (wrong baud rate? Sketches use 9600, or else 115200)"
    last = f"; last: {dropped or escaped(lines[-1])}"
    protocol = foreign_protocol(lines)
    if protocol is not None:
        return f"this is {protocol}: write protocol: {protocol}{last}"
    shape = guess(lines)
    if shape is None or shape.format_options.get("format") == form is not None:
        return f"see docs/text.md{last}"
    return f"this would read them: {shape} (see docs/text.md){last}"
