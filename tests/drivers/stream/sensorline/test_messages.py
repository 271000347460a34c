"""Messages: the fields of a line's body."""

import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.stream.sensorline import messages
from drivers.stream.sensorline.frame import MAX_BODY, LineError, frame, unframe
from drivers.stream.sensorline.kept_messages import (
    BoardKept,
    BoardLost,
    Holding,
    acknowledgement,
    parse_again,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "vectors" / "sensorline.json").read_text())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "H 65535 2 m 0 4294967295 f 64 9007199254740991",
            messages.BoardHello(65535, 2, "m", "0", 4294967295, "f", 64, 2**53 - 1, 0),
        ),
        (
            "C 0 63 temp temperature C 0.01 -40 85 0",
            messages.BoardChannel(0, 63, "temp", "temperature", "C", 0.01, -40.0, 85.0, 0),
        ),
        ("R temp 1 0 -0.07", messages.BoardReading("temp", 1, 0, -0.07, None)),
        ("R temp 1 0 !absent", messages.BoardReading("temp", 1, 0, None, "absent")),
        ("A 17 temp 5 4480 23.17", messages.BoardAnswer(17, ("temp", "5", "4480", "23.17"))),
        ("A 17", messages.BoardAnswer(17, ())),
        ("H 0 1 m i 7 f 2 153 115", messages.BoardHello(0, 1, "m", "i", 7, "f", 2, 153, 115)),
        ("B 7 temp 41 31153 23.18", BoardKept(7, "temp", 41, 31153, 23.18, None, None)),
        ("B 6 hum 211 90211 !absent 4710", BoardKept(6, "hum", 211, 90211, None, "absent", 4710)),
        ("G 6 208 209 temp 1 hum 1", BoardLost(6, 208, 209, (("temp", 1), ("hum", 1)))),
        ("G 6 4700 4700", BoardLost(6, 4700, 4700, ())),
        ("E 3 busy", messages.BoardError(3, "busy", "")),
        ("E 3 busy 1450 ms: slow", messages.BoardError(3, "busy", "1450 ms: slow", 1450)),
        ("E 3 busy 0 ms", messages.BoardError(3, "busy", "0 ms", 0)),
        ("E 3 busy 8 requests wait", messages.BoardError(3, "busy", "8 requests wait")),
        ("E 3 busy 5 msgs", messages.BoardError(3, "busy", "5 msgs")),
        ("E 3 sensor_fault 5 ms", messages.BoardError(3, "sensor_fault", "5 ms")),
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
    "body",
    ["R temp 1 0 23.18", "H 0 1 m i 7 f 2 0 115", "C 0 0 t k u 1 0 9 0", "R t 1 0 !a", "B 7 t 1 0 2 9"],
)
def test_fields_of_a_later_version_are_ignored(body: str) -> None:
    """What follows the fields that version 1 knows changes nothing."""
    assert messages.parse(f"{body} new 7 !x".encode()) == messages.parse(body.encode())


@pytest.mark.parametrize("body", ["K 7 5", "F 6 temp 1 2 3", "X", "Z yes no", "Rx 1", "Bx 1", "b"])
def test_letters_of_a_later_version_are_none(body: str) -> None:
    """Unknown ones are skipped, and what only the gateway says."""
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
        "H 0 1 m i 7 f 1 0 65536",
        "H 0 1 m i 7 f 1 0 many",
        "B 0 temp 1 0 1",
        "B 7 temp 0 0 1",
        "B 7 temp 1 0",
        "B 7 temp 1 0 nan",
        "B 7 temp 1 0 1 old",
        "B 7 temp 1 0 1 9007199254740992",
        "B 7 temp 1 0 1234567890123456",
        "G 6 0 1",
        "G 6 2 1",
        "G 6 1",
        "G 6 1 2 temp",
        "G 6 1 2 temp 01",
        "G 6 1 2 temp 9007199254740992",
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


def test_again_is_answered_with_what_there_is_of_each_boot() -> None:
    """The boot of now comes first; it may have nothing, and never have measured."""
    assert parse_again(("7", "41", "44", "6", "210", "211")) == [Holding(7, 41, 44), Holding(6, 210, 211)]
    assert parse_again(("7", "1", "0")) == [Holding(7, 1, 0)]


@pytest.mark.parametrize(
    "answer", ["", "7", "7 1", "7 1 2 6", "7 1 2 6 1", "0 1 2", "7 0 2", "7 4 2", "7 1 x", "4294967296 1 2"]
)
def test_what_is_no_answer_to_again_is_refused(answer: str) -> None:
    """With the words of what is wrong."""
    with pytest.raises(LineError, match=r"expected|not a number"):
        parse_again(tuple(answer.split()))


@pytest.mark.parametrize(
    ("name", "seq", "again"),
    [
        ("acknowledgement", 40, []),
        ("acknowledgement: nothing is safe yet", 0, []),
        ("acknowledgement, with one that did not come", 41, [(43, 43)]),
        ("acknowledgement, with ranges of those that did not come", 41, [(43, 43), (45, 47), (60, 4096)]),
    ],
)
def test_golden_acknowledgements(name: str, seq: int, again: list[tuple[int, int]]) -> None:
    """As the vectors have them."""
    body, said = acknowledgement(7, seq, again)
    (golden,) = [entry["line"] for entry in VECTORS["lines"] if entry["name"] == name]
    assert (frame(body), said) == (golden.encode() + b"\n", len(again))


@given(st.integers(1, 2**32 - 1), st.integers(0, 2**53 - 1), st.lists(st.integers(1, 2**53 - 1), max_size=40))
def test_an_acknowledgement_is_never_longer_than_a_line(boot: int, seq: int, starts: list[int]) -> None:
    """What finds no room is left for the next one."""
    body, said = acknowledgement(boot, seq, [(start, start + 1) for start in starts])
    assert len(body) <= MAX_BODY
    assert frame(body)
    assert body.count(b"-") == said
    assert said == len(starts) or len(body) > MAX_BODY - 34
