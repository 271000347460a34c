"""A board that the opening of its port resets, and that needs longer to start than the link's patience."""

from pathlib import Path

import pytest

from drivers import Link, LinkState
from drivers.stream import session as session_module
from tests.support.dtr_board import DtrBoard
from tests.support.waiting import until


def up_after(folder: Path, start_s: float, within_s: float) -> tuple[float, int]:
    """How long it takes until such a board is up, and how often it was reset for that."""
    with (
        DtrBoard(folder / "board", start_s) as board,
        Link("board", str(board.link)) as link,
    ):
        try:
            took_s = until(lambda: link.status().state is LinkState.UP, within_s)
        except AssertionError:
            pytest.fail(f"not up in {within_s:g} s, and {board.opens} resets: {link.status().reason}")
        return took_s, board.opens


def test_asking_on_does_not_reset_the_board_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs five times the greeting's time: it is up when it has started, after one reset or two."""
    monkeypatch.setattr(session_module, "GREETING_S", 0.3)
    monkeypatch.setattr(session_module, "GREETING_STEP_S", 0.1)
    took_s, resets = up_after(tmp_path, start_s=1.5, within_s=20)
    assert resets in (1, 2)
    assert took_s < 1.5 * resets + 5.0


@pytest.mark.slow
def test_seven_seconds_are_not_too_long(tmp_path: Path) -> None:
    """The same at life's own pace: an old boot loader, an SD card, a network to be joined."""
    took_s, resets = up_after(tmp_path, start_s=7.0, within_s=25)
    assert resets in (1, 2)
    assert took_s < 7.0 * resets + 2.0
