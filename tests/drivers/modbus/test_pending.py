"""No answer is taken for another's: when a slave can be asked, and what else an answer may be."""

import math

from drivers.modbus.pdu import Query, Registers
from drivers.modbus.pending import LONGEST_PATIENCE_S, Pending

NOW = 1000.0
TIMEOUT = 0.5
QUERY = Query(1, 3, 0, 2)
ALIKE = Query(1, 3, 10, 2)
LONGER = Query(1, 3, 20, 3)
PDU = bytes.fromhex("03 04 0001 0002")
ANSWER = Registers((1, 2))


def test_at_first_anything_can_be_asked() -> None:
    """And after an answer the same again, or what has another shape."""
    pending = Pending(TIMEOUT)
    assert pending.ready_at(QUERY) == -math.inf
    pending.answered(QUERY, ANSWER, NOW)
    assert pending.ready_at(QUERY) == pending.ready_at(LONGER) == -math.inf


def test_after_an_answer_one_alike_waits_for_its_copy() -> None:
    """One time-out."""
    pending = Pending(TIMEOUT)
    pending.answered(QUERY, ANSWER, NOW)
    assert pending.ready_at(ALIKE) == NOW + TIMEOUT


def test_after_a_time_out_the_answer_is_waited_for() -> None:
    """Twice the time-out since the question; for other registers that would be taken for, ten times."""
    pending = Pending(TIMEOUT)
    pending.timed_out(QUERY, NOW)
    assert pending.ready_at(QUERY) == pending.ready_at(LONGER) == NOW + 2 * TIMEOUT
    assert pending.ready_at(ALIKE) == NOW + 10 * TIMEOUT


def test_a_late_answer_ends_the_wait() -> None:
    """And teaches how late it can be."""
    pending = Pending(TIMEOUT)
    pending.timed_out(QUERY, NOW)
    assert pending.stray(PDU, NOW + 0.8) == "late"
    assert round(pending.latest_s, 6) == 0.8
    assert pending.ready_at(ALIKE) == pending.ready_at(QUERY) == -math.inf
    pending.timed_out(QUERY, NOW)
    assert round(pending.ready_at(QUERY) - NOW, 6) == 1.6
    pending.stray(PDU, NOW + 0.6)
    assert round(pending.patience_s, 6) == 1.6
    pending.timed_out(QUERY, NOW)
    pending.stray(PDU, NOW + 100)
    assert pending.patience_s == LONGEST_PATIENCE_S


def test_a_late_exception_is_late_too() -> None:
    """It answers the question."""
    pending = Pending(TIMEOUT)
    pending.timed_out(QUERY, NOW)
    assert pending.stray(b"\x83\x02", NOW + 0.8) == "late"


def test_what_else_comes() -> None:
    """The same once more, or something that nobody asked for."""
    pending = Pending(TIMEOUT)
    assert pending.stray(PDU, NOW) == "unasked"
    pending.answered(QUERY, ANSWER, NOW)
    assert pending.stray(PDU, NOW) == "double"
    assert pending.stray(PDU[:-1] + b"\x07", NOW) == "unasked"
    assert pending.stray(b"\x03\x02\x00\x00", NOW) == "unasked"


def test_an_answer_in_time_ends_the_wait_too() -> None:
    """Nothing is owed then."""
    pending = Pending(TIMEOUT)
    pending.timed_out(QUERY, NOW)
    pending.answered(QUERY, ANSWER, NOW + 2)
    assert pending.ready_at(QUERY) == -math.inf


def test_where_answers_are_numbered() -> None:
    """There is nothing to wait for; what comes late is counted all the same."""
    pending = Pending(TIMEOUT, numbered=True)
    pending.timed_out(QUERY, NOW)
    assert pending.ready_at(ALIKE) == -math.inf
    assert pending.stray(PDU, NOW + 0.8) == "late"
