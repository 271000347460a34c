"""What to do about lines of which none fits. See also test_conversation.py, which has the sentences."""

from drivers.stream.conversation import Dropped
from drivers.stream.text.remedy import remedy


def test_what_would_read_them_is_only_said_if_it_is_something_else() -> None:
    """The format that is there already has its reasons, which the last line shows."""
    dropped = Dropped("why", b"T: 5")
    assert remedy([b"T: 5"], dropped, "csv").startswith(
        "this would read them: format: pairs (see docs/text.md)"
    )
    assert remedy([b"T: 5"], dropped, "pairs") == "see docs/text.md; last: why: 'T: 5'"
    assert remedy([b"T: 5"], None, None) == (
        "this would read them: format: pairs (see docs/text.md); last: 'T: 5'"
    )
    assert remedy([b"T 5 x"], dropped, None).startswith('this would read them: pattern: "^T')


def test_half_of_the_lines_may_be_noise() -> None:
    """After a reset, say."""
    assert "wrong baud rate" not in remedy([b"\xff\x80\x81\x90", b"T: 55"], None, "csv")
    assert "wrong baud rate" in remedy([b"\xff\x80\x81\x90"] * 2 + [b"T: 55"], None, "csv")
