"""Lines for a terminal: measured, cut, wrapped, shortened, coloured."""

import io

import pytest

from gateway.live.lines import (
    cells,
    clipped,
    cut,
    fitted,
    has_colours,
    is_terminal,
    painted,
    with_short_paths,
    without_middle,
    wrapped,
)

WIDE = "温度センサー"  # six characters of two columns each


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_columns_are_the_terminal_s() -> None:
    """A character may need two."""
    assert [cells("temp °C"), cells(WIDE)] == [7, 12]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("temp", 4, "temp"),
        ("temp", 3, "te…"),
        ("a b", 2, "a…"),
        ("temp", 1, "…"),
        ("temp", 0, ""),
        (WIDE, 6, "温度…"),
    ],
)
def test_cut(text: str, width: int, expected: str) -> None:
    """With a mark, and never wider."""
    assert cut(text, width) == expected


def test_the_middle_is_left_out() -> None:
    """Both ends stay; where there is no room for two ends, the beginning does."""
    text = "the port is not there; plug the board in"
    assert without_middle(text, 40) == text
    assert without_middle(text, 25) == "the port is not…board in"
    assert without_middle(text, 7) == "the po…"
    for width in range(1, 40):
        assert cells(without_middle(text, width)) <= width
        assert cells(without_middle(WIDE * 3, width)) <= width


@pytest.mark.parametrize(
    "text", ["a few words and one-that-is-much-too-long", f"{WIDE} a {WIDE}{WIDE} b", ""]
)
@pytest.mark.parametrize("width", [0, 2, 5, 9, 13, 80])
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    """Every character is there, in lines that fit."""
    lines = wrapped(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cells(line) <= max(width, 2) for line in lines)
    assert wrapped("ab cd ef", 5) == ["ab cd", "ef"]
    assert wrapped(f"{WIDE} ab", 13) == [WIDE, "ab"]


PATH = "/dev/serial/by-id/usb-Arduino__www.arduino.cc__0043_85736323838351F0F1C1-if00"


def test_fitting_into_lines() -> None:
    """Whole if that can be; then the path loses its middle, then more of it, then the text its own."""
    text = f"{PATH} is not there; plug it in"
    assert fitted(text, 200, 1) == [text]
    assert fitted(text, 60, 3) == wrapped(text, 60)
    assert fitted(text, 60, 1) == ["/dev/seri…351F0F1C1-if00 is not there; plug it in"]
    assert fitted(text, 45, 1) == ["…1C1-if00 is not there; plug it in"]
    (line,) = fitted(text, 25, 1)
    assert (line[:9], line[-9:], len(line)) == ("…1C1-if00", "lug it in", 25)
    assert sum(map(len, fitted("word " * 40, 30, 2))) > 45, "it takes the room that there is"
    for width in range(1, 60):
        for most in (1, 2, 3):
            lines = fitted(text, width, most)
            assert len(lines) <= most
            assert all(cells(line) <= width for line in lines)
    assert with_short_paths("/a/b is short") == "/a/b is short"


def test_painting() -> None:
    """NO_COLOR takes the colours, and leaves what is bold or dim."""
    line = [("a", "bold"), ("b", "red"), ("c", ""), ("", "red"), ("d", "bold red")]
    assert painted(line, colours=True) == "\x1b[1ma\x1b[0m\x1b[31mb\x1b[0mc\x1b[1;31md\x1b[0m"
    assert painted(line, colours=False) == "\x1b[1ma\x1b[0mbc\x1b[1md\x1b[0m"


def test_clipping_a_line() -> None:
    """Across its pieces."""
    line = [("abc", "red"), ("def", "bold")]
    assert [*clipped(line, 6)] == line
    assert [*clipped(line, 5)] == [("abc", "red"), ("d…", "bold")]
    assert [*clipped(line, 3)] == [("abc", "red")]
    assert [*clipped(line, 2)] == [("a…", "red")]


def test_terminals_and_their_colours() -> None:
    """A pipe is none, nor is one that is dumb; NO_COLOR is obeyed if it says something."""
    good = {"TERM": "xterm"}
    assert is_terminal(Tty(), good)
    assert not is_terminal(io.StringIO(), good)
    for term in ("dumb", "unknown", ""):
        assert not is_terminal(Tty(), {"TERM": term})
    assert not is_terminal(Tty(), {})
    assert has_colours(Tty(), good)
    assert has_colours(Tty(), good | {"NO_COLOR": ""})
    assert not has_colours(Tty(), good | {"NO_COLOR": "1"})
    assert not has_colours(io.StringIO(), good)
