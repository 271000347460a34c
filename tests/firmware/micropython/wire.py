"""The gateway's end of the board's port: bodies in, requests out."""

import os
import select
import time
from collections.abc import Callable
from typing import Self

from firmware_sim.line import LineReader, encode
from tests.support.micropython_board import MicroPythonBoard
from tests.support.waiting import DEADLINE_S


class Wire:
    """The open port of a `board`."""

    def __init__(self, board: MicroPythonBoard) -> None:
        self.board = board
        self.bodies: list[str] = []
        self.reader = LineReader()
        self._descriptor = os.open(board.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def send(self, data: bytes) -> None:
        """As it is."""
        os.write(self._descriptor, data)

    def tell(self, body: str) -> None:
        """A line."""
        self.send(encode(body))

    def next(self, wanted: Callable[[str], bool]) -> str:
        """The next body for which `wanted` holds; those before it are dropped."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            while self.bodies:
                if wanted(body := self.bodies.pop(0)):
                    return body
            left = deadline - time.monotonic()
            assert left > 0, "the deadline has passed"
            if select.select([self._descriptor], [], [], left)[0]:
                self.bodies += self.reader.feed(os.read(self._descriptor, 65536))

    def starting(self, start: str) -> str:
        """The next body that starts with `start`."""
        return self.next(lambda body: body.startswith(start))

    def ask(self, body: str) -> str:
        """The answer to a request, `A`, `E` or the first line of a hello; what came before is dropped."""
        self.tell(body)
        number = body.split()[1]
        return self.next(lambda said: said[0] in "AEH" and said.split()[1] == number)

    def until_ping(self, number: int) -> list[str]:
        """What comes before the answer to a ping: a barrier, as the board answers in order."""
        said = []

        def answered(body: str) -> bool:
            said.append(body)
            return body.startswith(f"A {number} ")

        self.tell(f"Q {number} ping")
        self.next(answered)
        return said[:-1]
