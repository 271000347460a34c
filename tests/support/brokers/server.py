"""A broker that is a program of its own: started on loopback, ended, killed, suspended, started again.

What one cannot do is said by its class, for the tests that run all of them.
"""

import signal
import socket
import subprocess
from pathlib import Path
from typing import ClassVar, Self

from tests.support.mqtt_codec import encode
from tests.support.mqtt_packets import V311, Connack, Connect, Disconnect
from tests.support.ports import free_port
from tests.support.waiting import DEADLINE_S, until

INSTALLED = Path(__file__).parents[3] / ".venv-brokers"
"""Where `make test` installs what is in requirements.txt and in node/."""


class Server:
    """`port`: 0 for any free one, which it keeps. `folder`: for its log, config and data."""

    name: ClassVar[str]
    versions: ClassVar[tuple[int, ...]] = (V311,)
    """Protocol levels that it speaks."""
    spaces_in_topics: ClassVar[bool] = True
    """Whether it takes a topic with a space, as MQTT 3.1.1 says in 4.7.3."""
    delivers_first: ClassVar[bool] = False
    """Whether it writes a message to a subscriber of QoS 0 before it acknowledges it. One that does not loses
    what was acknowledged when it is killed in between."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._log = folder / f"{self.name}-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def missing(cls) -> str:
        """What to install before it can be started; empty if it can."""
        raise NotImplementedError

    @classmethod
    def required(cls) -> None:
        """Skips the test where it is not installed."""
        if why := cls.missing():
            import pytest  # not above: the benchmarks use a broker, too, and are run without

            pytest.skip(why)

    def command(self) -> list[str]:
        """How it is started."""
        raise NotImplementedError

    @property
    def log(self) -> str:
        """What it has said."""
        return self._log.read_text(errors="replace")

    def start(self) -> Self:
        """Start it, and wait until it serves; skips the test where it is not installed."""
        self.required()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            until(self.serves, what=f"{self.name} serves: {self.log}")
        except BaseException:
            self.stop(signal.SIGKILL)
            raise
        return self

    def serves(self) -> bool:
        """Whether it accepts a client."""
        self.must_run()
        with socket.socket() as probe:
            probe.settimeout(DEADLINE_S)
            try:
                probe.connect(("127.0.0.1", self.port))
                probe.sendall(HELLO)
                return probe.recv(len(WELCOME)) == WELCOME
            except ConnectionError:
                return False

    def must_run(self) -> None:
        """Fails when it has ended."""
        assert self._process is not None
        assert self._process.poll() is None, self.log

    def stop(self, number: int = signal.SIGTERM, within_s: float = DEADLINE_S) -> None:
        """End it; it keeps its port and its folder. One that does not end is killed, and the test fails."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)
        process.send_signal(number)
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            name = signal.Signals(number).name
            raise AssertionError(f"{self.name} went on for {within_s:g} s after {name}: {self.log}") from None

    def suspend(self) -> None:
        """Let it hang: connections stay, nobody answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


HELLO = encode(Connect(V311, "probe"), V311) + encode(Disconnect(), V311)
WELCOME = encode(Connack(), V311)
