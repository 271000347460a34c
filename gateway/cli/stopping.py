"""The signals that end the gateway's process, and the promise that it ends in time."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Container, Iterator
from queue import SimpleQueue

STOP_WITHIN_S = 1.9
"""From the signal to the end of the process, whatever hangs."""


@contextlib.contextmanager
def stop_signals() -> Iterator[SimpleQueue[int]]:
    """SIGINT, SIGTERM and SIGHUP (the terminal went; unless ignored, as by nohup), as they come.

    Only on the main thread. A thread of its own, `signals`, waits for them: Python runs signal handlers on
    the main thread between two of its steps, so one that comes just before that thread waits for something
    is handled when the wait is over, which may be never. The thread is told by the system's handler itself.
    It also ends the process, with status 1, when `STOP_WITHIN_S` have passed since the first of them,
    whatever holds up the stop: a driver, a handler, an exit hook.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    stops: SimpleQueue[int] = SimpleQueue()
    told, tell = socket.socketpair()
    tell.setblocking(False)
    fd_before = signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
    came = threading.Event()
    thread = threading.Thread(target=_pass_on, args=(told, numbers, stops, came), name="signals", daemon=True)
    thread.start()
    before = {number: signal.signal(number, _leave_to_thread) for number in numbers}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(fd_before)
        tell.close()
        if not came.is_set():
            thread.join(0.1)  # one that comes at the last moment ends the process in time, but not before


def _pass_on(
    told: socket.socket, numbers: Container[int], stops: SimpleQueue[int], came: threading.Event
) -> None:
    with told:
        while number := told.recv(1):
            if number[0] in numbers:  # a library may have handlers for others
                came.set()
                stops.put(number[0])
                threading.Event().wait(STOP_WITHIN_S)
                os._exit(1)


def _leave_to_thread(_number: int, _frame: object) -> None:
    """Python writes to the wake-up descriptor only for signals that have a handler."""
