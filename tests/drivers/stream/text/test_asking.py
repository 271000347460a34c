"""What is sent for a live read."""

import pytest

from drivers.stream.text.asking import Asking, unescaped


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("R", "R"),
        (r"R\r\n", "R\r\n"),
        (r"\tR\0", "\tR\0"),
        (r"\x1b[R\x7F", "\x1b[R\x7f"),
        (r"\\n", r"\n"),
        (r"\"\'", "\"'"),
    ],
)
def test_escapes(text: str, meant: str) -> None:
    """As in YAML's double quotes, where they are done by YAML."""
    assert unescaped(text) == meant


@pytest.mark.parametrize("text", [r"\q", r"\x8", r"\xff", r"\xzz"])
def test_escapes_that_there_are_not(text: str) -> None:
    """What it may be."""
    with pytest.raises(
        ValueError, match=r"expected one of \\n, \\r, \\t, \\0, \\\\ and \\x00 to \\x7f, got \\"
    ):
        unescaped(text)


def test_one_text_for_all_channels() -> None:
    """It gets an LF where it has no end."""
    asking = Asking("R", None)
    assert not asking.nothing
    assert asking.asks("temp")
    assert asking.text("temp") == b"R\n"
    for ended in ("R\n", "R\r", "R\r\n"):
        assert Asking(ended, None).text("temp") == ended.encode()


def test_a_terminator_of_its_own() -> None:
    """It is put behind what is asked, too."""
    assert Asking("R", b"#").text("temp") == b"R#"
    assert Asking("R#", b"#").text("temp") == b"R#"
    assert Asking("R\n", b"#").text("temp") == b"R\n"


def test_a_text_for_each_channel() -> None:
    """Those without one cannot be asked for."""
    asking = Asking({"temp": "T", "hum": "H\r"}, None)
    assert not asking.nothing
    assert asking.asks("temp")
    assert not asking.asks("lux")
    assert asking.text("temp") == b"T\n"
    assert asking.text("hum") == b"H\r"
    with pytest.raises(ValueError, match="'lux' cannot be asked for, only temp, hum: see the key ask"):
        asking.text("lux")


def test_nothing_can_be_asked() -> None:
    """The default."""
    asking = Asking(None, None)
    assert asking.nothing
    assert not asking.asks("temp")
    assert asking.texts == ()


def test_all_channels_at_once() -> None:
    """A text that is there for several is sent once."""
    assert Asking("R", None).texts == ("R",)
    asking = Asking({"temp": "T", "hum": "H\r", "dew": "T"}, None)
    assert asking.lines(asking.texts) == b"T\nH\r"
