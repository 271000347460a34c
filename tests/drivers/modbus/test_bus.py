"""One question at a time on an open port: silence, time-outs, noise, jams."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from drivers.clock import SYSTEM_CLOCK
from drivers.errors import LinkLostError
from drivers.modbus.bus import Bus, JammedError, Silent
from drivers.modbus.pdu import Query, Refused, Registers
from drivers.modbus.rtu import RtuWire
from drivers.modbus.tcp import TcpWire
from drivers.modbus.timing import Timing
from drivers.modbus.wire import Damaged, Frame
from drivers.stream.transport import open_transport
from tests.support.background import in_background
from tests.support.modbus_slaves import FakeBus, framed
from tests.support.waiting import until

QUERY = Query(1, 4, 1, 2)
WORDS = Registers((305, 546))
QUICK = Timing(1.5, 0.004, 11 / 9600)
NEVER = threading.Event()


@contextmanager
def opened(
    bus: FakeBus, timing: Timing = QUICK, wire: Callable[[], RtuWire | TcpWire] = RtuWire
) -> Iterator[tuple[Bus, list[Frame]]]:
    """The bus, and what strays on it."""
    strays: list[Frame] = []
    ours = Bus(
        open_transport(str(bus.link)), wire(), timing, SYSTEM_CLOCK, lambda frame, _: strays.append(frame)
    )
    try:
        yield ours, strays
    finally:
        ours.close()
        ours.close()
        ours.wake()


def listen_until(ours: Bus, condition: Callable[[], object]) -> None:
    """As the link's thread does."""

    def listened() -> object:
        ours.listen(0.01)
        return condition()

    until(listened)


def test_an_answer(bus: FakeBus) -> None:
    """And an exception."""
    with opened(bus) as (ours, strays):
        assert ours.ask(QUERY, NEVER) == WORDS
        bus.slaves[1].refuses = 2
        assert ours.ask(QUERY, NEVER) == Refused(2)
        assert 0 < ours.busy_s < 10
        assert strays == []


def test_silence(bus: FakeBus) -> None:
    """Is no answer, and takes the time-out, with the time that the frames take."""
    with opened(bus) as (ours, _):
        before = SYSTEM_CLOCK.monotonic()
        assert ours.ask(Query(9, 4, 1, 2), NEVER) == Silent(0)
        assert SYSTEM_CLOCK.monotonic() - before >= QUICK.timeout_s + 17 * 11 / 9600
        assert ours.ask(QUERY, NEVER) == WORDS


def test_noise_in_an_answer_s_place(bus: FakeBus) -> None:
    """Is counted."""
    with opened(bus) as (ours, _):
        bus.slaves[1].spoil = lambda _: b"no answer"
        assert ours.ask(QUERY, NEVER) == Silent(9)
        assert ours.counters["noise"] == 9


def test_noise_without_end_in_an_answer_s_place(bus: FakeBus) -> None:
    """Jams the bus, though there was silence before: more bytes than an answer has, for most of the time."""
    with opened(bus, replace(QUICK, timeout_s=0.5)) as (ours, _):
        bus.slaves[1].spoil = lambda _: b"\x55" * 256
        assert ours.ask(QUERY, NEVER) == Silent(256)
        bus.slaves[1].spoil = lambda _: b"\x55" * 257
        with pytest.raises(JammedError, match="the bus is jammed: 257 bytes came in the place of an answer"):
            ours.ask(QUERY, NEVER)
    with opened(bus, replace(QUICK, timeout_s=0.5, byte_s=11 / 115_200)) as (ours, _):
        assert ours.ask(QUERY, NEVER) == Silent(257)


def test_a_damaged_answer_is_not_waited_out(bus: FakeBus) -> None:
    """The time-out is far away."""
    with opened(bus, replace(QUICK, timeout_s=60.0)) as (ours, _):
        bus.slaves[1].spoil = lambda answer: answer[:-1] + bytes((answer[-1] ^ 1,))
        assert ours.ask(QUERY, NEVER) == Damaged()


