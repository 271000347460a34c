"""Questions and answers without frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.pdu import Query, Refused, Registers, answer_of

# MODBUS Application Protocol Specification V1.1b3, 6.3 and 6.4.
HOLDING = Query(17, 3, 107, 3)
INPUT = Query(17, 4, 8, 1)


def test_the_specification_s_questions() -> None:
    """Function, address, quantity."""
    assert HOLDING.pdu == bytes.fromhex("03 00 6b 00 03")
    assert INPUT.pdu == bytes.fromhex("04 00 08 00 01")


def test_the_specification_s_answers() -> None:
    """Function, length, registers."""
    pdu = bytes.fromhex("03 06 02 2b 00 00 00 64")
    assert answer_of(HOLDING, pdu) == Registers((555, 0, 100))
    assert answer_of(INPUT, bytes.fromhex("04 02 00 0a")) == Registers((10,))


def test_exceptions() -> None:
    """The function with its highest bit set, and a code, that has a name if the specification gives one."""
    answer = answer_of(HOLDING, bytes.fromhex("83 02"))
    assert answer == Refused(2)
    assert str(answer) == "exception 2 (illegal data address)"
    assert str(Refused(77)) == "exception 77"


@pytest.mark.parametrize(
    "pdu",
    [
        "",
        "03",
        "84 02",
        "83",
        "83 02 00",
        "04 06 022b00000064",
        "03 04 022b0000",
        "03 06 022b0000",
        "03 06 022b0000006400",
    ],
)
def test_what_is_no_answer(pdu: str) -> None:
    """Another function, another length, too short, too long."""
    assert answer_of(HOLDING, bytes.fromhex(pdu)) is None


@given(st.binary(max_size=260))
def test_any_bytes(pdu: bytes) -> None:
    """An answer has as many registers as were asked for."""
    answer = answer_of(HOLDING, pdu)
    assert answer is None or isinstance(answer, Refused) or len(answer.words) == 3


def test_shapes() -> None:
    """What an answer does not show is not in it."""
    assert (
        HOLDING.shape == Query(2, 3, 5, 3).shape != Query(17, 4, 107, 3).shape != Query(17, 4, 107, 2).shape
    )
