"""A capture played back, with a clock made of numbers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_sim import replay
from firmware_sim.board import Board
from firmware_sim.capture import MAX_LINE
from firmware_sim.errors import SimulatorError
from firmware_sim.recording import Recording
from firmware_sim.replay import replay_board
from firmware_sim.sensors import NS, Sensors

HEADER = "sig-gateway capture 1 link=a port=/dev/x baud=9600 protocol=text start=-\n"
SECOND = NS
Play = Callable[..., Board]


@pytest.fixture
def play(tmp_path: Path, recording: Recording) -> Iterator[Play]:
    """A board that plays a file with these lines, as fast as `speed` says; not started."""
    made: list[Board] = []

    def make(lines: str | bytes, *, speed: float = 1.0, loop: bool = False) -> Board:
        path = tmp_path / "capture.txt"
        path.write_bytes(HEADER.encode() + (lines.encode() if isinstance(lines, str) else lines))
        made.append(replay_board(path, loop)(Sensors(recording, 0, speed, "0"), "0"))
        return made[-1]

    yield make
    for board in made:
        board.close()


def test_what_was_received_comes_when_it_came(play: Play) -> None:
    """In the same pieces; what was sent does not come."""
    board = play("# +0 port opened\n+0.5 < ab\n+0.5 < c\n+1 > READ\n\n+2.25 <x 00 ff\n")
    board.start(10 * SECOND)
    assert board.next_due_ns() == 10 * SECOND + SECOND // 2
    assert board.run(10 * SECOND + SECOND // 2 - 1) == []
    assert board.run(10 * SECOND + SECOND // 2) == [b"ab", b"c"]
    assert board.next_due_ns() == 12 * SECOND + SECOND // 4
    assert not board.status()["ended"]
    assert board.run(13 * SECOND) == [b"\x00\xff"]
    assert board.status()["ended"]
    assert board.next_due_ns() is None
    assert board.run(99 * SECOND) == []
    assert board.counters() == {"starts": 1, "pieces": 3, "bytes_ignored": 0}


def test_it_waits_for_a_listener_and_answers_nothing(play: Play) -> None:
    """What it is asked is counted."""
    board = play("+1 < a\n")
    assert board.waits_for_listener
    board.start(0)
    board.receive(0, b"READ\n", lambda: 0)
    assert board.next_due_ns() == SECOND
    assert board.counters()["bytes_ignored"] == 5


def test_speed(play: Play) -> None:
    """Ten times as fast takes a tenth of the time; a new speed goes on from where it is."""
    board = play("+10 < a\n+30 < b\n", speed=10.0)
    board.start(0)
    assert board.next_due_ns() == SECOND
    assert board.run(SECOND) == [b"a"]
    board._sensors.set_speed(2 * SECOND, 2.0)  # type: ignore[attr-defined]
    board.pace_changed(2 * SECOND)
    assert board.next_due_ns() == 7 * SECOND


def test_a_reset_begins_anew(play: Play) -> None:
    """Also in the middle, also after the end."""
    board = play("+1 < a\n+2 < b\n")
    board.start(0)
    assert board.interrupted() == b"a"
    assert board.run(SECOND) == [b"a"]
    board.start(5 * SECOND)
    assert board.run(7 * SECOND) == [b"a", b"b"]
    assert board.interrupted() == b""
    board.start(9 * SECOND)
    assert board.next_due_ns() == 10 * SECOND


def test_loop(play: Play) -> None:
    """A second after its end it begins again, and again."""
    board = play("+1 < a\n", loop=True)
    board.start(0)
    assert board.run(SECOND) == [b"a"]
    assert board.next_due_ns() == 2 * SECOND
    assert board.run(2 * SECOND) == []
    assert board.run(3 * SECOND) == [b"a"]
    assert board.counters()["starts"] == 2


def test_a_run_is_bounded(play: Play) -> None:
    """What came at once goes out over some runs."""
    board = play("+0 < a\n" * (replay.MAX_BATCH + 1))
    board.start(0)
    assert len(board.run(0)) == replay.MAX_BATCH
    assert board.run(0) == [b"a"]


@pytest.mark.parametrize("last", ["+2 <x 0", r"+2 < \x4", "+", "+2 <"])
def test_a_last_line_that_was_cut_is_not_there(play: Play, last: str) -> None:
    """A power cut took the rest."""
    board = play("+1 < a\n" + last)
    board.start(0)
    assert board.run(9 * SECOND) == [b"a"]
    assert board.status()["ended"]


def test_a_last_line_without_an_end_that_fits_is_there(play: Play) -> None:
    """Somebody wrote it by hand."""
    board = play("+1 < a\n+2 < bc")
    board.start(0)
    assert board.run(9 * SECOND) == [b"a", b"bc"]


def test_mistakes_name_file_and_line(tmp_path: Path, play: Play) -> None:
    """Before anything is played."""
    path = tmp_path / "capture.txt"
    with pytest.raises(SimulatorError) as error:
        play("+1 < a\n# words\nrubbish\n")
    assert str(error.value) == (
        f"{path}:4: expected '+SECONDS < bytes', '>', '<x' or '>x', or a comment; got 'rubbish'"
    )
    with pytest.raises(SimulatorError, match=r"txt:3: expected a time that is not before the line above's"):
        play("+2 > a\n+1 < a\n")
    with pytest.raises(SimulatorError, match=r"txt:2: expected a line of at most 8192 bytes"):
        play("+2 < " + "a" * MAX_LINE)
    path.write_text("$R temp 4\n")
    with pytest.raises(SimulatorError, match=r"capture\.txt:1: expected a capture's header"):
        replay_board(path, False)
    with pytest.raises(
        SimulatorError, match=r"nowhere: expected a capture that can be read; got: No such file"
    ):
        replay_board(tmp_path / "nowhere", False)


def test_a_mistake_far_on_ends_it_there(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file is not read whole before it is played."""
    monkeypatch.setattr(replay, "CHECKED", 3)
    board = play("+1 < a\n+2 < b\n+3 < c\nrubbish\n")
    board.start(0)
    assert board.run(2 * SECOND) == [b"a", b"b"]
    with pytest.raises(SimulatorError, match=r"txt:5: expected"):
        board.run(3 * SECOND)


def test_nothing_that_is_measured_can_be_told(play: Play) -> None:
    """A replay says what was recorded."""
    assert set(play("").refuses) == {"silent", "loud", "spike", "value", "fault"}
