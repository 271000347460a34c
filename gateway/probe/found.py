"""What a detector has found, and what it would ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from drivers.stream.port_settings import PortSettings


class FoundChannel(NamedTuple):
    """Something that is measured there. `name` is what a sensor's `channel` takes; `kind` and `unit` are
    empty, and `value` None, where nothing has said them."""

    name: str
    kind: str = ""
    unit: str = ""
    value: float | None = None


class Choice(NamedTuple):
    """One of several things that may be there, of which a person has to choose: `link`, the keys of the link
    that it needs, and `words` for what would be read then."""

    link: Mapping[str, Any]
    words: str


@dataclass(frozen=True, slots=True)
class Found:
    """Who speaks at a port. `what`: for a person. `link`: the keys of its protocol's own that the config
    needs; None where a person has to find them. `name`: what such a link may be called. `sensors`: whether
    each of the channels needs a sensor in the config. `complete`: nothing more is to be learnt by waiting;
    `certain`: nor by asking. `choices`: what is in neither, as what came does not tell which it is. `notes`:
    what else a person should know, a line each. `board`: what it says of itself, by words that stay."""

    protocol: str
    what: str
    channels: tuple[FoundChannel, ...] = ()
    link: Mapping[str, Any] | None = field(default_factory=dict)
    name: str = "board"
    sensors: bool = True
    complete: bool = False
    certain: bool = True
    choices: tuple[Choice, ...] = ()
    notes: tuple[str, ...] = ()
    board: Mapping[str, str | int] = field(default_factory=dict)


class Question(NamedTuple):
    """`data`, which is `words` for a person who is to agree to it, is sent at `settings`, and the answer
    waited for, for `wait_s` seconds."""

    words: str
    settings: PortSettings
    data: bytes
    wait_s: float


class Detector(Protocol):
    """Knows one protocol. No I/O, no clock."""

    protocol: str
    """As in a config."""

    def heard(self, data: bytes) -> Found | None:
        """Who has sent `data`, all that came at one rate, unasked."""

    def questions(self, at: PortSettings | None, /) -> Sequence[Question]:
        """What to ask, one rate after the other, until somebody has answered at one. `at`: how it was heard,
        if it was."""

    def answered(self, answers: Sequence[tuple[Question, bytes]]) -> Found | None:
        """Who has answered: the questions of one rate so far, each with what came after it."""
