"""Lines that any sketch prints: docs/text.md.

`splitter` makes lines of bytes, `reader` fields of lines (`checksum`; `json_lines`, `csv_lines`, `pairs`,
`patterns`; `numbers`), `conversation` follows them over time. `shapes` guesses which keys would read a line.
All of it is bytes in, values out; nothing here does I/O.
"""

from drivers.stream.connector import StreamProtocol
from drivers.stream.text.conversation import Conversation
from drivers.stream.text.options import OPTIONS, channels, check

PROTOCOL = StreamProtocol(
    Conversation,
    baud=9600,
    own_options=OPTIONS,
    own_check=check,
    own_channels=channels,
    tells_identity=False,
    simulated="text",
)

__all__ = ["PROTOCOL", "Conversation"]
