"""What a byte stream needs of a protocol, and what a protocol tells of it.

A `Conversation` turns bytes into events and requests into bytes. It does no I/O, starts no thread and
reads no clock: the session passes the time in (seconds, monotonic). So every protocol can be tested with
bytes alone.
"""

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from drivers.source import Device, Down, Measurement, Missing


class Hello(NamedTuple):
    """A device has said who it is; its readings count from here on. `anew`: it has started again, also where
    it says the same boot as before."""

    device: Device
    anew: bool = False


class Reply(NamedTuple):
    """The answer to request `id`; `result` is a `Measurement` for `read`, else what the verb returns."""

    id: int
    result: object


class Refusal(NamedTuple):
    """Request `id` failed at the board: `code` as in the protocol, `text` for a person. `again_s`: in how
    many seconds it will be answered, None where the board does not say so."""

    id: int
    code: str
    text: str
    again_s: float | None = None


class Unusable(NamedTuple):
    """Request `id` was answered, undamaged, with something that is no answer to it."""

    id: int
    reason: str


class Note(NamedTuple):
    """Words from the board for whoever debugs it. `chatter`: it says such things all day long."""

    text: str
    chatter: bool = False


class HelloWanted(NamedTuple):
    """The conversation cannot go on, or is not sure, without asking the board for a hello."""

    reason: str


class Dropped(NamedTuple):
    """A line that was of no use: why, and its bytes."""

    reason: str
    line: bytes

    def __str__(self) -> str:
        return f"{self.reason}: {escaped(self.line)}"


def escaped(data: bytes) -> str:
    """Bytes of unknown origin for a person: in quotes, what is not printable UTF-8 as `\\x1b`, cut short."""
    text = data.decode("utf-8", "surrogateescape")
    quote = '"' if "'" in text and '"' not in text else "'"
    shown = "".join(map(_printable, text[:_SHOWN_CHARS])).replace(quote, f"\\{quote}")
    return f"{quote}{shown}{quote}" + ("…" if len(text) > _SHOWN_CHARS else "")


def _printable(character: str) -> str:
    if character.isprintable() and character != "\\":
        return character
    return repr(character.encode("utf-8", "surrogateescape"))[2:-1]


_SHOWN_CHARS = 80


class Send(NamedTuple):
    """Bytes that the other end is to have soon, though nobody asked for a request: an answer to it, say."""

    data: bytes


class Pressed(NamedTuple):
    """The device's memory is half full of readings that have come and are not safe yet: `waiting` of them."""

    waiting: int


Event = (
    Measurement | Hello | Reply | Refusal | Unusable | Note | HelloWanted | Send | Down | Missing | Pressed
)


class Conversation(Protocol):
    """One protocol over one opened port, from the first byte to the last. To be subclassed.

    `counters` counts what was good (`lines`), `damaged`, `malformed`, lost, …; `dropped` is the newest line
    that was damaged or malformed. Whoever reads writes both, alone. `verbs` are what its devices can be
    asked, of `hello` (who are you), `ping`, `read CHANNEL`, `interval CHANNEL MS`, and more of its own.
    Without `hello` nothing is sent in greeting: the other end is up when it says something that is a `Hello`.
    Without `ping`, silence does not end the session.
    """

    verbs: frozenset[str] = frozenset()
    counters: Counter[str]
    dropped: Dropped | None = None
    absence: str = "the board did not say hello"
    """What is wrong when nobody is up yet, for a message; "within 5 s" follows."""

    def __init__(self) -> None:
        self.counters = Counter()

    @property
    def seen(self) -> Sequence[str]:
        """The channels that have come so far, of devices with `any_channel`; bounded."""
        return ()

    def unseen(self, channel: str) -> str | None:  # noqa: ARG002 - for those that know more than what is seen
        """Why the channel has not come, and what that takes; None where all that is known is what has. From
        any thread."""
        return None

    @abstractmethod
    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """The events that `data`, received at `now`, completes. Never raises, whatever the bytes."""

    def look(self, now: float) -> Sequence[Event]:  # noqa: ARG002 - for those that need it
        """The events that time alone brings: a node that is overdue. Called some times a second."""
        return ()

    def asks(self, channel: str) -> bool:  # noqa: ARG002 - as above
        """Whether a live read of the channel can be asked for; else it is the next value that comes. From any
        thread."""
        return "read" in self.verbs

    def came(self, received: int) -> str:
        """What the `received` bytes were, while nobody is up, in words that lead to the remedy."""
        return "nothing came" if not received else f"{received} bytes came, and not one good line"

    def send(self, request_id: int, verb: str, args: Sequence[str], now: float) -> bytes:  # noqa: ARG002
        """The bytes that carry a request, sent at `now`. The same id again is a repetition.

        Raises `ValueError` when an argument cannot be said in this protocol.
        """
        raise ValueError(f"expected nothing to be asked, got {verb!r}")
