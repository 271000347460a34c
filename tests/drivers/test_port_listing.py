"""A port listing that fails while a cable is pulled: every link lives on."""

from functools import partial
from pathlib import Path
from random import Random

import pytest

from drivers import Link, LinkState
from drivers import link as link_module
from drivers.stream.ports import PathPort
from tests.support.scripted_board import TEMP, ScriptedBoard
from tests.support.sources import on_port
from tests.support.waiting import until

pytestmark = pytest.mark.once

ROUNDS = 200
FOREIGN = (
    TypeError("int() argument must be a string, not 'NoneType'"),  # pyserial, of a device that has just gone
    OSError(19, "No such device"),
    KeyError("idVendor"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    RuntimeError("the listing changed while it was read"),
)


class ShakyPort:
    """A path whose looking up fails, at random, with what no port should raise."""

    def __init__(self, path: Path, seed: int) -> None:
        self._port = PathPort(str(path))
        self._random = Random(seed)
        self.failures = 0

    def resolve(self) -> str:
        self._perhaps_fail()
        return self._port.resolve()

    def presence(self) -> object:
        self._perhaps_fail()
        return self._port.presence()

    def close(self) -> None:
        self._port.close()

    def has_failed(self, times: int) -> bool:
        """Whether it has, so often."""
        return self.failures >= times

    def _perhaps_fail(self) -> None:
        if self._random.random() < 0.3:
            self.failures += 1
            raise self._random.choice(FOREIGN)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_listing_that_fails_at_any_moment_of_an_unplug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Pulled and put back two hundred times: the link is up again each time, and closes in the end."""
    for name, value_s in {
        "PRESENCE_S": 0.005,
        "FIRST_BACK_OFF_S": 0.01,
        "LAST_BACK_OFF_S": 0.03,
        "ABSENT_BACK_OFF_S": 0.02,
    }.items():
        monkeypatch.setattr(link_module, name, value_s)
    chance = Random(f"unplug/{seed}")
    source = ShakyPort(tmp_path / "board", seed)
    with (
        ScriptedBoard(tmp_path / "board", [TEMP]) as board,
        Link("board", source=on_port(source)) as link,
    ):
        until(lambda: link.status().state is LinkState.UP, what=f"up: {link.status()}")
        for number in range(ROUNDS):
            board.unplug()
            # Put back at once, or only after so many failures.
            wanted = source.failures + chance.choice((0, 1, 2, 3))
            until(partial(source.has_failed, wanted), what=f"round {number}: another look")
            board.plug()
            boot = board.boot

            def up(boot: int = boot) -> bool:
                status = link.status()
                return status.state is LinkState.UP and status.board is not None and status.board.boot == boot

            until(up, 5, what=f"round {number}: up again; {source.failures} failures before")
    assert link.status().state is LinkState.CLOSED
    assert source.failures > ROUNDS / 2
