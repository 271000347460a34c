"""Sensorline, from bytes: the golden ones of docs/protocol.md."""

import pytest

from drivers.stream.port_settings import PortSettings
from firmware_sim.line import encode
from gateway.probe.found import FoundChannel
from gateway.probe.sensorline import SensorlineDetector

HELLO = (
    b"$H 0 1 greenhouse-uno 24A16057F685 7 1.2.0 2 153*831414C0\n"
    b"$C 0 0 temp temperature C 0.01 -40 85 1000*A4B8E59A\n"
    b"$C 0 1 hum humidity % 0.1 0 100 1000*D04024D6\n"
)
READINGS = b"$R temp 1 1153 23.18*1FA7915A\n$R hum 2 1154 27.3*D6B8EE2A\n"
DETECTOR = SensorlineDetector()
QUESTION = DETECTOR.questions(None)[0]


def test_a_hello_and_readings() -> None:
    """All there is to know; complete when every channel that reports has done so."""
    found = DETECTOR.heard(b"garbage" + HELLO + READINGS)
    assert found is not None
    assert (found.protocol, found.what) == ("sensorline", "greenhouse-uno 24A16057F685, firmware 1.2.0")
    assert found.channels == (
        FoundChannel("temp", "temperature", "C", 23.18),
        FoundChannel("hum", "humidity", "%", 27.3),
    )
    assert found.complete
    assert found.certain
    half = DETECTOR.heard(HELLO + READINGS[:40])
    assert half is not None
    assert not half.complete
    assert half.channels[1].value is None


def test_readings_alone() -> None:
    """Names and values; what they are is to be asked for."""
    found = DETECTOR.heard(READINGS)
    assert found is not None
    assert found.channels == (FoundChannel("temp", value=23.18), FoundChannel("hum", value=27.3))
    assert (found.complete, found.certain) == (False, False)
    assert DETECTOR.answered([(QUESTION, READINGS)]) is None


def test_nobody() -> None:
    """Damaged lines, a hello without its channels, a fault instead of a value, other text."""
    for data in (
        b"",
        READINGS.replace(b"23", b"24")[:29],
        HELLO[:60],
        encode("R temp 1 5 !absent"),
        b"T: 21\n",
    ):
        assert DETECTOR.heard(data) is None


def test_the_question() -> None:
    """The line that is shown is the line that is sent; at the rate at which a board was heard, if one was."""
    assert QUESTION.data == encode("Q 1 hello")
    assert QUESTION.data.decode().strip() in QUESTION.words
    assert [question.settings.baud for question in DETECTOR.questions(None)] == [115200, 9600]
    assert [question.settings for question in DETECTOR.questions(PortSettings(57600))] == [
        PortSettings(57600)
    ]
    found = DETECTOR.answered([(QUESTION, HELLO)])
    assert found is not None
    assert found.certain


def hello(model: str, firmware: str, kept: str = "") -> bytes:
    """Of a board with one channel, which only answers."""
    head = f"H 0 1 {model} 24A16057F685 7 {firmware} 1 153{kept}"
    return encode(head) + encode("C 0 0 temp temperature C 0.01 -40 85 0")


def test_a_board_that_keeps_readings() -> None:
    """Says how many, in words and by name; one that keeps none says nothing of it."""
    found = DETECTOR.heard(hello("greenhouse-uno", "2.0.0", " 115"))
    assert found is not None
    assert found.what == "greenhouse-uno 24A16057F685, firmware 2.0.0, keeps 115 readings"
    assert found.board == {
        "model": "greenhouse-uno",
        "identity": "24A16057F685",
        "firmware": "2.0.0",
        "keeps": 115,
    }
    for none in ("", " 0"):
        found = DETECTOR.heard(hello("greenhouse-uno", "2.0.0", none))
        assert found is not None
        assert found.what == "greenhouse-uno 24A16057F685, firmware 2.0.0"
        assert found.board["keeps"] == 0


@pytest.mark.parametrize(
    ("shipped", "firmware", "noted"),
    [
        (("sensorline-2.1.0",), "sensorline-2.0.9", True),
        (("sensorline-2.1.0",), "sensorline-2.1.0", False),
        (("sensorline-2.1.0",), "2.0.9", False),
        ((), "sensorline-2.0.9", False),
    ],
)
def test_a_newer_firmware(shipped: tuple[str, ...], firmware: str, noted: bool) -> None:
    """Is noted where the board runs ours, with how to come by it."""
    found = SensorlineDetector(shipped).heard(hello("greenhouse-uno", firmware))
    assert found is not None
    assert bool(found.notes) is noted
    for note in found.notes:
        assert note == (
            "a newer firmware, sensorline-2.1.0, comes with this gateway: "
            "`sig-gateway firmware export DIR` writes it"
        )
