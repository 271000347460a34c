"""What the manager of services (systemd) is told of a reload: that it begins, and that it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from gateway.reload.refusal import RefusedError


class Manager(Protocol):
    """See `gateway.sd_notify`."""

    def reloading(self, monotonic_us: int) -> None: ...

    def ready(self, text: str) -> None: ...


@contextmanager
def told(manager: Manager) -> Iterator[None]:
    """Round a reload. One that is refused is over, too: the gateway works as before, and its status says so.

    A manager that sent SIGHUP waits for a beginning that is later than that.
    """
    manager.reloading(time.monotonic_ns() // 1000)
    text = "the reload failed, see the log"
    try:
        yield
        text = "reloaded"
    except RefusedError as error:
        text = f"the new config is refused: {error.lines[0]}"
        raise
    finally:
        manager.ready(text)
