"""A terminal that is drawn on, and the thread that draws: on a real pty, seen as a person sees it."""

import contextlib
import fcntl
import io
import logging
import os
import select
import struct
import termios
import threading
from collections.abc import Callable, Iterator
from typing import Any, TextIO

import pytest

from gateway.live.layout import Picture
from gateway.live.lines import Line
from gateway.live.screen import Screen
from gateway.live.table import Row
from gateway.live.terminal import Terminal, TerminalGoneError, in_foreground
from gateway.live.whole import Whole
from tests.support.leaks import nothing_left
from tests.support.pane import Pane
from tests.support.waiting import until


class Pty:
    """A pty, with the program's end as `stream`."""

    def __init__(self, columns: int, lines: int) -> None:
        self._ours, theirs = os.openpty()
        self.stream: TextIO = os.fdopen(theirs, "w", encoding="utf-8")
        self.pane = Pane(columns, lines)
        self.written = 0
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.pane.resize(columns, lines)

    def look(self) -> list[str]:
        """What is on the screen by now."""
        while select.select([self._ours], [], [], 0)[0]:
            data = os.read(self._ours, 1 << 16)
            while data[-1:] in (b"\x1b", b"[", b";") or data[-2:-1] == b"\x1b":  # a word that is cut
                data += os.read(self._ours, 1)
            self.written += len(data)
            self.pane.feed(data.decode())
        return self.pane.lines

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def modes(self) -> list[Any]:
        return termios.tcgetattr(self.stream)

    def hang_up(self) -> None:
        os.close(self._ours)
        self._ours = os.open(os.devnull, os.O_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.stream.close()
        os.close(self._ours)


@pytest.fixture
def pty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pty]:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with nothing_left(), contextlib.closing(Pty(20, 4)) as made:
        yield made


def lines(*texts: str) -> list[Line]:
    return [[(text, "")] for text in texts]


def test_entered_drawn_and_given_back(pty: Pty) -> None:
    """The alternate screen without a cursor; afterwards all is as it was."""
    before = pty.modes()
    terminal = Terminal(pty.stream)
    assert terminal.leave(), "nothing to be given back"
    assert pty.look() == [""] * 4
    terminal.enter()
    terminal.draw(lines("one", "two"), (20, 4))
    assert pty.look() == ["one", "two", "", ""]
    assert (pty.pane.alternate, pty.pane.cursor, pty.pane.wraps) == (True, False, False)
    assert terminal.leave()
    pty.look()
    assert (pty.pane.alternate, pty.pane.cursor, pty.pane.wraps) == (False, True, True)
    assert pty.modes() == before
    assert terminal.leave()
    terminal.draw(lines("late"), (20, 4))
    pty.look()
    assert pty.pane.main == [""], "nothing is drawn on a terminal that was given back"


def test_keys_do_nothing_but_ctrl_c(pty: Pty) -> None:
    """What is typed is not seen, nor left for the shell; Ctrl-S, Ctrl-Z and Ctrl-\\ do not stop us."""
    terminal = Terminal(pty.stream)
    terminal.enter()
    modes = pty.modes()
    assert modes[3] & termios.ISIG
    assert modes[6][termios.VINTR] == b"\x03"
    assert [modes[6][key] for key in (termios.VSUSP, termios.VQUIT)] == [b"\x00"] * 2
    assert not modes[0] & termios.IXON
    pty.type("rm -rf\n\x13")
    terminal.draw(lines("one"), (20, 4))
    until(lambda: pty.look() == ["one", "", "", ""])
    assert terminal.leave()
    assert not select.select([pty.stream], [], [], 0)[0]


def test_only_what_has_changed_is_written(pty: Pty) -> None:
    """So nothing flickers; a line that gets shorter, or goes, leaves nothing."""
    terminal = Terminal(pty.stream)
    terminal.enter()
    terminal.draw(lines("one", "two and more", "three"), (20, 4))
    pty.look()
    written = pty.written
    terminal.draw(lines("one", "two and more", "three"), (20, 4))
    pty.look()
    assert pty.written == written
    terminal.draw(lines("one", "2", "three"), (20, 4))
    assert pty.look() == ["one", "2", "three", ""]
    assert pty.written - written < 20
    terminal.draw(lines("one"), (20, 4))
    assert pty.look() == ["one", "", "", ""]
    terminal.leave()


def test_the_last_column_is_used(pty: Pty) -> None:
    """Of every line, the last one too, and nothing scrolls."""
    terminal = Terminal(pty.stream)
    terminal.enter()
    wide = [f"{number}{'x' * 18}{number}" for number in range(4)]
    terminal.draw(lines(*wide), (20, 4))
    assert pty.look() == wide
    terminal.leave()


def test_another_size(pty: Pty) -> None:
    """All is drawn anew, as it is when somebody else has written there."""
    terminal = Terminal(pty.stream)
    terminal.enter()
    assert terminal.size == (20, 4)
    terminal.draw(lines("one", "two"), (20, 4))
    pty.look()
    pty.resize(10, 3)
    assert terminal.size == (10, 3)
    terminal.draw(lines("one"), (10, 3))
    assert pty.look() == ["one", "", ""]
    pty.pane.feed("\x1b[2;1Hdebris")
    terminal.draw(lines("one"), (10, 3))
    assert pty.look()[1] == "debris"
    terminal.forget()
    terminal.draw(lines("one"), (10, 3))
    assert pty.look() == ["one", "", ""]
    pty.resize(0, 0)
    assert terminal.size == (80, 24), "one that does not know"
    terminal.leave()


