"""What is kept, on the program and its real port: through a reset, a pulled cable, a loss of power."""

from collections.abc import Callable

import pytest

from tests.firmware_sim.rig import Program, Terminal, run

Start = Callable[..., Program]


def test_a_reset_keeps_what_was_not_acknowledged(program: Start) -> None:
    """Nobody listened; who comes after the reset gets all of it, each with its boot and age."""
    board = program("--seed", "1", "--speed", "600")
    boot = board.status()["boot"]
    board.wait_status(lambda status: status["seq"] >= 6)
    board.tell("reset")
    with Terminal(board.link) as terminal:
        terminal.ask("Q 1 hello")
        assert terminal.starting("H 1 ").split()[9:] == ["1000"]
        terminal.ask("Q 2 again")
        _, _, now, _, _, old, first, newest = terminal.starting("A 2 ").split()[:8]
        assert (int(now), int(old), first) == (boot + 1, boot, "1")
        for seq in range(1, int(newest) + 1):
            fields = terminal.starting("B ").split()
            assert fields[1:4:2] == [str(boot), str(seq)]
            assert len(fields) == 7
        terminal.ask(f"K {boot} {newest}")
        terminal.ask("Q 3 again")
        assert len(terminal.starting("A 3 ").split()) == 5


@pytest.mark.parametrize("command", ["replug", "brownout 1 0"])
def test_without_power_nothing_is_kept(program: Start, command: str) -> None:
    """Pulling the cable takes the power of this board; a brown-out that of any."""
    board = program("--speed", "0.001")
    board.wait_status(lambda status: status["kept"] == 3)
    boot = board.status()["boot"]
    board.tell(command)
    status = board.wait_status(lambda status: status["boot"] == boot + 1 and status["seq"] == 3)
    assert status["kept"] == 3


def test_nothing_is_measured_without_power(program: Start) -> None:
    """Whatever it is told meanwhile."""
    board = program("--speed", "600")
    board.wait_status(lambda status: status["kept"] >= 3)
    board.tell("unplug")
    board.tell("speed 6000")
    assert board.status()["kept"] == 0


def test_a_supply_of_its_own(program: Start) -> None:
    """The board runs on while the cable is pulled: the same boot, and what it measured is kept."""
    board = program("--speed", "600", "--supply", "own")
    board.wait_status(lambda status: status["kept"] >= 3)
    boot = board.status()["boot"]
    board.tell("unplug")
    before = board.status()["seq"]
    board.wait_status(lambda status: status["seq"] >= before + 6)
    board.tell("replug")
    status = board.status()
    assert status["boot"] == boot
    assert status["kept"] == status["seq"]
    board.tell("brownout 1 0")
    board.wait_status(lambda status: status["boot"] == boot + 1)


def test_how_many(program: Start) -> None:
    """An option, and a command; none of it on another protocol."""
    board = program("--kept", "0", "--speed", "0.001")
    assert board.status()["room"] == 0
    assert board.tell("kept 2") == "2 readings are kept"
    assert board.status()["room"] == 2
    assert "kept N" in board.tell("help")
    for arguments in (("--kept", "65536"), ("--kept", "x"), ("--kept", "1", "--protocol", "text")):
        status, _, said = run(*arguments)
        assert status == 2
        assert "--kept" in said
    assert "--supply: goes with" in run("--supply", "own", "--protocol", "modbus")[2]
