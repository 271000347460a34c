"""Modbus TCP: numbered questions and answers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.pdu import Query, Refused, Registers
from drivers.modbus.tcp import TcpWire
from drivers.modbus.wire import Damaged, Frame, NotModbusError
from tests.support.modbus_vectors import VECTORS, hexed

QUERY = Query(17, 3, 107, 3)
PDU = hexed("03 06 02 2B 00 00 00 64")
WORDS = Registers((555, 0, 100))


def answered(number: int, slave: int = 17, pdu: bytes = PDU) -> bytes:
    """A frame."""
    return number.to_bytes(2, "big") + b"\0\0" + (1 + len(pdu)).to_bytes(2, "big") + bytes((slave,)) + pdu


@pytest.mark.parametrize("vector", VECTORS["tcp"], ids=lambda vector: vector["request"])
def test_golden_frames(vector: dict[str, Any]) -> None:
    """Whole and byte by byte."""
    query, frame = Query(*vector["query"]), hexed(vector["answer"])
    wire = TcpWire()
    assert wire.ask(query) == hexed(vector["request"])
    assert len(wire.ask(query)) == wire.request_bytes
    assert len(frame) == wire.answer_bytes(query)
    wire = TcpWire()
    wire.ask(query)
    answers = [wire.receive(frame[at : at + 1]) for at in range(len(frame))]
    assert answers == [None] * (len(frame) - 1) + [Registers(tuple(vector["words"]))]


def test_a_late_answer_is_known_by_its_number() -> None:
    """Though it looks like the one that is waited for."""
    wire = TcpWire()
    wire.ask(QUERY)
    wire.give_up()
    wire.ask(QUERY)
    assert wire.receive(answered(1)) is None
    assert wire.receive(answered(2, slave=16)) is None
    assert wire.receive(answered(2)) == WORDS
    assert wire.receive(answered(2)) is None
    assert wire.strays() == [Frame(17, PDU), Frame(16, PDU), Frame(17, PDU)]
    assert wire.strays() == []


def test_numbers_begin_anew() -> None:
    """After 65,535, with 1."""
    wire = TcpWire()
    numbers = [wire.ask(QUERY)[:2] for _ in range(65_536)]
    assert (numbers[0], numbers[65_534], numbers[65_535]) == (b"\0\1", b"\xff\xff", b"\0\1")


def test_an_exception() -> None:
    """Of a gateway, say."""
    wire = TcpWire()
    wire.ask(QUERY)
    assert wire.receive(answered(1, pdu=b"\x83\x0b")) == Refused(11)


def test_what_is_no_answer_to_the_question() -> None:
    """Its number is right, and the rest is not."""
    wire = TcpWire()
    wire.ask(QUERY)
    assert wire.receive(answered(1, pdu=b"\x04\x02\x00\x00")) == Damaged()


@pytest.mark.parametrize(
    "data", ["00 01 00 01 00 06 11", "48 54 54 50 2F 31 2E", "00 01 00 00 00 02 11", "00 01 00 00 00 FF 11"]
)
def test_another_protocol(data: str) -> None:
    """HTTP, or a length that no answer has: there is no way on."""
    wire = TcpWire()
    wire.ask(QUERY)
    with pytest.raises(NotModbusError, match="bytes came that are not Modbus TCP: "):
        wire.receive(hexed(data))


def test_strays_are_bounded() -> None:
    """The newest ones are kept."""
    wire = TcpWire()
    for number in range(100):
        wire.receive(answered(number))
    assert len(wire.strays()) == 64


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_any_bytes(pieces: list[bytes]) -> None:
    """An answer, nothing, or the one error."""
    wire = TcpWire()
    wire.ask(QUERY)
    for piece in pieces:
        try:
            wire.receive(piece)
        except NotModbusError:
            return
