"""What outlives a reset: the ring, in memory that is not cleared; and when it is not used."""

import ctypes
import mmap
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_sim.line import encode
from tests.firmware.arduino.rig import Board, compiled
from tests.support.waiting import until


def test_readings_outlive_a_reset(board: Board) -> None:
    """They come with their boot's number and time, and their age; the new boot's *seq* begins at 1."""
    board.take(2)
    board.at(4500)
    after = board.reset()
    assert after.ask("Q 1 again") == [
        "A 1 8 1 0 7 1 4",
        "B 7 temp 1 2000 0.00 2500",
        "B 7 hum 2 2000 0.00 2500",
        "B 7 temp 3 4000 0.00 500",
        "B 7 hum 4 4000 0.00 500",
    ]
    assert after.at(2300, "Q 2 again") == ["A 2 8 1 0 7 1 4", "R temp 1 2300 0.00", "R hum 2 2300 0.00"]
    assert after.at(2400)[0] == "B 7 temp 1 2000 0.00 4900"


def test_an_age_grows(board: Board) -> None:
    """By what this boot and those between have run, those without a reading, too."""
    board.take(1)
    board.at(3000)
    board = board.reset()
    board.at(500)
    board = board.reset()
    board.at(1000)
    assert board.ask("Q 1 again") == [
        "A 1 9 1 0 7 1 2 8 1 0",
        "B 7 temp 1 2000 0.00 2500",
        "B 7 hum 2 2000 0.00 2500",
    ]


def test_several_boots(board: Board) -> None:
    """Each has its readings, its gap and its acknowledgement."""
    board.take(3)
    board = board.reset()
    board.take(2)
    assert board.ask("Q 1 again")[:3] == [
        "A 1 8 1 4 7 3 6",
        "G 7 1 2 temp 1 hum 1",
        "B 7 temp 3 4000 0.00 6000",
    ]
    board = board.reset()
    assert board.ask("K 8 2", "Q 2 again") == [
        "A 2 9 1 0 7 3 6 8 3 4",
        "G 7 1 2 temp 1 hum 1",
        "B 7 temp 3 4000 0.00 6000",
        "B 7 hum 4 4000 0.00 6000",
        "B 7 temp 5 6000 0.00 4000",
        "B 7 hum 6 6000 0.00 4000",
        "B 8 temp 3 4000 0.00 0",
        "B 8 hum 4 4000 0.00 0",
    ]
    assert board.ask("K 7 6", "K 8 4", "Q 3 again") == ["A 3 9 1 0 8 5 4"]


def test_a_boot_that_is_wholly_overwritten(board: Board) -> None:
    """Its G comes, and the answer names it, with nothing kept; acknowledged it is forgotten, not by half."""
    board.take(1)
    board = board.reset()
    board.take(4)
    lines = board.ask("Q 1 again")
    assert lines[:3] == ["A 1 8 1 8 7 3 2", "G 7 1 2 temp 1 hum 1", "B 8 temp 1 2000 0.00"]
    board = board.reset()
    assert board.ask("K 7 1", "Q 2 again")[:2] == ["A 2 9 1 0 7 3 2 8 1 8", "G 7 1 2 temp 1 hum 1"]
    assert board.ask("K 7 2", "Q 2 again")[1] == "B 8 temp 1 2000 0.00 6000"


def test_acknowledged_readings_behind_others(board: Board) -> None:
    """Of a later boot: not sent again, told as not kept; their place is free when the earlier ones are."""
    board.take(2)
    board = board.reset()
    board.take(2)
    board.ask("K 8 3")
    assert board.ask("Q 1 again")[-2:] == ["B 7 hum 4 4000 0.00 4000", "B 8 hum 4 4000 0.00"]
    assert board.ask("Q 1 again")[0] == "A 1 8 4 4 7 1 4"
    assert board.ask("K 7 4", "Q 2 again") == ["A 2 8 4 4 7 5 4", "B 8 hum 4 4000 0.00"]
    board.take(3)
    assert board.ask("Q 3 again")[0] == "A 3 8 4 10 7 5 4"


