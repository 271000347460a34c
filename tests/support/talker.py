"""A device on a pty that says one thing at one baud rate and another at others, and answers some requests."""

import os
import pty
import select
import termios
import threading
import tty
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

_RATES = {getattr(termios, f"B{rate}"): rate for rate in (4800, 9600, 19200, 38400, 57600, 115200)}
EVERY_S = 0.02


class Talker:
    """At `link`. `says`: by the rate at which its port is open, what it says again and again. `answer` gets
    the rate and what came, and returns what to say. `heard`: what came, with the rate."""

    def __init__(
        self,
        link: Path,
        says: Mapping[int, bytes] | None = None,
        answer: Callable[[int, bytes], bytes] = lambda _rate, _data: b"",
    ) -> None:
        self.link = link
        self.says = dict(says or {})
        self.answer = answer
        self.heard: list[tuple[int, bytes]] = []
        self._rounds = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="talker")

    def __enter__(self) -> Self:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.link.symlink_to(os.ttyname(self._slave))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.link.unlink()
        os.close(self._master)
        os.close(self._slave)

    def monotonic(self) -> float:
        """It is a `drivers.clock.Clock`, too, that goes by how often it has had its turn: so who listens for
        a time hears it so often, on however busy a machine."""
        return self._rounds * EVERY_S

    def utc(self) -> float:
        """The same."""
        return self.monotonic()

    def stamp(self, moment: float) -> tuple[float, bool]:
        """See `drivers.clock.Clock`."""
        return self.utc() - (self.monotonic() - moment), False

    def _serve(self) -> None:
        while not self._ended.is_set():
            came = select.select([self._master], [], [], EVERY_S)[0]
            self._rounds += 1
            rate = _RATES.get(termios.tcgetattr(self._slave)[5], 0)
            if came:
                data = os.read(self._master, 4096)
                self.heard.append((rate, data))
                self._say(self.answer(rate, data))
            else:
                self._say(self.says.get(rate, b""))

    def _say(self, data: bytes) -> None:
        """What does not fit is lost, as on a port that nobody reads."""
        try:
            os.write(self._master, data)
        except BlockingIOError:
            termios.tcflush(self._slave, termios.TCIFLUSH)
