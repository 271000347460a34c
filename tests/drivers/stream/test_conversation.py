"""What is shown of bytes that somebody sent."""

import pytest

from drivers.stream.conversation import escaped


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("T: 21.5 °C 東京".encode(), "'T: 21.5 °C 東京'"),
        (b"a\x1b[\r\n\t\\", "'a\\x1b[\\r\\n\\t\\\\'"),
        (b"\xff\xc2 \xb0C", "'\\xff\\xc2 \\xb0C'"),
        ("\x9b\u202e\xa0".encode(), "'\\xc2\\x9b\\xe2\\x80\\xae\\xc2\\xa0'"),
        (b"it's", '"it\'s"'),
        (b"it's \"", "'it\\'s \"'"),
        (b"x" * 80, f"'{'x' * 80}'"),
        ("°".encode() * 81, f"'{'°' * 80}'…"),
    ],
)
def test_bytes_for_a_person(data: bytes, shown: str) -> None:
    """Printable UTF-8 as it is; what could steer a terminal, and what is no UTF-8, escaped."""
    assert escaped(data) == shown
