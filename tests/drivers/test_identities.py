"""Whether the device that answers is the one that is meant."""

import logging
from collections.abc import Callable

import pytest

from drivers.identities import Forgetful, IdentityCheck, Memory, Roster, Verdict
from drivers.source import Device


def device(identity: str, name: str = "", boot: int = 7) -> Device:
    """One that says so of itself."""
    return Device("m", identity, "f", boot, {}, name)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings so far; they are forgotten."""
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    caplog.clear()
    return warnings


def warning(found: str, expected: str) -> str:
    """The words for one in the place of another."""
    return f"board {found} answers where {expected} did; write identity: {found} if that is meant"


class Notebook(Forgetful):
    """A memory that counts what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, str, str]] = []

    def remember(self, link: str, device: str, identity: str) -> None:
        """See `Memory`."""
        self.told.append((link, device, identity))
        super().remember(link, device, identity)


def test_a_pin_lets_its_device_in_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """The refusal names both; the memory has no part in it."""
    memory = Notebook()
    memory.remember("shed", "", "0009")
    check = IdentityCheck("shed", "0001", memory)
    for _ in range(2):
        assert check.judge(device("0001")) == Verdict(None, None)
        assert check.judge(device("0002")) == Verdict(
            refusal="board 0002 answers, and identity: 0001 is wanted; "
            "plug that one in, or write identity: 0002"
        )
    assert memory.told == [("shed", "", "0009")]
    assert said(caplog) == []


def test_the_first_device_ever_is_meant(caplog: pytest.LogCaptureFixture) -> None:
    """And is remembered, with the link's name."""
    memory = Notebook()
    check = IdentityCheck("shed", None, memory)
    assert check.judge(device("0001")) == Verdict()
    assert memory.recall("shed", "") == "0001"
    assert memory.recall("house", "") is None
    assert check.judge(device("0001")) == Verdict()
    assert said(caplog) == []


def test_another_device_is_marked_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """However often it says hello; each further change is logged."""
    check = IdentityCheck("shed", None, Forgetful())
    check.judge(device("0001"))
    for _ in range(3):
        assert check.judge(device("0002", boot=8)) == Verdict(warning=warning("0002", "0001"))
    assert said(caplog) == [
        f"shed: {warning('0002', '0001')}. Until then, or the next start, its readings are suspect"
    ]
    assert check.judge(device("0003")).warning == warning("0003", "0001")
    assert check.judge(device("0002")).warning == warning("0002", "0001")
    assert [line.split()[2] for line in said(caplog)] == ["0003", "0002"]


def test_the_old_device_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    """It is as good as before; the other one is a change again."""
    check = IdentityCheck("shed", None, Forgetful())
    check.judge(device("0001"))
    check.judge(device("0002"))
    assert len(said(caplog)) == 1
    assert check.judge(device("0001")) == Verdict()
    assert said(caplog) == []
    assert check.judge(device("0002")).warning == warning("0002", "0001")
    assert len(said(caplog)) == 1


def test_the_next_start_takes_who_was_there_last(caplog: pytest.LogCaptureFixture) -> None:
    """The memory has the newest, though it is suspect for as long as the program runs."""
    memory: Memory = Forgetful()
    first = IdentityCheck("shed", None, memory)
    first.judge(device("0001"))
    first.judge(device("0002"))
    assert memory.recall("shed", "") == "0002"
    assert first.judge(device("0002")).warning is not None
    said(caplog)
    second = IdentityCheck("shed", None, memory)
    assert second.judge(device("0002")) == Verdict()
    assert said(caplog) == []
    assert second.judge(device("0001")).warning == warning("0001", "0002")
    assert memory.recall("shed", "") == "0001"


