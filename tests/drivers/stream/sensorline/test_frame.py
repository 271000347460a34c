"""Lines of sensorline: golden bytes, an independent CRC, any damage, any cut."""

import json
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.stream.sensorline import messages
from drivers.stream.sensorline.frame import MAX_BODY, MAX_LINE, LineError, LineReceiver, frame, unframe

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "vectors" / "sensorline.json").read_text())
LINES = VECTORS["lines"] + VECTORS["skipped"]


def crc32(data: bytes) -> int:
    """CRC-32/ISO-HDLC bit by bit, as docs/protocol.md has it in C."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xEDB88320 if crc & 1 else crc >> 1
    return crc ^ 0xFFFFFFFF


def by_hand(body: bytes) -> bytes:
    """A line made without the module under test."""
    return b"$%s*%08X\n" % (body, crc32(body))


def receive(*pieces: bytes) -> tuple[list[bytes], Counter[str]]:
    """The bodies found when the pieces arrive one after the other."""
    counters: Counter[str] = Counter()
    receiver = LineReceiver()
    bodies = []
    for line in [line for piece in pieces for line in receiver.receive(piece)]:
        try:
            bodies.append(unframe(line))
        except LineError:
            assert messages.parse_reading_line(line) is None
            counters["damaged"] += bool(line.strip(b"\r"))
    return bodies, counters


def single(data: bytes) -> list[bytes]:
    """`data` byte by byte."""
    return [data[i : i + 1] for i in range(len(data))]


def test_the_test_s_own_crc_is_the_right_one() -> None:
    """The check value of CRC-32/ISO-HDLC."""
    assert crc32(b"123456789") == 0xCBF43926


@pytest.mark.parametrize("vector", LINES, ids=lambda vector: str(vector["name"]))
def test_golden_lines(vector: dict[str, Any]) -> None:
    """Each golden line holds by an independent CRC, and is found whole, in bytes, and with more behind."""
    line = vector["line"].encode() + b"\n"
    body = line[1:-10]
    assert by_hand(body) == line
    assert frame(body) == line
    assert unframe(line[:-1]) == body
    for pieces in ([line], single(line), [line + b"$R te"], [line + b"\r\n\xff\x00"], [line[:-1] + b"\r\n"]):
        assert receive(*pieces)[0] == [body]
    if "fields" in vector:
        assert body.decode() == " ".join(vector["fields"])


@pytest.mark.parametrize("vector", VECTORS["damaged"], ids=lambda vector: str(vector["name"]))
def test_golden_damage(vector: dict[str, Any]) -> None:
    """No damaged golden line becomes a message: its frame is refused, or its fields are."""
    line = vector["line"].encode("latin-1") + b"\n"
    for pieces in ([line], single(line), [line + b"$R te"]):
        bodies, counters = receive(*pieces)
        if not bodies:
            assert counters["damaged"] == 1
        for body in bodies:
            with pytest.raises(LineError):
                messages.parse(body)


@pytest.mark.parametrize("vector", VECTORS["streams"], ids=lambda vector: str(vector["name"]))
def test_golden_streams(vector: dict[str, Any]) -> None:
    """Each golden stream yields its bodies however it is cut."""
    data = bytes.fromhex(vector["bytes"])
    wanted = [body.encode() for body in vector["bodies"]]
    assert receive(data)[0] == wanted
    assert receive(*single(data))[0] == wanted
    assert receive(data + b"$R te")[0] == wanted
    for cut in range(len(data)):
        assert receive(data[:cut], data[cut:])[0] == wanted


bodies = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="$*"),
    min_size=1,
    max_size=MAX_BODY,
).map(str.encode)
noise = st.binary(max_size=200) | st.text("$* \r\n0AR", max_size=40).map(str.encode)
streams = st.lists(noise | bodies.map(by_hand), max_size=8).map(b"".join)


@given(
    st.text("temp$* é", max_size=26),
    st.integers(0, 10**17),
    st.integers(0, 10**17),
    st.from_regex(r"-?[0-9]{1,17}(\.[0-9]{1,8})?", fullmatch=True)
    | st.sampled_from(["!absent", "nan", "1 2"]),
    st.sampled_from([b"", b"\r", b"\r\r", b" "]),
)
def test_the_short_cut_for_readings_is_only_a_short_cut(
    channel: str, seq: int, time_ms: int, value: str, end: bytes
) -> None:
    """Whatever is nearly or wholly a reading: what the one step understands, the two steps understand."""
    body = f"R {channel} {seq} {time_ms} {value}".encode()
    line = by_hand(body)[:-1] + end
    try:
        slow = messages.parse(unframe(line))
    except LineError:
        slow = None
    fast = messages.parse_reading_line(line)
    assert fast is None or fast == slow
    assert messages.parse_reading_line(b"$" + body + b"*00000000" + end) is None


def test_an_ordinary_reading_takes_the_short_cut() -> None:
    """With or without a CR."""
    for line in (b"$R temp 1 1153 23.18*1FA7915A", b"$R temp 1 1153 23.18*1FA7915A\r"):
        assert messages.parse_reading_line(line) == messages.BoardReading("temp", 1, 1153, 23.18, None)


@given(bodies)
def test_what_is_framed_is_unframed(body: bytes) -> None:
    """And the frame is the independent one's."""
    line = frame(body)
    assert line == by_hand(body)
    assert len(line) < MAX_LINE
    assert unframe(line[:-1]) == body == unframe(line[:-1] + b"\r")


@pytest.mark.parametrize(
    "body", [b"", b"x" * 149, b"a\tb", b"a\x7fb", b"\xe4", b"a$b", b"a*b", b"a\nb", b"a\r"]
)
def test_what_no_line_can_carry_is_refused(body: bytes) -> None:
    """Too long, too short, or bytes that are not allowed."""
    with pytest.raises(LineError, match="expected"):
        frame(body)


@given(streams, st.data())
@example(b"$" * 400 + by_hand(b"D x"), None)
@example(b"*00000000\n$*00000000\n", None)
def test_cuts_make_no_difference(data: bytes, cuts: st.DataObject | None) -> None:
    """Any bytes: whole, byte by byte, and cut anywhere give the same bodies; nothing is ever raised."""
    whole = receive(data)[0]
    assert receive(*single(data))[0] == whole
    if cuts is not None:
        cut = cuts.draw(st.integers(0, len(data)))
        assert receive(data[:cut], data[cut:])[0] == whole
    for body in whole:
        assert by_hand(body)[:-1] in data


@given(streams, bodies)
def test_a_good_line_comes_through_after_anything(before: bytes, body: bytes) -> None:
    """Whatever came before, even half a line: the next whole line is found."""
    assert receive(before + by_hand(body))[0][-1:] == [body]


@given(st.lists(st.binary(max_size=300).map(lambda data: data.replace(b"\n", b"$")), max_size=20))
def test_memory_is_bounded(pieces: list[bytes]) -> None:
    """Bytes without an LF are forgotten but for what could still become a line."""
    receiver = LineReceiver()
    empty = len(pickle.dumps(receiver))
    for piece in pieces:
        assert receiver.receive(piece) == []
        assert len(pickle.dumps(receiver)) < empty + MAX_LINE


def test_empty_lines_are_not_damage() -> None:
    """CR LF between lines is a board's habit, not an error."""
    assert receive(b"\n\r\n\r\r\n")[1]["damaged"] == 0
    assert receive(b"x\n")[1]["damaged"] == 1
