"""MySensors, from lines as its gateways and nodes say them."""

import pytest

from drivers.stream.port_settings import PortSettings
from gateway.probe.mysensors import MySensorsDetector

DETECTOR = MySensorsDetector()
PRESENTED = (
    b"0;255;3;0;14;Gateway startup complete.\n12;255;0;0;17;2.3.2\n12;255;3;0;11;Greenhouse node\n"
    b"12;0;0;0;6;Air temperature\n12;1;0;0;7;Air humidity\n12;0;1;0;0;-3.5\n12;1;1;0;1;61.2\n"
)
VERSION = b"0;255;3;0;2;2.3.2\n"
QUESTION = DETECTOR.questions(None)[0]


def test_what_nodes_say() -> None:
    """Their channels, with kinds where they were presented; the gateway makes their senders itself."""
    found = DETECTOR.heard(PRESENTED)
    assert found is not None
    assert {channel.name: channel[1:] for channel in found.channels} == {
        "12/0": ("temperature", "C", -3.5),
        "12/1": ("humidity", "%", 61.2),
    }
    assert "12 (Greenhouse node)" in found.what
    assert (found.link, found.sensors, found.name) == ({"discover": True}, False, "radio")


def test_values_alone_and_a_beginning_that_is_missing() -> None:
    """Two lines that fit are enough."""
    found = DETECTOR.heard(b"1;0;0;20.5\n12;1;1;0;1;61.2\n12;0;1;0;0;20.6\n")
    assert found is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"12;0;1;0;0;20.5\n",
        b"21;40;3\n22;41;3\n23;42;3\n",
        b"T: 21\nH: 40\n12;0;1;0;0;20.5\n12;0;1;0;0;20.5\n",
        b"$R temp 1 1153 23.18*1FA7915A\n$R hum 2 1154 27.3*D6B8EE2A\n",
    ],
)
def test_nobody(data: bytes) -> None:
    """Too little, other columns, lines among others that do not fit."""
    assert DETECTOR.heard(data) is None


def test_the_question() -> None:
    """For the version; one line that fits is an answer."""
    assert QUESTION.data == b"0;255;3;0;2;\n"
    assert "`0;255;3;0;2;`" in QUESTION.words
    assert [question.settings.baud for question in DETECTOR.questions(None)] == [115200, 38400]
    assert [question.settings for question in DETECTOR.questions(PortSettings(9600))] == [PortSettings(9600)]
    found = DETECTOR.answered([(QUESTION, VERSION)])
    assert found is not None
    assert found.what.endswith("nodes heard: none yet")
    assert DETECTOR.answered([(QUESTION, b"what?\n")]) is None