def test_a_device_is_compared_with_the_last_run_s(caplog: pytest.LogCaptureFixture) -> None:
    """Cables that changed places while the gateway was off."""
    memory = Forgetful()
    memory.remember("shed", "", "0001")
    memory.remember("house", "", "0002")
    assert IdentityCheck("shed", None, memory).judge(device("0002")).warning == warning("0002", "0001")
    assert IdentityCheck("house", None, memory).judge(device("0001")).warning == warning("0001", "0002")
    assert len(said(caplog)) == 2


def test_the_memory_is_told_later(caplog: pytest.LogCaptureFixture) -> None:
    """Once for all that has changed meanwhile, with the newest; nothing is lost, and nothing told twice."""
    memory, waiting = Notebook(), list[Callable[[], None]]()
    check = IdentityCheck("bus", None, memory, waiting.append)
    for identity in ("0001", "0002", "0001", "0003"):
        check.judge(device(identity))
        check.judge(device("0009", "probe"))
    assert memory.told == []
    assert len(waiting) == 1
    waiting.pop()()
    assert sorted(memory.told) == [("bus", "", "0003"), ("bus", "probe", "0009")]
    check.judge(device("0003"))
    assert waiting == []
    check.judge(device("0001"))
    waiting.pop()()
    assert memory.told[2:] == [("bus", "", "0001")]


def test_devices_of_one_link_are_told_apart_by_name(caplog: pytest.LogCaptureFixture) -> None:
    """Each has a past of its own, and a pin is for a link that can have only one."""
    memory = Forgetful()
    check = IdentityCheck("bus", "0001", memory)
    assert [check.judge(device(f"000{n}", f"probe{n}")) for n in (1, 2)] == [Verdict()] * 2
    assert check.judge(device("0003", "probe2")).warning == warning("0003", "0002")
    assert check.judge(device("0001", "probe1")) == Verdict()
    assert check.judge(device("0003", "probe2")).warning == warning("0003", "0002")
    assert len(said(caplog)) == 1
    assert (memory.recall("bus", "probe1"), memory.recall("bus", "probe2")) == ("0001", "0003")


def test_two_links_on_one_board_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """Not at each hello, of either."""
    roster = Roster()
    roster.enter("shed", device("0001"))
    assert said(caplog) == []
    roster.enter("house", device("0001"))
    assert said(caplog) == ["house and shed reach one board: 0001, boot 7; remove one of the two links"]
    for link in ("shed", "house", "shed"):
        roster.enter(link, device("0001"))
    assert said(caplog) == []


def test_a_third_link_on_the_board_names_both(caplog: pytest.LogCaptureFixture) -> None:
    """In the order of the alphabet."""
    roster = Roster()
    for link in ("shed", "house", "attic"):
        roster.enter(link, device("0001"))
    assert said(caplog)[-1].startswith("attic and house and shed reach one board")


def test_one_identity_at_two_boots_is_two_boards(caplog: pytest.LogCaptureFixture) -> None:
    """Copies that were never given an identity of their own; or it has started anew on the other port."""
    roster = Roster()
    roster.enter("shed", device("0001", boot=7))
    roster.enter("house", device("0001", boot=8))
    roster.enter("attic", device("0002", boot=7))
    assert said(caplog) == []
    roster.enter("shed", device("0001", boot=8))
    assert said(caplog) == ["shed and house reach one board: 0001, boot 8; remove one of the two links"]


def test_the_devices_of_one_link_are_no_two_links(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever they say of themselves."""
    roster = Roster()
    roster.enter("bus", device("0001", "probe1"))
    roster.enter("bus", device("0001", "probe2"))
    assert said(caplog) == []


def test_who_has_left_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    """The cable was pulled and put into another port; and back."""
    roster = Roster()
    roster.enter("shed", device("0001"))
    roster.leave("shed", "")
    roster.leave("shed", "")
    roster.enter("house", device("0001"))
    assert said(caplog) == []
    roster.leave("house", "probe1")
    roster.enter("shed", device("0001"))
    assert len(said(caplog)) == 1
    roster.leave("shed", "")
    roster.enter("shed", device("0001"))
    assert len(said(caplog)) == 1, "it had left, so this is news"
