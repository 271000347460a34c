"""Whether bytes are text."""

from drivers.stream.readable import LEAST_TEXT, is_readable, is_text


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


def test_what_is_readable_may_be_short() -> None:
    """Where there are more lines to tell from."""
    assert is_readable(b"5\n")
    assert is_readable(b"")
    assert not is_readable(b"\x80\n")
    assert not is_readable(b"5\x00")
