"""Messages: the fields of a line's body."""

import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.stream.sensorline import messages
from drivers.stream.sensorline.frame import LineError, unframe

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "vectors" / "sensorline.json").read_text())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "H 65535 2 m 0 4294967295 f 64 9007199254740991",
            messages.BoardHello(65535, 2, "m", "0", 4294967295, "f", 64, 2**53 - 1),
        ),
        (
            "C 0 63 temp temperature C 0.01 -40 85 0",
            messages.BoardChannel(0, 63, "temp", "temperature", "C", 0.01, -40.0, 85.0, 0),
        ),
        ("R temp 1 0 -0.07", messages.BoardReading("temp", 1, 0, -0.07, None)),
        ("R temp 1 0 !absent", messages.BoardReading("temp", 1, 0, None, "absent")),
        ("A 17 temp 5 4480 23.17", messages.BoardAnswer(17, ("temp", "5", "4480", "23.17"))),
        ("A 17", messages.BoardAnswer(17, ())),
        ("E 3 busy", messages.BoardError(3, "busy", "")),
        ("E 3 sensor_fault absent: no answer", messages.BoardError(3, "sensor_fault", "absent: no answer")),
        ("D hello, world", messages.BoardNote("hello, world")),
        ("R temp 1 0 123456789012345", messages.BoardReading("temp", 1, 0, 123456789012345.0, None)),
        ("R temp 1 0 -12345678901234.5", messages.BoardReading("temp", 1, 0, -12345678901234.5, None)),
    ],
)
def test_what_a_board_may_say(body: str, message: messages.Message) -> None:
    """Each letter becomes its message."""
    assert messages.parse(body.encode()) == message


@pytest.mark.parametrize(
    "body", ["R temp 1 0 23.18", "H 0 1 m i 7 f 2 0", "C 0 0 t k u 1 0 9 0", "R t 1 0 !a"]
)
def test_fields_of_a_later_version_are_ignored(body: str) -> None:
    """What follows the fields that version 1 knows changes nothing."""
    assert messages.parse(f"{body} new 7 !x".encode()) == messages.parse(body.encode())


@pytest.mark.parametrize("body", ["K 7 5", "B 6 temp 1 2 3", "G 6 1 2", "X", "Z yes no", "Rx 1", "b"])
def test_letters_of_a_later_version_are_none(body: str) -> None:
    """Reserved and unknown letters are skipped."""
    assert messages.parse(body.encode()) is None


@pytest.mark.parametrize(
    "body",
    [
        "R",
        "R temp 1 0",
        "R temp 0 0 1",
        "R temp 01 0 1",
        "R temp 1 0 +1",
        "R temp 1 0 1e5",
        "R temp 1 0 nan",
        "R temp 1 0 .5",
        "R temp 1 0 5.",
        "R temp 1 0 !",
        "R temp 1 0 1234567890123456",
        "R temp 1 9007199254740992 1",
        "R temp 1 -1 1",
        "R nnnnnnnnnnnnnnnnnnnnnnnnn 1 0 1",
        "H 65536 1 m i 7 f 2 0",
        "H 0 0 m i 7 f 2 0",
        "H 0 1 m i 0 f 2 0",
        "H 0 1 m i 4294967296 f 2 0",
        "H 0 1 m i 7 f 0 0",
        "H 0 1 m i 7 f 65 0",
        "C 0 64 t k u 1 0 9 0",
        "C 0 0 t k u 1 0 9",
        "A 0 x",
        "A 65536 x",
        "A 17  x",
        "E 3",
        "E 0 busy",
        "D",
        "D ",
        "X  y",
        " X",
        "X ",
    ],
)
def test_what_breaks_a_rule_is_refused(body: str) -> None:
    """A field missing, malformed or out of range makes the line unusable."""
    with pytest.raises(LineError):
        messages.parse(body.encode())


@given(st.binary(max_size=150) | st.text("HCRAED 0159.-!t", max_size=40).map(str.encode))
def test_any_body_is_a_message_or_none_or_refused(body: bytes) -> None:
    """Whatever a body holds, nothing but LineError is raised; a value is a number that the text says."""
    try:
        message = messages.parse(body)
    except LineError:
        return
    if isinstance(message, messages.BoardReading) and message.value is not None:
        assert message.value == float(body.split(b" ")[4])


@pytest.mark.parametrize("field", ["", "-1", "01", "1.0", "x", "10", "²"])
def test_number_fields_out_of_bounds_are_refused(field: str) -> None:
    """Also where the number is part of an answer."""
    with pytest.raises(LineError):
        messages.parse_number(field, 0, 9)


def test_answers_to_read_are_readings() -> None:
    """The same rules as for an `R` line."""
    assert messages.parse_reading(("temp", "5", "4480", "23.17")).value == 23.17
    with pytest.raises(LineError, match="that is no reading"):
        messages.parse_reading(("temp", "5", "4480"))


@pytest.mark.parametrize("vector", VECTORS["lines"] + VECTORS["skipped"] + VECTORS["damaged"], ids=str)
def test_the_short_way_agrees_with_the_long_one_on_golden_lines(vector: dict[str, Any]) -> None:
    """An ordinary reading is understood in one step, all else is left to the long way."""
    line = vector["line"].encode()
    reading = messages.parse_reading_line(line)
    if reading is not None:
        assert reading == messages.parse(unframe(line))
    ordinary = vector["name"] in ("reading", "negative reading", "small reading")
    assert (reading is not None) == ordinary


@given(
    st.from_regex(
        rb"R [ -~]{1,24} [0-9]{1,17} [0-9]{1,17} -?[0-9]{1,16}(\.[0-9]{0,8})?( [!-~]+)?", fullmatch=True
    )
)
def test_the_short_way_agrees_with_the_long_one(body: bytes) -> None:
    """What the short way understands, the long way understands alike, whatever the fields."""
    line = b"$%s*%08X" % (body, zlib.crc32(body))
    reading = messages.parse_reading_line(line)
    if reading is not None:
        assert reading == messages.parse(unframe(line))
        assert messages.parse_reading_line(line[:-8] + b"%08X" % (zlib.crc32(body) ^ 1)) is None