def test_an_answer_that_comes_in_pieces(bus: FakeBus) -> None:
    """As long as it comes in time, byte by byte."""
    paced = FakeBus(bus.link.with_name("paced"), bus.slaves, baud=9600)
    with paced, opened(paced) as (ours, _):
        assert ours.ask(QUERY, NEVER) == WORDS
        assert ours.ask(Query(1, 4, 0, 125), NEVER) == Registers((0, 305, 546, *[0] * 122))


def test_what_comes_between_is_left_out(bus: FakeBus) -> None:
    """An answer that nobody asked for does not answer the next question."""
    with opened(bus) as (ours, strays):
        stray = framed(b"\x01\x04\x04\x00\x07\x00\x08")
        bus.say(stray)
        listen_until(ours, lambda: strays)
        bus.say(stray)
        bus.slaves[1].silent = True
        assert ours.ask(QUERY, NEVER) in (Silent(0), Registers((7, 8)))  # it may be on its way still
        assert strays[0] == Frame(1, stray[1:-2])


def test_a_late_answer_strays(bus: FakeBus) -> None:
    """It is left out before the next question."""
    with opened(bus) as (ours, strays):
        bus.slaves[1].delay_s = 2 * QUICK.timeout_s
        assert ours.ask(QUERY, NEVER) == Silent(0)
        listen_until(ours, lambda: strays)
        bus.slaves[1].delay_s = 0.0
        bus.slaves[1].registers[1] = 306
        assert ours.ask(QUERY, NEVER) == Registers((306, 546))
        assert len(strays) == 1


def test_a_jam(bus: FakeBus) -> None:
    """There is no silence to ask in: nothing is asked."""
    with opened(bus, replace(QUICK, gap_s=0.9)) as (ours, _):
        bus.babble = b"\x00" * 50
        listen_until(ours, lambda: ours.counters["unasked_bytes"])
        with pytest.raises(JammedError, match=r"the bus is jammed: bytes come without a pause, 1 s by now"):
            ours.ask(QUERY, NEVER)
        assert bus.asked == []
        bus.babble = b""
        assert ours.ask(QUERY, NEVER) == WORDS


def test_a_port_that_is_gone(bus: FakeBus) -> None:
    """While it is listened to, and while an answer is waited for."""
    with opened(bus) as (ours, _):
        bus.unplug()
        with pytest.raises(LinkLostError):
            ours.ask(QUERY, NEVER)
        with pytest.raises(LinkLostError):
            listen_until(ours, lambda: False)


def test_another_protocol(bus: FakeBus) -> None:
    """Where the frames are numbered there is no way on."""
    for unasked in (True, False):
        with opened(bus, wire=TcpWire) as (ours, _):
            if unasked:
                bus.say(b"HTTP/1.1 400 Bad Request")
                with pytest.raises(LinkLostError, match="bytes came that are not Modbus TCP"):
                    listen_until(ours, lambda: False)
            else:
                bus.babble = b"HTTP/1.1 400 Bad Request"
                with pytest.raises(LinkLostError, match="bytes came that are not Modbus TCP"):
                    ours.ask(QUERY, NEVER)


def test_stopping_ends_the_wait(bus: FakeBus) -> None:
    """For an answer, once woken."""
    with opened(bus, replace(QUICK, timeout_s=60.0)) as (ours, _):
        stopping = threading.Event()
        thread, outcomes = in_background(lambda: ours.ask(Query(9, 4, 1, 2), stopping))
        until(lambda: bus.asked)
        stopping.set()
        ours.wake()
        thread.join()
        assert outcomes == [Silent(0)]


def test_waking_ends_listening(bus: FakeBus) -> None:
    """Also when it was before."""
    with opened(bus) as (ours, _):
        ours.wake()
        ours.listen(60.0)
        ours.listen(-1.0)
