"""Lines that another of our protocols reads better."""

import re
from collections.abc import Sequence

_LINES = {
    # docs/protocol.md
    "sensorline": re.compile(rb"\$[\x20-\x7e]{1,148}\*[0-9A-F]{8}\s*"),
    # Serial API 2.x: node;child;command;ack;type;payload
    "mysensors": re.compile(rb"\d{1,3};\d{1,3};[0-4];[01];\d{1,3};[^;]*\s*"),
}


def foreign_protocol(lines: Sequence[bytes]) -> str | None:
    """The `protocol` whose form more than half of the lines have, None if there is none such."""
    for name, form in _LINES.items():
        if 2 * sum(form.fullmatch(line.strip()) is not None for line in lines) > len(lines):
            return name
    return None
