"""RTU frames: what is an answer, wherever it stands, and what is none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.pdu import Query, Refused, Registers
from drivers.modbus.rtu import RtuWire, frames_in
from drivers.modbus.wire import Damaged, Frame
from tests.support.modbus_slaves import framed
from tests.support.modbus_vectors import VECTORS, hexed

QUERY = Query(1, 4, 1, 2)
REQUEST = hexed("01 04 00 01 00 02 20 0B")
ANSWER = hexed("01 04 04 01 31 02 22 2A CE")
WORDS = Registers((305, 546))


def asked(query: Query = QUERY) -> RtuWire:
    """A wire that waits for the answer."""
    wire = RtuWire()
    wire.ask(query)
    return wire


@pytest.mark.parametrize("vector", VECTORS["profiles"], ids=lambda vector: vector["source"][:40])
def test_golden_questions_and_answers(vector: dict[str, Any]) -> None:
    """As the manuals have them, whole and byte by byte."""
    request, frame = hexed(vector["request"]), hexed(vector["answer"])
    query = Query(request[0], request[1], request[2] << 8 | request[3], request[4] << 8 | request[5])
    words = Registers(tuple(frame[at] << 8 | frame[at + 1] for at in range(3, len(frame) - 2, 2)))
    wire = RtuWire()
    assert wire.ask(query) == request
    assert len(frame) == wire.answer_bytes(query)
    assert wire.receive(frame) == words
    assert wire.ask(query) == request
    answers = [wire.receive(frame[at : at + 1]) for at in range(len(frame))]
    assert answers == [None] * (len(frame) - 1) + [words]
    assert (wire.noise, wire.strays()) == (0, [])


@pytest.mark.parametrize("vector", VECTORS["bad"][:2], ids=lambda vector: vector["hex"])
def test_misprints_are_no_answers(vector: dict[str, Any]) -> None:
    """The CRC is wrong."""
    wire = asked(Query(1, 4, 2, 1))
    assert not isinstance(wire.receive(hexed(vector["hex"])), Registers)


def test_an_exception() -> None:
    """Refuses what was asked."""
    assert asked().receive(framed(b"\x01\x84\x02")) == Refused(2)


def test_noise_around_an_answer() -> None:
    """A transceiver's bytes on turning, before and behind, are counted or left."""
    wire = asked()
    assert wire.receive(b"\x00\xff" + ANSWER + b"\x00") == WORDS
    assert (wire.noise, wire.strays()) == (2, [])


def test_an_adapter_that_hears_itself() -> None:
    """The question that comes back is no noise."""
    wire = asked()
    assert wire.receive(REQUEST[:3]) is None
    assert wire.receive(REQUEST[3:] + ANSWER[:2]) is None
    assert wire.receive(ANSWER[2:]) == WORDS
    assert (wire.echoes, wire.noise) == (1, 0)


def test_another_slave_s_answer_first() -> None:
    """And one of another function, of another length."""
    for stray in ("02 04 04 01 31 02 22", "01 03 04 01 31 02 22", "01 04 02 01 31"):
        wire = asked()
        assert wire.receive(framed(hexed(stray))) is None
        assert wire.receive(ANSWER) == WORDS
        assert wire.noise == len(framed(hexed(stray)))


def test_a_damaged_answer() -> None:
    """Is known at once, where its head is whole, and waited out where it is not."""
    wire = asked()
    assert wire.receive(ANSWER[:4] + b"\x30" + ANSWER[5:]) == Damaged()
    assert wire.noise == len(ANSWER)
    wire = asked()
    assert wire.receive(b"\x05" + ANSWER[1:]) is None
    assert wire.receive(ANSWER) == WORDS


def test_the_second_answer_is_a_stray() -> None:
    """Behind the first at once, or by itself; half of it waits for the rest."""
    wire = asked()
    assert wire.receive(ANSWER + ANSWER) == WORDS
    assert wire.strays() == [Frame(1, ANSWER[1:-2])]
    assert wire.strays() == []
    assert wire.receive(ANSWER[:5]) is None
    assert wire.strays() == []
    assert wire.receive(ANSWER[5:]) is None
    assert wire.strays() == [Frame(1, ANSWER[1:-2])]


def test_a_late_answer_is_a_stray() -> None:
    """After it was given up, and gone with the next question."""
    wire = asked()
    assert wire.receive(b"\x01") is None
    wire.give_up()
    assert wire.noise == 1
    assert wire.receive(ANSWER) is None
    assert wire.strays() == [Frame(1, ANSWER[1:-2])]
    wire.receive(ANSWER[:4])
    wire.ask(QUERY)
    assert wire.receive(ANSWER[4:]) is None
    assert wire.strays() == []


def test_bytes_without_end_are_kept_no_longer_than_needed() -> None:
    """The answer behind them is found, and all are counted."""
    wire = asked()
    for _ in range(1000):
        assert wire.receive(b"\x55" * 100) is None
    assert wire.receive(ANSWER) == WORDS
    assert wire.noise == 100_000
    for _ in range(1000):
        assert wire.receive(b"\x55" * 100) is None
    assert wire.strays() == []


def test_frames_in_a_row() -> None:
    """With noise between them, exceptions too; a broadcast and other functions are none."""
    exception, other = framed(b"\x03\x83\x02"), framed(b"\x02\x06\x00\x01\x00\x03")
    data = b"\x00" + ANSWER + b"\x01\x04" + exception + other + framed(b"\x00\x04\x02\x00\x00") + ANSWER
    frame = Frame(1, ANSWER[1:-2])
    assert list(frames_in(data)) == [frame, Frame(3, b"\x83\x02"), frame]
    assert list(frames_in(ANSWER[:-1])) == []
    assert list(frames_in(framed(b"\x01\x04\x00"))) == []
    assert list(frames_in(framed(b"\x01\x04\x03\x00\x00\x00"))) == []
    longest = framed(bytes((247, 3, 250)) + bytes(250))
    assert list(frames_in(longest)) == [Frame(247, longest[1:-2])]


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_any_bytes(pieces: list[bytes]) -> None:
    """Never raise; an answer has the CRC that the question's slave would give it."""
    wire, heard = asked(), b""
    for piece in pieces:
        heard += piece
        answer = wire.receive(piece)
        if isinstance(answer, Registers):
            body = b"\x01\x04\x04" + b"".join(word.to_bytes(2, "big") for word in answer.words)
            assert framed(body) in heard
        wire.strays()


@given(st.binary(max_size=30), st.binary(max_size=30), st.lists(st.integers(1, 9), max_size=20))
def test_an_answer_is_found_among_any_bytes(before: bytes, behind: bytes, cuts: list[int]) -> None:
    """Whole, merged and split."""
    wire, data, found = asked(), before + ANSWER + behind, []
    for cut in [*cuts, len(data)]:
        answer = wire.receive(data[:cut])
        data = data[cut:]
        if answer is not None and not isinstance(answer, Damaged):
            found.append(answer)
        if isinstance(answer, Damaged):
            return  # what stands before looks like the answer's head
    assert found == [WORDS]
