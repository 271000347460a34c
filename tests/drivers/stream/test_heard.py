"""What is said of a port on which no hello came: it is to lead to the remedy."""

import random

import pytest

from drivers.stream.conversation import Dropped, escaped
from drivers.stream.heard import what_came
from drivers.stream.sensorline import Conversation
from firmware_sim.line import encode

# What boards with the usual example sketches print: see also docs/protocol.md.
SKETCHES = (
    "Humidity: 40.10%  Temperature: 21.50°C 70.70°F  Heat index: 21.0°C 69.8°F",
    '{"humidity": 40.10, "temperature": 21.50}',
    '  "temperature": "40.10 %",',
    '{"sensorType":"temperature_humidity","sensorData":{"temperature":21.5,"humidity":40.1}}',
    "40.10,21.50",
    "# Temperature,Humidity",
    "21.50\t40.10",
    "OK\t40.1\t\t21.5\t\t70.7",
    "moisture:24",
    "humidity:35.90 ",
    "T:21.5,H:40.1",
    "TEMP: 21.50\tHUMI: 40.10",
    "L: 512 T: 22",
    "BRIGHTNESS=512",
    "@21.50A40.10B",
    "H,40.1,21.5,",
    "Light: 523.33 lx",
    "Temperature: 21.50 deg C",
    "Temp: 21.50°C",
    "T:21.5°C",
    "21.5°C",
    "DHTxx test!",
    "Failed to read from DHT sensor!",
    "Error leyendo datos…",
)


def came(*lines: bytes) -> str:
    """What is said after these bytes."""
    conversation = Conversation()
    for line in lines:
        conversation.receive(line, 0.0)
    return what_came(sum(map(len, lines)), conversation.counters, conversation.dropped)


def test_nothing_came() -> None:
    """A board that is silent, or another port."""
    assert came() == "nothing came"


@pytest.mark.parametrize("seed", range(20))
def test_noise_may_be_a_wrong_baud_rate(seed: int) -> None:
    """With the newest of it."""
    noise = random.Random(seed).randbytes(200).replace(b"\n", b"\r") + b"\xfe\x81\xf8\n"
    said = came(noise)
    assert said.startswith("204 bytes came, and not one good line (wrong baud rate?); last: ")
    assert "text" not in said


def test_noise_without_the_end_of_a_line() -> None:
    """There is no line to show."""
    assert came(b"\xfe\x00\x81") == "3 bytes came, and not one good line (wrong baud rate?)"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("line", SKETCHES)
def test_text_that_is_no_sensorline_is_shown(line: str, encoding: str) -> None:
    """The baud rate is right then, and the sketch another one."""
    said = came(line.encode(encoding, "replace") + b"\r\n")
    assert said.startswith("what came is text, but not sensorline: '")
    assert "(the baud rate is right, the board's program prints something else; " in said
    assert said.endswith("see docs/text.md)")
    assert line.lstrip()[:4].replace("\t", "\\t").strip('"') in said


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        (b"T: 21.5", "try protocol: text, format: pairs; see docs/text.md"),
        (b'{"t": 21.5}', "try protocol: text, format: json; see docs/text.md"),
        (b"21.5\t40.1", 'try protocol: text, format: csv, separator: "\\t"; see docs/text.md'),
        (b"$21.5,40.1#", "try protocol: text, format: csv; see docs/text.md"),
        (b"$OSMSG,LR,512*6D", "try protocol: text, format: csv, checksum: nmea; see docs/text.md"),
        (b"costs a few $", "see docs/text.md"),
        (b"DHTxx test!", "see docs/text.md"),
        (b"12;6;1;0;0;36.5", "write protocol: mysensors"),
    ],
)
def test_text_has_a_remedy(line: bytes, remedy: str) -> None:
    """The keys that would read it, if there are any; a `$` makes no sensorline."""
    said = came(line + b"\n")
    assert said.startswith(f"what came is text, but not sensorline: {escaped(line)} (")
    assert said.endswith(f"the board's program prints something else; {remedy})")


def test_a_damaged_line_of_ours_is_no_text() -> None:
    """Most of it came as it was sent, so the baud rate is right."""
    said = came(encode("R temp 1 5 20.5").replace(b"20.5", b"21.5"))
    assert said.startswith("26 bytes came, and not one good line (a bad cable?); last: wrong checksum")


def test_good_lines_without_a_hello() -> None:
    """It is a board of ours: requests do not reach it."""
    readings = [encode("R temp 1 5 20.5"), encode("D a note")]
    assert came(*readings) == "2 good lines came, but no complete hello"
    said = came(*readings, encode("Z of a later version"), b"Hello, world\n")
    assert said == "3 good lines came, but no complete hello; last: no '$'"


def test_lines_of_a_kind_that_is_not_known_yet_are_good() -> None:
    """Skipped, for the protocol may grow; then the baud rate is right."""
    assert came(encode("Z 1 2 3")) == "1 good lines came, but no complete hello"


def test_only_lines_that_were_dropped_are_looked_at() -> None:
    """By the counters of any protocol that has these two."""
    dropped = Dropped("no $", b"Hello, world")
    assert what_came(12, {"lines": 0, "skipped": 0}, None).startswith("12 bytes came")
    assert what_came(12, {"lines": 0, "skipped": 0}, dropped).startswith("what came is text")
    assert what_came(12, {"lines": 2, "skipped": 1}, dropped).startswith("3 good lines")
    assert what_came(0, {"lines": 2, "skipped": 1}, dropped) == "nothing came"
