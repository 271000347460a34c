"""Conversations as a config makes them, and what they said."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from drivers.options import parse_options
from drivers.source import Measurement
from drivers.stream.conversation import Event
from drivers.stream.text import Conversation
from drivers.stream.text.options import OPTIONS, check

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "vectors" / "text.json").read_text("utf-8")
)["vectors"]
LATER_S = 2.0  # after the opening: what comes is the beginning of a line


def made(**keys: Any) -> Conversation:
    """A conversation with these keys, of a port that is open since time 0."""
    parsed = parse_options(OPTIONS, keys)
    check(parsed)
    conversation = Conversation(**parsed)
    assert conversation.look(0.0) == ()
    return conversation


def said(conversation: Conversation, pieces: Iterable[bytes], now: float = LATER_S) -> list[Event]:
    """The events of these bytes."""
    return [event for piece in pieces for event in conversation.receive(piece, now)]


def newest(events: Sequence[Event]) -> Mapping[str, Measurement]:
    """The newest measurement of each channel."""
    return {event.channel: event for event in events if isinstance(event, Measurement)}


def values(events: Sequence[Event]) -> dict[str, float | None]:
    """The newest value of each channel."""
    return {channel: measurement.value for channel, measurement in newest(events).items()}
