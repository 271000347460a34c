"""A small MySensors gateway on a bare pty, with two nodes behind it, and the contract's rig of it.

It is written after the serial API's description, and shares no code with the drivers.
"""

import os
import pty
import select
import threading
import time
import tty
from pathlib import Path
from typing import Self

from drivers.notes import ForgetfulNotes
from drivers.source import Notes, Source
from drivers.stream.connector import StreamProtocol
from drivers.stream.mysensors import Conversation
from drivers.stream.mysensors.nodes import device_of
from drivers.stream.mysensors.silence import Limits
from tests.support.waiting import DEADLINE_S

VERSION = "2.3.2"
PRESENTED = {
    12: ("12;255;0;0;17;2.3.2", "12;255;3;0;11;Greenhouse node", "12;255;3;0;12;1.4", "12;0;0;0;6;Air"),
    13: ("13;255;0;0;17;2.3.2", "13;255;3;0;11;Cellar node", "13;255;3;0;12;1.0", "13;1;0;0;7;Damp"),
}
# How often a node says that it is there, and how long it may be silent: short, so that a test sees both.
HEARTBEAT_S = 0.25
SHORT = Limits(least=2.0, unknown=2.0)


class SmallGateway:
    """Plugged in at `link`, a symlink to its pty. `nodes` are in radio range; `answers` are the lines that
    answer a line, beside what a gateway answers anyway. `said` are all lines that came, in order."""

    def __init__(self, link: Path, nodes: tuple[int, ...] = (12, 13)) -> None:
        self.link = link
        self.nodes = list(nodes)
        self.answers: dict[str, list[str]] = {}
        self.said: list[str] = []
        self._news = threading.Condition()  # guards all that its thread and the test's share
        self._master = self._guard = -1
        self._thread: threading.Thread | None = None
        self._wake_reader, self._wake_writer = os.pipe()

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, plugged in or not."""
        self.unplug()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

    def plug(self) -> None:
        """Make the port; the gateway starts."""
        self._master, self._guard = pty.openpty()
        tty.setraw(self._guard)
        os.set_blocking(self._master, False)
        self.link.symlink_to(os.ttyname(self._guard))
        self._thread = threading.Thread(target=self._serve, name="small-gateway", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Pull the cable."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self.link.unlink()
        os.write(self._wake_writer, b"x")
        thread.join()
        with self._news:
            os.close(self._master)
            os.close(self._guard)
            self._master = -1

    def say(self, *lines: str) -> None:
        """Send lines; none is sent while the cable is out."""
        with self._news:
            data = "".join(f"{line}\n" for line in lines).encode()
            deadline = time.monotonic() + DEADLINE_S
            while data and self._master >= 0:
                try:
                    data = data[os.write(self._master, data) :]
                except BlockingIOError:
                    assert time.monotonic() < deadline, "nobody reads what the gateway says"
                    select.select([], [self._master], [], 0.05)

    def wait_for(self, line: str, count: int = 1) -> None:
        """Until that line has come so often."""
        with self._news:
            assert self._news.wait_for(lambda: self.said.count(line) >= count, DEADLINE_S), self.said

    def _serve(self) -> None:
        self.say("0;255;3;0;14;Gateway startup complete.", f"0;255;0;0;17;{VERSION}")
        rest, beat = b"", 0.0
        while True:
            if time.monotonic() >= beat:
                beat = time.monotonic() + HEARTBEAT_S
                self.say(*(f"{node};255;3;0;22;1000" for node in self.nodes))
            ready = select.select([self._master, self._wake_reader], [], [], HEARTBEAT_S)[0]
            if self._wake_reader in ready:
                os.read(self._wake_reader, 1)
                return
            if ready:
                *lines, rest = (rest + os.read(self._master, 4096)).split(b"\n")
                for line in lines:
                    self._hear(line.decode())

    def _hear(self, line: str) -> None:
        with self._news:
            self.said.append(line)
            self._news.notify_all()
            answers = self.answers.get(line, [])
        self.say(*answers)
        if line == "0;255;3;0;2;":
            self.say(f"0;255;3;0;2;{VERSION}")
        elif line == "255;255;3;0;20;":
            self.say(*(f"{node};255;3;0;21;0" for node in self.nodes))
        for node in self.nodes:
            if line == f"{node};255;3;0;19;":
                self.say(*PRESENTED.get(node, ()))


class MySensorsRig:
    """See `drivers.contract.RigOfSeveral`. Its nodes say every quarter of a second that they are there."""

    channel = "12/0"
    other = "13/1"

    def __init__(self, folder: Path) -> None:
        self.gateway = SmallGateway(folder / "gateway")
        self._number = 0

    def __enter__(self) -> Self:
        self.gateway.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.gateway.close()

    def source(self) -> Source:
        """See `Rig`."""
        return short_of_patience().source(_options(self.gateway.link))

    def measure(self) -> None:
        """See `Rig`."""
        self._number += 1
        self.gateway.say(f"12;0;1;0;0;{20 + self._number % 50 / 10}")

    def measure_other(self) -> None:
        """See `RigOfSeveral`."""
        self._number += 1
        self.gateway.say(f"13;1;1;0;1;{50 + self._number % 50 / 10}")

    def lose_other(self) -> None:
        """See `RigOfSeveral`."""
        self.gateway.nodes.remove(13)

    def return_other(self) -> None:
        """See `RigOfSeveral`."""
        self.gateway.nodes.append(13)

    def plug(self) -> None:
        """See `Rig`."""
        self.gateway.plug()

    def unplug(self) -> None:
        """See `Rig`."""
        self.gateway.unplug()


def short_of_patience() -> StreamProtocol:
    """The protocol with nodes that are gone after two seconds of silence."""

    def made(*, notes: Notes | None = None) -> Conversation:
        return Conversation(notes or ForgetfulNotes(), limits=SHORT)

    return StreamProtocol(made, tells_identity=False, device_of=device_of, remembers=True)


def _options(link: Path) -> dict[str, object]:
    return {
        **{name: option.default for name, option in short_of_patience().options.items()},
        "port": str(link),
    }
