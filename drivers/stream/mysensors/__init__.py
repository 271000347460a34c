"""The MySensors serial API 2.x, as its serial and network gateways speak it: docs/mysensors.md.

`message` is one line and its fields, `types` the protocol's tables. `nodes`, `network` and `memory` know who
is in the radio network, `silence` how long a node may say nothing, `seen` what may come yet; `ids` has
numbers for nodes, `asking` finds out who answers a live read. `presenting`, `values` and `internal` take what
is said, by its command; `conversation` puts it together. Nothing here does I/O.

Sources: MySensors 2.4.0-alpha, commit e298769 (core/MyMessage.h, MyProtocol.cpp, MyTransport.cpp,
MySensorsCore.cpp, MyConfig.h), and mysensors.org/download/serial_api_20.
"""

from drivers.options import Option, parse_switch
from drivers.source import Notes
from drivers.stream.connector import StreamProtocol
from drivers.stream.mysensors.conversation import Conversation
from drivers.stream.mysensors.nodes import device_of, is_battery


def _conversation(*, notes: Notes, discover: bool) -> Conversation:  # noqa: ARG001 - see its option
    return Conversation(notes)


def _remark(channel: str) -> str:
    return "its node says it now and then, and cannot be asked" if is_battery(channel) else ""


PROTOCOL = StreamProtocol(
    _conversation,
    own_options={
        # Read by whoever makes sensors of what a link finds; to the conversation it makes no difference.
        "discover": Option(
            parse_switch,
            False,
            "true or false",
            "Make a sender of each kind of value that a node reports, called LINK-NODE-CHILD. A sensor of "
            "the config on the same channel wins.",
            write="true",
        )
    },
    tells_identity=False,
    device_of=device_of,
    remembers=True,
    simulated="mysensors",
    remark=_remark,
)

__all__ = ["PROTOCOL", "Conversation"]
