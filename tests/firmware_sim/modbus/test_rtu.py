"""Frames: external ones, cut in any way, damaged in any bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.modbus.rtu import Request, Requests, crc, frame, gap_ns

SILENCE = 20
LONGEST = 264
# Whole frames that others have published, CRC included. Each with where it stands.
PUBLISHED = [
    "02 07 41 12",  # MODBUS over Serial Line V1.02, appendix B
    "01 04 00 01 00 01 60 0A",  # e-tinkers/Modbus-RTU, examples/SHT20 (XY-MD02), as the next eleven
    "01 04 02 01 31 79 74",
    "01 04 02 0B EA 3F 8F",
    "01 04 00 02 00 01 90 0A",
    "01 04 02 02 22 38 49",
    "01 04 00 01 00 02 20 0B",
    "01 04 04 01 31 02 22 2A CE",
    "01 03 01 01 00 01 D4 36",
    "01 03 02 00 01 79 84",
    "01 06 01 01 00 08 D8 30",
    "01 10 01 01 00 02 04 00 20 25 80 25 09",
    "01 10 01 01 00 02 11 F4",
    "01 04 04 01 1D 02 7F 2A FE",  # Candratama/esp32-room-climate-monitor
    "01 03 00 00 00 02 C4 0B",  # microrobotics/RS485-TH, as the next
    "01 03 04 01 11 02 72 2A 8F",
    "11 03 00 6B 00 03 76 87",  # node-modbus/stream, as the next two
    "11 0F 00 13 00 0A 02 CD 01 BF 0B",
    "11 10 00 01 00 02 04 00 0A 01 02 C6 F0",
    "FF 05 00 00 FF 00 99 E4",  # a relay board's manual
    "01 03 00 00 00 0A C5 CD",
]
# Printed wrong in the XY-MD02's manual; the third was captured, broken by a greeting on the bus.
BROKEN = ["01 04 00 02 00 01 C1 CA", "01 04 02 02 22 D1 BA", "FF 05 00 00 FF 80 0A"]
REQUESTS = [
    "01 04 00 01 00 01 60 0A",
    "01 10 01 01 00 02 04 00 20 25 80 25 09",
    "11 0F 00 13 00 0A 02 CD 01 BF 0B",
]


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_frames(text: str) -> None:
    """Their CRC is ours."""
    data = bytes.fromhex(text)
    assert frame(data[:-2]) == data


@pytest.mark.parametrize("text", BROKEN)
def test_broken_frames(text: str) -> None:
    """Theirs is not."""
    data = bytes.fromhex(text)
    assert frame(data[:-2]) != data


def test_the_check_value() -> None:
    """Of the catalogue of CRCs: CRC-16/MODBUS of 123456789."""
    assert crc(b"123456789") == 0x4B37


def test_the_gap() -> None:
    """3.5 bytes of 11 bits up to 19,200 baud, 1.75 ms above: the guide, section 2.5.1.1."""
    assert gap_ns(9600) == pytest.approx(4_010_416, abs=10)
    assert gap_ns(19_200) == pytest.approx(2_005_208, abs=10)
    assert gap_ns(38_400) == 1_750_000
    assert gap_ns(0) == 0


@pytest.mark.parametrize("text", REQUESTS)
def test_requests_in_any_pieces(text: str) -> None:
    """Whole, byte by byte, two at once."""
    data = bytes.fromhex(text)
    wanted = Request(data[0], data[1], data[2:-2])
    assert Requests(SILENCE).feed(0, data) == [wanted]
    assert Requests(SILENCE).feed(0, data * 2) == [wanted, wanted]
    requests = Requests(SILENCE)
    assert [found for at in range(len(data)) for found in requests.feed(at, data[at : at + 1])] == [wanted]
    assert requests.damaged == 0


def test_a_silence_ends_a_frame() -> None:
    """What came before it is damaged, and what comes after it is good."""
    good = bytes.fromhex(REQUESTS[0])
    requests = Requests(SILENCE)
    assert requests.feed(0, good[:5]) == []
    assert requests.feed(SILENCE, good[5:]) == [Request(1, 4, good[2:-2])]
    assert requests.feed(100, good[:7]) == []
    assert requests.feed(101 + SILENCE, good) == [Request(1, 4, good[2:-2])]
    assert requests.damaged == 1


def test_a_wrong_crc_takes_what_came_with_it() -> None:
    """Until a silence nobody knows where the next frame begins; none is taken for another."""
    good = bytes.fromhex(REQUESTS[0])
    requests = Requests(SILENCE)
    assert requests.feed(0, good[:-1] + b"\x00" + good) == []
    assert requests.damaged == 1
    assert requests.feed(1, good) == [Request(1, 4, good[2:-2])]


def test_an_unknown_function_is_all_that_came() -> None:
    """Nobody knows its length."""
    data = frame(b"\x01\x2b\x0e\x01\x00")
    assert Requests(SILENCE).feed(0, data) == [Request(1, 0x2B, b"\x0e\x01\x00")]


def test_what_never_ends_is_bounded() -> None:
    """A write of 255 bytes is the longest request."""
    requests = Requests(SILENCE)
    held = []
    for at, byte in enumerate(b"\x01\x10\x00\x00\x00\x00\xff" + bytes(600)):
        requests.feed(at, bytes([byte]))
        held.append(len(requests._rest))
    assert max(held) == LONGEST - 1
    assert requests.damaged > 0


def test_answers() -> None:
    """Values modulo 2^16; an exception has the high bit of the function."""
    request = Request(1, 4, b"\x00\x01\x00\x02")
    assert request.registers([305, 546]) == bytes.fromhex("01 04 04 01 31 02 22 2A CE")
    assert request.registers([-53])[3:5] == b"\xff\xcb"
    assert request.exception(2) == bytes.fromhex("01 84 02 C2 C1")


@given(st.data())
def test_no_damaged_request_gets_through(data: st.DataObject) -> None:
    """Up to three flipped bits are always found: CRC-16 has a Hamming distance of 4 at this length."""
    good = bytearray.fromhex(REQUESTS[0])
    for bit in data.draw(st.sets(st.integers(0, 63), min_size=1, max_size=3)):
        good[bit >> 3] ^= 1 << (bit & 7)
    found = Requests(SILENCE).feed(0, bytes(good))
    assert found == []


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_bytes(pieces: list[bytes]) -> None:
    """Never raise, and what is held is bounded."""
    requests = Requests(SILENCE)
    for at, piece in enumerate(pieces):
        requests.feed(at, piece)
        assert len(requests._rest) < LONGEST
