"""Section 7 of the protocol, on the board under MicroPython."""

from collections.abc import Callable
from pathlib import Path

from tests.firmware.micropython.wire import Wire
from tests.support.micropython_board import NEEDED

pytestmark = NEEDED
Start = Callable[..., Wire]


def measured(wire: Wire, count: int) -> list[str]:
    """So many live readings, as the lines had them behind the answer's id."""
    return [wire.ask(f"Q {n} read {('temp', 'hum')[n % 2]}").split(" ", 2)[2] for n in range(1, count + 1)]


def again(wire: Wire) -> tuple[str, list[str]]:
    """The answer, and what comes after it, until all that the ring had is there."""
    answer = wire.ask("Q 900 again")
    said = []
    total = 0
    fields = [int(field) for field in answer.split()[2:]]
    for at in range(0, len(fields), 3):
        total += fields[at + 2] - fields[at + 1] + 1
    while total:
        said.append(wire.next(lambda body: body[0] in "BG"))
        total -= said[-1][0] == "B"
    return answer, said


def test_again_sends_what_is_kept(board: Start) -> None:
    """As it was, oldest first; what is acknowledged is not there any more."""
    wire = board("interval=0")
    taken = measured(wire, 4)
    wire.tell("K 1 1")
    answer, said = again(wire)
    assert answer == "A 900 1 2 4"
    assert said == [f"B 1 {body}" for body in taken[1:]]
    wire.tell("K 1 4")
    assert again(wire) == ("A 900 1 5 4", [])
    assert wire.ask("Q 8 ping").endswith(" 4")


def test_faults_are_kept_too(board: Start) -> None:
    """With their word."""
    wire = board("interval=20")
    wire.board.measure(temp="checksum", hum="absent")
    wire.starting("R hum")
    bad = wire.next(lambda body: body.endswith("!absent"))
    wire.tell(f"K 1 0 {bad.split()[2]}")
    assert wire.starting("B ") == "B 1 " + bad[2:]


def test_what_is_overwritten_is_told(board: Start) -> None:
    """Once, with its counts; until it is acknowledged."""
    wire = board("interval=0", "keeps=5")
    taken = measured(wire, 12)
    answer, said = again(wire)
    assert answer == "A 900 1 8 12"
    assert said == ["G 1 1 7 temp 3 hum 4", *[f"B 1 {body}" for body in taken[7:]]]
    wire.tell("K 1 6 3")
    assert wire.starting("G ") == "G 1 1 7 temp 3 hum 4"
    wire.tell("K 1 7")
    assert again(wire)[1] == [f"B 1 {body}" for body in taken[7:]]


def test_what_did_not_come_is_sent_again(board: Start) -> None:
    """Numbers and ranges; what is not there is ignored; what is asked for twice comes once."""
    wire = board("interval=0")
    taken = measured(wire, 9)
    wire.tell("K 1 1 4 6-7 90-9007199254740991 1")
    wire.tell("K 1 1 6-7 6")
    wire.tell("K 2 0 1")
    assert [wire.starting("B ")[4:] for _ in range(3)] == [taken[3], taken[5], taken[6]]
    assert wire.until_ping(77) == []


def test_a_line_that_is_none_does_nothing(board: Start) -> None:
    """Nor one that acknowledges what was never measured."""
    wire = board("interval=0")
    measured(wire, 2)
    for body in ("K", "K 1", "K 1 x", "K x 2", "K 1 2 x", "K 1 2 3-", "K 1 2 3-1", "K 1 2 -3", "K 1 3"):
        wire.tell(body)
        assert again(wire)[0] == "A 900 1 1 2"


def test_nothing_is_sent_again_unasked(board: Start) -> None:
    """A gateway that does not know it is not bothered."""
    wire = board("interval=10", "keeps=5")
    wire.tell("K 1 1")
    said = [wire.next(lambda _: True) for _ in range(100)]
    assert {body[0] for body in said} <= set("HCR")


def test_what_is_due_goes_first(board: Start) -> None:
    """While hundreds are sent again, readings come in their order, and a ping is answered at once."""
    wire = board("interval=10", "keeps=200")
    wire.next(lambda body: body.startswith("R ") and int(body.split()[2]) >= 200)
    wire.tell("Q 900 again")
    wire.starting("A 900")
    said = wire.until_ping(5)
    assert sum(body[0] == "B" for body in said) <= 50
    kinds = [wire.next(lambda _: True)[0] for _ in range(100)]
    assert "R" in kinds
    assert "B" in kinds


def test_a_reset_loses_what_is_in_ram(board: Start) -> None:
    """And the board says so: it names no earlier boot."""
    wire = board("interval=0")
    measured(wire, 3)
    wire.board.reset()
    wire.starting("H 0 ")
    assert again(wire) == ("A 900 2 1 0", [])


def test_memory_that_outlives_a_reset(board: Start, tmp_path: Path) -> None:
    """Its readings are sent with their boot, their time and their age; the boot that runs is named first."""
    wire = board("interval=0", f"memory={tmp_path}/rtc")
    taken = measured(wire, 3)
    wire.tell("K 1 1")
    end = int(wire.ask("Q 50 ping").split()[3])
    wire.board.reset()
    wire.starting("H 0 ")
    new = measured(wire, 2)
    answer, said = again(wire)
    assert answer == "A 900 2 1 2 1 2 3"
    assert [body.rsplit(" ", 1)[0] for body in said[:2]] == [f"B 1 {body}" for body in taken[1:]]
    assert said[2:] == [f"B 2 {body}" for body in new]
    now = int(wire.ask("Q 51 ping").split()[3])
    for body, was in zip(said[:2], taken[1:], strict=True):
        assert 0 <= int(body.rsplit(" ", 1)[1]) <= end - int(was.split()[2]) + now
    wire.tell("K 1 3")
    assert again(wire)[0] == "A 900 2 1 2"


def test_a_reset_while_it_measures_as_fast_as_it_can(board: Start, tmp_path: Path) -> None:
    """What outlives a reset does so whenever that comes: each boot names the one before, and its newest."""
    wire = board("interval=2", "keeps=20", f"memory={tmp_path}/rtc")
    for boot in range(2, 22):
        seq = int(wire.starting("R hum").split()[2])
        wire.board.reset()
        while int(wire.starting("H 0 ").split()[5]) != boot:
            pass
        _, *others = wire.ask(f"Q {900 + boot} again").split()[1:]
        named = {int(each): int(newest) for each, newest in zip(others[3::3], others[5::3], strict=True)}
        assert named[boot - 1] >= seq
