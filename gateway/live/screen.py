"""The live table on a terminal, drawn by a thread of its own: a terminal that takes nothing, as one behind a
connection that is lost but not closed, holds up nobody else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from gateway.live.layout import Picture, layout
from gateway.live.terminal import Terminal, TerminalGoneError

logger = logging.getLogger(__name__)

REFRESH_S = 1.0
CLOSE_S = 0.3
"""How long the end waits for a drawing; of the 1.9 s that a stop may take."""


class Screen:
    """`picture` is asked at each drawing, on the thread `screen`. When it raises, the terminal is given back,
    and `failed` called there: what the log says belongs elsewhere from then on.

    `start`, `redraw` and `close` belong to who owns it; `redraw` may come from a signal's handler.
    """

    def __init__(
        self, terminal: Terminal, picture: Callable[[], Picture], failed: Callable[[], None]
    ) -> None:
        self._terminal = terminal
        self._picture = picture
        self._failed = failed
        self._wake = threading.Event()
        self._closing = False
        self._anew = False
        self.ended_well = False
        """Whether it was drawn up to the end, and nobody holds that up."""
        self._thread = threading.Thread(target=self._run, name="screen", daemon=True)

    def start(self) -> None:
        """Draw from now on, once a second."""
        self._thread.start()

    def redraw(self) -> None:
        """Draw all of it at once: the size has changed, or something else was on the terminal."""
        self._anew = True
        self._wake.set()

    def close(self) -> bool:
        """End, and give the terminal back; False if it takes nothing, or has gone."""
        self._closing = True
        self._wake.set()
        self._thread.join(CLOSE_S)
        return self._terminal.leave()

    def _run(self) -> None:
        try:
            self._terminal.enter()
            while not self._closing:
                self._draw()
                self._wake.wait(REFRESH_S)
                self._wake.clear()
            self.ended_well = True
        except TerminalGoneError:  # that ends the gateway only by SIGHUP
            self._terminal.lose()
        except Exception:
            self._terminal.leave()
            self._failed()
            logger.exception("the live table has failed, please report this; log lines take its place")

    def _draw(self) -> None:
        if self._anew:
            self._anew = False
            self._terminal.forget()
        picture = self._picture()
        size = self._terminal.size
        lines = layout(picture, *size)
        if not self._closing:
            self._terminal.draw(lines, size)
