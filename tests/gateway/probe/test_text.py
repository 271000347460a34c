"""Text that sketches print, from bytes: made up in the shapes that are common, with their units."""

import pytest

from gateway.probe.found import FoundChannel
from gateway.probe.text import ENOUGH_LINES, TextDetector

DETECTOR = TextDetector()


def channels(*lines: bytes) -> dict[str, tuple[str, float | None]]:
    found = DETECTOR.heard(b"".join(line + b"\r\n" for line in lines))
    assert found is not None
    return {channel.name: (channel.unit, channel.value) for channel in found.channels}


@pytest.mark.parametrize("degree", ["°".encode(), "°".encode("latin-1")])
def test_units_beside_the_number(degree: bytes) -> None:
    """Of one quantity in two units, each is told; by whichever encoding."""
    line = b"Humidity: 40.10%%  Temperature: 21.50%sC 70.70%sF" % (degree, degree)
    assert channels(b"DHTxx test!", line, line) == {
        "Humidity": ("%", 40.1),
        "Temperature": ("°C", 21.5),
        "Temperature.2": ("°F", 70.7),
    }


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([b"Light: 523.33 lx"] * 2, {"Light": ("lx", 523.33)}),
        ([b"Temp: 21.5 deg C, Pressure: 1013 hPa"] * 2, {"Temp": ("°C", 21.5), "Pressure": ("hPa", 1013.0)}),
        ([b'{"temp": 21.5, "hum": 40}'] * 2, {"temp": ("", 21.5), "hum": ("", 40.0)}),
        ([b"40.10,21.50"] * 2, {"1": ("", 40.1), "2": ("", 21.5)}),
        ([b"t,h", b"40.10,21.50", b"40.20,21.50"], {"t": ("", 40.2), "h": ("", 21.5)}),
        ([b"0,21.50", b"40.10,21.50", b"40.20,21.50"], {"1": ("", 40.2), "2": ("", 21.5)}),
        ([b"T: 21.5C H: 21.5%"] * 2, {"T": ("", 21.5), "H": ("", 21.5)}),  # which is which cannot be told
        ([b"F: 5 Cars"] * 2, {"F": ("", 5.0)}),
    ],
)
def test_shapes(lines: list[bytes], expected: dict[str, tuple[str, float]]) -> None:
    """The fields and the values of the newest line."""
    assert channels(*lines) == expected


def test_what_is_told_and_what_the_config_needs() -> None:
    """The newest line that has a number, and the link's keys."""
    found = DETECTOR.heard(b"umi: 4\nT: 21.5\nH: 40\nready\n")
    assert found is not None
    assert found.what == "lines such as 'H: 40'; format: pairs"
    assert found.link == {"format": "pairs"}
    assert found.channels == (FoundChannel("T", value=21.5), FoundChannel("H", value=40.0))
    assert (found.name, found.complete, found.certain) == ("sketch", False, True)


def test_enough_is_enough() -> None:
    """After so many lines nobody waits longer."""
    found = DETECTOR.heard(b"T: 21.5\n" * (ENOUGH_LINES + 1))
    assert found is not None
    assert found.complete
    fewer = DETECTOR.heard(b"T: 21.5\n" * ENOUGH_LINES)
    assert fewer is not None
    assert not fewer.complete


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"T: 21.5\n",
        b"T: 21.5\nT: 21",
        b"warming up\nstill warming up\n",
        b"\xfe\x81\x00\xff" * 20 + b"\n\n\n",
        b"12;0;1;0;0;20.5\n12;1;1;0;1;61.2\n12;0;1;0;0;20.6\n",
        b"$R temp 1 1153 23.18*1FA7915A\n$R hum 2 1154 27.3*D6B8EE2A\n",
    ],
)
def test_nobody(data: bytes) -> None:
    """Too little, no number, no text, another protocol of ours."""
    assert DETECTOR.heard(data) is None


def test_nothing_is_asked() -> None:
    """There is no question that every sketch knows."""
    assert DETECTOR.questions(None) == ()
    assert DETECTOR.answered([]) is None
