"""Modbus devices, from frames: those of manuals, and what no profile has."""

import struct

from drivers.stream.port_settings import PortSettings
from gateway.probe.found import Found
from gateway.probe.modbus import IDS, LINES, READS, WAIT_S, ModbusDetector
from tests.support.modbus_slaves import framed

DETECTOR = ModbusDetector()
QUESTIONS = DETECTOR.questions(None)


def answer(slave: int, function: int, *words: int) -> bytes:
    return framed(struct.pack(f">BBB{len(words)}H", slave, function, 2 * len(words), *words))


def refusal(slave: int, function: int, code: int = 2) -> bytes:
    return framed(bytes((slave, function | 0x80, code)))


def asked(settings: PortSettings, answers: dict[tuple[int, int], bytes]) -> Found | None:
    """By slave and function, what it answers."""
    of_rate = [question for question in QUESTIONS if question.settings == settings]
    return DETECTOR.answered([(each, answers.get((each.data[0], each.data[1]), b"")) for each in of_rate])


def test_the_questions_are_those_that_are_named() -> None:
    """Reads, of two registers each; on a bus at each of the usual settings, in bounded time."""
    assert len({question.words for question in QUESTIONS}) == 1
    assert "ids 1 to 4" in QUESTIONS[0].words
    assert len(QUESTIONS) == len(LINES) * len(IDS) * len(READS)
    assert {question.data[1] for question in QUESTIONS} == {3, 4}
    assert QUESTIONS[0].data == bytes.fromhex("010400010002200b")
    assert len(QUESTIONS) * WAIT_S < 10


def test_an_xy_md02() -> None:
    """The manual's 30.5 °C; a profile's registers are its channels."""
    found = asked(PortSettings(9600), {(1, 4): answer(1, 4, 0x0131, 0x0222), (1, 3): refusal(1, 3)})
    assert found is not None
    assert found.link == {"devices": {"device1": {"id": 1, "profile": "xy-md02"}}}
    assert "id 1 looks like xy-md02" in found.what
    assert [tuple(channel) for channel in found.channels] == [
        ("device1/temperature", "temperature", "C", 30.5),
        ("device1/humidity", "humidity", "%", 54.6),
    ]


def test_the_line_tells_profiles_apart() -> None:
    """At 4800 baud humidity comes first; values that cannot be rule a profile out."""
    found = asked(PortSettings(4800), {(2, 3): answer(2, 3, 0x0292, 0xFF9B)})
    assert found is not None
    assert found.channels[0][:1] + found.channels[0][3:] == ("device2/humidity", 65.8)
    assert found.link == {"devices": {"device2": {"id": 2, "profile": "rs-ws-n01"}}}
    assert "(or cwt)" in found.what
    hot = asked(PortSettings(9600), {(2, 3): answer(2, 3, 9000, 300)})
    assert hot is not None
    assert "r444a01" not in hot.what


def test_several_devices_and_one_that_nobody_knows() -> None:
    """It is said that it answers; its registers are for a person to find."""
    found = asked(
        PortSettings(9600),
        {(1, 3): answer(1, 3, 215, 401), (3, 3): refusal(3, 3), (3, 4): refusal(3, 4), (4, 3): b"noise"},
    )
    assert found is not None
    assert found.link == {"devices": {"device1": {"id": 1, "profile": "r444a01"}}}
    assert "id 3 answers, and no profile fits" in found.what
    alone = asked(PortSettings(9600), {(3, 3): refusal(3, 3)})
    assert alone is not None
    assert alone.link is None
    assert alone.channels == ()


def test_nobody() -> None:
    """Silence, noise, damage, an answer of another device; and nothing is understood unasked."""
    damaged = answer(1, 4, 0x0131, 0x0222)[:-1] + b"\0"
    for data in (b"", b"\xff" * 20, damaged[:-2], answer(2, 4, 1, 2)):
        assert asked(PortSettings(9600), {(1, 4): data}) is None
    assert DETECTOR.heard(answer(1, 4, 1, 2)) is None