def test_overwriting_passes_what_is_acknowledged(board: Board) -> None:
    """That is no loss, and is not told."""
    board.take(1)
    board = board.reset()
    board.take(3)
    board.ask("K 8 4")
    board.take(2)
    assert board.ask("Q 1 again")[:2] == ["A 1 8 5 10 7 3 2", "G 7 1 2 temp 1 hum 1"]
    board.take(3)
    assert board.ask("K 7 2", "Q 1 again")[:2] == ["A 1 8 9 16 7 3 2", "G 8 5 8 temp 2 hum 2"]


def test_a_gap_outlives_the_boot_before_it(board: Board) -> None:
    """When nothing is left of an earlier boot, what is known of the later ones' gaps stays theirs."""
    board.take(1)
    board = board.reset()
    board.take(5)
    assert board.ask("K 7 2", "Q 1 again")[:2] == ["A 1 8 3 10 7 3 2", "G 8 1 2 temp 1 hum 1"]
    board = board.reset()
    assert board.ask("Q 1 again")[:2] == ["A 1 9 1 0 8 3 10", "G 8 1 2 temp 1 hum 1"]


def test_the_fifth_boot_before(make_board: Callable[..., Board]) -> None:
    """Four earlier boots are kept; of more, the oldest goes: it is not named any more, nor answered for."""
    board = make_board(kept=20)
    board.start()
    for _ in range(5):
        board.take(1)
        board = board.reset()
    assert board.ask("Q 1 again")[0] == "A 1 12 1 0 8 1 2 9 1 2 10 1 2 11 1 2"
    assert board.ask("K 7 0 1-2") == []
    board.take(8)
    assert board.ask("Q 2 again")[0] == "A 2 12 1 16 8 3 2 9 3 2 10 1 2 11 1 2"
    assert board.reset().ask("Q 3 again")[0] == "A 3 13 1 0 9 3 2 10 1 2 11 1 2 12 1 16"


def test_a_boot_without_readings_takes_no_place(make_board: Callable[..., Board]) -> None:
    """However often the board starts and ends at once; the one before is named."""
    board = make_board()
    board.start()
    board.take(1)
    for _ in range(20):
        board = board.reset()
    assert board.ask("Q 1 again")[0] == "A 1 27 1 0 7 1 2 26 1 0"


def test_the_boot_before_is_named_though_all_of_it_is_acknowledged(board: Board) -> None:
    """So a gateway knows that nothing was lost with the memory; after a loss of power it is not."""
    board.take(2)
    board.ask("K 7 4")
    board = board.reset()
    assert board.ask("Q 1 again") == ["A 1 8 1 0 7 5 4"]
    assert board.ask("K 7 4", "Q 2 again") == ["A 2 8 1 0 7 5 4"]
    assert board.reset(lasted=False).ask("Q 3 again") == ["A 3 9 1 0"]


def test_the_boot_before_pushes_nothing_out_by_being_named(make_board: Callable[..., Board]) -> None:
    """Where there is no room for it, it is not."""
    board = make_board(kept=20)
    board.start()
    for _ in range(4):
        board.take(1)
        board = board.reset()
    assert board.ask("Q 1 again")[0] == "A 1 11 1 0 7 1 2 8 1 2 9 1 2 10 1 2"
    assert board.reset().ask("Q 1 again")[0] == "A 1 12 1 0 7 1 2 8 1 2 9 1 2 10 1 2"


def test_power_that_came_on(board: Board) -> None:
    """What is in the memory is then not used, right or not."""
    board.take(1)
    board = board.reset(lasted=False)
    assert board.ask("Q 1 again") == ["A 1 8 1 0"]


def test_another_sketch(board: Board) -> None:
    """One that keeps another number does not use what this one kept."""
    board.take(1)
    board = board.reset(kept=9)
    assert board.ask("Q 1 again") == ["A 1 8 1 0"]


def test_any_damaged_byte_is_found(board: Board) -> None:
    """In the header, or in an entry that counts: nothing of it is used. Else all is as it was."""
    board.take(3)
    board.at(6100)
    whole = bytes(board.memory)
    expected = board.reset().ask("Q 1 again")
    unused = 0
    for at in range(len(whole)):
        board.memory[at] = bytes([whole[at] ^ 0x55])
        lines = board.reset().ask("Q 1 again")
        board.memory[at] = whole[at : at + 1]
        assert lines == ["A 1 8 1 0"] or without_age(lines) == without_age(expected)
        unused += lines[0] == "A 1 8 1 0"
    assert unused > 6 * 7 + 60  # entries of seven bytes, and the header


