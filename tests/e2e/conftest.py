"""The gateway as a user runs it: a process of its own, on the real simulator, on a real pty."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest

import sig
from sig.carrier.tcpclient import CarrierTCPClient
from tests.support.ports import free_port
from tests.support.uncovered import UNCOVERED

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "gateway"]
DEADLINE_S = 60.0
"""For what takes a fraction of a second on an idle machine."""
AT_ONCE_S = 4.0
"""For the same, where it shows that nobody waits for a silence or the longest back-off, which are 5 s."""
STOPPED_S = 6.0
"""For the end, which comes within 2 s where the gateway has its turn (test_process.py has a test of that, and
tries again). What a stop would wait for lasts for ten seconds and more."""

CONFIG = """\
gateway: {{name: test, data: ./data}}
router: {{listen: 127.0.0.1:{port}}}
links:
  board: {{port: "sim:?speed=1200"}}
sensors:
  temp: {{driver: temperature, link: board}}
  humidity: {{driver: humidity, link: board, channel: hum}}
  light: {{driver: light, link: board, channel: lux}}
"""


def environment() -> dict[str, str]:
    """As after installing, from any folder, with the plain words that scripts see."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "firmware-sim"), os.environ.get("PYTHONPATH", "")])
    return os.environ | {"PYTHONPATH": path, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONUNBUFFERED": "1"}


def poll(condition: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Ask until the answer is true, and return it."""
    end = time.monotonic() + deadline_s
    while not (answer := condition()):
        if time.monotonic() > end:
            pytest.fail(f"not within {deadline_s} s: {what}")
        time.sleep(0.01)
    return answer


class Process:
    """A running command; standard output as a pipe, standard error in a file."""

    def __init__(self, arguments: list[str], folder: Path, **environ: str) -> None:
        self.errors_path = folder / f"stderr-{time.monotonic_ns()}"
        with self.errors_path.open("wb") as errors:
            self.popen = subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=folder,
                env=environment() | environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session="INVOCATION_ID" in environ,  # as systemd does: without a terminal
            )

    @property
    def errors(self) -> str:
        """What it has written to standard error so far."""
        return self.errors_path.read_text()

    def line(self) -> str:
        """The next line of standard output; waits for it."""
        assert self.popen.stdout is not None
        return self.popen.stdout.readline()

    def json_until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read lines of JSON until one is wanted."""
        while line := self.line():
            event: dict[str, Any] = json.loads(line)
            if wanted(event):
                return event
        pytest.fail(f"it ended: {self.errors}")

    def wait_for_error(self, text: str) -> None:
        """Wait until standard error holds `text`."""
        poll(lambda: text in self.errors or self.popen.poll() is not None, f"{text!r} in {self.errors}")
        assert text in self.errors

    def signal(self, number: int) -> float:
        """Send a signal, wait for the end; returns the seconds that took."""
        started = time.monotonic()
        self.popen.send_signal(number)
        self.popen.wait(DEADLINE_S)
        return time.monotonic() - started

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.popen.stdout is not None
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(60)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self.popen.stdout.close()


class Gateway(Process):
    """`sig-gateway run`, with what a test asks of it."""

    def __init__(self, folder: Path, config: str = CONFIG, port: int = 0, **environ: str) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.config = folder / "config.yaml"
        self.config.write_text(config.format(port=self.port))
        super().__init__(["run", "-c", str(self.config)], folder, **environ)

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def cli(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run another command against this gateway."""
        return run_cli(self.folder, *arguments, "--connect", self.url, **environ)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command that needs no gateway, in this one's folder."""
        return run_cli(self.folder, *arguments)

    def watch(self, *arguments: str) -> Process:
        """A running `watch --json`, which has subscribed."""
        return Process(["watch", "--json", *arguments, "--connect", self.url], self.folder)

    def senders(self) -> dict[str, dict[str, Any]]:
        """What `senders --json` prints, by name."""
        found = self.cli("senders", "--json", **UNCOVERED)
        assert found.returncode == 0, found.stderr
        return {sender["sender"]: sender for sender in json.loads(found.stdout)}

    @contextlib.contextmanager
    def client(self) -> Iterator[sig.ClientRouter]:
        """A connection of this process, for what must not wait for another Python to start."""
        carrier = CarrierTCPClient()
        client = sig.ClientRouter(carrier)
        assert carrier.connect("127.0.0.1", self.port)
        try:
            yield client
        finally:
            carrier.disconnect()

    def wait_until_up(self) -> Self:
        """Wait until all three sensors have a reading."""
        self.wait_for_error("listening on")
        self.wait_for_error("board: up")
        with self.client() as client:
            for name in ("temp", "humidity", "light"):
                poll(partial(has_reading, client, name), f"a reading of {name}: {self.errors}")
        return self

    def tell_board(self, command: str, link: str = "board") -> None:
        """Have the simulated board do something, as a user would."""
        told = run_cli(self.folder, "simulate", "--link", f"data/{link}", "--tell", command, **UNCOVERED)
        assert told.stdout.startswith("ok"), told

    def children(self) -> list[int]:
        """The process ids of its children."""
        found: list[int] = []
        for task in Path(f"/proc/{self.popen.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError):  # that thread has just ended, childless
                found += map(int, (task / "children").read_text().split())
        return found


def run_cli(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment() | environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def has_reading(client: sig.ClientRouter, sensor: str) -> bool:
    """Whether a sensor is connected and has a newest reading."""
    try:
        return client.remoteRequest(sensor, "last") is not None
    except sig.NotConnected:
        return False


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway with a fast simulated board, up, in a folder of its own; its children are gone afterwards."""
    with Gateway(tmp_path) as started:
        started.wait_until_up()
        (simulator,) = started.children()
        yield started
    poll(lambda: not alive(simulator), "the end of the simulator")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The same for tests that only look: one for all tests of a module."""
    with Gateway(tmp_path_factory.mktemp("shared")) as started:
        yield started.wait_until_up()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """Starts gateways with a config of the test's own; they are ended afterwards."""
    with contextlib.ExitStack() as stack:
        yield lambda *arguments, **environ: stack.enter_context(Gateway(tmp_path, *arguments, **environ))


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command in a folder of its own."""
    return lambda *arguments, **environ: run_cli(tmp_path, *arguments, **environ)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[[list[str]], Process]]:
    """Starts commands in a folder of their own; they are ended afterwards."""
    with contextlib.ExitStack() as stack:
        yield lambda arguments: stack.enter_context(Process(arguments, tmp_path))


@pytest.fixture
def wait_for_end() -> Callable[[int], None]:
    """Waits until the process of an id has ended."""
    return lambda pid: poll(lambda: not alive(pid), f"the end of process {pid}")


@pytest.fixture
def environ() -> dict[str, str]:
    """What the commands run with."""
    return environment()


@pytest.fixture
def config_text() -> str:
    """The config of `gateway`, with a free port."""
    return CONFIG.format(port=free_port())
