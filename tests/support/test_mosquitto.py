"""The broker of the tests, on programs that start slowly or do not end."""

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import mosquitto
from tests.support.leaks import nothing_left
from tests.support.mosquitto import Mosquitto

# Listens at the port of its config; what it does then is the test's.
PROGRAM = """\
#!{python}
import signal, socket, sys
config = open(sys.argv[3]).read().split()
with socket.create_server(("127.0.0.1", int(config[1]))) as listening:
    {does}
"""


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """No process is left."""
    with nothing_left():
        yield


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Mosquitto]:
    """One that is a few lines of Python."""

    def made(does: str) -> Mosquitto:
        program = tmp_path / "broker"
        program.write_text(PROGRAM.format(python=sys.executable, does=does))
        program.chmod(0o755)
        monkeypatch.setattr(mosquitto, "PROGRAM", str(program))
        return Mosquitto(tmp_path)

    return made


def test_it_has_started_when_it_serves(broker: Callable[[str], Mosquitto]) -> None:
    """Who listens may not be ready for a signal yet."""
    with broker("print('ready', flush=True); listening.accept()[0].close(); signal.pause()") as started:
        assert "ready" in started.log


def test_it_does_not_start(broker: Callable[[str], Mosquitto]) -> None:
    """What it has said is in the message, and nothing is left."""
    with pytest.raises(AssertionError, match="no such option"):
        broker("sys.exit('no such option')").start()


def test_it_does_not_end(broker: Callable[[str], Mosquitto]) -> None:
    """It is killed, and the message says what it has been sent."""
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); listening.accept()[0].close(); signal.pause()"
    started = broker(deaf).start()
    with pytest.raises(AssertionError, match=r"went on for 0.1 s after SIGTERM"):
        started.stop(within_s=0.1)


def test_a_real_one(tmp_path: Path) -> None:
    """It ends at once, however soon after its start."""
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        with Mosquitto(tmp_path) as started:
            assert started.serves()
            started.stop(number)
