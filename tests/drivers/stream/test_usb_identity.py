"""The notation of a USB device: what is written is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import OptionError
from drivers.stream import usb_identity

NUMBERS = st.integers(0, 0xFFFF)


@given(NUMBERS, NUMBERS, st.none() | st.text(min_size=1))
def test_what_is_written_is_read(vid: int, pid: int, serial: str | None) -> None:
    """Any serial number comes back as it was, and is plain ASCII meanwhile, without white space."""
    text = usb_identity.written(vid, pid, serial)
    assert usb_identity.read(text) == (vid, pid, serial)
    assert text.isascii()
    assert text.isprintable()
    assert not set(text) & set(" #\"'\\")


def test_an_empty_serial_number_is_none() -> None:
    """Cheap adapters have one."""
    assert usb_identity.written(0x1A86, 0x7523, "") == "usb:1a86:7523"


@pytest.mark.parametrize(
    ("text", "serial"),
    [("usb:2341:0043:SER:IAL", "SER:IAL"), ("usb:2341:0043:50%", "50%"), ("usb:2341:0043:ü", "ü")],
)
def test_what_is_not_encoded_is_read_as_it_is(text: str, serial: str) -> None:
    """As configs had it before there was a notation."""
    assert usb_identity.read(text) == (0x2341, 0x43, serial)


def test_a_space_is_refused_with_what_to_write() -> None:
    """It may be one too many."""
    with pytest.raises(OptionError, match="a space in SERIAL written as %20, got 'usb:2341:0043:a b'"):
        usb_identity.read("usb:2341:0043:a b")
