"""The program on a real pty, as the gateway hears it."""

import os
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from firmware_sim.line import encode
from tests.firmware_sim.rig import Program, Terminal

Start = Callable[..., Program]


def seq(body: str) -> int:
    """A reading's sequence number."""
    return int(body.split()[2])


def test_hello_readings_and_requests(program: Start) -> None:
    """A listener hears readings, is told hello when it asks, and reads live."""
    board = program("--name", "greenhouse-uno", "--identity", "24A16057F685", "--seed", "5")
    with Terminal(board.link) as terminal:
        terminal.ask("Q 1 hello")
        assert terminal.starting("H 1 1 greenhouse-uno 24A16057F685 ")
        assert terminal.starting("C 1 0 ") == "C 1 0 temp temperature C 0.01 -40 85 1000"
        reading = terminal.starting("R temp ")
        terminal.ask("Q 2 read temp")
        answer = terminal.starting("A 2 ").split()
        assert int(answer[3]) > seq(reading)
        assert terminal.starting("R lux ")
        assert terminal.reader.damaged == 0
    assert board.status()["counters"]["requests"] == 2


def test_reset_says_hello_by_itself(program: Start) -> None:
    """A board that restarts under a listener says hello and then its first readings."""
    board = program("--seed", "1")
    with Terminal(board.link) as terminal:
        board.tell("reset")
        hello = terminal.starting("H 0 1 ")
        bodies = [terminal.next() for _ in range(6)]
        assert [body[:5] for body in bodies] == ["C 0 0", "C 0 1", "C 0 2", "R tem", "R hum", "R lux"]
        board.tell("reset")
        assert int(terminal.starting("H 0 1 ").split()[5]) == int(hello.split()[5]) + 1


def test_nobody_listens_nothing_piles_up(program: Start) -> None:
    """What was said while nobody listened is lost: the next listener hears only what is new."""
    board = program("--speed", "6000")
    with Terminal(board.link) as terminal:
        old = seq(terminal.starting("R temp"))
    status = board.wait_status(lambda status: status["seq"] > old + 60)
    assert not status["listening"]
    assert status["counters"]["bytes_dropped"] > 0
    with Terminal(board.link) as terminal:
        assert seq(terminal.starting("R temp")) > status["seq"]


def test_a_listener_that_does_not_read(program: Start) -> None:
    """The board goes on, drops what does not fit and counts it; its memory does not grow."""
    board = program("--speed", "1000000")
    with Terminal(board.link):
        board.wait_status(lambda status: status["counters"]["bytes_dropped"] > 100_000)
        before = resident_kb(board)
        board.wait_status(lambda status: status["counters"]["bytes_dropped"] > 1_000_000)
        assert resident_kb(board) < before + 2_000


def resident_kb(board: Program) -> int:
    """Memory of the program, in kB."""
    status = Path(f"/proc/{board.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def test_flat_out(program: Start) -> None:
    """At intervals below a millisecond 20,000 lines come, correct and in order, sent many at a time."""
    board = program("--speed", "1000000")
    with Terminal(board.link) as terminal:
        last = 0
        for _ in range(20_000):
            number = seq(terminal.starting("R "))
            assert number > last
            last = number
        # what the pty had no room for may have been cut anywhere, which the checksum finds
        assert terminal.reader.damaged <= board.status()["counters"]["bytes_dropped"]


def test_idle_means_asleep(program: Start) -> None:
    """Between readings the program does not wake up."""
    board = program("--speed", "60")
    with Terminal(board.link) as terminal:
        terminal.starting("R lux")
        before = wakeups(board)
        terminal.starting("R lux")
        terminal.starting("R lux")
        assert wakeups(board) - before <= 10


def wakeups(board: Program) -> int:
    """How often the program has waited so far."""
    status = Path(f"/proc/{board.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("voluntary"))


def test_damaged_both_ways(program: Start) -> None:
    """Under noise readings still come, none out of order; damaged requests are counted, not answered."""
    board = program(
        "--speed", "60000", "--seed", "1", "--faults", "flip=0.002,drop=0.001,garbage=0.05,merge=0.05"
    )
    with Terminal(board.link) as terminal:
        last = 0
        for request_id in range(1, 200):
            terminal.ask(f"Q {request_id} ping")
            body = terminal.starting("R ")
            assert seq(body) > last
            last = seq(body)
        assert terminal.reader.damaged > 10
    status = board.wait_status(lambda status: status["counters"]["requests_damaged"] > 0)
    assert status["counters"]["lines_damaged"] > 10


def test_slow_answers(program: Start) -> None:
    """An answer takes as long as asked for, while readings go on."""
    board = program("--speed", "6000", "--faults", "slow=0.2")
    with Terminal(board.link) as terminal:
        start = time.monotonic()
        terminal.ask("Q 1 read temp")
        assert terminal.starting("R temp")
        assert terminal.starting("A 1 temp")
        assert time.monotonic() - start >= 0.2


def test_stall_holds_and_releases(program: Start) -> None:
    """During a stall nothing comes, afterwards everything that was held."""
    board = program("--speed", "6000")
    with Terminal(board.link) as terminal:
        terminal.starting("R temp")
        board.tell("stall 0.2")
        numbers, moments = [], []
        for _ in range(70):
            numbers.append(seq(terminal.starting("R ")))
            moments.append(time.monotonic())
    assert numbers == list(range(numbers[0], numbers[0] + 70))
    assert max(b - a for a, b in pairwise(moments)) > 0.1
    assert not board.status()["stalled"]


def test_raw_bytes(program: Start) -> None:
    """`say` puts any bytes on the line."""
    board = program("--speed", "0.001")
    with Terminal(board.link) as terminal:
        board.tell(f"say {encode('D from the outside').hex()}")
        assert terminal.next(lambda body: body[0] == "D") == "D from the outside"


def test_resets_in_mid_line(program: Start) -> None:
    """With `reset=P` the board starts over with a hello, again and again."""
    board = program("--speed", "6000", "--seed", "2", "--faults", "reset=0.02")
    with Terminal(board.link) as terminal:
        boots = [int(terminal.starting("H 0 1 ").split()[5]) for _ in range(4)]
    assert boots == list(range(boots[0], boots[0] + 4))


def test_a_reset_in_a_line_cuts_it(program: Start) -> None:
    """Something of a line comes, then the hello of the next start, which begins inside that line."""
    board = program("--seed", "3")
    with Terminal(board.link) as terminal:
        terminal.starting("R lux")
        os.set_blocking(terminal.descriptor, True)
        board.tell("reset in-line")
        heard = b""
        while b"C 0 2" not in heard:
            heard += os.read(terminal.descriptor, 4096)
    cut, dollar, _ = heard.partition(b"$H 0 1 ")
    assert dollar
    assert encode("D the supply voltage falls").startswith(cut)
    assert b"\n" not in cut
    assert cut


def test_a_brown_out_restarts_and_then_the_board_is_well(program: Start) -> None:
    """So many hellos, each with the next boot, and readings after the last."""
    board = program("--seed", "1")
    with Terminal(board.link) as terminal:
        terminal.starting("R lux")
        before = board.status()["boot"]
        board.tell("brownout 5 0.02")
        boots = [int(terminal.starting("H 0 1 ").split()[5]) for _ in range(5)]
        assert boots == list(range(before + 1, before + 6))
        assert seq(terminal.starting("R temp")) == 1
    status = board.status()
    assert (status["restarts"], status["boot"]) == (0, before + 5)
