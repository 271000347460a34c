"""The protocols that a link can speak, by name; a protocol's module is imported when it is used."""

import importlib

from drivers.errors import OptionError
from drivers.stream.conversation import Conversation

_MODULES = {"sensorline": "drivers.stream.sensorline"}


def protocol_names() -> tuple[str, ...]:
    """The names that a link's `protocol` may have."""
    return tuple(_MODULES)


def new_conversation(protocol: str) -> Conversation:
    """A fresh conversation in `protocol`, for one opening of one port.

    Raises `OptionError` for a name that is not in `protocol_names()`.
    """
    if protocol not in _MODULES:
        raise OptionError("protocol", f"expected one of {', '.join(_MODULES)}, got {protocol!r}")
    conversation: Conversation = importlib.import_module(_MODULES[protocol]).Conversation()
    return conversation
