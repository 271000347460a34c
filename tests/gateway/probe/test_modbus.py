"""Modbus devices, from frames: those of manuals, and what no profile has."""

import struct

import pytest

from drivers.modbus.profiles import PROFILES
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


def test_what_cannot_be_told_apart_is_not_guessed() -> None:
    """Humidity first or temperature first: all that fit are named with what they would read, those that come
    set to the line first; nothing goes into the config."""
    found = asked(PortSettings(4800), {(2, 3): answer(2, 3, 275, 224)})
    assert found is not None
    assert (found.link, found.channels) == (None, ())
    assert (
        "rs-ws-n01, cwt: 22.4 °C, 27.5 %; r444a01: 27.5 °C, 22.4 %; pta8d08: 27.5 °C, 22.4 °C" in found.what
    )
    assert "look at its label, or at a thermometer" in found.what
    assert found.choices[0].link == {"devices": {"device2": {"id": 2, "profile": "rs-ws-n01"}}}
    assert found.choices[1].words == "r444a01: 27.5 °C, 22.4 %"


def test_values_that_cannot_be_rule_a_profile_out() -> None:
    """Frost, and 65.8 %: no profile reads that with temperature first and humidity behind it."""
    found = asked(PortSettings(4800), {(2, 3): answer(2, 3, 0x0292, 0xFF9B)})
    assert found is not None
    assert [choice.words for choice in found.choices] == [
        "rs-ws-n01, cwt: -10.1 °C, 65.8 %",
        "pta8d08: 65.8 °C, -10.1 °C",
    ]
    hot = asked(PortSettings(9600), {(2, 3): answer(2, 3, 9000, 300)})
    assert hot is not None
    assert "r444a01" not in hot.what


@pytest.mark.parametrize("profile", PROFILES)
def test_no_profile_is_taken_for_another_with_other_registers(profile: str) -> None:
    """Of each, computed from the profiles: what it answers at 22.4 °C, 27.5 %, 500 lx gives itself, one that
    reads the same registers alike, or choices."""
    raw = {"temperature": 22.4, "humidity": 27.5, "light": 500.0, "pressure": 101_325.0}
    words = {}
    for register in PROFILES[profile].registers.values():
        value = round(raw[register.kind] / register.scale)
        for word in range(register.count):
            shift = 16 * (register.count - 1 - word)
            words[register.function, register.address + word] = value >> shift & 0xFFFF
    answers = {
        (1, function): answer(
            1, function, *(words.get((function, at), 0) for at in range(first, first + count))
        )
        for function, first, count in READS
        if any((function, at) in words for at in range(first, first + count))
    }
    found = asked(PortSettings(9600), answers)
    named = found.link["devices"]["device1"]["profile"] if found is not None and found.link else None
    assert named is None or PROFILES[named].registers == PROFILES[profile].registers


def test_several_devices_and_one_that_nobody_knows() -> None:
    """It is said that it answers; its registers are for a person to find."""
    found = asked(
        PortSettings(9600),
        {(1, 4): answer(1, 4, 215, 401), (3, 3): refusal(3, 3), (3, 4): refusal(3, 4), (4, 3): b"noise"},
    )
    assert found is not None
    assert found.link == {"devices": {"device1": {"id": 1, "profile": "xy-md02"}}}
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
