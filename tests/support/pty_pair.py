"""Two pseudo-terminals, back to back: what one program writes at one, another reads at the other."""

import os
import pty
import select
import threading
import tty
from typing import Self


class PtyPair:
    """`ours` and `theirs` are the paths of the two ends."""

    def __enter__(self) -> Self:
        self._masters, self._guards = zip(pty.openpty(), pty.openpty(), strict=True)
        for guard in self._guards:
            tty.setraw(guard)
        self.ours, self.theirs = map(os.ttyname, self._guards)
        self._wake_reader, self._wake_writer = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="pty-pair", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._wake_writer, b"x")
        self._thread.join()
        for descriptor in (*self._masters, *self._guards, self._wake_reader, self._wake_writer):
            os.close(descriptor)

    def _carry(self) -> None:
        ours, theirs = self._masters
        while True:
            ready = select.select([ours, theirs, self._wake_reader], [], [])[0]
            if self._wake_reader in ready:
                return
            for source, target in ((ours, theirs), (theirs, ours)):
                if source in ready:
                    os.write(target, os.read(source, 4096))
