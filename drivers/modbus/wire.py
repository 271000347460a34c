"""What a bus needs of the frames on it, RTU or TCP. One question at a time, no I/O, no clock."""

from typing import NamedTuple, Protocol

from drivers.modbus.pdu import Answer, Query


class Damaged(NamedTuple):
    """What came in the answer's place is damaged, or no answer to the question."""


class Frame(NamedTuple):
    """An undamaged answer that nobody waits for: whose it is, and the PDU."""

    slave: int
    pdu: bytes


class NotModbusError(ValueError):
    """What comes is not the protocol, and where the next answer begins cannot be told."""


class Wire(Protocol):
    """For one thread."""

    request_bytes: int
    """The length of a question's frame."""
    noise: int
    """How many bytes came before the last question's answer, or in place of it."""
    echoes: int
    """How many questions came back, from an adapter that hears itself."""

    def ask(self, query: Query) -> bytes:
        """The bytes to send; from here on `receive` looks for the answer."""

    def answer_bytes(self, query: Query) -> int:
        """The length of the frame that has the registers."""

    def receive(self, data: bytes) -> Answer | Damaged | None:
        """The answer, once, when it is complete. Raises `NotModbusError`."""

    def give_up(self) -> None:
        """The answer did not come: what comes from here on is unasked."""

    def strays(self) -> list[Frame]:
        """The answers that came and nobody waited for, each once."""
