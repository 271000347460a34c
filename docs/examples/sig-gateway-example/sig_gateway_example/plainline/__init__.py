"""Plainline: `?` is answered with `P 1013.2`, and nothing comes unasked; `!` with `I am NAME`."""

from drivers.options import Option, parse_number
from drivers.stream.connector import StreamProtocol
from sig_gateway_example.plainline.conversation import Conversation

PROTOCOL = StreamProtocol(
    Conversation,
    baud=9600,
    own_options={"scale": Option(parse_number, 1.0, "a number", "What a value is multiplied by.", write="1")},
)
