"""What is said of a port on which no hello came: it is to lead to the remedy."""

import random

import pytest

from drivers.stream.conversation import Dropped
from drivers.stream.heard import LEAST_TEXT, is_text, what_came
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
    assert said.endswith(
        " (the baud rate is right, the board's program prints something else; see docs/protocol.md)"
    )
    assert line.lstrip()[:4].replace("\t", "\\t").strip('"') in said


def test_a_line_with_a_dollar_is_a_damaged_one_of_ours() -> None:
    """A line of sensorline that lost a bit is text, too."""
    said = came(encode("R temp 1 5 20.5").replace(b"20.5", b"21.5"))
    assert said.startswith("26 bytes came, and not one good line (wrong baud rate?); last: wrong checksum")


def test_good_lines_without_a_hello() -> None:
    """It is a board of ours: requests do not reach it."""
    readings = [encode("R temp 1 5 20.5"), encode("D a note")]
    assert came(*readings) == "2 good lines came, but no complete hello"
    said = came(*readings, encode("Z of a later version"), b"Hello, world\n")
    assert said == "3 good lines came, but no complete hello; last: no '$'"


def test_lines_of_a_kind_that_is_not_known_yet_are_good() -> None:
    """Skipped, for the protocol may grow; then the baud rate is right."""
    assert came(encode("Z 1 2 3")) == "1 good lines came, but no complete hello"


def test_text_is_what_a_person_can_read() -> None:
    """Nine characters in ten; not what is too short to tell."""
    assert is_text(b"OK 1\r\n")
    assert not is_text(b"OK1\r\n")
    assert not is_text(b"1 \t \r\n"), "what is around it does not count"
    assert LEAST_TEXT == 4
    assert is_text(b"123456789\x01")
    assert not is_text(b"12345678\x01")
    assert is_text(b"123456789\xff")
    assert not is_text(b"12345678\xff")
    assert is_text("Температура".encode())
    assert not is_text(b"")
    assert not is_text(b"\x00" * 40)
    assert not is_text(b"\x1b" * 40)
    assert is_text(b"a\tb\tc\td\te")
    assert is_text(b"a\tb\tc\td\t\xb0e")


def test_only_lines_that_were_dropped_are_looked_at() -> None:
    """By the counters of any protocol that has these two."""
    dropped = Dropped("no $", b"Hello, world")
    assert what_came(12, {"lines": 0, "skipped": 0}, None).startswith("12 bytes came")
    assert what_came(12, {"lines": 0, "skipped": 0}, dropped).startswith("what came is text")
    assert what_came(12, {"lines": 2, "skipped": 1}, dropped).startswith("3 good lines")
    assert what_came(0, {"lines": 2, "skipped": 1}, dropped) == "nothing came"