def test_colours_where_they_are_wanted(pty: Pty, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR leaves what is bold or dim; what the encoding cannot say is replaced."""
    for no_color, styles in (("", {"31", "1", "0"}), ("1", {"1", "0"})):
        monkeypatch.setenv("NO_COLOR", no_color)
        terminal = Terminal(pty.stream)
        pty.pane.styles.clear()
        terminal.enter()
        terminal.draw([[("a", "red"), ("b", "bold")]], (20, 4))
        assert pty.look()[0] == "ab"
        assert pty.pane.styles == styles
        terminal.leave()
    pty.stream.reconfigure(encoding="ascii")  # type: ignore[attr-defined]
    terminal = Terminal(pty.stream)
    terminal.enter()
    terminal.draw(lines("23 °C …"), (20, 4))
    assert pty.look()[0] == "23 ?C ?"
    terminal.leave()


def test_a_terminal_that_goes(pty: Pty) -> None:
    """Is an error of its own, and cannot be given back."""
    terminal = Terminal(pty.stream)
    terminal.enter()
    pty.hang_up()
    with pytest.raises(TerminalGoneError):
        terminal.draw(lines("one"), (20, 4))
    assert not terminal.leave()
    assert not terminal.leave()


def stall(pty: Pty) -> None:
    """Nobody reads it: it is full, once the kernel has moved on what it moves later."""
    fd = os.dup(pty.stream.fileno())
    os.set_blocking(fd, False)
    while select.select([], [fd], [], 0.05)[1]:
        with contextlib.suppress(BlockingIOError):
            os.write(fd, b"x" * 4096)
    os.set_blocking(fd, True)
    os.close(fd)


def test_giving_it_back_waits_for_nothing(pty: Pty) -> None:
    """One that takes nothing is left as it is, but for its modes."""
    before = pty.modes()
    terminal = Terminal(pty.stream)
    terminal.enter()
    stall(pty)
    assert not terminal.leave()
    assert pty.modes() == before


def test_the_foreground() -> None:
    """A file is nobody's terminal."""
    with open(os.devnull, "w") as stream:  # noqa: PTH123
        assert in_foreground(stream)


ROW = Row("temp", 23.5, "°C", 0.2, "good", "board", "up", "", 1)


def picture(name: str = "greenhouse", rows: tuple[Row, ...] = (ROW,)) -> Picture:
    return Picture(name, Whole([("1 of 1 link up", "green")], []), rows, [(logging.INFO, "a line")])


@contextlib.contextmanager
def running(
    pty: Pty, ask: Callable[[], Picture], failed: Callable[[], None] = lambda: None
) -> Iterator[Screen]:
    screen = Screen(Terminal(pty.stream), ask, failed)
    screen.start()
    yield screen
    screen._thread.join(10)


def test_a_screen_is_drawn_and_drawn_again(pty: Pty) -> None:
    """At once when told to, of the size it has then; closed, it is given back."""
    names = ["first", "second"]
    pty.resize(40, 6)
    with running(pty, lambda: picture(names[0])) as screen:
        until(lambda: pty.look()[0] == "first   1 of 1 link up")
        assert pty.look()[2:4] == ["temp     23.5 °C   0.2 s  good", "a line"]
        del names[0]
        pty.resize(12, 4)
        screen.redraw()
        until(
            lambda: pty.look()[:3] == ["second", "sensor  val…", "temp  23.5 …"] or pty.look()[0] == "second"
        )
        pty.pane.feed("\x1b[4;1Hdebris")
        screen.redraw()
        until(lambda: "debris" not in pty.look()[3])
        assert screen.close()
        assert screen.ended_well
    pty.look()
    assert not pty.pane.alternate


def test_what_fails_gives_the_terminal_back(pty: Pty, caplog: pytest.LogCaptureFixture) -> None:
    """The log says why, where it is seen; `failed` comes before that."""
    told: list[bool] = []

    def fail() -> Picture:
        raise ValueError("broken")

    def failed() -> None:
        pty.look()
        told.append(pty.pane.alternate)
        assert not caplog.records

    before = pty.modes()
    with running(pty, fail, failed) as screen:
        until(lambda: caplog.records)
        assert "live table has failed" in caplog.text
        assert "broken" in caplog.text
        assert told == [False]
        assert screen.close()
        assert not screen.ended_well
    assert pty.modes() == before


def test_a_screen_whose_terminal_goes(pty: Pty, caplog: pytest.LogCaptureFixture) -> None:
    """Ends quietly."""
    with running(pty, picture) as screen:
        until(lambda: pty.look()[0])
        pty.hang_up()
        screen.redraw()
        until(lambda: not screen._thread.is_alive())
        assert not screen.close()
        assert not screen.ended_well
    assert not caplog.records


def test_a_picture_that_takes_for_ever_holds_up_nobody(pty: Pty) -> None:
    """The terminal is given back, and nothing is drawn when it comes after all."""
    asked, go_on = threading.Event(), threading.Event()

    def slow() -> Picture:
        asked.set()
        go_on.wait(10)
        return picture()

    with running(pty, slow) as screen:
        assert asked.wait(10)
        assert screen.close()
        assert not screen.ended_well
        go_on.set()
    pty.look()
    assert not pty.pane.alternate
    assert pty.pane.main == [""]


def test_a_terminal_that_takes_nothing_holds_up_nobody(pty: Pty) -> None:
    """The drawing waits for it, and the end does not."""
    asked: list[int] = []

    def ask() -> Picture:
        asked.append(1)
        return picture()

    with running(pty, ask) as screen:
        until(lambda: pty.look()[0])
        stall(pty)
        screen.redraw()
        until(lambda: len(asked) > 1)
        assert not screen.close()
        pty.hang_up()


def test_a_stream_that_is_no_terminal() -> None:
    """Cannot be drawn on at all."""
    with pytest.raises(io.UnsupportedOperation):
        Terminal(io.StringIO())
