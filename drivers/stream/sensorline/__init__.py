"""The sensorline protocol, version 1: docs/protocol.md.

`frame` finds lines in bytes and checks them, `messages` gives their fields a meaning, `conversation`
follows what a board says over time, `kept` knows what of the readings that it keeps has come. All of it is
bytes in, messages out; nothing here does I/O.
"""

from drivers.stream.connector import StreamProtocol
from drivers.stream.sensorline.conversation import Conversation
from drivers.stream.sensorline.kept import Kept

PROTOCOL = StreamProtocol(
    Conversation, sets_intervals=True, simulated="sensorline", lasting=lambda: {"kept": Kept()}
)

__all__ = ["PROTOCOL", "Conversation"]
