"""What to do about lines of which none fits. See also test_conversation.py, which has the sentences."""

import pytest

from drivers.stream.conversation import Dropped
from drivers.stream.text.remedy import remedy


def test_what_would_read_them_is_only_said_if_it_is_something_else() -> None:
    """The format that is there already has its reasons, which the last line shows."""
    dropped = Dropped("why", b"T: 5")
    assert remedy([b"T: 5"], dropped, {"format": "csv"}).startswith(
        "this would read them: format: pairs (see docs/text.md)"
    )
    assert remedy([b"T: 5"], dropped, {"format": "pairs"}) == "see docs/text.md; last: why: 'T: 5'"
    assert remedy([b"T: 5"], None, {}) == (
        "this would read them: format: pairs (see docs/text.md); last: 'T: 5'"
    )
    assert remedy([b"T 5 x"], dropped, {}).startswith('this would read them: pattern: "^T')


@pytest.mark.parametrize(
    ("line", "keys", "would"),
    [
        (b"21.5\t40.1", {"format": "csv"}, r'format: csv, separator: "\t"'),
        (b"21.5,40.1", {"format": "csv", "separator": ";"}, "format: csv"),
        (b"21,5;40,1", {"format": "csv", "separator": "|"}, 'format: csv, separator: ";", decimal: ","'),
        (b"T: 21,5", {"format": "pairs", "decimal": "."}, 'format: pairs, decimal: ","'),
    ],
)
def test_another_separator_or_decimal_point(line: bytes, keys: dict[str, str], would: str) -> None:
    """The same format with other keys is something else."""
    assert remedy([line] * 3, None, keys).startswith(f"this would read them: {would} (see docs/text.md)")


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        (b"21.5,40.1", {"format": "csv", "header": ("a", "b", "c")}),
        (b"21.5,40.1", {"format": "csv", "separator": ",", "checksum": "nmea"}),
        (b"21,5;40,1", {"format": "csv", "decimal": ","}),
    ],
)
def test_what_is_split_right_already(line: bytes, keys: dict[str, object]) -> None:
    """Then it is something else, which the last line's reason says."""
    assert remedy([line] * 3, None, keys).startswith("see docs/text.md")


def test_half_of_the_lines_may_be_noise() -> None:
    """After a reset, say."""
    assert "wrong baud rate" not in remedy([b"\xff\x80\x81\x90", b"T: 55"], None, {"format": "csv"})
    assert "wrong baud rate" in remedy([b"\xff\x80\x81\x90"] * 2 + [b"T: 55"], None, {"format": "csv"})