def test_a_reset_while_it_sends_again(board: Board) -> None:
    """Nothing is sent by the next boot before it is asked."""
    board.take(2)
    assert len(board.step(encode("Q 1 again"))) == 2
    assert board.reset().ask() == []


def test_acknowledged_behind_others_while_it_waits(board: Board) -> None:
    """A K that comes between `again` and a B makes it needless, of a later boot, too."""
    board.take(1)
    board = board.reset()
    board.take(2)
    board.step(encode("Q 1 again"))
    assert board.ask("K 8 3") == ["B 7 hum 2 2000 0.00 4000", "B 8 hum 4 4000 0.00"]


@pytest.mark.parametrize("fill", [0x00, 0xFF, 0x55])
def test_memory_of_a_cold_start(make_board: Callable[..., Board], fill: int) -> None:
    """Any pattern all over is not taken for readings."""
    board = make_board()
    ctypes.memset(board.memory, fill, len(board.memory))
    assert board.start(7)[0].startswith("H 0 1 rig ")
    assert board.ask("Q 1 again") == ["A 1 7 1 0"]


@pytest.mark.parametrize("turn", range(4))
def test_killed_in_a_write(make_board: Callable[..., Board], hammer: Path, tmp_path: Path, turn: int) -> None:
    """What was kept before is there, right and without a hole; at most what was just written is not."""
    kept, boots = 20, 6
    size = 8 + len(make_board(kept).memory)
    shared = tmp_path / "memory"
    shared.write_bytes(bytes(size))
    for boot in range(1, boots):
        hammered(hammer, shared, kept, boot, turn)
        data = shared.read_bytes()
        newest = int.from_bytes(data[:4], "little")
        after = make_board(kept)
        ctypes.memmove(after.memory, data[8:], size - 8)
        after.start(boot + 1)
        answer, *lines = after.ask("Q 1 again")
        named, first, last = (int(field) for field in answer.split()[-3:])
        assert named == boot
        assert last in (newest, newest + 1)
        assert first in possible_firsts(last, kept, int.from_bytes(data[4:8], "little"))
        ours = [line.split() for line in lines if line.startswith(f"B {boot} ")]
        assert [int(line[3]) for line in ours] == list(range(first, last + 1))
        for _, _, channel, seq, time, value, _ in ours:
            assert (channel, int(time)) == (("temp", "hum")[int(seq) % 2], int(seq))
            assert round(float(value) * 100) == int(seq) % 30000


def possible_firsts(last: int, kept: int, acked: int) -> set[int]:
    """The oldest *seq*: what is acknowledged (or was the time before) and what was overwritten is gone."""
    room = (last - kept + 1, last - kept + 2)
    return {max(one + 1, oldest) for one in (acked, acked - 8, acked - 16) for oldest in room}


def without_age(lines: list[str]) -> list[list[str]]:
    """Their fields but a B line's last: what tells how long the board ran has no checksum."""
    return [line.split()[:6] for line in lines]


@pytest.fixture(scope="session")
def hammer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that writes the ring without a pause."""
    return compiled(tmp_path_factory.mktemp("hammer") / "hammer", "-DHAMMER")


def hammered(hammer: Path, shared: Path, kept: int, boot: int, turn: int) -> None:
    """Runs it until it has written some thousand readings, and a moment more; then kills it."""
    with shared.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[:8] = bytes(8)
        with subprocess.Popen([hammer, shared, str(kept), str(boot)], stdout=subprocess.DEVNULL) as program:
            try:
                until(lambda: int.from_bytes(memory[:4], "little") > 5000)
                threading.Event().wait(0.0003 * turn)
            finally:
                program.kill()


def test_entries_that_changed_places(board: Board) -> None:
    """Each is right by itself, but not where it lies: nothing is used."""
    board.take(1)
    whole = bytes(board.memory)
    start = len(whole) - 8 * 7
    one, other = whole[start : start + 7], whole[start + 7 : start + 14]
    board.memory.raw = whole[:start] + other + one + whole[start + 14 :]
    assert board.reset().ask("Q 1 again") == ["A 1 8 1 0"]
    board.memory.raw = whole
    assert board.reset().ask("Q 1 again")[0] == "A 1 8 1 0 7 1 2"
